// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions of the exception bitmap, and NMIs, which share their reason.
 */
#include "../vellum.h"

#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "../core/vcpu.h"
#include "../vmx/event.h"
#include "../vmx/section.h"
#include "../x86/dr.h"
#include "exit.h"

/* Qualification of a #DB: SDM 3C, "Exit Qualification for Debug Exceptions". */
#define DB_QUAL_BITS	(DR_TRAP_BITS | DR6_BD | DR_STEP)

int exit_to_debugger(struct vlm_vcpu *vcpu, u8 vector, u64 dr6)
{
	struct kvm_debug_exit_arch *arch = &vcpu->run->debug.arch;
	struct kvm_segment cs;

	vmx_get_segment(vcpu, SEG_CS, &cs);
	vcpu->run->exit_reason = KVM_EXIT_DEBUG;
	arch->exception = vector;
	arch->pc = cs.base + vmx_get(vcpu, VMX_RIP);
	arch->dr6 = dr6;
	arch->dr7 = vmx_get(vcpu, VMX_DR7);
	return VLM_TO_USER;
}

static int debug_exception(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u64 cause = exit->qualification & DB_QUAL_BITS;

	if (vcpu->guest_debug & (KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP))
		return exit_to_debugger(vcpu, X86_TRAP_DB, cause | DR6_RESERVED);

	vlm_inject_db(vcpu, cause);
	return VLM_RESUME;
}

static int breakpoint(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	if (vcpu->guest_debug & KVM_GUESTDBG_USE_SW_BP)
		return exit_to_debugger(vcpu, X86_TRAP_BP, 0);

	vcpu->vmx.event_type = INTR_TYPE_SOFT_EXCEPTION;
	vcpu->vmx.event_vector = X86_TRAP_BP;
	vcpu->vmx.event_length = exit->length;
	vlm_inject(vcpu, X86_TRAP_BP);
	return VLM_RESUME;
}

/* KVM_GUESTDBG_SINGLESTEP steps by the monitor trap flag. */
int exit_monitor_trap(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	return exit_to_debugger(vcpu, X86_TRAP_DB, DR6_RESERVED | DR_STEP);
}

int vlm_debug_step(struct vlm_vcpu *vcpu)
{
	vcpu->vmx.step_done = false;
	return exit_to_debugger(vcpu, X86_TRAP_DB, DR6_RESERVED | DR_STEP);
}

int exit_exception(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u32 info = exit->intr_info;
	u8 vector = info & INTR_INFO_VECTOR_MASK;

	if ((info & INTR_INFO_INTR_TYPE_MASK) == INTR_TYPE_NMI_INTR) {
		vmx_host_nmi();
		return VLM_RESUME;
	}
	if (vector == X86_TRAP_MC) {
		vmx_host_machine_check();
		return VLM_RESUME;
	}

	/* Raised by an IRET, after it had ended NMI blocking. */
	if ((info & INTR_INFO_UNBLOCK_NMI) && vector != X86_TRAP_DF &&
	    !(exit->vectoring_info & VECTORING_INFO_VALID_MASK))
		vmx_nmi_reblock(vcpu);

	switch (vector) {
	case X86_TRAP_DB:
		return debug_exception(vcpu, exit);
	case X86_TRAP_BP:
		return breakpoint(vcpu, exit);
	case X86_TRAP_DF:
		/* It exits for the recorder's sake; what it came from is in it. */
		vmx_event_taken(vcpu);
		vcpu->events.exception.injected = false;
		break;
	}
	if (info & INTR_INFO_DELIVER_CODE_MASK)
		vlm_inject_error(vcpu, vector, exit->intr_error);
	else
		vlm_inject(vcpu, vector);
	return VLM_RESUME;
}
