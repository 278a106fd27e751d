// SPDX-License-Identifier: GPL-2.0-only
/*
 * For each rule of VM entry, states that break it and no other; and states that are as
 * close to breaking one as can be.
 */
#include "cases.h"
#include "doctor/bits.h"

#define S(field, value)		{ DF_##field, CHANGE_SET, value }
#define O(field, bits)		{ DF_##field, CHANGE_OR, bits }
#define X(field, bits)		{ DF_##field, CHANGE_CLEAR, bits }
#define W(field)		{ DF_##field, CHANGE_WIDE, 0 }
#define TOP(field)		{ DF_##field, CHANGE_TOP, 0 }
#define COPY(field, from)	{ DF_##field, CHANGE_COPY, DF_##from }
#define LINK(field)		{ DF_##field, CHANGE_LINK, 0 }
#define FORBIDDEN(field)	{ DF_##field, CHANGE_FORBIDDEN, 0 }

#define REFUSED(rule, base, ...)	{ #rule, BASE_##base, 0, { __VA_ARGS__ }, { 0 }, false },
/* It breaks none. */
#define ALLOWED(base, ...)	{ 0, BASE_##base, 0, { __VA_ARGS__ }, { 0 }, false },
/* For a CPU that is as the function says. */
#define FOR_CPU(cpu, rule, base, ...) { #rule, BASE_##base, cpu, { __VA_ARGS__ }, { 0 }, false },
#define LOAD_MSR(rule, index, reserved, value) \
	{ #rule, BASE_64, 0, { { 0 } }, { index, reserved, value }, true },

/* Canonical on no CPU. */
#define BENT			(1ull << 60)

#define EVENT(type, vector)	(EVENT_VALID | TYPE_##type << 8 | (vector))

static bool no_dirty(const struct doctor_caps *c) { return !(c->ept_vpid & EPTCAP_AD); }
static bool no_stacks(const struct doctor_caps *c) { return !(c->ept_vpid & EPTCAP_SHADOW_STACK); }
static bool checks_error(const struct doctor_caps *c) { return !(c->basic & BASIC_ANY_ERROR_CODE); }
static bool no_length_0(const struct doctor_caps *c) { return !(c->misc & MISC_LENGTH_0); }
static bool has_trap_flag(const struct doctor_caps *c) { return c->proc >> 32 & PROC_MONITOR_TRAP; }
static bool no_trap_flag(const struct doctor_caps *c) { return !has_trap_flag(c); }
static bool in_smm(const struct doctor_caps *c) { return c->in_smm; }
static bool legacy_host(const struct doctor_caps *c) { return !c->in_ia32e; }
static bool no_hlt(const struct doctor_caps *c) { return !(MISC_ACTIVITIES(c->misc) & 1); }
static bool no_sgx(const struct doctor_caps *c) { return !c->sgx; }
static bool has_sgx(const struct doctor_caps *c) { return c->sgx; }
static bool no_rtm(const struct doctor_caps *c) { return !c->rtm; }
static bool has_rtm(const struct doctor_caps *c) { return c->rtm; }
static bool no_bus_lock(const struct doctor_caps *c) { return !c->bus_lock; }
static bool no_lam(const struct doctor_caps *c) { return !c->lam; }
static bool tracing(const struct doctor_caps *c) { return c->tracing; }
static bool narrow(const struct doctor_caps *c) { return c->basic & BASIC_32_BIT; }

/* An address that must be aligned and not too wide, used while a control is on. */
#define ADDRESS(name, base, field, low, ...)				\
REFUSED(name##_aligned, base, O(field, low), __VA_ARGS__)			\
REFUSED(name##_width, base, W(field), __VA_ARGS__)

#define AREA(name, field)						\
ADDRESS(name, 64, field##_ADDR, 8, S(field##_COUNT, 1))			\
REFUSED(name##_end, 64, TOP(field##_ADDR), S(field##_COUNT, 2))

#define VM86(R, r)							\
REFUSED(guest_##r##_vm86_base, VM86, O(GUEST_##R##_BASE, 0x100000))	\
REFUSED(guest_##r##_vm86_limit, VM86, S(GUEST_##R##_LIMIT, 0xfffff))	\
REFUSED(guest_##r##_vm86_ar, VM86, S(GUEST_##R##_AR, 0x93))

/* Limit and granularity of a segment that has 4 GiB, and of a short one. */
#define COMMON(R, r, base)						\
REFUSED(guest_##r##_present, base, X(GUEST_##R##_AR, RIGHTS_P))		\
REFUSED(guest_##r##_reserved, base, O(GUEST_##R##_AR, 0x100))		\
REFUSED(guest_##r##_reserved, base, O(GUEST_##R##_AR, 0x20000))		\
REFUSED(guest_##r##_fine, base, S(GUEST_##R##_LIMIT, 0xffffe000), O(GUEST_##R##_AR, RIGHTS_G)) \
REFUSED(guest_##r##_coarse, base, S(GUEST_##R##_LIMIT, 0x1fffff), X(GUEST_##R##_AR, RIGHTS_G))

#define CODE_OR_DATA(R, r, base)					\
VM86(R, r)								\
COMMON(R, r, base)							\
REFUSED(guest_##r##_s, base, X(GUEST_##R##_AR, RIGHTS_S))

#define DATA(R, r)							\
CODE_OR_DATA(R, r, 64)							\
REFUSED(guest_##r##_accessed, 64, X(GUEST_##R##_AR, 1))			\
REFUSED(guest_##r##_readable, 64, S(GUEST_##R##_AR, 0xc099))		\
REFUSED(guest_##r##_dpl, PLAIN, S(GUEST_##R##_SEL, 0x13))

const struct doctor_case doctor_cases[] = {
/* VM-execution controls */
REFUSED(pin_required, 64, X(PIN, 2))
REFUSED(pin_allowed, 64, FORBIDDEN(PIN))
REFUSED(proc_required, 64, X(PROC, 2))
REFUSED(proc_allowed, 64, FORBIDDEN(PROC))
REFUSED(proc2_allowed, 64, FORBIDDEN(PROC2))
REFUSED(proc3_allowed, 64, O(PROC, PROC_TERTIARY), S(PROC3, 1ull << 63))
REFUSED(cr3_targets, 64, S(CR3_TARGETS, 0x200))
ADDRESS(io_bitmap_a, 64, IO_BITMAP_A, 0x800, O(PROC, PROC_IO_BITMAPS))
ADDRESS(io_bitmap_b, 64, IO_BITMAP_B, 1, O(PROC, PROC_IO_BITMAPS))
FOR_CPU(narrow, io_bitmap_a_width, 64, O(PROC, PROC_IO_BITMAPS), O(IO_BITMAP_A, 1ull << 32))
ADDRESS(msr_bitmap, 64, MSR_BITMAP, 0x10, O(PROC, PROC_MSR_BITMAPS))
ADDRESS(virtual_apic, 64, VIRTUAL_APIC_ADDR, 0x80, O(PROC, PROC_TPR_SHADOW))
REFUSED(tpr_threshold, 64, O(PROC, PROC_TPR_SHADOW), S(TPR_THRESHOLD, 0x10))
REFUSED(tpr_threshold_vtpr, 64, O(PROC, PROC_TPR_SHADOW), S(TPR_THRESHOLD, 5), S(VTPR, 0x40))
REFUSED(nmi_exiting, 64, X(PIN, PIN_NMI))
REFUSED(virtual_nmis, 64, X(PIN, PIN_VIRTUAL_NMIS), O(PROC, PROC_NMI_WINDOW))
ADDRESS(apic_access, 64, APIC_ACCESS_ADDR, 4, O(PROC2, PROC2_APIC_ACCESSES))
REFUSED(x2apic_shadow, 64, O(PROC2, PROC2_X2APIC))
REFUSED(registers_shadow, 64, O(PROC2, PROC2_APIC_REGISTERS))
REFUSED(delivery_shadow, 64, O(PROC2, PROC2_INTERRUPT_DELIVERY))
REFUSED(ipi_shadow, 64, O(PROC, PROC_TERTIARY), S(PROC3, PROC3_IPI))
REFUSED(x2apic_accesses, APIC, O(PROC2, PROC2_X2APIC | PROC2_APIC_ACCESSES))
REFUSED(delivery_exiting, APIC, O(PROC2, PROC2_INTERRUPT_DELIVERY), X(PIN, PIN_EXTERNAL_INTERRUPT))
REFUSED(posted_delivery, 64, O(PIN, PIN_POSTED), O(EXIT, EXIT_ACK_INTERRUPT))
REFUSED(posted_delivery, APIC, O(PIN, PIN_POSTED), X(PROC2, PROC2_INTERRUPT_DELIVERY))
REFUSED(posted_acknowledge, APIC, O(PIN, PIN_POSTED), X(EXIT, EXIT_ACK_INTERRUPT))
REFUSED(posted_vector, APIC, O(PIN, PIN_POSTED), S(POSTED_VECTOR, 0x100))
ADDRESS(posted_desc, APIC, POSTED_DESC_ADDR, 0x20, O(PIN, PIN_POSTED))
ADDRESS(pid_table, 64, PID_TABLE_ADDR, 4, O(PROC, PROC_TERTIARY | PROC_TPR_SHADOW),
	S(PROC3, PROC3_IPI))
REFUSED(pid_table_end, 64, TOP(PID_TABLE_ADDR), S(LAST_PID_INDEX, 2),
	O(PROC, PROC_TERTIARY | PROC_TPR_SHADOW), S(PROC3, PROC3_IPI))
REFUSED(vpid, 64, O(PROC2, PROC2_VPID), S(VPID, 0))
REFUSED(ept_type, 64, X(EPTP, 7), O(EPTP, 1))
REFUSED(ept_walk, 64, O(EPTP, 7 << 3))
FOR_CPU(no_dirty, ept_dirty, 64, O(EPTP, 1 << 6))
FOR_CPU(no_stacks, ept_shadow_stack, 64, O(EPTP, 1 << 7))
REFUSED(ept_reserved, 64, O(EPTP, 0x100))
REFUSED(ept_width, 64, W(EPTP))
REFUSED(pml_ept, NO_EPT, O(PROC2, PROC2_PML))
ADDRESS(pml, 64, PML_ADDR, 0x200, O(PROC2, PROC2_PML))
REFUSED(unrestricted_ept, NO_EPT, O(PROC2, PROC2_UNRESTRICTED))
REFUSED(mode_execute_ept, NO_EPT, O(PROC2, PROC2_MODE_EXECUTE))
REFUSED(sub_page_ept, NO_EPT, O(PROC2, PROC2_SUB_PAGE))
ADDRESS(spptp, 64, SPPTP, 0x20, O(PROC2, PROC2_SUB_PAGE))
REFUSED(vm_functions, 64, O(PROC2, PROC2_VMFUNC), S(VMFUNC_CTLS, 1ull << 63))
REFUSED(eptp_switching_ept, NO_EPT, O(PROC2, PROC2_VMFUNC), S(VMFUNC_CTLS, 1))
ADDRESS(eptp_list, 64, EPTP_LIST_ADDR, 0x40, O(PROC2, PROC2_VMFUNC), S(VMFUNC_CTLS, 1))
ADDRESS(vmread_bitmap, 64, VMREAD_BITMAP, 2, O(PROC2, PROC2_SHADOWING))
ADDRESS(vmwrite_bitmap, 64, VMWRITE_BITMAP, 0x400, O(PROC2, PROC2_SHADOWING))
ADDRESS(ve_info, 64, VE_INFO_ADDR, 8, O(PROC2, PROC2_EPT_VE))
REFUSED(pt_gpa_ept, NO_EPT, O(PROC2, PROC2_PT_GPA), O(ENTRY, ENTRY_RTIT_CTL),
	O(EXIT, EXIT_CLEAR_RTIT))
REFUSED(pt_gpa_entry, 64, O(PROC2, PROC2_PT_GPA), O(EXIT, EXIT_CLEAR_RTIT))
REFUSED(pt_gpa_exit, 64, O(PROC2, PROC2_PT_GPA), O(ENTRY, ENTRY_RTIT_CTL))
FOR_CPU(tracing, rtit_tracing, 64, O(ENTRY, ENTRY_RTIT_CTL))
REFUSED(tsc_multiplier, 64, O(PROC2, PROC2_TSC_SCALING), S(TSC_MULTIPLIER, 0))
ADDRESS(low_pasid, 64, LOW_PASID_ADDR, 0x100, O(PROC2, PROC2_PASID))
ADDRESS(high_pasid, 64, HIGH_PASID_ADDR, 0x100, O(PROC2, PROC2_PASID))
REFUSED(hlat_ept, NO_EPT, O(PROC, PROC_TERTIARY), S(PROC3, PROC3_HLAT))
REFUSED(hlatp_reserved, 64, O(PROC, PROC_TERTIARY), S(PROC3, PROC3_HLAT), O(HLATP, 0x20))
REFUSED(hlatp_width, 64, O(PROC, PROC_TERTIARY), S(PROC3, PROC3_HLAT), W(HLATP))
REFUSED(paging_write_ept, NO_EPT, O(PROC, PROC_TERTIARY), S(PROC3, PROC3_PAGING_WRITE))
REFUSED(verification_ept, NO_EPT, O(PROC, PROC_TERTIARY), S(PROC3, PROC3_VERIFICATION))

/* VM-exit controls */
REFUSED(exit_required, 64, X(EXIT, 1))
REFUSED(exit_allowed, 64, FORBIDDEN(EXIT))
REFUSED(exit2_allowed, 64, O(EXIT, EXIT_SECONDARY), S(EXIT2, 1u << 31))
REFUSED(exit2_allowed, 64, O(EXIT, EXIT_SECONDARY), S(EXIT2, 1ull << 63))
REFUSED(save_timer, 64, O(EXIT, EXIT_SAVE_TIMER), X(PIN, PIN_PREEMPTION_TIMER))
AREA(exit_store, EXIT_STORE)
AREA(exit_load, EXIT_LOAD)

/* VM-entry controls */
REFUSED(entry_required, 64, X(ENTRY, 1))
REFUSED(entry_allowed, 64, FORBIDDEN(ENTRY))
REFUSED(event_type, 64, S(EVENT, EVENT(RESERVED, 0)))
FOR_CPU(no_trap_flag, event_type, 64, S(EVENT, EVENT(OTHER, 0)))
REFUSED(event_vector, 64, S(EVENT, EVENT(NMI, 3)))
REFUSED(event_vector, 64, S(EVENT, EVENT(HARDWARE, 32)))
FOR_CPU(has_trap_flag, event_vector, 64, S(EVENT, EVENT(OTHER, 1)))
FOR_CPU(checks_error, event_error_wanted, 64, S(EVENT, EVENT(HARDWARE, 13)))
FOR_CPU(checks_error, event_error_unwanted, 64, S(EVENT, EVENT(HARDWARE, 6) | EVENT_HAS_ERROR))
REFUSED(event_error_unwanted, 64, S(EVENT, EVENT(EXTERNAL, 0x20) | EVENT_HAS_ERROR),
	O(GUEST_RFLAGS, RFLAGS_IF))
REFUSED(event_error_unwanted, REAL, S(EVENT, EVENT(HARDWARE, 13) | EVENT_HAS_ERROR))
REFUSED(event_reserved, 64, S(EVENT, EVENT(EXTERNAL, 0x20) | 1 << 12), O(GUEST_RFLAGS, RFLAGS_IF))
REFUSED(event_error_code, 64, S(EVENT, EVENT(HARDWARE, 13) | EVENT_HAS_ERROR),
	S(EVENT_ERROR, 0x10000))
REFUSED(event_length, 64, S(EVENT, EVENT(SOFTWARE_INT, 0x20)), S(EVENT_LENGTH, 16))
REFUSED(event_length, 64, S(EVENT, EVENT(SOFTWARE, 3)), S(EVENT_LENGTH, 16))
REFUSED(event_length, 64, S(EVENT, EVENT(PRIVILEGED, 1)), S(EVENT_LENGTH, 16))
FOR_CPU(no_length_0, event_length, 64, S(EVENT, EVENT(SOFTWARE, 3)), S(EVENT_LENGTH, 0))
AREA(entry_load, ENTRY_LOAD)
REFUSED(entry_to_smm, 64, O(ENTRY, ENTRY_SMM))
REFUSED(deactivate_dual_monitor, 64, O(ENTRY, ENTRY_DEACTIVATE))
FOR_CPU(in_smm, smm_both, 64, O(ENTRY, ENTRY_SMM | ENTRY_DEACTIVATE),
	S(INTERRUPTIBILITY, BLOCKING_SMI))

/* Host state */
REFUSED(host_cr0_fixed0, 64, X(HOST_CR0, 1 << 5))
REFUSED(host_cr0_fixed1, 64, O(HOST_CR0, 1ull << 32))
REFUSED(host_cr4_fixed0, 64, X(HOST_CR4, 1 << 13))
REFUSED(host_cr4_fixed1, 64, O(HOST_CR4, 1ull << 40))
REFUSED(host_cet_wp, 64, O(HOST_CR4, CR4_CET), X(HOST_CR0, CR0_WP))
REFUSED(host_cet_wp, 64, O(EXIT, EXIT_CET), O(HOST_CR4, CR4_CET), X(HOST_CR0, CR0_WP))
REFUSED(host_cr3, 64, W(HOST_CR3))
FOR_CPU(no_lam, host_cr3, 64, O(HOST_CR3, 1ull << 61))
REFUSED(host_sysenter_esp, 64, S(HOST_SYSENTER_ESP, BENT))
REFUSED(host_sysenter_eip, 64, S(HOST_SYSENTER_EIP, BENT))
REFUSED(host_perf_ctl, 64, O(EXIT, EXIT_PERF_CTL), S(HOST_PERF_CTL, 1ull << 63))
REFUSED(host_pat, 64, S(HOST_PAT, 2))
REFUSED(host_pat, 64, O(HOST_PAT, 8ull << 56))
REFUSED(host_efer_reserved, 64, O(HOST_EFER, 2))
REFUSED(host_efer_lma, 64, X(HOST_EFER, EFER_LMA_BIT))
REFUSED(host_efer_lme, 64, X(HOST_EFER, EFER_LME_BIT))
REFUSED(host_s_cet, 64, O(EXIT, EXIT_CET), S(HOST_S_CET, 0x40))
REFUSED(host_s_cet, 64, O(EXIT, EXIT_CET), S(HOST_S_CET, S_CET_SUPPRESS | S_CET_TRACKER))
REFUSED(host_s_cet_canonical, 64, O(EXIT, EXIT_CET), S(HOST_S_CET, BENT))
REFUSED(host_ssp, 64, O(EXIT, EXIT_CET), S(HOST_SSP, 2))
REFUSED(host_ssp_canonical, 64, O(EXIT, EXIT_CET), S(HOST_SSP, BENT))
REFUSED(host_ssp_table, 64, O(EXIT, EXIT_CET), S(HOST_SSP_TABLE, BENT))
REFUSED(host_pkrs, 64, O(EXIT, EXIT_PKRS), S(HOST_PKRS, 1ull << 32))
REFUSED(host_es, 64, S(HOST_ES_SEL, 3))
REFUSED(host_cs, 64, O(HOST_CS_SEL, 4))
REFUSED(host_ss, 64, O(HOST_SS_SEL, 1))
REFUSED(host_ds, 64, S(HOST_DS_SEL, 4))
REFUSED(host_fs, 64, S(HOST_FS_SEL, 2))
REFUSED(host_gs, 64, S(HOST_GS_SEL, 7))
REFUSED(host_tr, 64, O(HOST_TR_SEL, 4))
REFUSED(host_cs_null, 64, S(HOST_CS_SEL, 0))
REFUSED(host_tr_null, 64, S(HOST_TR_SEL, 0))
FOR_CPU(legacy_host, host_ss_null, 32, S(HOST_SS_SEL, 0))
REFUSED(host_fs_base, 64, S(HOST_FS_BASE, BENT))
REFUSED(host_gs_base, 64, S(HOST_GS_BASE, BENT))
REFUSED(host_tr_base, 64, S(HOST_TR_BASE, BENT))
REFUSED(host_gdtr_base, 64, S(HOST_GDTR_BASE, BENT))
REFUSED(host_idtr_base, 64, S(HOST_IDTR_BASE, BENT))
REFUSED(host_size_64, 32, X(EXIT, EXIT_HOST_64), X(HOST_EFER, EFER_LMA_BIT | EFER_LME_BIT),
	X(HOST_CR4, CR4_PCIDE), S(HOST_RIP, 0x1000))
FOR_CPU(legacy_host, host_size_32, 32, O(EXIT, EXIT_HOST_64),
	O(HOST_EFER, EFER_LMA_BIT | EFER_LME_BIT))
FOR_CPU(legacy_host, guest_ia32e_host, 64, X(HOST_CR4, CR4_PCIDE))
FOR_CPU(legacy_host, host_pcide, 32, O(HOST_CR4, CR4_PCIDE))
FOR_CPU(legacy_host, host_rip_32, 32, O(HOST_RIP, 1ull << 32))
FOR_CPU(legacy_host, host_s_cet_32, 32, O(EXIT, EXIT_CET), O(HOST_S_CET, 1ull << 32))
FOR_CPU(legacy_host, host_ssp_32, 32, O(EXIT, EXIT_CET), O(HOST_SSP, 1ull << 32))
REFUSED(host_pae, 64, X(HOST_CR4, CR4_PAE))
REFUSED(host_rip, 64, S(HOST_RIP, BENT))

/* Guest control registers, debug registers and MSRs */
REFUSED(guest_cr0_fixed0, 64, X(GUEST_CR0, 1 << 5))
REFUSED(guest_cr0_fixed0, PLAIN_32, X(GUEST_CR0, CR0_PG))
REFUSED(guest_cr0_fixed1, 64, O(GUEST_CR0, 1ull << 32))
REFUSED(guest_cr0_pg, 32, X(GUEST_CR0, CR0_PE))
REFUSED(guest_cr4_fixed0, 64, X(GUEST_CR4, 1 << 13))
REFUSED(guest_cr4_fixed1, 64, O(GUEST_CR4, 1ull << 40))
REFUSED(guest_cet_wp, 64, O(GUEST_CR4, CR4_CET), X(GUEST_CR0, CR0_WP))
REFUSED(guest_debugctl, 64, S(GUEST_DEBUGCTL, 8))
FOR_CPU(no_bus_lock, guest_debugctl, 64, S(GUEST_DEBUGCTL, 4))
FOR_CPU(no_rtm, guest_debugctl, 64, S(GUEST_DEBUGCTL, 1 << 15))
REFUSED(guest_ia32e_pg, 64, X(GUEST_CR0, CR0_PG))
REFUSED(guest_ia32e_pae, 64, X(GUEST_CR4, CR4_PAE))
REFUSED(guest_pcide, 32, O(GUEST_CR4, CR4_PCIDE))
REFUSED(guest_cr3, 64, W(GUEST_CR3))
FOR_CPU(no_lam, guest_cr3, 64, O(GUEST_CR3, 1ull << 62))
REFUSED(guest_dr7, 64, O(GUEST_DR7, 1ull << 32))
REFUSED(guest_sysenter_esp, 64, S(GUEST_SYSENTER_ESP, BENT))
REFUSED(guest_sysenter_eip, 64, S(GUEST_SYSENTER_EIP, BENT))
REFUSED(guest_perf_ctl, 64, O(ENTRY, ENTRY_PERF_CTL), S(GUEST_PERF_CTL, 1ull << 63))
REFUSED(guest_pat, 64, S(GUEST_PAT, 0x0300))
REFUSED(guest_efer_reserved, 64, O(GUEST_EFER, 1ull << 32))
REFUSED(guest_efer_lma, 64, X(GUEST_EFER, EFER_LMA_BIT | EFER_LME_BIT))
REFUSED(guest_efer_lma, 32, O(GUEST_EFER, EFER_LMA_BIT | EFER_LME_BIT))
REFUSED(guest_efer_lme, 64, X(GUEST_EFER, EFER_LME_BIT))
REFUSED(guest_bndcfgs, 64, O(ENTRY, ENTRY_BNDCFGS), S(GUEST_BNDCFGS, 4))
REFUSED(guest_bndcfgs_canonical, 64, O(ENTRY, ENTRY_BNDCFGS), S(GUEST_BNDCFGS, BENT))
REFUSED(guest_rtit_ctl, 64, O(ENTRY, ENTRY_RTIT_CTL), S(GUEST_RTIT_CTL, 1ull << 63))
REFUSED(guest_lbr_ctl, 64, O(ENTRY, ENTRY_LBR_CTL), S(GUEST_LBR_CTL, 0x10))
REFUSED(guest_uinv, 64, O(ENTRY, ENTRY_UINV), S(GUEST_UINV, 0x100))
REFUSED(guest_s_cet, 64, O(ENTRY, ENTRY_CET), S(GUEST_S_CET, 0x200))
REFUSED(guest_s_cet, 64, O(ENTRY, ENTRY_CET), S(GUEST_S_CET, S_CET_SUPPRESS | S_CET_TRACKER))
REFUSED(guest_s_cet_canonical, 64, O(ENTRY, ENTRY_CET), S(GUEST_S_CET, BENT))
REFUSED(guest_ssp_table, 64, O(ENTRY, ENTRY_CET), S(GUEST_SSP_TABLE, BENT))
REFUSED(guest_pkrs, 64, O(ENTRY, ENTRY_PKRS), S(GUEST_PKRS, 1ull << 32))
REFUSED(guest_gdtr_base, 64, S(GUEST_GDTR_BASE, BENT))
REFUSED(guest_idtr_base, 64, S(GUEST_IDTR_BASE, BENT))
REFUSED(guest_gdtr_limit, 64, S(GUEST_GDTR_LIMIT, 0x10000))
REFUSED(guest_idtr_limit, 64, S(GUEST_IDTR_LIMIT, 0x10000))
REFUSED(guest_rip_32, 32, O(GUEST_RIP, 1ull << 32))
REFUSED(guest_rip_32, 64, O(GUEST_RIP, 1ull << 32), X(GUEST_CS_AR, RIGHTS_L))
REFUSED(guest_rip_64, 64, S(GUEST_RIP, BENT))
REFUSED(guest_rflags_reserved, 64, O(GUEST_RFLAGS, 8))
REFUSED(guest_rflags_reserved, 64, O(GUEST_RFLAGS, 1ull << 63))
REFUSED(guest_rflags_fixed, 64, X(GUEST_RFLAGS, 2))
REFUSED(guest_rflags_vm, VM86, X(GUEST_CR0, CR0_PE | CR0_PG))
REFUSED(guest_rflags_vm, VM86, O(ENTRY, ENTRY_IA32E), O(GUEST_EFER, EFER_LMA_BIT | EFER_LME_BIT))
REFUSED(guest_rflags_if, 64, S(EVENT, EVENT(EXTERNAL, 0x20)))
REFUSED(guest_ssp, 64, O(ENTRY, ENTRY_CET), S(GUEST_SSP, 1))
REFUSED(guest_ssp_64, 64, O(ENTRY, ENTRY_CET), S(GUEST_SSP, BENT))

/* Guest segments */
REFUSED(guest_tr_ti, 64, O(GUEST_TR_SEL, 4))
REFUSED(guest_ldtr_ti, 64, O(GUEST_LDTR_SEL, 4))
REFUSED(guest_ss_rpl, PLAIN, O(GUEST_CS_SEL, 3))
CODE_OR_DATA(CS, cs, 64)
REFUSED(guest_cs_base, 64, O(GUEST_CS_BASE, 1ull << 32))
REFUSED(guest_cs_type, 64, S(GUEST_CS_AR, 0xa09a))
REFUSED(guest_cs_type, PLAIN_32, S(GUEST_CS_AR, 0xc093))
REFUSED(guest_cs_dpl_0, REAL, S(GUEST_CS_AR, 0xf3))
REFUSED(guest_cs_dpl, 64, O(GUEST_CS_AR, 3 << 5))
REFUSED(guest_cs_dpl_conforming, 64, S(GUEST_CS_AR, 0xa0ff))
REFUSED(guest_cs_db, 64, O(GUEST_CS_AR, RIGHTS_DB))
CODE_OR_DATA(SS, ss, 32)
REFUSED(guest_ss_base, 32, O(GUEST_SS_BASE, 1ull << 32))
REFUSED(guest_ss_type, 32, S(GUEST_SS_AR, 0xc091))
REFUSED(guest_ss_type, 64, S(GUEST_SS_AR, 0xc091))
REFUSED(guest_ss_type, 64, S(GUEST_SS_SEL, 0), S(GUEST_SS_AR, 0xc091))
REFUSED(guest_ss_dpl, PLAIN_32, S(GUEST_CS_AR, 0xc09f), S(GUEST_SS_AR, 0xc0b3))
REFUSED(guest_ss_dpl_0, REAL, S(GUEST_CS_AR, 0x93), S(GUEST_SS_AR, 0xb3))
DATA(DS, ds)
REFUSED(guest_ds_base, 64, O(GUEST_DS_BASE, 1ull << 32))
DATA(ES, es)
REFUSED(guest_es_base, 64, O(GUEST_ES_BASE, 1ull << 32))
DATA(FS, fs)
REFUSED(guest_fs_base, 64, S(GUEST_FS_BASE, BENT))
DATA(GS, gs)
REFUSED(guest_gs_base, 64, S(GUEST_GS_BASE, BENT))
COMMON(TR, tr, 64)
REFUSED(guest_tr_base, 64, S(GUEST_TR_BASE, BENT))
REFUSED(guest_tr_type, 64, S(GUEST_TR_AR, 0x83))
REFUSED(guest_tr_s, 64, O(GUEST_TR_AR, RIGHTS_S))
REFUSED(guest_tr_usable, 64, O(GUEST_TR_AR, RIGHTS_UNUSABLE))
COMMON(LDTR, ldtr, 64)
REFUSED(guest_ldtr_base, 64, S(GUEST_LDTR_BASE, BENT))
REFUSED(guest_ldtr_type, 64, S(GUEST_LDTR_AR, 0x83))
REFUSED(guest_ldtr_s, 64, O(GUEST_LDTR_AR, RIGHTS_S))

/* Guest non-register state */
REFUSED(activity, 64, S(ACTIVITY, 4))
FOR_CPU(no_hlt, activity, 64, S(ACTIVITY, 1))
REFUSED(activity_hlt, 64, S(ACTIVITY, 1), O(GUEST_SS_AR, 3 << 5), O(GUEST_CS_AR, 3 << 5))
REFUSED(activity_blocking, 64, S(ACTIVITY, 1), S(INTERRUPTIBILITY, 1), O(GUEST_RFLAGS, RFLAGS_IF))
REFUSED(activity_event_hlt, 64, S(ACTIVITY, 1), S(EVENT, EVENT(HARDWARE, 6)))
REFUSED(activity_event_shutdown, 64, S(ACTIVITY, 2), S(EVENT, EVENT(HARDWARE, 6)))
REFUSED(activity_event_shutdown, 64, S(ACTIVITY, 2), S(EVENT, EVENT(EXTERNAL, 18)),
	O(GUEST_RFLAGS, RFLAGS_IF))
REFUSED(activity_event_sipi, 64, S(ACTIVITY, 3), S(EVENT, EVENT(NMI, 2)))
FOR_CPU(in_smm, activity_smm, 64, O(ENTRY, ENTRY_SMM), S(ACTIVITY, 3),
	S(INTERRUPTIBILITY, BLOCKING_SMI))
REFUSED(blocking_reserved, 64, S(INTERRUPTIBILITY, 0x20))
REFUSED(blocking_both, 64, S(INTERRUPTIBILITY, 3), O(GUEST_RFLAGS, RFLAGS_IF))
REFUSED(blocking_sti_if, 64, S(INTERRUPTIBILITY, BLOCKING_STI))
REFUSED(blocking_interrupt, 64, S(INTERRUPTIBILITY, BLOCKING_MOV_SS),
	S(EVENT, EVENT(EXTERNAL, 0x20)), O(GUEST_RFLAGS, RFLAGS_IF))
REFUSED(blocking_nmi_mov_ss, 64, S(INTERRUPTIBILITY, BLOCKING_MOV_SS), S(EVENT, EVENT(NMI, 2)))
REFUSED(blocking_nmi_sti, 64, S(INTERRUPTIBILITY, BLOCKING_STI), S(EVENT, EVENT(NMI, 2)),
	O(GUEST_RFLAGS, RFLAGS_IF))
REFUSED(blocking_smi, 64, S(INTERRUPTIBILITY, BLOCKING_SMI))
FOR_CPU(in_smm, blocking_smi_entry, 64, O(ENTRY, ENTRY_SMM))
REFUSED(blocking_nmi, 64, S(INTERRUPTIBILITY, BLOCKING_NMI), S(EVENT, EVENT(NMI, 2)))
FOR_CPU(no_sgx, blocking_enclave, 64, S(INTERRUPTIBILITY, BLOCKING_ENCLAVE))
FOR_CPU(has_sgx, blocking_enclave, 64, S(INTERRUPTIBILITY, BLOCKING_ENCLAVE | BLOCKING_MOV_SS))
REFUSED(pending_reserved, 64, S(PENDING_DEBUG, 0x10))
REFUSED(pending_reserved, 64, S(PENDING_DEBUG, 1ull << 32))
FOR_CPU(no_bus_lock, pending_reserved, 64, S(PENDING_DEBUG, 1 << 11))
REFUSED(pending_bs_wanted, 64, S(INTERRUPTIBILITY, BLOCKING_MOV_SS), O(GUEST_RFLAGS, RFLAGS_TF))
REFUSED(pending_bs_wanted, 64, S(ACTIVITY, 1), O(GUEST_RFLAGS, RFLAGS_TF))
REFUSED(pending_bs_unwanted, 64, S(INTERRUPTIBILITY, BLOCKING_MOV_SS), S(PENDING_DEBUG, PENDING_BS))
FOR_CPU(no_rtm, pending_rtm, 64, S(PENDING_DEBUG, PENDING_RTM | 1 << 12))
FOR_CPU(has_rtm, pending_rtm, 64, S(PENDING_DEBUG, PENDING_RTM))
REFUSED(link_aligned, 64, S(LINK_POINTER, 1))
REFUSED(link_width, 64, S(LINK_POINTER, 0), W(LINK_POINTER))
REFUSED(link_revision, 64, LINK(LINK_POINTER), S(LINK_REVISION, 0x1234567))
REFUSED(link_shadow, 64, LINK(LINK_POINTER), O(LINK_REVISION, 1ull << 31))
REFUSED(link_current, 64, COPY(LINK_POINTER, VMCS_POINTER))
REFUSED(guest_pdpte0, 32, S(GUEST_PDPTE0, 3))
REFUSED(guest_pdpte1, 32, S(GUEST_PDPTE1, 0x21))
REFUSED(guest_pdpte2, 32, S(GUEST_PDPTE2, 0x101))
REFUSED(guest_pdpte3, 32, S(GUEST_PDPTE3, 1), W(GUEST_PDPTE3))

/* MSRs to load */
LOAD_MSR(msr_reserved, 0x174, 1, 0)
LOAD_MSR(msr_base, 0xc0000100, 0, 0)
LOAD_MSR(msr_base, 0xc0000101, 0, 0)
LOAD_MSR(msr_x2apic, 0x808, 0, 0)
LOAD_MSR(msr_smm_monitor, 0x9b, 0, 0)
LOAD_MSR(msr_microcode, 0x79, 0, 0)
LOAD_MSR(msr_canonical, 0x176, 0, BENT)
LOAD_MSR(msr_canonical, 0xc0000082, 0, BENT)
LOAD_MSR(msr_pat, 0x277, 0, 2)
LOAD_MSR(msr_efer, 0xc0000080, 0, 0xd03)
LOAD_MSR(msr_efer_lme, 0xc0000080, 0, 0x801)

/* Allowed */
ALLOWED(64, S(GUEST_RIP, 1ull << 47))
ALLOWED(64, S(GUEST_FS_BASE, 0xffff800000000000))
ALLOWED(64, O(GUEST_DS_AR, RIGHTS_UNUSABLE), X(GUEST_DS_AR, RIGHTS_P))
ALLOWED(64, O(GUEST_LDTR_AR, RIGHTS_UNUSABLE), O(GUEST_LDTR_SEL, 4))
ALLOWED(64, S(GUEST_DS_SEL, 0x13))
ALLOWED(64, S(GUEST_CS_AR, 0xa0ff), O(GUEST_CS_SEL, 3), O(GUEST_SS_SEL, 3), O(GUEST_SS_AR, 3 << 5))
ALLOWED(PLAIN, S(GUEST_DS_AR, 0xc09f), S(GUEST_DS_SEL, 0x13))
ALLOWED(PLAIN, S(GUEST_CS_AR, 0xa0fb), O(GUEST_CS_SEL, 3), O(GUEST_SS_SEL, 3),
	O(GUEST_SS_AR, 3 << 5))
ALLOWED(32, S(GUEST_TR_AR, 0x83))
ALLOWED(32, S(GUEST_DS_LIMIT, 0xfffff), X(GUEST_DS_AR, RIGHTS_G))
ALLOWED(32, S(GUEST_DS_LIMIT, 0xfffff))
ALLOWED(32, S(GUEST_PDPTE0, 0x1e6))
ALLOWED(64, O(PROC, PROC_TPR_SHADOW), S(TPR_THRESHOLD, 4), S(VTPR, 0x40))
ALLOWED(64, X(PIN, PIN_VIRTUAL_NMIS), S(INTERRUPTIBILITY, BLOCKING_NMI), S(EVENT, EVENT(NMI, 2)))
ALLOWED(64, S(INTERRUPTIBILITY, BLOCKING_STI), O(GUEST_RFLAGS, RFLAGS_IF))
ALLOWED(64, S(INTERRUPTIBILITY, BLOCKING_MOV_SS), O(GUEST_RFLAGS, RFLAGS_TF),
	S(PENDING_DEBUG, PENDING_BS))
ALLOWED(64, S(ACTIVITY, 1), S(EVENT, EVENT(NMI, 2)))
ALLOWED(64, S(ACTIVITY, 1), S(EVENT, EVENT(EXTERNAL, 0x20)), O(GUEST_RFLAGS, RFLAGS_IF))
ALLOWED(64, S(EVENT, EVENT(HARDWARE, 13) | EVENT_HAS_ERROR), S(EVENT_ERROR, 0xffff))
ALLOWED(64, S(EVENT, EVENT(SOFTWARE_INT, 0x20)), S(EVENT_LENGTH, 15))
ALLOWED(64, LINK(LINK_POINTER))
ALLOWED(64, S(EVENT, 0x7fffffff))
ALLOWED(64, S(PROC2, ~0ull), X(PROC, PROC_SECONDARY))
};

const unsigned int doctor_nr_cases = sizeof(doctor_cases) / sizeof(*doctor_cases);
