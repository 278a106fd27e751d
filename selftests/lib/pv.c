// SPDX-License-Identifier: GPL-2.0-only
/* KVM's paravirtual features, from the test's side. */
#include <stdlib.h>
#include <string.h>

#include "vt_pv.h"

typedef unsigned int wide __attribute__((mode(TI)));

volatile struct vt_clock *vt_clock_on(struct vt_vcpu *vcpu, uint32_t msr, uint64_t gpa)
{
	if (!vt_try_wrmsr(vcpu, msr, gpa | 1))
		vt_die("#GP for the clock's MSR %#x", msr);
	return (void *)(vcpu->vm->mem + gpa);
}

uint64_t vt_clock_at(const volatile struct vt_clock *clock, uint64_t tsc)
{
	uint64_t ticks = tsc - clock->tsc_timestamp;

	ticks = clock->shift < 0 ? ticks >> -clock->shift : ticks << clock->shift;
	return clock->system_time + (uint64_t)((wide)ticks * clock->mul >> 32);
}

struct kvm_clock_data vt_get_clock(struct vt_vm *vm)
{
	struct kvm_clock_data data;
	long ret = VT_IOCTL(vm->fd, KVM_GET_CLOCK, &data);

	if (ret)
		vt_die("KVM_GET_CLOCK: %s", strerror(-ret));
	return data;
}

void vt_set_clock(struct vt_vm *vm, uint64_t ns)
{
	struct kvm_clock_data data = { .clock = ns };
	long ret = VT_IOCTL(vm->fd, KVM_SET_CLOCK, &data);

	if (ret)
		vt_die("KVM_SET_CLOCK: %s", strerror(-ret));
}

void vt_pv_cpuid(struct vt_vcpu *vcpu, uint32_t features)
{
	struct kvm_cpuid2 *cpuid = vt_supported_cpuid(vcpu->vm->dev);
	long ret;

	for (unsigned int i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == KVM_CPUID_FEATURES)
			cpuid->entries[i].eax = features;
	ret = VT_IOCTL(vcpu->fd, KVM_SET_CPUID2, cpuid);
	if (ret)
		vt_die("KVM_SET_CPUID2: %s", strerror(-ret));
	free(cpuid);
}

long vt_enforce(struct vt_vcpu *vcpu, bool on)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_ENFORCE_PV_FEATURE_CPUID,
		.args[0] = on,
	};

	return VT_IOCTL(vcpu->fd, KVM_ENABLE_CAP, &cap);
}
