// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debugging of the guest, from within and from outside.
 *
 * A debugger in user space takes over DR0 to DR3 and DR7; the guest's own are
 * kept and shown to the guest, but are not in force meanwhile.  Single step
 * uses the monitor trap flag, so that the guest's RFLAGS.TF stays its own.  A
 * CPU without it steps by RFLAGS.TF: then a guest that looks at the flag, or
 * changes it, notices.
 */
#include "../vellum.h"

#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "../core/recorder.h"
#include "../core/vcpu.h"
#include "../x86/dr.h"
#include "caps.h"
#include "debug.h"
#include "insn.h"
#include "section.h"

static bool debugger_has_drs(struct vlm_vcpu *vcpu)
{
	return vcpu->guest_debug & KVM_GUESTDBG_USE_HW_BP;
}

const u64 *vmx_breakpoints(struct vlm_vcpu *vcpu)
{
	if (debugger_has_drs(vcpu))
		return vcpu->x86.debug_dr;
	return vcpu->vmx.dr7 & DR7_ENABLED ? vcpu->x86.dr : NULL;
}

void vmx_debug_changed(struct vlm_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	vmx->exception_bitmap &= ~BIT(X86_TRAP_BP);
	if (vcpu->guest_debug & KVM_GUESTDBG_USE_SW_BP)
		vmx->exception_bitmap |= BIT(X86_TRAP_BP);

	vmx->proc &= ~CPU_BASED_MONITOR_TRAP_FLAG;
	if ((vcpu->guest_debug & KVM_GUESTDBG_SINGLESTEP) && vmx_has_mtf())
		vmx->proc |= CPU_BASED_MONITOR_TRAP_FLAG;

	vmx_begin(vcpu);
	vmcs_write32(EXCEPTION_BITMAP, vmx->exception_bitmap);
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, vmx->proc);
	vmcs_writel(GUEST_DR7, debugger_has_drs(vcpu) ?
		    vcpu->x86.debug_dr7 | DR7_ALWAYS_1 : vmx->dr7);
	vmx_end(vcpu);

	vlm_request(vcpu, VLM_REQ_MSRS);
	/* KVM_GUESTDBG_BLOCKIRQ may have come or gone. */
	vlm_request(vcpu, VLM_REQ_EVENT);
}

void vmx_exceptions_changed(struct vlm_vcpu *vcpu)
{
	u32 bitmap = vcpu->vmx.exception_bitmap & ~BIT(X86_TRAP_DF);

	if (vlm_recorder_wants_df(vcpu))
		bitmap |= BIT(X86_TRAP_DF);
	vcpu->vmx.exception_bitmap = bitmap;
	vmcs_write32(EXCEPTION_BITMAP, bitmap);
}

bool vmx_steps_by_tf(struct vlm_vcpu *vcpu)
{
	return (vcpu->guest_debug & KVM_GUESTDBG_SINGLESTEP) && !vmx_has_mtf();
}

void vmx_step_begin(struct vlm_vcpu *vcpu)
{
	unsigned long rflags = vmcs_readl(GUEST_RFLAGS);

	vcpu->vmx.guest_tf = rflags & X86_EFLAGS_TF;
	vmcs_writel(GUEST_RFLAGS, rflags | X86_EFLAGS_TF);

	/*
	 * TF, blocking by STI or MOV SS and no pending #DB is a state that VM
	 * entry refuses: SDM 3C, "Checks on Guest Non-Register State".
	 */
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
		     vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) &
		     ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS));
}

void vmx_step_end(struct vlm_vcpu *vcpu)
{
	if (!vcpu->vmx.guest_tf)
		vmcs_writel(GUEST_RFLAGS, vmcs_readl(GUEST_RFLAGS) & ~X86_EFLAGS_TF);
}

void vmx_step_done(struct vlm_vcpu *vcpu)
{
	vcpu->vmx.step_done = true;
	vlm_request(vcpu, VLM_REQ_LEAVE);
}
