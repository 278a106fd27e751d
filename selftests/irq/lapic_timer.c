// SPDX-License-Identifier: GPL-2.0-only
/* The timer of the local APIC: SDM 3A, "APIC Timer". */
#include <errno.h>
#include <time.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define VECTOR	0x61
#define MS	1000000u	/* the timer counts nanoseconds, divided */
#define LONG	20000000u	/* rounds of waiting */

#define DIVIDE_BY_1	0xb
#define DIVIDE_BY_128	0xa

FIXTURE(timer) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_VARIANT(timer) {
	bool x2apic;
};

FIXTURE_VARIANT_ADD(timer, xapic) { .x2apic = false };
FIXTURE_VARIANT_ADD(timer, x2apic) { .x2apic = true };

FIXTURE_SETUP(timer)
{
	vt_irq_create(&self->vm, &self->vcpu);
	if (variant->x2apic)
		vt_enable_x2apic(&self->vcpu);
	vt_apic_write(&self->vcpu, APIC_TDCR, DIVIDE_BY_1);
}

FIXTURE_TEARDOWN(timer)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static void eoi(struct vt_vcpu *vcpu)
{
	vt_apic_write(vcpu, APIC_EOI, 0);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void pass(uint64_t ns)
{
	uint64_t end = now() + ns;

	while (now() < end)
		;
}

TEST_F(timer, one_shot)
{
	uint64_t begin = now();

	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, 2 * MS);
	EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
	EXPECT_GE(now() - begin, 2 * MS);
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_TMCCT));
	EXPECT_EQ(2 * MS, vt_apic_read(&self->vcpu, APIC_TMICT));
	eoi(&self->vcpu);
	pass(5 * MS);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	/* Each write of the initial count starts it. */
	vt_apic_write(&self->vcpu, APIC_TMICT, MS);
	EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
}

TEST_F(timer, wakes_from_hlt)
{
	uint64_t begin = now();

	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, 3 * MS);
	EXPECT_EQ(VECTOR, vt_irq_halt(&self->vcpu));
	EXPECT_GE(now() - begin, 3 * MS);
}

TEST_F(timer, zero_stops_it)
{
	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, 1000 * MS);
	EXPECT_NE(0, vt_apic_read(&self->vcpu, APIC_TMCCT));
	vt_apic_write(&self->vcpu, APIC_TMICT, 0);
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_TMCCT));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(timer, periodic)
{
	uint64_t begin = now();
	uint32_t count;

	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_PERIODIC | VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, 2 * MS);
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
		eoi(&self->vcpu);
		count = vt_apic_read(&self->vcpu, APIC_TMCCT);
		EXPECT_LE(count, 2 * MS);
	}
	EXPECT_GE(now() - begin, 10 * MS);
	/* Ticks that find one pending merge with it. */
	pass(10 * MS);
	EXPECT_EQ(VECTOR, vt_irq_next(&self->vcpu));
	vt_apic_write(&self->vcpu, APIC_TMICT, 0);
	eoi(&self->vcpu);
	vt_irq_next(&self->vcpu);
	eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(timer, masked_runs_silently)
{
	if (vt_on_kvm())
		SKIP(return, "KVM delivers it when the entry is unmasked");
	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_MASKED | VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, MS);
	pass(3 * MS);
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_TMCCT));
	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

/* Divide configuration register: bits 3, 1 and 0. */
static const struct { uint8_t tdcr, divisor; } divides[] = {
	{ 0x0, 2 }, { 0x1, 4 }, { 0x2, 8 }, { 0x3, 16 },
	{ 0x8, 32 }, { 0x9, 64 }, { 0xa, 128 }, { 0xb, 1 },
};

TEST_F(timer, divide)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(divides); i++) {
		uint64_t t[4], ns, least, most;
		uint32_t first, second;

		vt_apic_write(&self->vcpu, APIC_TDCR, divides[i].tdcr);
		vt_apic_write(&self->vcpu, APIC_LVTT, LVT_MASKED | VECTOR);
		vt_apic_write(&self->vcpu, APIC_TMICT, 0xffffffff);
		t[0] = now();
		first = vt_apic_read(&self->vcpu, APIC_TMCCT);
		t[1] = now();
		pass(2 * MS);
		t[2] = now();
		second = vt_apic_read(&self->vcpu, APIC_TMCCT);
		t[3] = now();
		ns = (uint64_t)(first - second) * divides[i].divisor;
		least = t[2] - t[1] - divides[i].divisor;
		most = t[3] - t[0] + divides[i].divisor;
		EXPECT_TRUE(ns >= least && ns <= most)
			TH_LOG("TDCR %#x: %llu ns, not %llu to %llu", divides[i].tdcr,
			       (unsigned long long)ns, (unsigned long long)least,
			       (unsigned long long)most);
	}
}

/* The count goes on from where it is, at the new pace. */
TEST_F(timer, divide_while_it_runs)
{
	uint32_t before, after;

	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, 1000 * MS);
	before = vt_apic_read(&self->vcpu, APIC_TMCCT);
	vt_apic_write(&self->vcpu, APIC_TDCR, DIVIDE_BY_128);
	after = vt_apic_read(&self->vcpu, APIC_TMCCT);
	EXPECT_LE(after, before);
	EXPECT_GT(after, before - 100 * MS);
	/* And back, fast enough to see it end. */
	vt_apic_write(&self->vcpu, APIC_TMICT, MS);
	vt_apic_write(&self->vcpu, APIC_TDCR, DIVIDE_BY_1);
	EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
}

TEST_F(timer, deadline)
{
	uint64_t tsc, value;

	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_DEADLINE | VECTOR);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &tsc));
	/* In the past: at once. */
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc));
	EXPECT_EQ(VECTOR, vt_irq_next(&self->vcpu));
	eoi(&self->vcpu);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, MSR_TSC_DEADLINE, &value));
	EXPECT_EQ(0, value);
	/* Soon. */
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &tsc));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc + 4 * MS));
	EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &value));
	EXPECT_GE(value, tsc + 4 * MS);
	eoi(&self->vcpu);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, MSR_TSC_DEADLINE, &value));
	EXPECT_EQ(0, value);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(timer, deadline_disarmed)
{
	uint64_t value, tsc;

	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_DEADLINE | VECTOR);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &tsc));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc + (1ull << 40)));
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, MSR_TSC_DEADLINE, &value));
	EXPECT_EQ(tsc + (1ull << 40), value);
	/* The counts belong to the other modes. */
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_TMCCT));
	vt_apic_write(&self->vcpu, APIC_TMICT, MS);
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_TMICT));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, 0));
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, MSR_TSC_DEADLINE, &value));
	EXPECT_EQ(0, value);
	/* Another mode disarms it, too, and the MSR is dead there. */
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc + (1ull << 40)));
	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, MSR_TSC_DEADLINE, &value));
	EXPECT_EQ(0, value);
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_DEADLINE | VECTOR);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, MSR_TSC_DEADLINE, &value));
	EXPECT_EQ(0, value);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

/* The deadline is one of the guest's TSC, which may be moved under it. */
TEST_F(timer, deadline_follows_the_tsc)
{
	uint64_t tsc;

	if (vt_on_kvm())
		SKIP(return, "KVM looks at the TSC when the deadline is written");
	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_DEADLINE | VECTOR);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &tsc));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc + (1ull << 40)));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, 0x10, tsc + (2ull << 40)));
	EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, 10000));
}

/* And if it was hundreds of years away before. */
TEST_F(timer, deadline_that_was_far)
{
	uint64_t tsc;

	if (vt_on_kvm())
		SKIP(return, "KVM looks at the TSC when the deadline is written");
	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_DEADLINE | VECTOR);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &tsc));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc + (1ull << 62)));
	EXPECT_EQ(-1, vt_irq_wait(&self->vcpu, 10000));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, 0x10, tsc + (1ull << 62)));
	EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, 10000));
	EXPECT_EQ(0, vt_get_msr(&self->vcpu, MSR_TSC_DEADLINE));
}

/* Its ticks are the guest's, which may be others than the host's. */
TEST_F(timer, deadline_of_a_scaled_tsc)
{
	long khz = vt_ioctl(self->vcpu.fd, KVM_GET_TSC_KHZ, 0);
	uint64_t tsc, value, begin;

	if (!vt_cap(self->vm.dev, KVM_CAP_TSC_CONTROL))
		SKIP(return, "this CPU does not scale the TSC");
	ASSERT_LT(0, khz);
	for (int i = 0; i < 2; i++) {
		long scaled = i ? khz / 3 : khz * 5;

		ASSERT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_SET_TSC_KHZ, scaled));
		vt_apic_write(&self->vcpu, APIC_LVTT, LVT_DEADLINE | VECTOR);
		begin = now();
		EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &tsc));
		/* Five milliseconds. */
		EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc + scaled * 5));
		EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
		EXPECT_GE(now() - begin, 5 * MS - MS / 100);
		EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &value));
		EXPECT_GE(value, tsc + scaled * 5);
		EXPECT_LE(value, tsc + scaled * 15);
		eoi(&self->vcpu);
	}
}

/* While user space has the vCPU nobody need watch, but its state tells. */
TEST_F(timer, due_in_user_space)
{
	struct kvm_lapic_state state;
	uint32_t word = APIC_IRR + VECTOR / 32 * 16;

	if (vt_on_kvm())
		SKIP(return, "KVM looks at the next KVM_RUN");
	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, MS);
	pass(3 * MS);
	vt_get_lapic(&self->vcpu, &state);
	EXPECT_EQ(0, vt_lapic_reg(&state, APIC_TMCCT));
	EXPECT_EQ(1u << VECTOR % 32, vt_lapic_reg(&state, word));
	EXPECT_EQ(VECTOR, vt_irq_next(&self->vcpu));
	eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

/* Mid-flight state goes on where it was: one-shot, periodic, deadline. */
TEST_F(timer, state_one_shot)
{
	struct kvm_lapic_state state;
	uint32_t before, after;

	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, 1000 * MS);
	pass(5 * MS);
	vt_get_lapic(&self->vcpu, &state);
	before = vt_lapic_reg(&state, APIC_TMCCT);
	EXPECT_LE(before, 995 * MS);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_LAPIC, &state));
	after = vt_apic_read(&self->vcpu, APIC_TMCCT);
	EXPECT_LE(after, before);
	EXPECT_EQ(1000 * MS, vt_apic_read(&self->vcpu, APIC_TMICT));
	/* Nearly done. */
	vt_set_lapic_reg(&state, APIC_TMCCT, MS);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_LAPIC, &state));
	EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
}

/* At whatever moment it is looked at: it counts, or its interrupt is there. */
TEST_F(timer, state_while_it_fires)
{
	struct kvm_lapic_state state;
	uint32_t count, pending;

	if (vt_on_kvm())
		SKIP(return, "KVM looks at the next KVM_RUN");
	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	for (unsigned int i = 0; i < 400; i++) {
		vt_apic_write(&self->vcpu, APIC_TMICT, MS / 10 + i * 97 % 4000);
		do {
			vt_get_lapic(&self->vcpu, &state);
			count = vt_lapic_reg(&state, APIC_TMCCT);
			pending = vt_lapic_reg(&state, APIC_IRR + VECTOR / 32 * 16);
		} while (count && !pending);
		ASSERT_FALSE(count && pending)
			TH_LOG("round %u: %u left, and it has fired", i, count);
		ASSERT_NE(0, pending);
		ASSERT_EQ(VECTOR, vt_irq_next(&self->vcpu));
		eoi(&self->vcpu);
	}
}

/* What has fired does not fire again because it is restored. */
TEST_F(timer, state_after_it_fired)
{
	struct kvm_lapic_state state;

	if (vt_on_kvm())
		SKIP(return, "KVM starts it again");
	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, MS);
	EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
	eoi(&self->vcpu);
	vt_get_lapic(&self->vcpu, &state);
	EXPECT_EQ(0, vt_lapic_reg(&state, APIC_TMCCT));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_LAPIC, &state));
	pass(3 * MS);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(timer, state_after_the_deadline)
{
	struct kvm_lapic_state state;
	uint64_t tsc;

	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_DEADLINE | VECTOR);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &tsc));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc + MS));
	EXPECT_EQ(VECTOR, vt_irq_halt(&self->vcpu));
	eoi(&self->vcpu);
	vt_get_lapic(&self->vcpu, &state);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_LAPIC, &state));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, vt_get_msr(&self->vcpu, MSR_TSC_DEADLINE));
}

TEST_F(timer, state_periodic)
{
	struct kvm_lapic_state state;

	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_PERIODIC | VECTOR);
	vt_apic_write(&self->vcpu, APIC_TMICT, 5 * MS);
	vt_get_lapic(&self->vcpu, &state);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_LAPIC, &state));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
		eoi(&self->vcpu);
	}
}

/* The deadline is an MSR; the APIC's registers come first, then the MSR. */
TEST_F(timer, state_deadline)
{
	struct kvm_lapic_state state;
	uint64_t deadline, tsc;

	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_DEADLINE | VECTOR);
	EXPECT_TRUE(vt_try_rdmsr(&self->vcpu, 0x10, &tsc));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_TSC_DEADLINE, tsc + 20 * MS));
	vt_get_lapic(&self->vcpu, &state);
	deadline = vt_get_msr(&self->vcpu, MSR_TSC_DEADLINE);
	EXPECT_EQ(tsc + 20 * MS, deadline);
	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_MASKED);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_LAPIC, &state));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_TSC_DEADLINE, deadline));
	EXPECT_EQ(VECTOR, vt_irq_wait(&self->vcpu, LONG));
}

TEST_HARNESS_MAIN
