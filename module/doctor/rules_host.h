/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SDM 3C, "Checks on Host Control Registers, MSRs, and SSP", "Checks on Host
 * Segment and Descriptor-Table Registers", "Checks Related to Address-Space
 * Size".  The form of a row: rules_controls.h.
 */

#define HOST_CANONICAL(name, section, field, what)				\
VM_RULE(name, section, true, canonical(s, V(field)), what " must be canonical", field)

VM_RULE(host_cr0_fixed0, HOST_REGISTERS, true, !(C(cr0_fixed0) & ~V(HOST_CR0)),
	"host CR0 must have each bit set that VMX operation needs set", HOST_CR0)
VM_RULE(host_cr0_fixed1, HOST_REGISTERS, true, !(V(HOST_CR0) & ~(C(cr0_fixed1) | CR0_NW_CD)),
	"host CR0 must not have a bit set that VMX operation does not allow", HOST_CR0)
VM_RULE(host_cr4_fixed0, HOST_REGISTERS, true, !(C(cr4_fixed0) & ~V(HOST_CR4)),
	"host CR4 must have each bit set that VMX operation needs set", HOST_CR4)
VM_RULE(host_cr4_fixed1, HOST_REGISTERS, true, !(V(HOST_CR4) & ~C(cr4_fixed1)),
	"host CR4 must not have a bit set that VMX operation does not allow", HOST_CR4)
VM_RULE(host_cet_wp, HOST_REGISTERS, V(HOST_CR4) & CR4_CET, V(HOST_CR0) & CR0_WP,
	"host CR4.CET needs CR0.WP", HOST_CR4, HOST_CR0)
VM_RULE(host_cr3, HOST_REGISTERS, true, cr3_valid(s, V(HOST_CR3)),
	"host CR3 must not be wider than a physical address", HOST_CR3)
HOST_CANONICAL(host_sysenter_esp, HOST_REGISTERS, HOST_SYSENTER_ESP, "host IA32_SYSENTER_ESP")
HOST_CANONICAL(host_sysenter_eip, HOST_REGISTERS, HOST_SYSENTER_EIP, "host IA32_SYSENTER_EIP")
VM_RULE(host_perf_ctl, HOST_REGISTERS, exits(PERF_CTL), !(V(HOST_PERF_CTL) & ~C(perf_ctl)),
	"reserved bits of host IA32_PERF_GLOBAL_CTRL must be 0", HOST_PERF_CTL)
VM_RULE(host_pat, HOST_REGISTERS, exits(PAT), pat_valid(V(HOST_PAT)),
	"each byte of host IA32_PAT must be 0, 1, 4, 5, 6 or 7", HOST_PAT)
VM_RULE(host_efer_reserved, HOST_REGISTERS, exits(EFER), !(V(HOST_EFER) & ~(u64)EFER_VALID),
	"reserved bits of host IA32_EFER must be 0", HOST_EFER)
VM_RULE(host_efer_lma, HOST_REGISTERS, exits(EFER),
	!!(V(HOST_EFER) & EFER_LMA_BIT) == !!exits(HOST_64),
	"host IA32_EFER.LMA must be equal to \"host address-space size\"", HOST_EFER, EXIT)
VM_RULE(host_efer_lme, HOST_REGISTERS, exits(EFER),
	!!(V(HOST_EFER) & EFER_LME_BIT) == !!exits(HOST_64),
	"host IA32_EFER.LME must be equal to \"host address-space size\"", HOST_EFER, EXIT)
VM_RULE(host_s_cet, HOST_REGISTERS, exits(CET), s_cet_valid(V(HOST_S_CET)),
	"reserved bits of host IA32_S_CET must be 0, and SUPPRESS and TRACKER not both set",
	HOST_S_CET)
VM_RULE(host_ssp, HOST_REGISTERS, exits(CET), !(V(HOST_SSP) & 3),
	"bits 1:0 of host SSP must be 0", HOST_SSP)
VM_RULE(host_ssp_table, HOST_REGISTERS, exits(CET), canonical(s, V(HOST_SSP_TABLE)),
	"host IA32_INTERRUPT_SSP_TABLE_ADDR must be canonical", HOST_SSP_TABLE)
VM_RULE(host_pkrs, HOST_REGISTERS, exits(PKRS), !(V(HOST_PKRS) >> 32),
	"bits 63:32 of host IA32_PKRS must be 0", HOST_PKRS)

#define HOST_SELECTOR(name, field, what)					\
VM_RULE(name, HOST_SEGMENTS, true, !(V(field) & 7),				\
	"RPL and TI of the " what " selector must be 0", field)

HOST_SELECTOR(host_es, HOST_ES_SEL, "host ES")
HOST_SELECTOR(host_cs, HOST_CS_SEL, "host CS")
HOST_SELECTOR(host_ss, HOST_SS_SEL, "host SS")
HOST_SELECTOR(host_ds, HOST_DS_SEL, "host DS")
HOST_SELECTOR(host_fs, HOST_FS_SEL, "host FS")
HOST_SELECTOR(host_gs, HOST_GS_SEL, "host GS")
HOST_SELECTOR(host_tr, HOST_TR_SEL, "host TR")
VM_RULE(host_cs_null, HOST_SEGMENTS, true, V(HOST_CS_SEL), "host CS selector must not be 0",
	HOST_CS_SEL)
VM_RULE(host_tr_null, HOST_SEGMENTS, true, V(HOST_TR_SEL), "host TR selector must not be 0",
	HOST_TR_SEL)
VM_RULE(host_ss_null, HOST_SEGMENTS, !exits(HOST_64), V(HOST_SS_SEL),
	"host SS selector must not be 0 when \"host address-space size\" is 0", HOST_SS_SEL, EXIT)
HOST_CANONICAL(host_fs_base, HOST_SEGMENTS, HOST_FS_BASE, "host FS base")
HOST_CANONICAL(host_gs_base, HOST_SEGMENTS, HOST_GS_BASE, "host GS base")
HOST_CANONICAL(host_tr_base, HOST_SEGMENTS, HOST_TR_BASE, "host TR base")
HOST_CANONICAL(host_gdtr_base, HOST_SEGMENTS, HOST_GDTR_BASE, "host GDTR base")
HOST_CANONICAL(host_idtr_base, HOST_SEGMENTS, HOST_IDTR_BASE, "host IDTR base")

VM_RULE(host_size_64, HOST_SIZE, C(in_ia32e), exits(HOST_64),
	"\"host address-space size\" must be 1: the host runs in IA-32e mode", EXIT)
VM_RULE(host_size_32, HOST_SIZE, !C(in_ia32e), !exits(HOST_64),
	"\"host address-space size\" must be 0: the host does not run in IA-32e mode", EXIT)
VM_RULE(guest_ia32e_host, HOST_SIZE, !exits(HOST_64), !entry(IA32E),
	"\"IA-32e mode guest\" must be 0 when \"host address-space size\" is 0", ENTRY, EXIT)
VM_RULE(host_pcide, HOST_SIZE, !exits(HOST_64), !(V(HOST_CR4) & CR4_PCIDE),
	"host CR4.PCIDE must be 0 when \"host address-space size\" is 0", HOST_CR4, EXIT)
VM_RULE(host_rip_32, HOST_SIZE, !exits(HOST_64), !(V(HOST_RIP) >> 32),
	"bits 63:32 of host RIP must be 0 when \"host address-space size\" is 0", HOST_RIP, EXIT)
VM_RULE(host_pae, HOST_SIZE, exits(HOST_64), V(HOST_CR4) & CR4_PAE,
	"host CR4.PAE must be 1 when \"host address-space size\" is 1", HOST_CR4, EXIT)
VM_RULE(host_rip, HOST_SIZE, exits(HOST_64), canonical(s, V(HOST_RIP)),
	"host RIP must be canonical", HOST_RIP)

/* What CET has of linear addresses goes by the size as well. */
#define HOST_CET(name, field, what)						\
VM_RULE(name##_32, HOST_SIZE, exits(CET) && !exits(HOST_64), !(V(field) >> 32),		\
	"bits 63:32 of " what " must be 0 when \"host address-space size\" is 0", field, EXIT)	\
VM_RULE(name##_canonical, HOST_SIZE, exits(CET) && exits(HOST_64), canonical(s, V(field)),	\
	what " must be canonical", field)

HOST_CET(host_s_cet, HOST_S_CET, "host IA32_S_CET")
HOST_CET(host_ssp, HOST_SSP, "host SSP")

#undef HOST_CANONICAL
#undef HOST_CET
#undef HOST_SELECTOR
