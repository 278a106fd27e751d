/* SPDX-License-Identifier: GPL-2.0-only */
/* The fixture that most tests want: a VM with low memory and one vCPU. */
#ifndef VT_FIXTURE_H
#define VT_FIXTURE_H

#include "kselftest_harness.h"
#include "vt.h"

#define VT_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct vt_vm vm;					\
		struct vt_vcpu vcpu;					\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		vt_vm_create(&self->vm);				\
		vt_vcpu_create(&self->vm, &self->vcpu, 0);		\
		vt_pass_cpuid(&self->vcpu);				\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
		vt_vcpu_destroy(&self->vcpu);				\
		vt_vm_destroy(&self->vm);				\
	}

/* Leave the test as skipped where the hypervisor has not this capability. */
#define VT_NEED_CAP(cap) do {						\
	if (!vt_cap(self->vm.dev, cap))					\
		SKIP(return, #cap " is 0");				\
} while (0)

#endif
