// SPDX-License-Identifier: GPL-2.0-only
/* A vCPU that runs in a thread of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "vt.h"

void vt_stay_on(unsigned int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		vt_die("cannot stay on CPU %u: %s", cpu, strerror(errno));
}

pthread_t vt_spawn(void *(*what)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, what, arg))
		vt_die("cannot make a thread");
	return thread;
}

static void nothing(int sig)
{
	(void)sig;
}

static long run(struct vt_thread *thread)
{
	struct vt_vcpu *vcpu = thread->vcpu;

	while (!thread->stop) {
		long ret = vt_ioctl(vcpu->fd, KVM_RUN, 0);

		if (ret == -EINTR)
			thread->kicks++;
		else
			return ret < 0 ? ret : (long)vcpu->run->exit_reason;
	}
	return VT_STOPPED;
}

static void *body(void *arg)
{
	struct vt_thread *thread = arg;

	thread->result = run(thread);
	thread->done = true;
	return NULL;
}

void vt_thread_start(struct vt_thread *thread, struct vt_vcpu *vcpu)
{
	/* Without SA_RESTART: KVM_RUN is to end. */
	struct sigaction action = { .sa_handler = nothing };
	int err;

	memset(thread, 0, sizeof(*thread));
	thread->vcpu = vcpu;
	sigaction(SIGUSR1, &action, NULL);
	err = pthread_create(&thread->thread, NULL, body, thread);
	if (err)
		vt_die("a thread for vCPU %u: %s", vcpu->id, strerror(err));
}

bool vt_thread_kick(struct vt_thread *thread)
{
	unsigned int before = thread->kicks;

	pthread_kill(thread->thread, SIGUSR1);
	for (unsigned int i = 0; i < 2000 && thread->kicks == before; i++)
		usleep(1000);
	return thread->kicks != before;
}

long vt_thread_end(struct vt_thread *thread, unsigned int ms)
{
	for (unsigned int i = 0; i < ms && !thread->done; i++)
		usleep(1000);
	/* It may be on its way into KVM_RUN: kick until it is out. */
	thread->stop = true;
	while (!thread->done) {
		thread->vcpu->run->immediate_exit = 1;
		pthread_kill(thread->thread, SIGUSR1);
		usleep(1000);
	}
	pthread_join(thread->thread, NULL);
	thread->vcpu->run->immediate_exit = 0;
	return thread->result;
}

bool vt_counts(const volatile uint64_t *count)
{
	for (unsigned int i = 0; i < 200; i++) {
		uint64_t before = *count;

		usleep(10000);
		if (*count != before)
			return true;
	}
	return false;
}
