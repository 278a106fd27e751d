// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table: one row for each basic exit reason of the SDM's appendix "VMX
 * Basic Exit Reasons".
 */
#include "../vellum.h"

#include <linux/kernel.h>

#include "../core/vcpu.h"
#include "../trace.h"
#include "exit.h"

static int exit_unexpected(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	return exit_internal_error(vcpu, exit, KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON);
}

#define UNEXPECTED	{ exit_unexpected, NULL, EXIT_QUAL }
#define UNDEFINED	{ exit_undefined }
#define ROW(handler, reads)	{ exit_##handler, NULL, reads }

/* Every number has a row: a gap would be a NULL to call. */
const struct vlm_exit_row vlm_exit_rows[VLM_EXIT_ROWS + 1] = {
	[EXIT_REASON_EXCEPTION_NMI] =
		ROW(exception, EXIT_INTR | EXIT_VECTORING | EXIT_QUAL | EXIT_LENGTH),
	[EXIT_REASON_EXTERNAL_INTERRUPT] = ROW(external_interrupt, 0),
	[EXIT_REASON_TRIPLE_FAULT] = ROW(triple_fault, 0),
	/* INIT, SIPI, and SMIs under dual-monitor treatment */
	[EXIT_REASON_INIT_SIGNAL ... 6] = UNEXPECTED,
	[EXIT_REASON_INTERRUPT_WINDOW] = ROW(interrupt_window, 0),
	[EXIT_REASON_NMI_WINDOW] = ROW(nmi_window, 0),
	[EXIT_REASON_TASK_SWITCH] = { exit_task_switch, exit_task_switch_slow,
				      EXIT_QUAL | EXIT_VECTORING | EXIT_LENGTH },
	[EXIT_REASON_CPUID] = ROW(cpuid, 0),
	[11] = UNDEFINED,	/* GETSEC */
	[EXIT_REASON_HLT] = ROW(hlt, EXIT_LENGTH),
	[EXIT_REASON_INVD] = ROW(nop, 0),
	[EXIT_REASON_INVLPG] = UNEXPECTED,
	[EXIT_REASON_RDPMC] = ROW(rdpmc, 0),
	/* RDTSC, RSM */
	[EXIT_REASON_RDTSC ... 17] = UNEXPECTED,
	[EXIT_REASON_VMCALL] = { exit_vmcall, exit_vmcall_slow, EXIT_LENGTH },
	/* VMCLEAR to VMXON */
	[EXIT_REASON_VMCLEAR ... EXIT_REASON_VMON] = UNDEFINED,
	[EXIT_REASON_CR_ACCESS] = { exit_cr, exit_cr, EXIT_QUAL | EXIT_LENGTH },
	[EXIT_REASON_DR_ACCESS] = ROW(dr, EXIT_QUAL | EXIT_LENGTH),
	[EXIT_REASON_IO_INSTRUCTION] = { exit_io, exit_io_slow, EXIT_QUAL },
	[EXIT_REASON_MSR_READ] = ROW(rdmsr, 0),
	[EXIT_REASON_MSR_WRITE] = ROW(wrmsr, 0),
	/* entry failures, which exit_entry_failed() takes before */
	[EXIT_REASON_INVALID_STATE ... 35] = UNEXPECTED,
	[EXIT_REASON_MWAIT_INSTRUCTION] = ROW(mwait, 0),
	[EXIT_REASON_MONITOR_TRAP_FLAG] = ROW(monitor_trap, 0),
	[38] = UNEXPECTED,
	[EXIT_REASON_MONITOR_INSTRUCTION] = ROW(mwait, 0),
	[EXIT_REASON_PAUSE_INSTRUCTION] = { exit_pause, exit_pause_slow },
	/* machine check at entry */
	[EXIT_REASON_MCE_DURING_VMENTRY ... 42] = UNEXPECTED,
	[EXIT_REASON_TPR_BELOW_THRESHOLD] = ROW(tpr_below_threshold, 0),
	[EXIT_REASON_APIC_ACCESS] = { exit_apic_access, exit_apic_access_slow,
				      EXIT_QUAL | EXIT_VECTORING },
	[EXIT_REASON_EOI_INDUCED] = ROW(eoi, EXIT_QUAL),
	[EXIT_REASON_GDTR_IDTR ... EXIT_REASON_LDTR_TR] = UNEXPECTED,
	[EXIT_REASON_EPT_VIOLATION] = { exit_ept_violation, exit_ept_violation_slow,
					EXIT_QUAL | EXIT_GPA | EXIT_VECTORING },
	[EXIT_REASON_EPT_MISCONFIG] = UNEXPECTED,
	[EXIT_REASON_INVEPT] = UNDEFINED,
	[EXIT_REASON_RDTSCP] = UNEXPECTED,
	[EXIT_REASON_PREEMPTION_TIMER] = ROW(preemption_timer, 0),
	[EXIT_REASON_INVVPID] = UNDEFINED,
	[EXIT_REASON_WBINVD] = ROW(nop, 0),
	[EXIT_REASON_XSETBV] = ROW(xsetbv, 0),
	[EXIT_REASON_APIC_WRITE] = ROW(apic_write, EXIT_QUAL),
	/* RDRAND, INVPCID, VMFUNC, ENCLS, RDSEED */
	[EXIT_REASON_RDRAND ... EXIT_REASON_RDSEED] = UNEXPECTED,
	[EXIT_REASON_PML_FULL] = ROW(pml_full, EXIT_QUAL | EXIT_VECTORING),
	/* XSAVES and what newer CPUs can be told to exit for, and are not */
	[EXIT_REASON_XSAVES ... EXIT_REASON_NOTIFY] = UNEXPECTED,
	/* VLM_EXIT_ROWS: whatever is newer than this table */
	[EXIT_REASON_NOTIFY + 1] = UNEXPECTED,
};

void vlm_skip_pending(struct vlm_vcpu *vcpu)
{
	vmx_skip_at(vcpu, vcpu->pending.rip, vcpu->pending.length);
}

int exit_internal_error(struct vlm_vcpu *vcpu, struct vlm_exit *exit, u32 suberror)
{
	struct kvm_run *run = vcpu->run;

	vlm_limited("vCPU %u: exit reason %u at RIP %#llx cannot be handled\n",
		    vcpu->id, exit->reason, vmx_get(vcpu, VMX_RIP));
	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = suberror;
	run->internal.ndata = 3;
	run->internal.data[0] = exit->reason;
	run->internal.data[1] = exit->qualification;
	run->internal.data[2] = READ_ONCE(vcpu->cpu);
	return VLM_TO_USER;
}

/*
 * Either VMLAUNCH or VMRESUME failed, or it went as far as loading guest state
 * and came back: SDM 3C, "VM-Entry Failures During or After Loading Guest
 * State".
 */
int exit_entry_failed(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	trace_entry_failed(vcpu, exit->reason, exit->instruction_error);
	run->exit_reason = KVM_EXIT_FAIL_ENTRY;
	run->fail_entry.hardware_entry_failure_reason =
		exit->instruction_error ?: exit->reason | VMX_EXIT_REASONS_FAILED_VMENTRY;
	run->fail_entry.cpu = READ_ONCE(vcpu->cpu);
	return VLM_TO_USER;
}
