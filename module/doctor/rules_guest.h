/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SDM 3C, "Checks on the Guest State Area", but for segments and what is no
 * register.  The form of a row: rules_controls.h.
 */

VM_RULE(guest_cr0_fixed0, GUEST_REGISTERS, true,
	!(C(cr0_fixed0) & ~V(GUEST_CR0) & ~(unrestricted() ? CR0_PE | CR0_PG : 0) & ~CR0_NW_CD),
	"guest CR0 must have each bit set that VMX operation needs set (PE and PG are free with \"unrestricted guest\")",
	GUEST_CR0)
VM_RULE(guest_cr0_fixed1, GUEST_REGISTERS, true,
	!(V(GUEST_CR0) & ~(C(cr0_fixed1) | CR0_NW_CD)),
	"guest CR0 must not have a bit set that VMX operation does not allow", GUEST_CR0)
VM_RULE(guest_cr0_pg, GUEST_REGISTERS, V(GUEST_CR0) & CR0_PG && unrestricted(),
	V(GUEST_CR0) & CR0_PE, "guest CR0.PG needs CR0.PE", GUEST_CR0)
VM_RULE(guest_cr4_fixed0, GUEST_REGISTERS, true, !(C(cr4_fixed0) & ~V(GUEST_CR4)),
	"guest CR4 must have each bit set that VMX operation needs set", GUEST_CR4)
VM_RULE(guest_cr4_fixed1, GUEST_REGISTERS, true, !(V(GUEST_CR4) & ~C(cr4_fixed1)),
	"guest CR4 must not have a bit set that VMX operation does not allow", GUEST_CR4)
VM_RULE(guest_cet_wp, GUEST_REGISTERS, V(GUEST_CR4) & CR4_CET, V(GUEST_CR0) & CR0_WP,
	"guest CR4.CET needs CR0.WP", GUEST_CR4, GUEST_CR0)
VM_RULE(guest_debugctl, GUEST_REGISTERS, entry(DEBUG),
	!(V(GUEST_DEBUGCTL) & (DEBUGCTL_RESERVED | (C(bus_lock) ? 0 : 1u << 2) |
			    (C(rtm) ? 0 : 1u << 15))),
	"reserved bits of guest IA32_DEBUGCTL must be 0", GUEST_DEBUGCTL)
VM_RULE(guest_ia32e_pg, GUEST_REGISTERS, entry(IA32E), V(GUEST_CR0) & CR0_PG,
	"guest CR0.PG must be 1 when \"IA-32e mode guest\" is 1", GUEST_CR0, ENTRY)
VM_RULE(guest_ia32e_pae, GUEST_REGISTERS, entry(IA32E), V(GUEST_CR4) & CR4_PAE,
	"guest CR4.PAE must be 1 when \"IA-32e mode guest\" is 1", GUEST_CR4, ENTRY)
VM_RULE(guest_pcide, GUEST_REGISTERS, !entry(IA32E), !(V(GUEST_CR4) & CR4_PCIDE),
	"guest CR4.PCIDE must be 0 when \"IA-32e mode guest\" is 0", GUEST_CR4, ENTRY)
VM_RULE(guest_cr3, GUEST_REGISTERS, true, cr3_valid(s, V(GUEST_CR3)),
	"guest CR3 must not be wider than a physical address", GUEST_CR3)
VM_RULE(guest_dr7, GUEST_REGISTERS, entry(DEBUG), !(V(GUEST_DR7) >> 32),
	"bits 63:32 of guest DR7 must be 0 when \"load debug controls\" is 1", GUEST_DR7)
VM_RULE(guest_sysenter_esp, GUEST_REGISTERS, true, canonical(s, V(GUEST_SYSENTER_ESP)),
	"guest IA32_SYSENTER_ESP must be canonical", GUEST_SYSENTER_ESP)
VM_RULE(guest_sysenter_eip, GUEST_REGISTERS, true, canonical(s, V(GUEST_SYSENTER_EIP)),
	"guest IA32_SYSENTER_EIP must be canonical", GUEST_SYSENTER_EIP)
VM_RULE(guest_perf_ctl, GUEST_REGISTERS, entry(PERF_CTL), !(V(GUEST_PERF_CTL) & ~C(perf_ctl)),
	"reserved bits of guest IA32_PERF_GLOBAL_CTRL must be 0", GUEST_PERF_CTL)
VM_RULE(guest_pat, GUEST_REGISTERS, entry(PAT), pat_valid(V(GUEST_PAT)),
	"each byte of guest IA32_PAT must be 0, 1, 4, 5, 6 or 7", GUEST_PAT)
VM_RULE(guest_efer_reserved, GUEST_REGISTERS, entry(EFER), !(V(GUEST_EFER) & ~(u64)EFER_VALID),
	"reserved bits of guest IA32_EFER must be 0", GUEST_EFER)
VM_RULE(guest_efer_lma, GUEST_REGISTERS, entry(EFER),
	!!(V(GUEST_EFER) & EFER_LMA_BIT) == !!entry(IA32E),
	"guest IA32_EFER.LMA must be equal to \"IA-32e mode guest\"", GUEST_EFER, ENTRY)
VM_RULE(guest_efer_lme, GUEST_REGISTERS, entry(EFER) && V(GUEST_CR0) & CR0_PG,
	!!(V(GUEST_EFER) & EFER_LMA_BIT) == !!(V(GUEST_EFER) & EFER_LME_BIT),
	"guest IA32_EFER.LMA must be equal to LME when CR0.PG is 1", GUEST_EFER, GUEST_CR0)
VM_RULE(guest_bndcfgs, GUEST_REGISTERS, entry(BNDCFGS), !(V(GUEST_BNDCFGS) & BNDCFGS_RESERVED),
	"bits 11:2 of guest IA32_BNDCFGS must be 0", GUEST_BNDCFGS)
VM_RULE(guest_bndcfgs_canonical, GUEST_REGISTERS, entry(BNDCFGS),
	canonical(s, V(GUEST_BNDCFGS)), "guest IA32_BNDCFGS must be canonical", GUEST_BNDCFGS)
VM_RULE(guest_rtit_ctl, GUEST_REGISTERS, entry(RTIT_CTL), !(V(GUEST_RTIT_CTL) & RTIT_RESERVED),
	"reserved bits of guest IA32_RTIT_CTL must be 0", GUEST_RTIT_CTL)
VM_RULE(guest_lbr_ctl, GUEST_REGISTERS, entry(LBR_CTL), !(V(GUEST_LBR_CTL) & LBR_RESERVED),
	"reserved bits of guest IA32_LBR_CTL must be 0", GUEST_LBR_CTL)
VM_RULE(guest_uinv, GUEST_REGISTERS, entry(UINV), V(GUEST_UINV) <= 255,
	"guest UINV must be 255 or less", GUEST_UINV)
VM_RULE(guest_s_cet, GUEST_REGISTERS, entry(CET), s_cet_valid(V(GUEST_S_CET)),
	"reserved bits of guest IA32_S_CET must be 0, and SUPPRESS and TRACKER not both set",
	GUEST_S_CET)
VM_RULE(guest_s_cet_canonical, GUEST_REGISTERS, entry(CET), canonical(s, V(GUEST_S_CET)),
	"guest IA32_S_CET must be canonical", GUEST_S_CET)
VM_RULE(guest_ssp_table, GUEST_REGISTERS, entry(CET), canonical(s, V(GUEST_SSP_TABLE)),
	"guest IA32_INTERRUPT_SSP_TABLE_ADDR must be canonical", GUEST_SSP_TABLE)
VM_RULE(guest_pkrs, GUEST_REGISTERS, entry(PKRS), !(V(GUEST_PKRS) >> 32),
	"bits 63:32 of guest IA32_PKRS must be 0", GUEST_PKRS)

VM_RULE(guest_gdtr_base, GUEST_TABLES, true, canonical(s, V(GUEST_GDTR_BASE)),
	"guest GDTR base must be canonical", GUEST_GDTR_BASE)
VM_RULE(guest_idtr_base, GUEST_TABLES, true, canonical(s, V(GUEST_IDTR_BASE)),
	"guest IDTR base must be canonical", GUEST_IDTR_BASE)
VM_RULE(guest_gdtr_limit, GUEST_TABLES, true, !(V(GUEST_GDTR_LIMIT) >> 16),
	"bits 31:16 of the guest GDTR limit must be 0", GUEST_GDTR_LIMIT)
VM_RULE(guest_idtr_limit, GUEST_TABLES, true, !(V(GUEST_IDTR_LIMIT) >> 16),
	"bits 31:16 of the guest IDTR limit must be 0", GUEST_IDTR_LIMIT)

VM_RULE(guest_rip_32, GUEST_RIP_RFLAGS, !code64(), !(V(GUEST_RIP) >> 32),
	"bits 63:32 of guest RIP must be 0 outside 64-bit mode (\"IA-32e mode guest\" and CS.L)",
	GUEST_RIP, ENTRY, GUEST_CS_AR)
VM_RULE(guest_rip_64, GUEST_RIP_RFLAGS, code64(), same_from(V(GUEST_RIP), C(linear_bits)),
	"the bits of guest RIP above the width of a linear address must be equal to each other",
	GUEST_RIP)
VM_RULE(guest_rflags_reserved, GUEST_RIP_RFLAGS, true, !(V(GUEST_RFLAGS) & RFLAGS_RESERVED),
	"guest RFLAGS bits 63:22, 15, 5 and 3 must be 0", GUEST_RFLAGS)
VM_RULE(guest_rflags_fixed, GUEST_RIP_RFLAGS, true, V(GUEST_RFLAGS) & RFLAGS_FIXED,
	"guest RFLAGS bit 1 must be 1", GUEST_RFLAGS)
VM_RULE(guest_rflags_vm, GUEST_RIP_RFLAGS, entry(IA32E) || !(V(GUEST_CR0) & CR0_PE), !v8086(),
	"guest RFLAGS.VM must be 0 in IA-32e mode and in real mode", GUEST_RFLAGS, ENTRY, GUEST_CR0)
VM_RULE(guest_rflags_if, GUEST_RIP_RFLAGS, injects_type(TYPE_EXTERNAL),
	V(GUEST_RFLAGS) & RFLAGS_IF,
	"guest RFLAGS.IF must be 1 when an external interrupt is injected", GUEST_RFLAGS, EVENT)
VM_RULE(guest_ssp, GUEST_RIP_RFLAGS, entry(CET), !(V(GUEST_SSP) & 3),
	"bits 1:0 of guest SSP must be 0", GUEST_SSP)
VM_RULE(guest_ssp_64, GUEST_RIP_RFLAGS, entry(CET), same_from(V(GUEST_SSP), C(linear_bits)),
	"the bits of guest SSP above the width of a linear address must be equal to each other",
	GUEST_SSP)
