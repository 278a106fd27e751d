/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SDM 3C, "Checks on VMX Controls".
 *
 * VM_RULE(name, section, when it holds, what must be, in words, fields to tell).
 * Included twice by rules.c, which defines VM_RULE.
 */

/* The address of a structure, used while a control is on. */
#define ADDRESS(name, section, on, field, low, align, what)			\
VM_RULE(name##_aligned, section, on, !(V(field) & (low)),				\
	what " must be aligned to " align " bytes", field)				\
VM_RULE(name##_width, section, on, structure(s, V(field)),				\
	what " must not be wider than a physical address", field)

/* An MSR area: where it begins and where it ends. */
#define AREA(name, section, field, what)					\
ADDRESS(name, section, V(field##_COUNT), field##_ADDR, 0xf, "16", what " address")	\
VM_RULE(name##_end, section, V(field##_COUNT) && structure(s, V(field##_ADDR)),	\
	area(s, V(field##_ADDR), V(field##_COUNT)),				\
	what " area must not end beyond the width of a physical address",		\
	field##_ADDR, field##_COUNT)

/* Two halves of a capability MSR; those of the secondary controls need no bit. */
#define ALLOWED(name, section, on, field, cap, what)				\
VM_RULE(name##_allowed, section, on, allowed(C(cap), V(field)),			\
	what " must not have a bit set that its capability MSR does not allow", field)

#define SETTINGS(name, section, field, cap, what)				\
VM_RULE(name##_required, section, true, required(C(cap), V(field)),			\
	what " must have each bit set that its capability MSR reports as 1", field)	\
ALLOWED(name, section, true, field, cap, what)

SETTINGS(pin, EXECUTION, PIN, pin, "pin-based controls")
SETTINGS(proc, EXECUTION, PROC, proc, "processor-based controls")
ALLOWED(proc2, EXECUTION, proc(SECONDARY), PROC2, proc2, "secondary processor-based controls")
VM_RULE(proc3_allowed, EXECUTION, proc(TERTIARY), !(V(PROC3) & ~C(proc3)),
	"tertiary processor-based controls must not have a bit set that IA32_VMX_PROCBASED_CTLS3 does not allow",
	PROC3)

VM_RULE(cr3_targets, EXECUTION, true, V(CR3_TARGETS) <= MISC_CR3_TARGETS(C(misc)),
	"CR3-target count must not be above what IA32_VMX_MISC reports", CR3_TARGETS)
ADDRESS(io_bitmap_a, EXECUTION, proc(IO_BITMAPS), IO_BITMAP_A, 0xfff, "4096",
	"address of I/O bitmap A")
ADDRESS(io_bitmap_b, EXECUTION, proc(IO_BITMAPS), IO_BITMAP_B, 0xfff, "4096",
	"address of I/O bitmap B")
ADDRESS(msr_bitmap, EXECUTION, proc(MSR_BITMAPS), MSR_BITMAP, 0xfff, "4096",
	"address of MSR bitmaps")

/* The virtual APIC */
ADDRESS(virtual_apic, EXECUTION, proc(TPR_SHADOW), VIRTUAL_APIC_ADDR, 0xfff, "4096",
	"virtual-APIC address")
VM_RULE(tpr_threshold, EXECUTION, proc(TPR_SHADOW) && !proc2(INTERRUPT_DELIVERY),
	V(TPR_THRESHOLD) <= 15,
	"TPR threshold must be 15 or less when \"use TPR shadow\" is on and \"virtual-interrupt delivery\" off",
	TPR_THRESHOLD)
VM_RULE(tpr_threshold_vtpr, EXECUTION,
	proc(TPR_SHADOW) && !proc2(INTERRUPT_DELIVERY) && !proc2(APIC_ACCESSES),
	(V(TPR_THRESHOLD) & 15) <= (V(VTPR) >> 4 & 15),
	"TPR threshold must not be above bits 7:4 of the TPR in the virtual-APIC page when \"virtualize APIC accesses\" and \"virtual-interrupt delivery\" are off",
	TPR_THRESHOLD, VTPR)
VM_RULE(nmi_exiting, EXECUTION, pin(VIRTUAL_NMIS), pin(NMI),
	"\"virtual NMIs\" needs \"NMI exiting\"", PIN)
VM_RULE(virtual_nmis, EXECUTION, proc(NMI_WINDOW), pin(VIRTUAL_NMIS),
	"\"NMI-window exiting\" needs \"virtual NMIs\"", PROC, PIN)
ADDRESS(apic_access, EXECUTION, proc2(APIC_ACCESSES), APIC_ACCESS_ADDR, 0xfff, "4096",
	"APIC-access address")
VM_RULE(x2apic_shadow, EXECUTION, proc2(X2APIC), proc(TPR_SHADOW),
	"\"virtualize x2APIC mode\" needs \"use TPR shadow\"", PROC2, PROC)
VM_RULE(registers_shadow, EXECUTION, proc2(APIC_REGISTERS), proc(TPR_SHADOW),
	"\"APIC-register virtualization\" needs \"use TPR shadow\"", PROC2, PROC)
VM_RULE(delivery_shadow, EXECUTION, proc2(INTERRUPT_DELIVERY), proc(TPR_SHADOW),
	"\"virtual-interrupt delivery\" needs \"use TPR shadow\"", PROC2, PROC)
VM_RULE(ipi_shadow, EXECUTION, proc3(IPI), proc(TPR_SHADOW),
	"\"IPI virtualization\" needs \"use TPR shadow\"", PROC3, PROC)
VM_RULE(x2apic_accesses, EXECUTION, proc2(X2APIC), !proc2(APIC_ACCESSES),
	"\"virtualize x2APIC mode\" and \"virtualize APIC accesses\" must not both be on", PROC2)
VM_RULE(delivery_exiting, EXECUTION, proc2(INTERRUPT_DELIVERY), pin(EXTERNAL_INTERRUPT),
	"\"virtual-interrupt delivery\" needs \"external-interrupt exiting\"", PROC2, PIN)
VM_RULE(posted_delivery, EXECUTION, pin(POSTED), proc2(INTERRUPT_DELIVERY),
	"\"process posted interrupts\" needs \"virtual-interrupt delivery\"", PIN, PROC2)
VM_RULE(posted_acknowledge, EXECUTION, pin(POSTED), exits(ACK_INTERRUPT),
	"\"process posted interrupts\" needs \"acknowledge interrupt on exit\"", PIN, EXIT)
VM_RULE(posted_vector, EXECUTION, pin(POSTED), V(POSTED_VECTOR) <= 255,
	"posted-interrupt notification vector must be 255 or less", POSTED_VECTOR)
ADDRESS(posted_desc, EXECUTION, pin(POSTED), POSTED_DESC_ADDR, 0x3f, "64",
	"posted-interrupt descriptor address")

ADDRESS(pid_table, EXECUTION, proc3(IPI), PID_TABLE_ADDR, 7, "8", "PID-pointer table address")
VM_RULE(pid_table_end, EXECUTION, proc3(IPI) && structure(s, V(PID_TABLE_ADDR)),
	structure(s, V(PID_TABLE_ADDR) + V(LAST_PID_INDEX) * 8),
	"the last PID pointer must not lie beyond the width of a physical address",
	PID_TABLE_ADDR, LAST_PID_INDEX)

/* Translation */
VM_RULE(vpid, EXECUTION, proc2(VPID), V(VPID), "VPID must not be 0", VPID)
VM_RULE(ept_type, EXECUTION, proc2(EPT),
	(V(EPTP) & 7) == 0 ? C(ept_vpid) & EPTCAP_UC :
	(V(EPTP) & 7) == 6 && C(ept_vpid) & EPTCAP_WB,
	"EPT pointer bits 2:0 must be a memory type that the CPU supports, 0 or 6", EPTP)
VM_RULE(ept_walk, EXECUTION, proc2(EPT),
	(V(EPTP) >> 3 & 7) == 3 ? C(ept_vpid) & EPTCAP_WALK_4 :
	(V(EPTP) >> 3 & 7) == 4 && C(ept_vpid) & EPTCAP_WALK_5,
	"EPT pointer bits 5:3 must be one less than a page-walk length that the CPU supports", EPTP)
VM_RULE(ept_dirty, EXECUTION, proc2(EPT), implies(V(EPTP) & 1 << 6, C(ept_vpid) & EPTCAP_AD),
	"EPT pointer bit 6 must be 0: this CPU has no accessed and dirty flags for EPT", EPTP)
VM_RULE(ept_shadow_stack, EXECUTION, proc2(EPT),
	implies(V(EPTP) & 1 << 7, C(ept_vpid) & EPTCAP_SHADOW_STACK),
	"EPT pointer bit 7 must be 0: this CPU has no supervisor shadow-stack control", EPTP)
VM_RULE(ept_reserved, EXECUTION, proc2(EPT), !(V(EPTP) & 0xf00),
	"EPT pointer bits 11:8 must be 0", EPTP)
VM_RULE(ept_width, EXECUTION, proc2(EPT), physical(s, V(EPTP)),
	"EPT pointer must not be wider than a physical address", EPTP)
VM_RULE(pml_ept, EXECUTION, proc2(PML), proc2(EPT), "\"enable PML\" needs \"enable EPT\"", PROC2)
ADDRESS(pml, EXECUTION, proc2(PML), PML_ADDR, 0xfff, "4096", "PML address")
VM_RULE(unrestricted_ept, EXECUTION, unrestricted(), proc2(EPT),
	"\"unrestricted guest\" needs \"enable EPT\"", PROC2)
VM_RULE(mode_execute_ept, EXECUTION, proc2(MODE_EXECUTE), proc2(EPT),
	"\"mode-based execute control for EPT\" needs \"enable EPT\"", PROC2)
VM_RULE(sub_page_ept, EXECUTION, proc2(SUB_PAGE), proc2(EPT),
	"\"sub-page write permissions for EPT\" needs \"enable EPT\"", PROC2)
ADDRESS(spptp, EXECUTION, proc2(SUB_PAGE), SPPTP, 0xfff, "4096",
	"sub-page-permission-table pointer")
VM_RULE(vm_functions, EXECUTION, proc2(VMFUNC), !(V(VMFUNC_CTLS) & ~C(vm_functions)),
	"VM-function controls must not have a bit set that IA32_VMX_VMFUNC does not allow",
	VMFUNC_CTLS)
VM_RULE(eptp_switching_ept, EXECUTION, proc2(VMFUNC) && V(VMFUNC_CTLS) & 1, proc2(EPT),
	"\"EPTP switching\" needs \"enable EPT\"", VMFUNC_CTLS, PROC2)
ADDRESS(eptp_list, EXECUTION, proc2(VMFUNC) && V(VMFUNC_CTLS) & 1, EPTP_LIST_ADDR, 0xfff, "4096",
	"EPTP-list address")
ADDRESS(vmread_bitmap, EXECUTION, proc2(SHADOWING), VMREAD_BITMAP, 0xfff, "4096",
	"VMREAD-bitmap address")
ADDRESS(vmwrite_bitmap, EXECUTION, proc2(SHADOWING), VMWRITE_BITMAP, 0xfff, "4096",
	"VMWRITE-bitmap address")
ADDRESS(ve_info, EXECUTION, proc2(EPT_VE), VE_INFO_ADDR, 0xfff, "4096",
	"virtualization-exception information address")
VM_RULE(pt_gpa_ept, EXECUTION, proc2(PT_GPA), proc2(EPT),
	"\"Intel PT uses guest physical addresses\" needs \"enable EPT\"", PROC2)
VM_RULE(pt_gpa_entry, EXECUTION, proc2(PT_GPA), entry(RTIT_CTL),
	"\"Intel PT uses guest physical addresses\" needs \"load IA32_RTIT_CTL\"", PROC2, ENTRY)
VM_RULE(pt_gpa_exit, EXECUTION, proc2(PT_GPA), exits(CLEAR_RTIT),
	"\"Intel PT uses guest physical addresses\" needs \"clear IA32_RTIT_CTL\"", PROC2, EXIT)
VM_RULE(rtit_tracing, EXECUTION, C(tracing), !entry(RTIT_CTL),
	"\"load IA32_RTIT_CTL\" must be 0 while Intel PT traces", ENTRY)
VM_RULE(tsc_multiplier, EXECUTION, proc2(TSC_SCALING), V(TSC_MULTIPLIER),
	"TSC multiplier must not be 0", TSC_MULTIPLIER)
ADDRESS(low_pasid, EXECUTION, proc2(PASID), LOW_PASID_ADDR, 0xfff, "4096",
	"low PASID directory address")
ADDRESS(high_pasid, EXECUTION, proc2(PASID), HIGH_PASID_ADDR, 0xfff, "4096",
	"high PASID directory address")
VM_RULE(hlat_ept, EXECUTION, proc3(HLAT), proc2(EPT), "\"enable HLAT\" needs \"enable EPT\"",
	PROC3, PROC2)
VM_RULE(hlatp_reserved, EXECUTION, proc3(HLAT), !(V(HLATP) & 0xfe7),
	"HLAT pointer bits 2:0 and 11:5 must be 0", HLATP)
VM_RULE(hlatp_width, EXECUTION, proc3(HLAT), physical(s, V(HLATP)),
	"HLAT pointer must not be wider than a physical address", HLATP)
VM_RULE(paging_write_ept, EXECUTION, proc3(PAGING_WRITE), proc2(EPT),
	"\"EPT paging-write control\" needs \"enable EPT\"", PROC3, PROC2)
VM_RULE(verification_ept, EXECUTION, proc3(VERIFICATION), proc2(EPT),
	"\"guest-paging verification\" needs \"enable EPT\"", PROC3, PROC2)

SETTINGS(exit, EXIT_FIELDS, EXIT, exit, "VM-exit controls")
VM_RULE(exit2_allowed, EXIT_FIELDS, exits(SECONDARY), !(V(EXIT2) & ~C(exit2)),
	"secondary VM-exit controls must not have a bit set that IA32_VMX_EXIT_CTLS2 does not allow",
	EXIT2)
VM_RULE(save_timer, EXIT_FIELDS, exits(SAVE_TIMER), pin(PREEMPTION_TIMER),
	"\"save VMX-preemption timer value\" needs \"activate VMX-preemption timer\"", EXIT, PIN)
AREA(exit_store, EXIT_FIELDS, EXIT_STORE, "VM-exit MSR-store")
AREA(exit_load, EXIT_FIELDS, EXIT_LOAD, "VM-exit MSR-load")

SETTINGS(entry, ENTRY_FIELDS, ENTRY, entry, "VM-entry controls")
VM_RULE(event_type, ENTRY_FIELDS, injects(),
	!injects_type(TYPE_RESERVED) &&
	implies(injects_type(TYPE_OTHER), C(proc) >> 32 & PROC_MONITOR_TRAP),
	"the event's type (bits 10:8) must not be 1, nor 7 where there is no monitor trap flag",
	EVENT)
VM_RULE(event_vector, ENTRY_FIELDS, injects(),
	implies(injects_type(TYPE_NMI), vector() == 2) &&
	implies(injects_type(TYPE_HARDWARE), vector() <= 31) &&
	implies(injects_type(TYPE_OTHER), vector() == 0),
	"the event's vector must be 2 for an NMI, 31 or less for a hardware exception, 0 for an event of type 7",
	EVENT)
VM_RULE(event_error_wanted, ENTRY_FIELDS,
	injects_type(TYPE_HARDWARE) && V(GUEST_CR0) & CR0_PE && !(C(basic) & BASIC_ANY_ERROR_CODE),
	implies(pushes_error(vector()), V(EVENT) & EVENT_HAS_ERROR),
	"the event must deliver an error code: its exception has one, and the guest is in protected mode",
	EVENT, GUEST_CR0)
VM_RULE(event_error_unwanted, ENTRY_FIELDS, injects() && V(EVENT) & EVENT_HAS_ERROR,
	injects_type(TYPE_HARDWARE) && V(GUEST_CR0) & CR0_PE &&
	(C(basic) & BASIC_ANY_ERROR_CODE || pushes_error(vector()) || vector() > 31),
	"the event must not deliver an error code: only some hardware exceptions do, in protected mode",
	EVENT, GUEST_CR0)
VM_RULE(event_reserved, ENTRY_FIELDS, injects(), !(V(EVENT) & EVENT_RESERVED),
	"the event's bits 30:12 must be 0", EVENT)
VM_RULE(event_error_code, ENTRY_FIELDS, injects() && V(EVENT) & EVENT_HAS_ERROR,
	!(V(EVENT_ERROR) >> 16), "bits 31:16 of the event's error code must be 0", EVENT_ERROR)
VM_RULE(event_length, ENTRY_FIELDS,
	injects_type(TYPE_SOFTWARE_INT) || injects_type(TYPE_PRIVILEGED) ||
	injects_type(TYPE_SOFTWARE),
	V(EVENT_LENGTH) <= 15 && implies(!V(EVENT_LENGTH), C(misc) & MISC_LENGTH_0),
	"VM-entry instruction length of a software event must be 1 to 15, or 0 where IA32_VMX_MISC allows it",
	EVENT_LENGTH, EVENT)
AREA(entry_load, ENTRY_FIELDS, ENTRY_LOAD, "VM-entry MSR-load")
VM_RULE(entry_to_smm, ENTRY_FIELDS, !C(in_smm), !entry(SMM),
	"\"entry to SMM\" must be 0 outside SMM", ENTRY)
VM_RULE(deactivate_dual_monitor, ENTRY_FIELDS, !C(in_smm), !entry(DEACTIVATE),
	"\"deactivate dual-monitor treatment\" must be 0 outside SMM", ENTRY)
VM_RULE(smm_both, ENTRY_FIELDS, C(in_smm), !(entry(SMM) && entry(DEACTIVATE)),
	"\"entry to SMM\" and \"deactivate dual-monitor treatment\" must not both be 1", ENTRY)

#undef ADDRESS
#undef ALLOWED
#undef AREA
#undef SETTINGS
