// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctls that must be refused: unknown numbers, numbers that belong to another
 * kind of file, right numbers with a wrong direction or size.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt.h"

FIXTURE(ioctls)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(ioctls)
{
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
}

FIXTURE_TEARDOWN(ioctls)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static const unsigned long unknown[] = {
	0, ~0ul, _IO(KVMIO, 0xfe), _IOW(KVMIO, 0xfe, int), _IO('v', 0x00),
	0x5401 /* TCGETS */, _IO(KVMIO, 0x3f), _IOWR(KVMIO, 0x38, long),
};

TEST_F(ioctls, unknown_on_device)
{
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		long ret = vt_ioctl(self->vm.dev, unknown[i], 0);

		/* KVM answers -EINVAL on the device: its default is another. */
		EXPECT_EQ(vt_on_kvm() ? -EINVAL : -ENOTTY, ret)
			TH_LOG("command %#lx answered %ld", unknown[i], ret);
	}
}

TEST_F(ioctls, unknown_on_vm)
{
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		long ret = vt_ioctl(self->vm.fd, unknown[i], 0);

		EXPECT_EQ(-ENOTTY, ret)
			TH_LOG("command %#lx answered %ld", unknown[i], ret);
	}
}

TEST_F(ioctls, unknown_on_vcpu)
{
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		long ret = vt_ioctl(self->vcpu.fd, unknown[i], 0);

		EXPECT_TRUE(ret == -ENOTTY || (vt_on_kvm() && ret == -EINVAL))
			TH_LOG("command %#lx answered %ld", unknown[i], ret);
	}
}

static void refused(struct __test_metadata *_metadata, int fd, const char *kind,
		    unsigned long cmd, unsigned long arg)
{
	long ret = vt_ioctl(fd, cmd, arg);

	EXPECT_TRUE(ret == -ENOTTY || (vt_on_kvm() && ret == -EINVAL))
		TH_LOG("command %#lx on %s answered %ld", cmd, kind, ret);
}

/* A vCPU's command on a VM, a VM's on the device, and so on. */
TEST_F(ioctls, fd_kinds)
{
	unsigned char buf[4096] = { 0 };
	unsigned long arg = (unsigned long)buf;

	refused(_metadata, self->vm.dev, "device", KVM_CREATE_VCPU, 1);
	refused(_metadata, self->vm.dev, "device", KVM_SET_USER_MEMORY_REGION, arg);
	refused(_metadata, self->vm.dev, "device", KVM_RUN, 0);
	refused(_metadata, self->vm.dev, "device", KVM_GET_REGS, arg);
	refused(_metadata, self->vm.fd, "VM", KVM_GET_API_VERSION, 0);
	refused(_metadata, self->vm.fd, "VM", KVM_CREATE_VM, 0);
	refused(_metadata, self->vm.fd, "VM", KVM_RUN, 0);
	refused(_metadata, self->vm.fd, "VM", KVM_GET_REGS, arg);
	refused(_metadata, self->vm.fd, "VM", KVM_SET_CPUID2, arg);
	refused(_metadata, self->vcpu.fd, "vCPU", KVM_GET_API_VERSION, 0);
	refused(_metadata, self->vcpu.fd, "vCPU", KVM_CREATE_VM, 0);
	refused(_metadata, self->vcpu.fd, "vCPU", KVM_CREATE_VCPU, 1);
	refused(_metadata, self->vcpu.fd, "vCPU", KVM_SET_USER_MEMORY_REGION, arg);
}

/* The whole command counts: number, direction and size. */
TEST_F(ioctls, near_misses)
{
	unsigned char buf[8192] = { 0 };
	unsigned long arg = (unsigned long)buf;

	refused(_metadata, self->vcpu.fd, "vCPU",
		_IOR(KVMIO, 0x81, struct kvm_sregs), arg);
	refused(_metadata, self->vcpu.fd, "vCPU", _IO(KVMIO, 0x81), arg);
	refused(_metadata, self->vcpu.fd, "vCPU",
		_IOW(KVMIO, 0x81, struct kvm_regs), arg);
	refused(_metadata, self->vm.fd, "VM",
		_IOR(KVMIO, 0x46, struct kvm_userspace_memory_region), arg);
	/* The type byte of another driver. */
	refused(_metadata, self->vcpu.fd, "vCPU", KVM_GET_REGS ^ (1 << 8), arg);
	/* Bits above the 32 of a command are dropped by the kernel, not read. */
	EXPECT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_GET_REGS | 1ul << 40, arg));
}

TEST_HARNESS_MAIN
