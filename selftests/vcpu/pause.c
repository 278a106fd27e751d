// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two vCPUs on one CPU that wait for each other by PAUSE loops: who spins gives
 * way to the one it waits for, where the CPU tells of such loops.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kselftest_harness.h"
#include "vt.h"

#define ROUNDS	300

/* RBX: own number, R10: the other's; the word says whose turn it is. */
VT_GUEST(pause_turns, 64,
	 "1: cmp %ebx, (%rdi); je 2f; pause; jmp 1b\n"
	 "2: mov %r10d, (%rdi); dec %rcx; jnz 1b\n"
	 "3: out %al, $0xf4; jmp 3b\n");

FIXTURE(pause) {
	struct vt_vm vm;
	struct vt_vcpu vcpu[2];
};

FIXTURE_VARIANT(pause) {
	uint64_t rflags;
};

FIXTURE_VARIANT_ADD(pause, interrupts_on) { .rflags = 0x202 };
FIXTURE_VARIANT_ADD(pause, interrupts_off) { .rflags = 0x2 };

FIXTURE_SETUP(pause)
{
	vt_vm_create(&self->vm);
	for (unsigned int i = 0; i < 2; i++) {
		struct kvm_regs regs;

		vt_vcpu_create(&self->vm, &self->vcpu[i], i);
		vt_pass_cpuid(&self->vcpu[i]);
		vt_start(&self->vcpu[i], VT_LONG, VT_PAYLOAD(pause_turns));
		vt_get_regs(&self->vcpu[i], &regs);
		regs.rflags = variant->rflags;
		regs.rbx = i;
		regs.r10 = 1 - i;
		regs.rcx = ROUNDS;
		regs.rdi = VT_DATA;
		vt_set_regs(&self->vcpu[i], &regs);
	}
}

FIXTURE_TEARDOWN(pause)
{
	for (unsigned int i = 0; i < 2; i++)
		vt_vcpu_destroy(&self->vcpu[i]);
	vt_vm_destroy(&self->vm);
}

static bool host_tells_of_loops(void)
{
	char line[4096];
	bool found = false;
	FILE *file = fopen("/proc/cpuinfo", "r");

	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, "vmx flags", 9) && strstr(line, " ple");
	if (file)
		fclose(file);
	return found;
}

static void *run(void *arg)
{
	vt_stay_on(0);
	vt_run_to_out(arg, 0xf4);
	return NULL;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* A turn of the scheduler's for each would take some 2 ms, 600 times. */
TEST_F_TIMEOUT(pause, gives_way, 60)
{
	double begin = seconds();
	pthread_t threads[2];

	if (!host_tells_of_loops())
		SKIP(return, "the CPU has no PAUSE-loop exiting");
	for (unsigned int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run, &self->vcpu[i]));
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("# show: %u turns in %u ms\n", 2 * ROUNDS,
	       (unsigned int)((seconds() - begin) * 1000));
	EXPECT_LT(seconds() - begin, 0.4 * vt_slow());
}

TEST_HARNESS_MAIN
