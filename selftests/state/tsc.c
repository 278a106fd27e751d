// SPDX-License-Identifier: GPL-2.0-only
/* The time-stamp counter: its frequency, its value, and what the guest reads. */
#include <errno.h>

#include "msr.h"
#include "vt_fixture.h"

VT_FIXTURE(tsc)

/* Enough for a round trip through the kernel in the slowest lab. */
#define SLACK	(1ull << 32)

VT_GUEST(rdtsc, 64, "1: rdtsc; shl $32, %rdx; or %rdx, %rax; hlt; jmp 1b");

static uint64_t guest_tsc(struct vt_vcpu *vcpu)
{
	struct kvm_regs regs;

	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

TEST_F(tsc, khz)
{
	long khz = vt_ioctl(self->vcpu.fd, KVM_GET_TSC_KHZ, 0);

	VT_NEED_CAP(KVM_CAP_GET_TSC_KHZ);
	EXPECT_GT(khz, 1000);
	EXPECT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_SET_TSC_KHZ, khz));
	EXPECT_EQ(khz, vt_ioctl(self->vcpu.fd, KVM_GET_TSC_KHZ, 0));
	/* 0 stands for the frequency of the host. */
	EXPECT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_SET_TSC_KHZ, 0));
	EXPECT_EQ(khz, vt_ioctl(self->vcpu.fd, KVM_GET_TSC_KHZ, 0));
}

TEST_F(tsc, khz_forbidden)
{
	long khz = vt_ioctl(self->vcpu.fd, KVM_GET_TSC_KHZ, 0);

	VT_NEED_CAP(KVM_CAP_GET_TSC_KHZ);
	if (vt_cap(self->vm.dev, KVM_CAP_TSC_CONTROL))
		SKIP(return, "this CPU scales the TSC");
	/* KVM makes a faster guest catch up, and keeps a rate that it refused. */
	if (vt_on_kvm())
		SKIP(return, "KVM answers in another way");
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vcpu.fd, KVM_SET_TSC_KHZ, khz / 2));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vcpu.fd, KVM_SET_TSC_KHZ, khz * 2));
	EXPECT_EQ(khz, vt_ioctl(self->vcpu.fd, KVM_GET_TSC_KHZ, 0));
}

TEST_F(tsc, guest_reads_what_was_set)
{
	const uint64_t start = 1ull << 52;
	uint64_t seen;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(rdtsc));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_IA32_TSC, start));
	seen = guest_tsc(&self->vcpu);
	EXPECT_GE(seen, start);
	EXPECT_LT(seen, start + SLACK);
	EXPECT_GT(guest_tsc(&self->vcpu), seen);
}

VT_GUEST(wrtsc, 64,
	 "mov $0x10, %ecx; mov $0x12345, %edx; xor %eax, %eax; wrmsr\n"
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; hlt");

TEST_F(tsc, guest_sets_its_own)
{
	const uint64_t start = 0x12345ull << 32;
	uint64_t seen, host;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(wrtsc));
	seen = guest_tsc(&self->vcpu);
	EXPECT_GE(seen, start);
	EXPECT_LT(seen, start + SLACK);
	host = vt_get_msr(&self->vcpu, MSR_IA32_TSC);
	EXPECT_GE(host, seen);
	EXPECT_LT(host, start + SLACK);
}

static int attribute(const struct vt_vcpu *vcpu, unsigned long call, uint64_t attr,
		     uint64_t *offset)
{
	struct kvm_device_attr a = {
		.group = KVM_VCPU_TSC_CTRL, .attr = attr, .addr = (uintptr_t)offset,
	};

	return vt_ioctl(vcpu->fd, call, (unsigned long)&a);
}

static int get_to(const struct vt_vcpu *vcpu, uint64_t *offset)
{
	return attribute(vcpu, KVM_GET_DEVICE_ATTR, KVM_VCPU_TSC_OFFSET, offset);
}

static int set_from(const struct vt_vcpu *vcpu, uint64_t *offset)
{
	return attribute(vcpu, KVM_SET_DEVICE_ATTR, KVM_VCPU_TSC_OFFSET, offset);
}

static int set_offset(const struct vt_vcpu *vcpu, uint64_t offset)
{
	return set_from(vcpu, &offset);
}

TEST_F(tsc, offset)
{
	const uint64_t offset = 0 - (5ull << 40);
	uint64_t before, seen, after, read = 0;

	VT_NEED_CAP(KVM_CAP_VCPU_ATTRIBUTES);
	ASSERT_EQ(0, attribute(&self->vcpu, KVM_HAS_DEVICE_ATTR, KVM_VCPU_TSC_OFFSET, NULL));
	ASSERT_EQ(0, set_offset(&self->vcpu, offset));
	EXPECT_EQ(0, get_to(&self->vcpu, &read));
	EXPECT_EQ(offset, read);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(rdtsc));
	before = __builtin_ia32_rdtsc();
	seen = guest_tsc(&self->vcpu);
	after = __builtin_ia32_rdtsc();
	EXPECT_GE(seen, before + offset);
	EXPECT_LE(seen, after + offset);
}

/* A count that was set so is also that of a vCPU which is made afterwards. */
TEST_F(tsc, offset_of_siblings)
{
	const uint64_t offset = 7ull << 50;
	struct vt_vcpu second;
	uint64_t read = 0;

	VT_NEED_CAP(KVM_CAP_VCPU_ATTRIBUTES);
	ASSERT_EQ(0, set_offset(&self->vcpu, offset));
	vt_vcpu_create(&self->vm, &second, 1);
	EXPECT_EQ(0, get_to(&second, &read));
	EXPECT_EQ(offset, read);
	vt_vcpu_destroy(&second);
}

TEST_F(tsc, offset_forbidden)
{
	uint64_t *nowhere = (void *)16, before = 0, after = 0;

	VT_NEED_CAP(KVM_CAP_VCPU_ATTRIBUTES);
	get_to(&self->vcpu, &before);
	EXPECT_EQ(-ENXIO, attribute(&self->vcpu, KVM_HAS_DEVICE_ATTR, 1, NULL));
	EXPECT_EQ(-ENXIO, attribute(&self->vcpu, KVM_SET_DEVICE_ATTR, 1, &after));
	EXPECT_EQ(-EFAULT, set_from(&self->vcpu, nowhere));
	EXPECT_EQ(-EFAULT, get_to(&self->vcpu, nowhere));
	get_to(&self->vcpu, &after);
	EXPECT_EQ(before, after);
}

TEST_HARNESS_MAIN
