// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_SET_VAPIC_ADDR: a task priority in guest memory, for guests whose accesses
 * to the register user space has patched.  Four bytes: the priority, which the
 * guest writes; the class in service; nothing; the highest vector that waits.
 *
 * Guest memory may sleep, so each exit ends the section while this is on.
 */
#include "../vellum.h"

#include "../core/vcpu.h"
#include "lapic_priv.h"

long vlm_vapic_set(struct vlm_vcpu *vcpu, u64 gpa)
{
	u32 data;

	if (!vcpu->lapic)
		return -EINVAL;
	if (gpa && (gpa + sizeof(data) < gpa ||
		    vlm_mem_read(vcpu->vm, gpa, &data, sizeof(data))))
		return -EINVAL;
	vcpu->lapic->vapic = gpa;
	return 0;
}

bool vlm_vapic_on(struct vlm_vcpu *vcpu)
{
	return vcpu->lapic && vcpu->lapic->vapic;
}

/* Memory that user space took away since has no task priority: the old one stays. */
void vlm_vapic_read(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;
	u32 data;

	if (vlm_mem_read(vcpu->vm, l->vapic, &data, sizeof(data)))
		return;
	set_reg(l, APIC_TASKPRI, data & 0xff);
	vlm_request(vcpu, VLM_REQ_EVENT);
}

void vlm_vapic_write(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;
	u32 isr, irr, data;

	lapic_pull(l);
	isr = max(lapic_highest(l, APIC_ISR), 0);
	irr = max(lapic_highest(l, APIC_IRR), 0);
	data = reg(l, APIC_TASKPRI) | (isr & 0xf0) << 8 | irr << 24;

	vlm_mem_write(vcpu->vm, l->vapic, &data, sizeof(data));
}
