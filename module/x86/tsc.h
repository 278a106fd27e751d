/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's time-stamp counter.
 *
 * guest = scaled(host) + offset.  The offset is computed from a pair of values
 * that host and guest had at the same moment, so that another frequency or a
 * sibling vCPU can start from the same pair and agree to the last bit.
 */
#ifndef VELLUM_X86_TSC_H
#define VELLUM_X86_TSC_H

#include "../core/types.h"

/**
 * struct vlm_tsc_pair - a moment
 * @host: TSC of the host
 * @guest: TSC of the guest, at the same moment
 */
struct vlm_tsc_pair {
	u64 host;
	u64 guest;
};

/**
 * struct vlm_tsc_sync - what the vCPUs of a VM agree on; under the VM's lock
 * @pair: of the last write by user space that began a new count
 * @gen: number of that write; 0: there was none
 */
struct vlm_tsc_sync {
	struct vlm_tsc_pair pair;
	u64 gen;
};

/** vlm_tsc_create() - a new vCPU counts from 0 together with its siblings. */
void vlm_tsc_create(struct vlm_vcpu *vcpu);

/** vlm_set_tsc_khz() - KVM_SET_TSC_KHZ; 0 or -EINVAL. */
long vlm_set_tsc_khz(struct vlm_vcpu *vcpu, unsigned long khz);

/** enum vlm_attr - what is done to an attribute: KVM_{HAS,GET,SET}_DEVICE_ATTR */
enum vlm_attr { VLM_ATTR_HAS, VLM_ATTR_GET, VLM_ATTR_SET };

/** vlm_tsc_attr() - the attribute KVM_VCPU_TSC_OFFSET; 0, -ENXIO, -EINVAL, -EFAULT. */
long vlm_tsc_attr(struct vlm_vcpu *vcpu, const struct kvm_device_attr *attr, enum vlm_attr what);

u64 vlm_guest_tsc(struct vlm_vcpu *vcpu);

/** vlm_guest_tsc_at() - what the guest reads when the host reads @host. */
u64 vlm_guest_tsc_at(struct vlm_vcpu *vcpu, u64 host);

/** vlm_guest_tsc_hz() - the frequency at which it really counts. */
u64 vlm_guest_tsc_hz(struct vlm_vcpu *vcpu);

/**
 * vlm_tsc_in_step() - do all vCPUs of a VM read the same count?
 *
 * Context: vm->lock.  A vCPU that changes its count meanwhile asks for
 * VLM_REQ_CLOCK afterwards.
 */
bool vlm_tsc_in_step(struct vlm_vm *vm);

/** vlm_ns_until() - until the guest's TSC is @tsc, rounded up; 0 if it is past. */
u64 vlm_ns_until(struct vlm_vcpu *vcpu, u64 tsc);
/** vlm_host_tsc_at() - the host's TSC then, as long as that fits; now if it is past. */
u64 vlm_host_tsc_at(struct vlm_vcpu *vcpu, u64 tsc);
/** vlm_host_tsc_in() - the host's TSC after so many nanoseconds. */
u64 vlm_host_tsc_in(u64 ns);

/**
 * vlm_set_guest_tsc() - user space writes IA32_TSC
 * @vcpu: the vCPU
 * @value: the guest reads from now on
 *
 * A write within a second of what a sibling shows means the same count.
 */
void vlm_set_guest_tsc(struct vlm_vcpu *vcpu, u64 value);

#endif /* VELLUM_X86_TSC_H */
