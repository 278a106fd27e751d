// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole life of a guest, by a command that runs one.
 *
 * Its ticks are taken while nobody looks. What of them was the guest and what the
 * host's idle time is counted in another run, by selftests/kmod/guestcount.c. That one
 * takes some of the hypervisor's code for the guest's, at each exit as much: a guest of
 * a known length tells how much.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include <asm/vmx.h>

#include "bench.h"

#define COUNTS	"/proc/guestcount"
#define REASONS	81
#define ROUNDS	10000
#define LENGTH	4	/* instructions of a round */

BENCH_LOOP(known, "", "xor %eax, %eax; cpuid");

static const struct {
	unsigned int number;
	const char *name;
} reasons[] = { VMX_EXIT_REASONS };

struct counts {
	uint64_t guest, idle, all;
	uint64_t exits[REASONS];
};

static uint64_t run_command(char **argv, int *status)
{
	uint64_t start = __rdtsc();
	pid_t pid;

	bench_begin();
	pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, status, 0) != pid)
		vt_die("%s: %s", argv[0], strerror(errno));
	bench_end();
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 1;
	return __rdtsc() - start;
}

int bench_command(char **argv)
{
	uint64_t ticks;
	int status;

	bench_wanted("whole", "a guest's life", 1);
	ticks = run_command(argv, &status);
	bench_report("whole", "a guest's life, by the same tool", "ticks", 100, ticks);
	return status;
}

static struct counts now(void)
{
	struct counts c = { 0 };
	unsigned long long value;
	unsigned int reason;
	char line[64];
	FILE *f = fopen(COUNTS, "r");

	if (!f)
		vt_die(COUNTS ": %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "guest %llu", &value) == 1) {
			c.guest = value;
		} else if (sscanf(line, "idle %llu", &value) == 1) {
			c.idle = value;
		} else if (sscanf(line, "exit %u %llu", &reason, &value) == 2 &&
			   reason < REASONS) {
			c.exits[reason] = value;
			c.all += value;
		}
	}
	fclose(f);
	return c;
}

static struct counts since(const struct counts *then)
{
	struct counts c = now();

	c.guest -= then->guest;
	c.idle -= then->idle;
	c.all -= then->all;
	for (unsigned int i = 0; i < REASONS; i++)
		c.exits[i] -= then->exits[i];
	return c;
}

/* Ticks that the counter takes for the guest's at each exit. */
static double excess(void)
{
	struct counts then, seen;
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_irq_create(&vm, &vcpu);
	bench_run(&vcpu, VT_PAYLOAD(bench_known), 10);
	then = now();
	bench_run(&vcpu, VT_PAYLOAD(bench_known), ROUNDS);
	seen = since(&then);
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
	return (double)(seen.guest - LENGTH * ROUNDS) / seen.all;
}

static const char *name_of(unsigned int reason)
{
	static char number[16];

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].number == reason)
			return reasons[i].name;
	snprintf(number, sizeof(number), "%u", reason);
	return number;
}

int bench_guest(uint64_t total, char **argv)
{
	double each = excess();
	struct counts then = now(), seen;
	uint64_t guest;
	char name[64];
	int status;

	run_command(argv, &status);
	seen = since(&then);
	guest = seen.guest - (uint64_t)(each * seen.all);
	bench_report("whole", "of it the guest", "ticks", 0, guest);
	bench_report("whole", "of it nothing to do", "ticks", 0, seen.idle);
	bench_report("whole", "of it the host", "ticks", 50, total - guest - seen.idle);
	bench_report("whole", "counted too much at an exit", "ticks", 0, each);
	bench_report("whole", "exits", "exits", 100, seen.all);
	for (unsigned int i = 0; i < REASONS; i++) {
		if (!seen.exits[i])
			continue;
		snprintf(name, sizeof(name), "exits: %s", name_of(i));
		bench_report("whole", name, "exits", 0, seen.exits[i]);
	}
	return status;
}
