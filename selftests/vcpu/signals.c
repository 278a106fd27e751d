// SPDX-License-Identifier: GPL-2.0-only
/* How a running vCPU is stopped from outside: signals and immediate_exit. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "vt_fixture.h"

VT_FIXTURE(signals)

/*
 * With interrupts enabled: Bochs 2.7 holds those of the host back from a guest
 * that was entered with IF clear, although they should make it exit.
 */
VT_GUEST(spin, 64, "sti; 1: incq 0x20000; jmp 1b");

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	(void)sig;
	caught++;
}

/* A handler without SA_RESTART, so that the signal shows. */
static void handle(int sig)
{
	struct sigaction action = { .sa_handler = on_signal };

	caught = 0;
	sigaction(sig, &action, NULL);
}

static uint64_t counter(struct vt_vm *vm)
{
	return *(volatile uint64_t *)(vm->mem + VT_DATA);
}

TEST_F(signals, immediate_exit)
{
	VT_NEED_CAP(KVM_CAP_IMMEDIATE_EXIT);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(spin));
	self->vcpu.run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	EXPECT_EQ(0, counter(&self->vm));
}

TEST_F(signals, timer_stops_a_spinning_guest)
{
	struct itimerval timer = { .it_value.tv_usec = 50000 };
	int others = 0;
	uint64_t before;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(spin));
	handle(SIGALRM);
	for (int i = 0; i < 3; i++) {
		before = counter(&self->vm);
		ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
		/* Task work of the host's kernel, as 6.12 has it, looks the same. */
		do {
			EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
			EXPECT_EQ(KVM_EXIT_INTR, self->vcpu.run->exit_reason);
		} while (caught == i && others++ < 10);
		EXPECT_EQ(i + 1, caught);
		EXPECT_GT(counter(&self->vm), before);
	}
	if (vt_on_kvm())
		EXPECT_EQ(0, others);
}

struct kicker {
	pthread_t target;
	struct vt_vm *vm;
};

/* Wait until the guest has begun, then send the signal. */
static void *kick(void *arg)
{
	struct kicker *kicker = arg;

	while (!counter(kicker->vm))
		usleep(1000);
	pthread_kill(kicker->target, SIGUSR1);
	return NULL;
}

TEST_F(signals, kicked_by_another_thread)
{
	struct kicker kicker = { pthread_self(), &self->vm };
	pthread_t thread;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(spin));
	handle(SIGUSR1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, kick, &kicker));
	EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	EXPECT_EQ(1, caught);
	pthread_join(thread, NULL);
}

static long set_mask(int fd, uint32_t len, uint64_t mask)
{
	struct kvm_signal_mask *arg = calloc(1, sizeof(*arg) + sizeof(mask));
	long ret;

	arg->len = len;
	memcpy(arg->sigset, &mask, sizeof(mask));
	ret = VT_IOCTL(fd, KVM_SET_SIGNAL_MASK, arg);
	free(arg);
	return ret;
}

TEST_F(signals, mask_arguments)
{
	EXPECT_EQ(-EINVAL, set_mask(self->vcpu.fd, 4, 0));
	EXPECT_EQ(-EINVAL, set_mask(self->vcpu.fd, 1000, 0));
	EXPECT_EQ(0, set_mask(self->vcpu.fd, 8, 0));
	/* No argument: no mask. */
	EXPECT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_SET_SIGNAL_MASK, 0));
}

/*
 * A signal that is blocked in the thread and open in the mask of the vCPU stops
 * KVM_RUN and stays pending: that is how QEMU kicks without a race.
 */
TEST_F(signals, mask_of_the_vcpu)
{
	sigset_t blocked, pending;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(spin));
	handle(SIGUSR1);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &blocked, NULL));
	ASSERT_EQ(0, set_mask(self->vcpu.fd, 8, 0));
	ASSERT_EQ(0, raise(SIGUSR1));

	EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	sigpending(&pending);
	EXPECT_EQ(1, sigismember(&pending, SIGUSR1));
	EXPECT_EQ(0, caught);

	/* The thread's own mask is back. */
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, NULL, &blocked));
	EXPECT_EQ(1, sigismember(&blocked, SIGUSR1));
}

/* Blocked in both: only the timer gets through. */
TEST_F(signals, blocked_in_both)
{
	struct itimerval timer = { .it_value.tv_usec = 50000 };
	sigset_t blocked;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(spin));
	handle(SIGUSR1);
	handle(SIGALRM);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &blocked, NULL));
	ASSERT_EQ(0, set_mask(self->vcpu.fd, 8, 1ull << (SIGUSR1 - 1)));
	ASSERT_EQ(0, raise(SIGUSR1));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	EXPECT_EQ(1, caught);
	EXPECT_GT(counter(&self->vm), 0);
}

TEST_HARNESS_MAIN
