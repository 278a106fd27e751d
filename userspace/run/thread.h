/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that the main thread starts and ends.
 */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>
#include <signal.h>
#include <time.h>

/* Breaks a thread's wait; vCPUs' threads leave the guest for it, too. */
#define SIG_KICK	SIGRTMIN

/* 0 or a negative errno. */
int thread_start(pthread_t *thread, void *(*body)(void *), void *arg);

/* The end of a thread that has been told to end and looks at that when kicked. */
void thread_join(pthread_t thread);

/* A thread may be about to wait, and not yet waiting, when it is kicked: when to again. */
struct timespec kick_again(void);

#endif /* THREAD_H */
