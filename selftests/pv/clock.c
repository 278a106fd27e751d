// SPDX-License-Identifier: GPL-2.0-only
/* The paravirtual clock: its pages, and the clock of the VM behind them. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "kselftest_harness.h"
#include "msr.h"
#include "vt_pv.h"

#define PAGE	0x100000u
#define WALL	0x101000u
#define SEC	1000000000ull

FIXTURE(clock) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_VARIANT(clock) {
	uint32_t wall;
	uint32_t system;
};

FIXTURE_VARIANT_ADD(clock, new) { MSR_KVM_WALL_CLOCK_NEW, MSR_KVM_SYSTEM_TIME_NEW };
FIXTURE_VARIANT_ADD(clock, old) { MSR_KVM_WALL_CLOCK, MSR_KVM_SYSTEM_TIME };

FIXTURE_SETUP(clock)
{
	vt_irq_create(&self->vm, &self->vcpu);
}

FIXTURE_TEARDOWN(clock)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

/* Let the guest run a little: what was asked for is in its pages then. */
static void touch(struct vt_vcpu *vcpu)
{
	vt_irq_next(vcpu);
}

static uint64_t guest_tsc(struct vt_vcpu *vcpu)
{
	uint64_t tsc = 0;

	if (!vt_try_rdmsr(vcpu, MSR_IA32_TSC, &tsc))
		vt_die("#GP for IA32_TSC");
	return tsc;
}

static uint64_t now(const volatile struct vt_clock *clock, struct vt_vcpu *vcpu)
{
	return vt_clock_at(clock, guest_tsc(vcpu));
}

TEST_F(clock, agrees_with_the_vm)
{
	volatile struct vt_clock *clock = vt_clock_on(&self->vcpu, variant->system, PAGE);
	uint64_t before, seen, after;

	EXPECT_NE(0, clock->version);
	EXPECT_EQ(0, clock->version & 1);
	EXPECT_NE(0, clock->mul);
	before = vt_get_clock(&self->vm).clock;
	seen = now(clock, &self->vcpu);
	after = vt_get_clock(&self->vm).clock;
	EXPECT_GE(seen, before);
	EXPECT_LE(seen, after);
	EXPECT_LT(after, 1000 * SEC);
	EXPECT_EQ(PAGE | 1, vt_get_msr(&self->vcpu, variant->system));
}

TEST_F(clock, pace)
{
	volatile struct vt_clock *clock = vt_clock_on(&self->vcpu, variant->system, PAGE);
	uint64_t hz = vt_ioctl(self->vcpu.fd, KVM_GET_TSC_KHZ, 0) * 1000ull;
	uint64_t tsc = guest_tsc(&self->vcpu);
	uint64_t ns = vt_clock_at(clock, tsc + hz) - vt_clock_at(clock, tsc);

	/* A second of ticks is a second, to a part in a million. */
	EXPECT_GT(ns, SEC - SEC / 1000000);
	EXPECT_LT(ns, SEC + SEC / 1000000);
}

/* A guest whose TSC the CPU slows down is told of its own pace. */
TEST_F(clock, scaled)
{
	long khz = vt_ioctl(self->vcpu.fd, KVM_GET_TSC_KHZ, 0);
	volatile struct vt_clock *clock;
	uint64_t before, seen;

	if (!vt_cap(self->vm.dev, KVM_CAP_TSC_CONTROL))
		SKIP(return, "this CPU does not scale the TSC");
	ASSERT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_SET_TSC_KHZ, khz / 3));
	clock = vt_clock_on(&self->vcpu, variant->system, PAGE);
	seen = vt_clock_at(clock, khz / 3 * 1000ull) - vt_clock_at(clock, 0);
	EXPECT_GT(seen, SEC - SEC / 10000);
	EXPECT_LT(seen, SEC + SEC / 10000);
	before = vt_get_clock(&self->vm).clock;
	seen = now(clock, &self->vcpu);
	/* A frequency in kHz is not exact: KVM's ratio is rounded by it. */
	EXPECT_GE(seen + SEC / 1000, before);
	EXPECT_LE(seen, vt_get_clock(&self->vm).clock + SEC / 1000);
}

TEST_F(clock, wall)
{
	volatile struct vt_wall *wall = (void *)(self->vm.mem + WALL);
	volatile struct vt_clock *clock = vt_clock_on(&self->vcpu, variant->system, PAGE);
	uint64_t seen;

	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, variant->wall, WALL));
	EXPECT_NE(0, wall->version);
	EXPECT_EQ(0, wall->version & 1);
	EXPECT_GT(SEC, wall->nsec);
	seen = wall->sec * SEC + wall->nsec + now(clock, &self->vcpu);
	EXPECT_LE(time(NULL), seen / SEC + 1);
	EXPECT_GE(time(NULL) + 1, seen / SEC);
	EXPECT_EQ(WALL, vt_get_msr(&self->vcpu, variant->wall));
}

/* By KVM_SET_MSRS, as after a migration. */
TEST_F(clock, set_by_user_space)
{
	volatile struct vt_clock *clock = (void *)(self->vm.mem + PAGE);
	volatile struct vt_wall *wall = (void *)(self->vm.mem + WALL);

	ASSERT_EQ(1, vt_set_msr(&self->vcpu, variant->system, PAGE | 1));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, variant->wall, WALL));
	touch(&self->vcpu);
	EXPECT_NE(0, clock->mul);
	EXPECT_NE(0, wall->sec);
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, variant->system, 0));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, variant->wall, 0));
	memset((void *)clock, 0, sizeof(*clock));
	memset((void *)wall, 0, sizeof(*wall));
	vt_set_clock(&self->vm, SEC);
	touch(&self->vcpu);
	EXPECT_EQ(0, clock->mul);
	EXPECT_EQ(0, wall->version);
	EXPECT_EQ(0, vt_get_msr(&self->vcpu, variant->system));
}

TEST_F(clock, set_clock)
{
	volatile struct vt_clock *clock = vt_clock_on(&self->vcpu, variant->system, PAGE);
	const uint64_t there = 123456 * SEC;
	uint32_t version = clock->version;
	struct kvm_clock_data data;

	vt_set_clock(&self->vm, there);
	data = vt_get_clock(&self->vm);
	EXPECT_GE(data.clock, there);
	EXPECT_LT(data.clock, there + 60 * SEC);
	touch(&self->vcpu);
	EXPECT_NE(version, clock->version);
	EXPECT_EQ(0, clock->version & 1);
	EXPECT_GE(now(clock, &self->vcpu), there);
	EXPECT_LT(now(clock, &self->vcpu), there + 60 * SEC);
	/* And back. */
	vt_set_clock(&self->vm, SEC);
	touch(&self->vcpu);
	EXPECT_LT(now(clock, &self->vcpu), 61 * SEC);
}

/* The time that passed on the way is added, by the wall clock. */
TEST_F(clock, set_clock_realtime)
{
	struct kvm_clock_data data = vt_get_clock(&self->vm), later;

	if (!(vt_cap(self->vm.dev, KVM_CAP_ADJUST_CLOCK) & KVM_CLOCK_REALTIME))
		SKIP(return, "KVM_CLOCK_REALTIME is not offered");
	touch(&self->vcpu);
	data = vt_get_clock(&self->vm);
	if (!(data.flags & KVM_CLOCK_REALTIME))
		SKIP(return, "the host's clock is not its TSC");
	EXPECT_TRUE(data.flags & KVM_CLOCK_HOST_TSC);
	EXPECT_LE(data.realtime / SEC, time(NULL));
	EXPECT_GE(data.realtime / SEC + 60, time(NULL));
	EXPECT_NE(0, data.host_tsc);

	data.realtime -= 5000 * SEC;
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_SET_CLOCK, &data));
	later = vt_get_clock(&self->vm);
	EXPECT_GE(later.clock, data.clock + 5000 * SEC);
	EXPECT_LT(later.clock, data.clock + 5060 * SEC);
	/* Not backwards when the other host's clock was ahead. */
	data.realtime += 9000 * SEC;
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_SET_CLOCK, &data));
	EXPECT_GE(vt_get_clock(&self->vm).clock, data.clock);
}

TEST_F(clock, set_clock_flags)
{
	struct kvm_clock_data data = { .clock = 777 * SEC, .flags = 1 };

	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_CLOCK, &data));
	data.flags = 1u << 31;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_CLOCK, &data));
	EXPECT_GT(777 * SEC, vt_get_clock(&self->vm).clock);
}

TEST_F(clock, stopped)
{
	volatile struct vt_clock *clock;

	EXPECT_EQ(-EINVAL, vt_ioctl(self->vcpu.fd, KVM_KVMCLOCK_CTRL, 0));
	clock = vt_clock_on(&self->vcpu, variant->system, PAGE);
	touch(&self->vcpu);
	EXPECT_EQ(0, clock->flags & CLOCK_STOPPED);
	ASSERT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_KVMCLOCK_CTRL, 0));
	touch(&self->vcpu);
	EXPECT_EQ(CLOCK_STOPPED, clock->flags & CLOCK_STOPPED);
	/* It stays until the guest takes it back. */
	vt_set_clock(&self->vm, SEC);
	touch(&self->vcpu);
	EXPECT_EQ(CLOCK_STOPPED, clock->flags & CLOCK_STOPPED);
	clock->flags &= ~CLOCK_STOPPED;
	vt_set_clock(&self->vm, SEC);
	touch(&self->vcpu);
	EXPECT_EQ(0, clock->flags & CLOCK_STOPPED);
}

/* Addresses that are no memory, or not writable: the guest goes on without. */
TEST_F(clock, bad_addresses)
{
	static const uint64_t bad[] = {
		1ull << 40, ~0ull << 12, ~0ull, VT_LOW_SIZE, VT_LOW_SIZE - 16,
	};
	uint8_t *mem = vt_anon(VT_PAGE);

	memset(mem, 0x5a, VT_PAGE);
	vt_set_slot(&self->vm, 1, 0x10000000, VT_PAGE, mem, KVM_MEM_READONLY);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, variant->system, bad[i] | 1));
		EXPECT_EQ(bad[i] | 1, vt_get_msr(&self->vcpu, variant->system));
		ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, variant->wall, bad[i]));
		touch(&self->vcpu);
	}
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, variant->system, 0x10000001));
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, variant->wall, 0x10000000));
	touch(&self->vcpu);
	for (unsigned int i = 0; i < VT_PAGE; i++)
		ASSERT_EQ(0x5a, mem[i]);
	EXPECT_NE(0, vt_clock_on(&self->vcpu, variant->system, PAGE)->mul);
}

TEST_F(clock, dirty_log)
{
	volatile struct vt_clock *clock;
	uint64_t bits = 0;
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = &bits };
	uint8_t *mem = vt_anon(4 * VT_PAGE);

	vt_set_slot(&self->vm, 1, 0x10000000, 4 * VT_PAGE, mem, KVM_MEM_LOG_DIRTY_PAGES);
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, variant->system, 0x10001001));
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, variant->wall, 0x10003000));
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &log));
	EXPECT_EQ(0xa, bits);
	vt_set_clock(&self->vm, SEC);
	touch(&self->vcpu);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &log));
	EXPECT_EQ(2, bits);
	clock = (void *)(mem + VT_PAGE);
	EXPECT_NE(0, clock->mul);
}

/* The slot goes and another comes: the clock is in that one. */
TEST_F(clock, slot_changes)
{
	uint8_t *first = vt_anon(VT_PAGE), *second = vt_anon(VT_PAGE);

	vt_set_slot(&self->vm, 1, 0x10000000, VT_PAGE, first, 0);
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, variant->system, 0x10000001));
	EXPECT_NE(0, ((volatile struct vt_clock *)first)->mul);
	vt_set_slot(&self->vm, 1, 0x10000000, 0, first, 0);
	vt_set_clock(&self->vm, SEC);
	touch(&self->vcpu);
	memset(first, 0, VT_PAGE);
	vt_set_slot(&self->vm, 1, 0x10000000, VT_PAGE, second, 0);
	vt_set_clock(&self->vm, SEC);
	touch(&self->vcpu);
	EXPECT_NE(0, ((volatile struct vt_clock *)second)->mul);
	EXPECT_EQ(0, ((volatile struct vt_clock *)first)->mul);
}

/* Saved here, restored there. */
TEST_F(clock, another_vm_goes_on)
{
	volatile struct vt_clock *clock = vt_clock_on(&self->vcpu, variant->system, PAGE);
	struct kvm_clock_data data;
	struct vt_vcpu vcpu;
	struct vt_vm vm;
	uint64_t seen;

	vt_set_clock(&self->vm, 500000 * SEC);
	touch(&self->vcpu);
	seen = now(clock, &self->vcpu);
	data = vt_get_clock(&self->vm);
	EXPECT_GE(data.clock, seen);

	vt_irq_create(&vm, &vcpu);
	ASSERT_EQ(1, vt_set_msr(&vcpu, MSR_IA32_TSC, vt_get_msr(&self->vcpu, MSR_IA32_TSC)));
	ASSERT_EQ(1, vt_set_msr(&vcpu, variant->system, PAGE | 1));
	ASSERT_EQ(0, VT_IOCTL(vm.fd, KVM_SET_CLOCK, &data));
	clock = (void *)(vm.mem + PAGE);
	touch(&vcpu);
	EXPECT_GE(now(clock, &vcpu), seen);
	EXPECT_LT(now(clock, &vcpu), seen + 60 * SEC);
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

VT_GUEST(clock_rdmsr, 64, "1: rdmsr; out %al, $0xf4; jmp 1b");

/* Without the feature in CPUID it works, unless the caller asked that it may not. */
TEST(enforced)
{
	static const uint32_t msrs[] = {
		MSR_KVM_WALL_CLOCK, MSR_KVM_SYSTEM_TIME,
		MSR_KVM_WALL_CLOCK_NEW, MSR_KVM_SYSTEM_TIME_NEW,
	};
	struct vt_vcpu vcpu;
	struct vt_vm vm;
	uint64_t value;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_pv_cpuid(&vcpu, 0);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(clock_rdmsr));
	vt_catch(&vcpu, VT_LONG);
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(msrs); i++) {
		struct kvm_regs regs = {
			.rip = VT_CODE, .rflags = 2, .rsp = VT_STACK_TOP, .rcx = msrs[i / 2],
		};

		ASSERT_EQ(0, vt_enforce(&vcpu, i % 2));
		vt_set_regs(&vcpu, &regs);
		vt_run_to(&vcpu, i % 2 ? KVM_EXIT_HLT : KVM_EXIT_IO);
		/* User space may read it all the same; KVM refuses it, too. */
		EXPECT_EQ(i % 2 && vt_on_kvm() ? 0 : 1,
			  vt_try_get_msr(&vcpu, msrs[i / 2], &value));
	}
	EXPECT_EQ(13, vt_caught(&vcpu)->vector);
	EXPECT_EQ(ARRAY_SIZE(msrs), vt_caught(&vcpu)->count);
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

TEST_HARNESS_MAIN
