// SPDX-License-Identifier: GPL-2.0-only
/*
 * HLT with an interrupt waiting: the guest goes on if it takes interrupts, and sleeps
 * if it does not. SDM 2A, "HLT--Halt".
 */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define VECTOR	0x61

VT_GUEST(halt_pending, 16, "hlt; out %al, $0xf4; hlt");

static void on_alarm(int signal)
{
	(void)signal;
}

FIXTURE(halt_pending) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(halt_pending)
{
	const struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	vt_irq_create(&self->vm, &self->vcpu);
	vt_ipi(&self->vcpu, ICR_SELF | ICR_ASSERT | VECTOR, 0);
}

FIXTURE_TEARDOWN(halt_pending)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

TEST_F(halt_pending, is_no_halt_where_it_is_taken)
{
	EXPECT_EQ(VECTOR, vt_irq_halt(&self->vcpu));
}

TEST_F(halt_pending, is_one_where_it_is_not)
{
	const struct itimerval timer = { .it_value.tv_usec = 50000 };
	struct kvm_regs regs = { .rip = VT_CODE, .rsp = VT_STACK_TOP, .rflags = 2 };
	struct kvm_lapic_state state;

	vt_load(&self->vcpu, VT_PAYLOAD(halt_pending));
	vt_set_regs(&self->vcpu, &regs);
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	EXPECT_EQ(KVM_MP_STATE_HALTED, vt_mp_state(&self->vcpu));
	vt_get_lapic(&self->vcpu, &state);
	EXPECT_EQ(1u << VECTOR % 32, vt_lapic_reg(&state, APIC_IRR + VECTOR / 32 * 0x10));
}

TEST_HARNESS_MAIN
