// SPDX-License-Identifier: GPL-2.0-only
/* A halted vCPU polls before it sleeps, for as long as that pays: KVM_CAP_HALT_POLL. */
#include <asm/kvm_para.h>
#include <errno.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define VECTOR	0x61
/*
 * Nanoseconds. The lab's time is that of its instructions, so all of it is slow, and a halt
 * is to begin before its end.
 */
#define SHORT		(1000000u * vt_slow())
#define LIMIT		(20000000u * vt_slow())
#define TOO_LONG	(50000000u * vt_slow())

FIXTURE(halt_poll) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(halt_poll)
{
	vt_irq_create(&self->vm, &self->vcpu);
	vt_apic_write(&self->vcpu, APIC_TDCR, 0xb);
	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
}

FIXTURE_TEARDOWN(halt_poll)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static long set_limit(struct vt_vm *vm, uint64_t ns, uint32_t flags)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HALT_POLL, .flags = flags, .args = { ns } };

	return VT_IOCTL(vm->fd, KVM_ENABLE_CAP, &cap);
}

static uint64_t stat(struct vt_vcpu *vcpu, const char *name)
{
	return vt_stat(vcpu->fd, name);
}

/* Halts that the timer ends after so many ns, beginning before the HLT. */
static void halts(struct vt_vcpu *vcpu, unsigned int times, unsigned int ns)
{
	while (times--) {
		vt_apic_write(vcpu, APIC_TMICT, ns);
		if (vt_irq_halt(vcpu) != VECTOR)
			vt_die("another interrupt than the timer's");
		vt_eoi(vcpu);
	}
}

TEST_F(halt_poll, grows_and_shrinks)
{
	struct vt_vcpu *vcpu = &self->vcpu;
	uint64_t attempts, successes;

	ASSERT_EQ(1, vt_cap(self->vm.dev, KVM_CAP_HALT_POLL));
	ASSERT_EQ(0, set_limit(&self->vm, LIMIT, 0));
	EXPECT_EQ(0, stat(vcpu, "halt_attempted_poll"));
	halts(vcpu, 60, SHORT);
	successes = stat(vcpu, "halt_successful_poll");
	attempts = stat(vcpu, "halt_attempted_poll");
	EXPECT_LT(20, successes);
	EXPECT_LE(successes, attempts);
	EXPECT_LT(0, stat(vcpu, "halt_poll_success_ns"));
	EXPECT_LE(stat(vcpu, "halt_wakeup"), 60);

	/* One that took long ends it; the second does not poll. */
	halts(vcpu, 1, TOO_LONG);
	attempts = stat(vcpu, "halt_attempted_poll");
	halts(vcpu, 1, TOO_LONG);
	EXPECT_EQ(attempts, stat(vcpu, "halt_attempted_poll"));
	EXPECT_LT(0, stat(vcpu, "halt_poll_fail_ns"));
	EXPECT_LT(LIMIT, stat(vcpu, "halt_wait_ns"));
}

TEST_F(halt_poll, turned_off)
{
	ASSERT_EQ(0, set_limit(&self->vm, 0, 0));
	halts(&self->vcpu, 40, SHORT);
	EXPECT_EQ(0, stat(&self->vcpu, "halt_attempted_poll"));
	EXPECT_EQ(0, stat(&self->vcpu, "halt_successful_poll"));
	EXPECT_LT(0, stat(&self->vcpu, "halt_wakeup"));
	/* And for a VM that had polled. */
	ASSERT_EQ(0, set_limit(&self->vm, LIMIT, 0));
	halts(&self->vcpu, 40, SHORT);
	EXPECT_LT(0, stat(&self->vcpu, "halt_attempted_poll"));
	ASSERT_EQ(0, set_limit(&self->vm, 0, 0));
	halts(&self->vcpu, 1, SHORT);
	{
		uint64_t attempts = stat(&self->vcpu, "halt_attempted_poll");

		halts(&self->vcpu, 5, SHORT);
		EXPECT_EQ(attempts, stat(&self->vcpu, "halt_attempted_poll"));
	}
}

/* A guest that polls itself: MSR_KVM_POLL_CONTROL. */
TEST_F(halt_poll, turned_off_by_the_guest)
{
	struct vt_vcpu *vcpu = &self->vcpu;

	ASSERT_EQ(0, set_limit(&self->vm, LIMIT, 0));
	EXPECT_EQ(1, vt_get_msr(vcpu, MSR_KVM_POLL_CONTROL));
	EXPECT_FALSE(vt_try_wrmsr(vcpu, MSR_KVM_POLL_CONTROL, 2));
	ASSERT_TRUE(vt_try_wrmsr(vcpu, MSR_KVM_POLL_CONTROL, 0));
	halts(vcpu, 40, SHORT);
	EXPECT_EQ(0, stat(vcpu, "halt_attempted_poll"));
	ASSERT_TRUE(vt_try_wrmsr(vcpu, MSR_KVM_POLL_CONTROL, 1));
	halts(vcpu, 40, SHORT);
	EXPECT_LT(0, stat(vcpu, "halt_attempted_poll"));
}

TEST_F(halt_poll, refused)
{
	EXPECT_EQ(-EINVAL, set_limit(&self->vm, 1ull << 32, 0));
	EXPECT_EQ(-EINVAL, set_limit(&self->vm, 1000, 1));
}

TEST_HARNESS_MAIN
