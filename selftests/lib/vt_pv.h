/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest of KVM shares with its hypervisor: Documentation/virt/kvm/x86. */
#ifndef VT_PV_H
#define VT_PV_H

#include <asm/kvm_para.h>

#include "vt_apic.h"

/* A vCPU's clock: nanoseconds = system_time + ((tsc - tsc_timestamp) << shift) * mul >> 32. */
struct vt_clock {
	uint32_t version;
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags;
	uint8_t pad[2];
};

#define CLOCK_STABLE	1	/* flags */
#define CLOCK_STOPPED	2

struct vt_wall {
	uint32_t version;
	uint32_t sec;
	uint32_t nsec;
};

/* Put a vCPU's page at gpa and turn it on; where it is in the test. */
volatile struct vt_clock *vt_clock_on(struct vt_vcpu *vcpu, uint32_t msr, uint64_t gpa);

/* Nanoseconds at this value of the guest's TSC. */
uint64_t vt_clock_at(const volatile struct vt_clock *clock, uint64_t tsc);

/* KVM_GET_CLOCK and KVM_SET_CLOCK. */
struct kvm_clock_data vt_get_clock(struct vt_vm *vm);
void vt_set_clock(struct vt_vm *vm, uint64_t ns);

/* KVM_SET_CPUID2 with other features in leaf KVM_CPUID_FEATURES. */
void vt_pv_cpuid(struct vt_vcpu *vcpu, uint32_t features);
/* KVM_CAP_ENFORCE_PV_FEATURE_CPUID. */
long vt_enforce(struct vt_vcpu *vcpu, bool on);

#endif
