// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exits about events: the host's interrupts, open windows, triple fault.
 */
#include "../vellum.h"

#include <linux/task_work.h>

#include "../core/vcpu.h"
#include "../vmx/section.h"
#include "exit.h"

/* The interrupt is still pending: nothing acknowledged it. */
int exit_external_interrupt(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vmx_interrupts_on(vcpu);
	vmx_interrupts_off(vcpu);
	if (unlikely(task_work_pending(current)))
		vlm_request(vcpu, VLM_REQ_LEAVE);
	return VLM_RESUME;
}

int exit_triple_fault(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vcpu->run->exit_reason = KVM_EXIT_SHUTDOWN;
	return VLM_TO_USER;
}

/* User space that waits for the window is told outside the section. */
int exit_interrupt_window(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vlm_request(vcpu, VLM_REQ_EVENT);
	if (vcpu->want_window)
		vlm_request(vcpu, VLM_REQ_LEAVE);
	return VLM_RESUME;
}

int exit_nmi_window(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vlm_request(vcpu, VLM_REQ_EVENT);
	return VLM_RESUME;
}
