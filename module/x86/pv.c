// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's paravirtual features: which there are, and when they are served.
 */
#include "../vellum.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/sched/stat.h>
#include <asm/kvm_para.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "msr_ops.h"

u32 vlm_pv_features(void)
{
	return BIT(KVM_FEATURE_CLOCKSOURCE) | BIT(KVM_FEATURE_NOP_IO_DELAY) |
	       BIT(KVM_FEATURE_CLOCKSOURCE2) | BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT) |
	       BIT(KVM_FEATURE_PV_EOI) | BIT(KVM_FEATURE_PV_UNHALT) |
	       BIT(KVM_FEATURE_PV_SEND_IPI) | BIT(KVM_FEATURE_PV_SCHED_YIELD) |
	       BIT(KVM_FEATURE_POLL_CONTROL) |
	       (sched_info_on() ? BIT(KVM_FEATURE_STEAL_TIME) | BIT(KVM_FEATURE_PV_TLB_FLUSH) : 0);
}

bool vlm_pv_has(struct vlm_vcpu *vcpu, enum vlm_feature feature)
{
	return !vcpu->pv.enforce || vlm_guest_has(vcpu, feature);
}

int vlm_pv_publish(struct vlm_vm *vm, gpa_t gpa, void *data, size_t len, u32 *version)
{
	gpa_t where = gpa + ((void *)version - data);
	u32 old;

	if (vlm_mem_read(vm, where, &old, sizeof(old)))
		return -EFAULT;
	*version = (old + 1) | 1;
	if (vlm_mem_write(vm, where, version, sizeof(*version)))
		return -EFAULT;
	smp_wmb();	/* odd, before anything is different */
	if (vlm_mem_write(vm, gpa, data, len))
		return -EFAULT;
	smp_wmb();	/* all of it, before it is even */
	++*version;
	return vlm_mem_write(vm, where, version, sizeof(*version));
}

void vlm_pv_create(struct vlm_vcpu *vcpu)
{
	vcpu->pv.poll_control = 1;
}

void vlm_pv_reset(struct vlm_vcpu *vcpu)
{
	vcpu->pv.clock_msr = 0;
	vcpu->pv.clock_stopped = false;
	vcpu->pv.clock_cpu = 0;
	vcpu->pv.steal_msr = 0;
	vcpu->pv.preempted = false;
	vcpu->pv.eoi_msr = 0;
}

void vlm_pv_before_section(struct vlm_vcpu *vcpu)
{
	if (test_bit(VLM_REQ_CLOCK, &vcpu->requests) || vlm_clock_stale(vcpu)) {
		clear_bit(VLM_REQ_CLOCK, &vcpu->requests);
		/* The request before what it is about: others set it after. */
		smp_mb__after_atomic();
		vlm_clock_update(vcpu);
	}
	if (vcpu->pv.steal_msr & KVM_MSR_ENABLED)
		vlm_steal_update(vcpu);
}

void vlm_clock_check_cpu(struct vlm_vcpu *vcpu)
{
	if (vcpu->pv.clock_cpu != vcpu->cpu + 1)
		vlm_request(vcpu, VLM_REQ_CLOCK);
}

/* Without a local APIC the MSR is there and does nothing. */
MSR_READER(vlm_msr_read_pv_eoi)
{
	*value = vcpu->pv.eoi_msr;
	return 0;
}

MSR_WRITER(vlm_msr_write_pv_eoi)
{
	return vlm_lapic_set_pv_eoi(vcpu, value);
}

MSR_READER(vlm_msr_read_poll_control)
{
	*value = vcpu->pv.poll_control;
	return 0;
}

MSR_WRITER(vlm_msr_write_poll_control)
{
	if (value > 1)
		return 1;
	vcpu->pv.poll_control = value;
	return 0;
}
