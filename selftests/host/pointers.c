// SPDX-License-Identifier: GPL-2.0-only
/* Bad user pointers end in -EFAULT, and the VM goes on. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt.h"

FIXTURE(pointers)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	unsigned char *edge;	/* two pages, the second not mapped */
};

FIXTURE_SETUP(pointers)
{
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	self->edge = vt_anon(2 * VT_PAGE);
	ASSERT_EQ(0, munmap(self->edge + VT_PAGE, VT_PAGE));
}

FIXTURE_TEARDOWN(pointers)
{
	munmap(self->edge, VT_PAGE);
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static void faults(struct __test_metadata *_metadata, int fd, const char *name,
		   unsigned long cmd, unsigned char *edge)
{
	const unsigned long bad[] = {
		0, 8, (unsigned long)edge + VT_PAGE,
		(unsigned long)edge + VT_PAGE - 2,
		0x7ffffffff000ul,		/* end of user space */
		0x8000000000000000ul,		/* not canonical */
		0xffff888000000000ul,		/* the kernel's */
		0xfffffffffffffff8ul,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		long ret = vt_ioctl(fd, cmd, bad[i]);

		EXPECT_EQ(-EFAULT, ret)
			TH_LOG("%s with %#lx answered %ld", name, bad[i], ret);
	}
}

#define FAULTS(fd, cmd)	faults(_metadata, fd, #cmd, cmd, self->edge)

TEST_F(pointers, device)
{
	FAULTS(self->vm.dev, KVM_GET_MSR_INDEX_LIST);
	FAULTS(self->vm.dev, KVM_GET_SUPPORTED_CPUID);
}

TEST_F(pointers, vm)
{
	FAULTS(self->vm.fd, KVM_SET_USER_MEMORY_REGION);
}

TEST_F(pointers, dirty_log)
{
	FAULTS(self->vm.fd, KVM_GET_DIRTY_LOG);
}

TEST_F(pointers, vcpu_registers)
{
	FAULTS(self->vcpu.fd, KVM_GET_REGS);
	FAULTS(self->vcpu.fd, KVM_SET_REGS);
	FAULTS(self->vcpu.fd, KVM_GET_SREGS);
	FAULTS(self->vcpu.fd, KVM_SET_SREGS);
	FAULTS(self->vcpu.fd, KVM_GET_FPU);
	FAULTS(self->vcpu.fd, KVM_SET_FPU);
}

TEST_F(pointers, vcpu_lists)
{
	FAULTS(self->vcpu.fd, KVM_GET_MSRS);
	FAULTS(self->vcpu.fd, KVM_SET_MSRS);
	FAULTS(self->vcpu.fd, KVM_SET_CPUID2);
}

TEST_F(pointers, vcpu_events)
{
	FAULTS(self->vcpu.fd, KVM_GET_VCPU_EVENTS);
	FAULTS(self->vcpu.fd, KVM_SET_VCPU_EVENTS);
	FAULTS(self->vcpu.fd, KVM_GET_DEBUGREGS);
	FAULTS(self->vcpu.fd, KVM_SET_DEBUGREGS);
	FAULTS(self->vcpu.fd, KVM_GET_MP_STATE);
	FAULTS(self->vcpu.fd, KVM_SET_MP_STATE);
}

/* A list whose head can be read and whose entries cannot. */
TEST_F(pointers, list_over_the_edge)
{
	struct kvm_msrs *msrs;
	struct kvm_cpuid2 *cpuid;

	msrs = (void *)(self->edge + VT_PAGE - sizeof(*msrs));
	msrs->nmsrs = 1;
	EXPECT_EQ(-EFAULT, VT_IOCTL(self->vcpu.fd, KVM_GET_MSRS, msrs));
	EXPECT_EQ(-EFAULT, VT_IOCTL(self->vcpu.fd, KVM_SET_MSRS, msrs));
	cpuid = (void *)(self->edge + VT_PAGE - sizeof(*cpuid));
	cpuid->nent = 1;
	EXPECT_EQ(-EFAULT, VT_IOCTL(self->vcpu.fd, KVM_SET_CPUID2, cpuid));
}

TEST_HARNESS_MAIN
