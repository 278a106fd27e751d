/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SDM 3C, "Checks on Guest Non-Register State", "Checks on Guest
 * Page-Directory-Pointer-Table Entries" and "Loading MSRs".  The form of a row:
 * rules_controls.h.
 */

#define blocks(by)	(V(INTERRUPTIBILITY) & BLOCKING_##by)

VM_RULE(activity, GUEST_OTHER, true,
	V(ACTIVITY) <= 3 && implies(V(ACTIVITY), MISC_ACTIVITIES(C(misc)) & 1 << (V(ACTIVITY) - 1)),
	"the activity state must be 0 to 3, and one that IA32_VMX_MISC reports", ACTIVITY)
VM_RULE(activity_hlt, GUEST_OTHER, V(ACTIVITY) == ACTIVITY_HLT, !RIGHTS_DPL(V(GUEST_SS_AR)),
	"the activity state must not be HLT when SS DPL is not 0", ACTIVITY, GUEST_SS_AR)
VM_RULE(activity_blocking, GUEST_OTHER, blocks(STI) || blocks(MOV_SS),
	V(ACTIVITY) == ACTIVITY_ACTIVE,
	"the activity state must be active under blocking by STI or by MOV SS",
	ACTIVITY, INTERRUPTIBILITY)
VM_RULE(activity_event_hlt, GUEST_OTHER, injects() && V(ACTIVITY) == ACTIVITY_HLT,
	wakes_halted(EVENT_TYPE(V(EVENT)), vector()),
	"into the HLT state only interrupts, NMI, #DB, #MC and a monitor trap may be injected",
	ACTIVITY, EVENT)
VM_RULE(activity_event_shutdown, GUEST_OTHER, injects() && V(ACTIVITY) == ACTIVITY_SHUTDOWN,
	injects_type(TYPE_NMI) || (injects_type(TYPE_HARDWARE) && vector() == 18),
	"into the shutdown state only NMI and #MC may be injected", ACTIVITY, EVENT)
VM_RULE(activity_event_sipi, GUEST_OTHER, V(ACTIVITY) == ACTIVITY_WAIT_SIPI, !injects(),
	"into the wait-for-SIPI state nothing may be injected", ACTIVITY, EVENT)
VM_RULE(activity_smm, GUEST_OTHER, C(in_smm) && entry(SMM), V(ACTIVITY) != ACTIVITY_WAIT_SIPI,
	"the activity state must not be wait-for-SIPI when \"entry to SMM\" is 1", ACTIVITY, ENTRY)

VM_RULE(blocking_reserved, GUEST_OTHER, true, !(V(INTERRUPTIBILITY) & ~0x1full),
	"interruptibility state bits 31:5 must be 0", INTERRUPTIBILITY)
VM_RULE(blocking_both, GUEST_OTHER, true, !(blocks(STI) && blocks(MOV_SS)),
	"blocking by STI and blocking by MOV SS must not both be set", INTERRUPTIBILITY)
VM_RULE(blocking_sti_if, GUEST_OTHER, !(V(GUEST_RFLAGS) & RFLAGS_IF), !blocks(STI),
	"blocking by STI must be 0 when RFLAGS.IF is 0", INTERRUPTIBILITY, GUEST_RFLAGS)
VM_RULE(blocking_interrupt, GUEST_OTHER, injects_type(TYPE_EXTERNAL),
	!blocks(STI) && !blocks(MOV_SS),
	"there must be no blocking by STI or MOV SS when an external interrupt is injected",
	INTERRUPTIBILITY, EVENT)
VM_RULE(blocking_nmi_mov_ss, GUEST_OTHER, injects_type(TYPE_NMI), !blocks(MOV_SS),
	"there must be no blocking by MOV SS when an NMI is injected", INTERRUPTIBILITY, EVENT)
VM_RULE(blocking_nmi_sti, GUEST_OTHER, injects_type(TYPE_NMI), !blocks(STI),
	"there must be no blocking by STI when an NMI is injected (some CPUs demand it)",
	INTERRUPTIBILITY, EVENT)
VM_RULE(blocking_smi, GUEST_OTHER, !C(in_smm), !blocks(SMI),
	"blocking by SMI must be 0 outside SMM", INTERRUPTIBILITY)
VM_RULE(blocking_smi_entry, GUEST_OTHER, C(in_smm) && entry(SMM), blocks(SMI),
	"blocking by SMI must be 1 when \"entry to SMM\" is 1", INTERRUPTIBILITY, ENTRY)
VM_RULE(blocking_nmi, GUEST_OTHER, injects_type(TYPE_NMI) && pin(VIRTUAL_NMIS), !blocks(NMI),
	"there must be no blocking by NMI when an NMI is injected and \"virtual NMIs\" is 1",
	INTERRUPTIBILITY, EVENT)
VM_RULE(blocking_enclave, GUEST_OTHER, blocks(ENCLAVE), C(sgx) && !blocks(MOV_SS),
	"enclave interruption must be 0 under blocking by MOV SS, and on a CPU without SGX",
	INTERRUPTIBILITY)

VM_RULE(pending_reserved, GUEST_OTHER, true,
	!(V(PENDING_DEBUG) & (~0x1ffffull | 5u << 13 | 0x7f0 | (C(bus_lock) ? 0 : 1u << 11))),
	"reserved bits of the pending debug exceptions must be 0", PENDING_DEBUG)
VM_RULE(pending_bs_wanted, GUEST_OTHER, holds_debug() && single_steps(),
	V(PENDING_DEBUG) & PENDING_BS,
	"BS (bit 14) of the pending debug exceptions must be 1: RFLAGS.TF is 1 and IA32_DEBUGCTL.BTF 0, under blocking by STI or MOV SS or in the HLT state",
	PENDING_DEBUG, GUEST_RFLAGS, GUEST_DEBUGCTL, INTERRUPTIBILITY, ACTIVITY)
VM_RULE(pending_bs_unwanted, GUEST_OTHER, holds_debug() && !single_steps(),
	!(V(PENDING_DEBUG) & PENDING_BS),
	"BS (bit 14) of the pending debug exceptions must be 0: RFLAGS.TF is 0 or IA32_DEBUGCTL.BTF 1, under blocking by STI or MOV SS or in the HLT state",
	PENDING_DEBUG, GUEST_RFLAGS, GUEST_DEBUGCTL, INTERRUPTIBILITY, ACTIVITY)
VM_RULE(pending_rtm, GUEST_OTHER, V(PENDING_DEBUG) & PENDING_RTM,
	C(rtm) && (V(PENDING_DEBUG) & 0x1ffff) == (PENDING_RTM | 1u << 12) && !blocks(MOV_SS),
	"RTM (bit 16) of the pending debug exceptions needs bit 12 and no other, no blocking by MOV SS, and a CPU with RTM",
	PENDING_DEBUG, INTERRUPTIBILITY)

#define linked()	(V(LINK_POINTER) != ~0ull)

VM_RULE(link_aligned, GUEST_OTHER, linked(), !(V(LINK_POINTER) & 0xfff),
	"the VMCS link pointer must be aligned to 4096 bytes, or all ones", LINK_POINTER)
VM_RULE(link_width, GUEST_OTHER, linked(), structure(s, V(LINK_POINTER)),
	"the VMCS link pointer must not be wider than a physical address", LINK_POINTER)
VM_RULE(link_revision, GUEST_OTHER,
	linked() && !(V(LINK_POINTER) & 0xfff) && structure(s, V(LINK_POINTER)),
	(V(LINK_REVISION) & 0x7fffffff) == (C(basic) & 0x7fffffff),
	"the region that the VMCS link pointer names must begin with the VMCS revision",
	LINK_POINTER, LINK_REVISION)
VM_RULE(link_shadow, GUEST_OTHER,
	linked() && !(V(LINK_POINTER) & 0xfff) && structure(s, V(LINK_POINTER)),
	!(V(LINK_REVISION) >> 31) == !proc2(SHADOWING),
	"the region that the VMCS link pointer names must be a shadow VMCS just when \"VMCS shadowing\" is 1",
	LINK_POINTER, LINK_REVISION, PROC2)
VM_RULE(link_current, GUEST_OTHER, linked() && (!C(in_smm) || entry(SMM)),
	V(LINK_POINTER) != V(VMCS_POINTER),
	"the VMCS link pointer must not name the current VMCS", LINK_POINTER)

#define PDPTE(n)								\
VM_RULE(guest_pdpte##n, GUEST_PDPTES, pae_in_vmcs(), pdpte_valid(s, V(GUEST_PDPTE##n)),	\
	"guest PDPTE" #n " must not have a reserved bit set if it is present", GUEST_PDPTE##n)

PDPTE(0)
PDPTE(1)
PDPTE(2)
PDPTE(3)

/* Asked of each entry of the MSR area. */
VM_RULE(msr_reserved, MSR_LOADING, true, !msr->reserved,
	"bits 63:32 of an entry's index must be 0", ENTRY_LOAD_ADDR)
VM_RULE(msr_base, MSR_LOADING, true, msr->index != 0xc0000100 && msr->index != 0xc0000101,
	"IA32_FS_BASE and IA32_GS_BASE cannot be loaded", ENTRY_LOAD_ADDR)
/* In x2APIC mode by a rule of its own, else because WRMSR would fault. */
VM_RULE(msr_x2apic, MSR_LOADING, true, msr->index >> 8 != 8,
	"a register of the x2APIC, 800H to 8FFH, cannot be loaded", ENTRY_LOAD_ADDR)
VM_RULE(msr_smm_monitor, MSR_LOADING, !C(in_smm), msr->index != 0x9b,
	"IA32_SMM_MONITOR_CTL cannot be loaded outside SMM", ENTRY_LOAD_ADDR)
VM_RULE(msr_microcode, MSR_LOADING, true, msr->index != 0x79,
	"IA32_BIOS_UPDT_TRIG cannot be loaded", ENTRY_LOAD_ADDR)
VM_RULE(msr_canonical, MSR_LOADING, msr_is_linear(msr->index), canonical(s, msr->value),
	"the value of an MSR that holds a linear address must be canonical", ENTRY_LOAD_ADDR)
VM_RULE(msr_pat, MSR_LOADING, msr->index == 0x277, pat_valid(msr->value),
	"each byte of IA32_PAT must be 0, 1, 4, 5, 6 or 7", ENTRY_LOAD_ADDR)
VM_RULE(msr_efer, MSR_LOADING, msr->index == 0xc0000080, !(msr->value & ~(u64)EFER_VALID),
	"reserved bits of IA32_EFER must be 0", ENTRY_LOAD_ADDR)
VM_RULE(msr_efer_lme, MSR_LOADING, msr->index == 0xc0000080 && V(GUEST_CR0) & CR0_PG,
	!!(msr->value & EFER_LME_BIT) == !!entry(IA32E),
	"IA32_EFER.LME must stay equal to \"IA-32e mode guest\" while CR0.PG is 1", ENTRY_LOAD_ADDR)

#undef PDPTE
