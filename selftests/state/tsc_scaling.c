// SPDX-License-Identifier: GPL-2.0-only
/* The time-stamp counter at another rate than the host's: KVM_SET_TSC_KHZ. */
#include <errno.h>
#include <x86intrin.h>

#include "msr.h"
#include "vt_fixture.h"

VT_FIXTURE(tsc_scaling)

#define NEED_SCALING() do {						\
	if (!vt_cap(self->vm.dev, KVM_CAP_TSC_CONTROL))			\
		SKIP(return, "this CPU does not scale the TSC");	\
} while (0)

/* Enough for a round trip through the kernel in the slowest lab. */
#define SLACK	(1ull << 32)

VT_GUEST(scaled_rdtsc, 64, "1: rdtsc; shl $32, %rdx; or %rdx, %rax; hlt; jmp 1b");

static uint64_t guest_tsc(struct vt_vcpu *vcpu)
{
	struct kvm_regs regs;

	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

static long get_khz(struct vt_vcpu *vcpu)
{
	return vt_ioctl(vcpu->fd, KVM_GET_TSC_KHZ, 0);
}

static long set_khz(struct vt_vcpu *vcpu, unsigned long khz)
{
	return vt_ioctl(vcpu->fd, KVM_SET_TSC_KHZ, khz);
}

/*
 * How far the guest's counter goes, and between which bounds the host's does:
 * the thread may lose its CPU between two readings.
 */
struct pace {
	uint64_t guest;
	uint64_t host_min;
	uint64_t host_max;
};

static struct pace measure(struct vt_vcpu *vcpu)
{
	uint64_t host[4], guest[2];

	guest_tsc(vcpu);
	host[0] = __rdtsc();
	guest[0] = guest_tsc(vcpu);
	host[1] = __rdtsc();
	while (__rdtsc() - host[1] < 40000000)
		;
	host[2] = __rdtsc();
	guest[1] = guest_tsc(vcpu);
	host[3] = __rdtsc();
	return (struct pace){ guest[1] - guest[0], host[2] - host[1], host[3] - host[0] };
}

TEST_F_TIMEOUT(tsc_scaling, pace, 120)
{
	/* Thousandths of the host's rate. */
	const unsigned int rates[] = { 500, 2000, 3500, 100, 1010, 30000, 1000 };
	long khz = get_khz(&self->vcpu);

	NEED_SCALING();
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(scaled_rdtsc));
	for (unsigned int i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		unsigned long want = khz * rates[i] / 1000;
		struct pace seen;

		ASSERT_EQ(0, set_khz(&self->vcpu, want));
		EXPECT_EQ(want, get_khz(&self->vcpu));
		seen = measure(&self->vcpu);
		/* A per mille for the rounding of both frequencies. */
		EXPECT_GT(seen.guest * 1001, seen.host_min * rates[i])
			TH_LOG("at %u thousandths", rates[i]);
		EXPECT_LT(seen.guest * 999, seen.host_max * rates[i])
			TH_LOG("at %u thousandths", rates[i]);
	}
}

/* What is written is where the count goes on from, whoever writes and reads it. */
TEST_F(tsc_scaling, written_by_user_space)
{
	const uint64_t start = 1ull << 50;
	uint64_t seen[3];

	NEED_SCALING();
	ASSERT_EQ(0, set_khz(&self->vcpu, get_khz(&self->vcpu) * 3));
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(scaled_rdtsc));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_IA32_TSC, start));
	seen[0] = guest_tsc(&self->vcpu);
	seen[1] = vt_get_msr(&self->vcpu, MSR_IA32_TSC);
	seen[2] = guest_tsc(&self->vcpu);
	EXPECT_GE(seen[0], start);
	EXPECT_GT(seen[1], seen[0]);
	EXPECT_GT(seen[2], seen[1]);
	EXPECT_LT(seen[2], start + SLACK);
}

VT_GUEST(scaled_wrtsc, 64,
	 "mov $0x10, %ecx; mov $0x12345, %edx; xor %eax, %eax; wrmsr\n"
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; hlt");

TEST_F(tsc_scaling, written_by_the_guest)
{
	const uint64_t start = 0x12345ull << 32;
	uint64_t seen, host;

	NEED_SCALING();
	ASSERT_EQ(0, set_khz(&self->vcpu, get_khz(&self->vcpu) / 3));
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(scaled_wrtsc));
	seen = guest_tsc(&self->vcpu);
	EXPECT_GE(seen, start);
	EXPECT_LT(seen, start + SLACK);
	host = vt_get_msr(&self->vcpu, MSR_IA32_TSC);
	EXPECT_GT(host, seen);
	EXPECT_LT(host, start + SLACK);
}

/* Two vCPUs at one rate, both started at 0, never see the time go backwards. */
TEST_F(tsc_scaling, in_step)
{
	unsigned long khz = get_khz(&self->vcpu) * 2;
	struct vt_vcpu other;
	uint64_t last = 0;

	NEED_SCALING();
	vt_vcpu_create(&self->vm, &other, 1);
	vt_pass_cpuid(&other);
	ASSERT_EQ(0, set_khz(&self->vcpu, khz));
	ASSERT_EQ(0, set_khz(&other, khz));
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(scaled_rdtsc));
	vt_start(&other, VT_LONG, VT_PAYLOAD(scaled_rdtsc));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_IA32_TSC, 0));
	ASSERT_EQ(1, vt_set_msr(&other, MSR_IA32_TSC, 0));
	for (unsigned int i = 0; i < 50; i++) {
		uint64_t now = guest_tsc(i % 2 ? &other : &self->vcpu);

		ASSERT_GT(now, last)
			TH_LOG("reading %u", i);
		last = now;
	}
	vt_vcpu_destroy(&other);
}

TEST_F(tsc_scaling, forbidden)
{
	long khz = get_khz(&self->vcpu);

	NEED_SCALING();
	ASSERT_EQ(0, set_khz(&self->vcpu, khz * 2));
	/* What KVM_GET_TSC_KHZ could not return. */
	EXPECT_EQ(-EINVAL, set_khz(&self->vcpu, 0x80000000));
	EXPECT_EQ(-EINVAL, set_khz(&self->vcpu, 0xffffffff));
	EXPECT_EQ(khz * 2, get_khz(&self->vcpu));
	/* 0 stands for the frequency of the host. */
	EXPECT_EQ(0, set_khz(&self->vcpu, 0));
	EXPECT_EQ(khz, get_khz(&self->vcpu));
}

TEST_HARNESS_MAIN
