// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU that has nothing to do: halted, or waiting for its first SIPI.
 */
#include "../vellum.h"

#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "../irq/lapic.h"
#include "../trace.h"
#include "vcpu.h"

/* @open: the guest takes interrupts; that cannot change while it sleeps. */
static bool wakes(struct vlm_vcpu *vcpu, bool open)
{
	if (vlm_lapic_init_sipi_pending(vcpu) || vlm_vm_is_dead(vcpu->vm))
		return true;
	if (vcpu->mp_state != KVM_MP_STATE_HALTED)
		return false;
	return vcpu->events.nmi.pending || vlm_lapic_nmi_pending(vcpu) ||
	       vcpu->events.exception.pending ||
	       (open && (vcpu->events.interrupt.pending || vlm_irq_peek(vcpu) >= 0));
}

int vlm_vcpu_block(struct vlm_vcpu *vcpu)
{
	bool open = vmx_interrupt_open(vcpu);
	u64 from = trace_halt_enabled() ? ktime_get_ns() : 0;
	int err;

	vlm_lapic_timer_sleep(vcpu);
	err = wait_event_interruptible(vcpu->wait, wakes(vcpu, open));
	vlm_lapic_timer_wake(vcpu);
	/* Not one that had begun before the trace did. */
	if (from && trace_halt_enabled())
		trace_halt(vcpu, ktime_get_ns() - from, false);
	if (err)
		return -EINTR;
	if (vcpu->mp_state == KVM_MP_STATE_HALTED && wakes(vcpu, open) &&
	    !vlm_lapic_init_sipi_pending(vcpu))
		vcpu->mp_state = KVM_MP_STATE_RUNNABLE;
	return VLM_RESUME;
}
