// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that the main thread starts and ends.
 */
#define _GNU_SOURCE
#include "thread.h"

#define KICK_AGAIN_NS	100000000

int thread_start(pthread_t *thread, void *(*body)(void *), void *arg)
{
	sigset_t all, old;
	int err;

	/* Signals to the process are for the main thread. */
	sigfillset(&all);
	sigdelset(&all, SIG_KICK);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(thread, NULL, body, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

struct timespec kick_again(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (until.tv_nsec + KICK_AGAIN_NS) / 1000000000;
	until.tv_nsec = (until.tv_nsec + KICK_AGAIN_NS) % 1000000000;
	return until;
}

void thread_join(pthread_t thread)
{
	struct timespec until;

	do {
		pthread_kill(thread, SIG_KICK);
		until = kick_again();
	} while (pthread_timedjoin_np(thread, NULL, &until));
}
