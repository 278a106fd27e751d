// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the CPU, which has the local APIC's registers and its timer, leaves to us.
 * What is about a register comes after its instruction: SDM 3C, "Emulating APIC
 * Writes".
 */
#include "../vellum.h"

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "exit.h"

int exit_tpr_below_threshold(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vlm_request(vcpu, VLM_REQ_EVENT);
	return VLM_RESUME;
}

int exit_eoi(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vlm_lapic_eoi_done(vcpu, exit->qualification & 0xff);
	return VLM_RESUME;
}

int exit_apic_write(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vlm_lapic_written(vcpu, exit->qualification & 0xff0);
	return VLM_RESUME;
}

/* An access that the CPU does not know: the instruction has to be looked at. */
int exit_apic_access(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	return VLM_DOOR;
}

int exit_apic_access_slow(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	/* A stack, or a descriptor table, is no APIC. */
	if (exit->vectoring_info & VECTORING_INFO_VALID_MASK)
		return exit_internal_error(vcpu, exit, KVM_INTERNAL_ERROR_DELIVERY_EV);
	return vlm_emul(vcpu, NULL);
}

/* Its time is looked at before each entry: vmx_timer_prepare(). */
int exit_preemption_timer(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	return VLM_RESUME;
}
