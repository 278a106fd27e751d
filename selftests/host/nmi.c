// SPDX-License-Identifier: GPL-2.0-only
/*
 * NMIs of the host while a guest runs: each ends the guest's run, the host's handler has
 * it, and the guest goes on. SysRq-l sends one to each other CPU, for a backtrace.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt.h"

#define ROUNDS	3

VT_GUEST(nmi_count, 64, "sti; 1: incq 0x20000; jmp 1b");

/* How many a CPU has taken, by /proc/interrupts; 0 when that does not say. */
static unsigned long taken(unsigned int cpu)
{
	FILE *file = fopen("/proc/interrupts", "r");
	unsigned long count = 0;
	char line[512], *at;

	while (file && fgets(line, sizeof(line), file)) {
		at = strstr(line, "NMI:");
		if (!at)
			continue;
		at += 4;
		for (unsigned int i = 0; i <= cpu; i++)
			count = strtoul(at, &at, 10);
		break;
	}
	if (file)
		fclose(file);
	return count;
}

static bool backtraces(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY);
	bool good = fd >= 0 && write(fd, "l", 1) == 1;

	if (fd >= 0)
		close(fd);
	return good;
}

static void stay_on(pthread_t thread, unsigned int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	pthread_setaffinity_np(thread, sizeof(one), &one);
}

TEST(while_a_guest_runs)
{
	const volatile uint64_t *count;
	struct vt_thread thread;
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "an NMI goes to the other CPUs");
	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(nmi_count));
	count = (const volatile uint64_t *)(vm.mem + 0x20000);
	vt_thread_start(&thread, &vcpu);
	stay_on(thread.thread, 1);
	stay_on(pthread_self(), 0);
	ASSERT_TRUE(vt_counts(count));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned long before = taken(1);

		ASSERT_TRUE(backtraces());
		EXPECT_LT(before, taken(1));
		EXPECT_TRUE(vt_counts(count));
	}
	EXPECT_EQ(VT_STOPPED, vt_thread_end(&thread, 0));
	/* Those that came while the guest ran. */
	if (!vt_on_kvm())
		EXPECT_LE(1, vt_stat(vcpu.fd, "exit_exception_nmi"));
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

TEST_HARNESS_MAIN
