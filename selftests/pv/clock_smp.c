// SPDX-License-Identifier: GPL-2.0-only
/* The paravirtual clock of several vCPUs: one time for all. */
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "msr.h"
#include "vt_pv.h"

#define VCPUS		3
#define SEC		1000000000ull
#define CLOCK(id)	(0x100000u + 0x1000 * (id))
#define LATEST		0x110000u

FIXTURE(clock_smp) {
	struct vt_vm vm;
	struct vt_vcpu vcpu[VCPUS];
	volatile struct vt_clock *clock[VCPUS];
};

FIXTURE_SETUP(clock_smp)
{
	vt_irq_create(&self->vm, &self->vcpu[0]);
	for (unsigned int i = 1; i < VCPUS; i++)
		vt_irq_vcpu(&self->vm, &self->vcpu[i], i);
	for (unsigned int i = 0; i < VCPUS; i++)
		self->clock[i] = vt_clock_on(&self->vcpu[i], MSR_KVM_SYSTEM_TIME_NEW, CLOCK(i));
	/* What the last one brought about the others hear of when they run. */
	for (unsigned int i = 0; i < VCPUS; i++)
		vt_irq_next(&self->vcpu[i]);
}

FIXTURE_TEARDOWN(clock_smp)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		vt_vcpu_destroy(&self->vcpu[i]);
	vt_vm_destroy(&self->vm);
}

static unsigned int stable(struct vt_vcpu *vcpu, const volatile struct vt_clock *clock)
{
	vt_irq_next(vcpu);
	return clock->flags & CLOCK_STABLE;
}

/* Where the host's clock is its TSC, as in the lab, one page will do for all. */
TEST_F(clock_smp, stable)
{
	if (!(vt_get_clock(&self->vm).flags & KVM_CLOCK_TSC_STABLE))
		SKIP(return, "the host's TSC is not stable");
	for (unsigned int i = 0; i < VCPUS; i++) {
		EXPECT_EQ(CLOCK_STABLE, stable(&self->vcpu[i], self->clock[i]));
		EXPECT_EQ(vt_clock_at(self->clock[0], 1ull << 50),
			  vt_clock_at(self->clock[i], 1ull << 50));
	}
}

/* A vCPU that counts otherwise has a time of its own, and the same. */
TEST_F(clock_smp, out_of_step)
{
	const uint64_t ahead = 1ull << 44;
	uint64_t tsc = 0, seen;

	if (!(vt_get_clock(&self->vm).flags & KVM_CLOCK_TSC_STABLE))
		SKIP(return, "the host's TSC is not stable");
	ASSERT_TRUE(vt_try_rdmsr(&self->vcpu[1], MSR_IA32_TSC, &tsc));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu[1], MSR_IA32_TSC, tsc + ahead));
	EXPECT_EQ(0, stable(&self->vcpu[1], self->clock[1]));
	EXPECT_EQ(0, stable(&self->vcpu[0], self->clock[0]));
	EXPECT_EQ(0, vt_get_clock(&self->vm).flags & KVM_CLOCK_TSC_STABLE);
	ASSERT_TRUE(vt_try_rdmsr(&self->vcpu[0], MSR_IA32_TSC, &tsc));
	seen = vt_clock_at(self->clock[0], tsc);
	ASSERT_TRUE(vt_try_rdmsr(&self->vcpu[1], MSR_IA32_TSC, &tsc));
	EXPECT_GE(tsc, ahead);
	EXPECT_GE(vt_clock_at(self->clock[1], tsc), seen);
	EXPECT_LT(vt_clock_at(self->clock[1], tsc), seen + 60 * SEC);

	/* The others follow: in step again. */
	for (unsigned int i = 0; i < VCPUS; i++)
		ASSERT_EQ(1, vt_set_msr(&self->vcpu[i], MSR_IA32_TSC, tsc));
	for (unsigned int i = 0; i < VCPUS; i++)
		stable(&self->vcpu[i], self->clock[i]);
	for (unsigned int i = 0; i < VCPUS; i++)
		EXPECT_EQ(CLOCK_STABLE, stable(&self->vcpu[i], self->clock[i]));
}

static void *read_clock(void *arg)
{
	struct vt_vcpu *vcpu = arg;
	long reason = vt_run(vcpu);

	if (reason != KVM_EXIT_IO)
		vt_run_to(vcpu, KVM_EXIT_IO);
	return NULL;
}

/* As the vDSO of Linux does, by the first one's page, or each by its own. */
static void run_readers(struct vt_vcpu *vcpus, bool one_page, unsigned int rounds,
			pthread_t *threads)
{
	uint8_t *mem = vcpus[0].vm->mem;
	struct vt_payload code = VT_PAYLOAD(clock);

	memset(mem + LATEST, 0, 8);
	memcpy(mem + VT_FREE + 0x20000, code.start, code.end - code.start);
	for (unsigned int i = 0; i < VCPUS; i++) {
		struct kvm_regs regs = {
			.rip = VT_FREE + 0x20000,
			.rsp = VT_STACK_TOP,
			.rflags = 0x202,
			.r13 = rounds,
			.r14 = LATEST,
			.r15 = CLOCK(one_page ? 0 : i),
		};

		vt_set_regs(&vcpus[i], &regs);
		if (pthread_create(&threads[i], NULL, read_clock, &vcpus[i]))
			vt_die("cannot make a thread");
	}
}

TEST_F(clock_smp, never_back)
{
	bool one_page = vt_get_clock(&self->vm).flags & KVM_CLOCK_TSC_STABLE;
	pthread_t threads[VCPUS];

	run_readers(self->vcpu, one_page, 50000, threads);
	for (unsigned int i = 0; i < VCPUS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0xf4, self->vcpu[i].run->io.port);
	}
}

/* While user space moves it forward, none sees the old time after the new one. */
TEST_F(clock_smp, never_back_while_set)
{
	pthread_t threads[VCPUS];

	run_readers(self->vcpu, false, 50000, threads);
	for (unsigned int i = 0; i < 50; i++) {
		vt_set_clock(&self->vm, vt_get_clock(&self->vm).clock + SEC);
		usleep(2000);
	}
	for (unsigned int i = 0; i < VCPUS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0xf4, self->vcpu[i].run->io.port);
	}
}

TEST_HARNESS_MAIN
