// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steal time: how long a vCPU waited for a CPU of the host, and whether it waits
 * now.  While it does, another vCPU may leave it word to flush its TLB.
 */
#include "../vellum.h"

#include <linux/bits.h>
#include <linux/sched.h>
#include <linux/stddef.h>
#include <asm/kvm_para.h>

#include "../core/vcpu.h"
#include "msr_ops.h"

#define STEAL_RESERVED	GENMASK_ULL(KVM_STEAL_ALIGNMENT_BITS, 1)

static bool enabled(const struct vlm_vcpu *vcpu)
{
	return vcpu->pv.steal_msr & KVM_MSR_ENABLED;
}

static gpa_t member(const struct vlm_vcpu *vcpu, size_t offset)
{
	return (vcpu->pv.steal_msr & ~(u64)KVM_MSR_ENABLED) + offset;
}

/* Nanoseconds that this thread waited since it was asked last. */
static u64 waited(struct vlm_pv *pv)
{
	u64 total = current->sched_info.run_delay;
	u64 ns = pv->steal_task == current ? total - pv->steal_seen : 0;

	pv->steal_task = current;
	pv->steal_seen = total;
	return ns;
}

static void account(struct vlm_vcpu *vcpu)
{
	struct vlm_vm *vm = vcpu->vm;
	struct kvm_steal_time st;

	if (vlm_mem_read(vm, member(vcpu, 0), &st.steal, sizeof(st.steal)))
		return;
	st.steal += waited(&vcpu->pv);
	/* What follows the version is not ours alone to write. */
	vlm_pv_publish(vm, member(vcpu, 0), &st, offsetof(struct kvm_steal_time, flags),
		       &st.version);
}

/*
 * A word to flush may be left at any moment before the flag is taken back, and
 * none after; so whoever cannot tell flushes once it is.
 */
static void take_back(struct vlm_vcpu *vcpu)
{
	gpa_t gpa = member(vcpu, offsetof(struct kvm_steal_time, preempted));
	struct vlm_vm *vm = vcpu->vm;
	u8 none = 0;
	u32 old;

	vcpu->pv.preempted = false;
	if (vlm_mem_read(vm, gpa, &old, sizeof(old)) ||
	    vlm_mem_cmpxchg32(vm, gpa, old, old & ~0xffU)) {
		vlm_mem_write(vm, gpa, &none, sizeof(none));
		old = KVM_VCPU_FLUSH_TLB;
	}
	if (old & KVM_VCPU_FLUSH_TLB)
		vmx_flush_linear(vcpu);
}

void vlm_steal_update(struct vlm_vcpu *vcpu)
{
	struct vlm_pv *pv = &vcpu->pv;

	if (pv->preempted)
		take_back(vcpu);
	if (pv->steal_new || pv->steal_task != current ||
	    pv->steal_seen != current->sched_info.run_delay)
		account(vcpu);
	pv->steal_new = false;
}

typedef int (*write_fn)(struct vlm_vm *vm, gpa_t gpa, const void *buf, size_t len);

static void tell_preempted(struct vlm_vcpu *vcpu, write_fn write)
{
	gpa_t gpa = member(vcpu, offsetof(struct kvm_steal_time, preempted));
	const u8 value = KVM_VCPU_PREEMPTED;

	if (!enabled(vcpu) || vcpu->pv.preempted)
		return;
	vcpu->pv.preempted = !write(vcpu->vm, gpa, &value, sizeof(value));
}

void vlm_steal_preempted(struct vlm_vcpu *vcpu)
{
	tell_preempted(vcpu, vlm_mem_write);
}

void vlm_steal_preempted_nofault(struct vlm_vcpu *vcpu)
{
	tell_preempted(vcpu, vlm_mem_write_nofault);
}

MSR_READER(vlm_msr_read_steal)
{
	*value = vcpu->pv.steal_msr;
	return 0;
}

MSR_WRITER(vlm_msr_write_steal)
{
	if (value & STEAL_RESERVED)
		return 1;
	vcpu->pv.steal_msr = value;
	vcpu->pv.steal_new = true;
	vcpu->pv.preempted = false;
	vlm_request(vcpu, VLM_REQ_LEAVE);
	return 0;
}
