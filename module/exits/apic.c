// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the CPU, which has the local APIC's registers and its timer, leaves to us.
 * What is about a register comes after its instruction: SDM 3C, "Emulating APIC
 * Writes".
 */
#include "../vellum.h"

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "../vmx/section.h"
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

/* SDM 3C, "Exit Qualification for APIC-Access VM Exits". */
#define ACCESS_OFFSET(q)	((q) & 0xfff)
#define ACCESS_TYPE(q)		((q) >> 12 & 0xf)
#define ACCESS_LINEAR_WRITE	1

/* False: it is not an instruction's own access to its operand. */
static bool translated(const struct vlm_exit *exit, struct vlm_translated *known)
{
	unsigned int type = ACCESS_TYPE(exit->qualification);

	*known = (struct vlm_translated) {
		.linear = ACCESS_OFFSET(exit->qualification),
		.gpa = gfn_to_gpa(VLM_EPT_OWN_GFN) | ACCESS_OFFSET(exit->qualification),
		.write = type == ACCESS_LINEAR_WRITE,
		.by_offset = true,
	};
	return type <= ACCESS_LINEAR_WRITE &&
	       !(exit->vectoring_info & VECTORING_INFO_VALID_MASK);
}

/* An access that the CPU does not know: the instruction has to be looked at. */
int exit_apic_access(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_translated known;
	u64 rip = vmx_exit_rip();

	if (!translated(exit, &known) || !vlm_emul_knows(vcpu, rip, known.gpa))
		return VLM_DOOR;
	return vlm_emul_quick(vcpu, rip, &known);
}

int exit_apic_access_slow(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_translated known;

	/* A stack, or a descriptor table, is no APIC. */
	if (exit->vectoring_info & VECTORING_INFO_VALID_MASK)
		return exit_internal_error(vcpu, exit, KVM_INTERNAL_ERROR_DELIVERY_EV);
	return vlm_emul(vcpu, translated(exit, &known) ? &known : NULL);
}

/* Its time is looked at before each entry: vmx_timer_prepare(). */
int exit_preemption_timer(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	return VLM_RESUME;
}
