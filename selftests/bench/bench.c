// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench [PART...]              measure these parts, or all of them
 * bench --command COMMAND...   the ticks of one command
 * bench --guest TICKS COMMAND...  what of these ticks of it was the guest
 * bench --modules FILE...      load and unload these modules
 *
 * A line for each figure: "bench GROUP|NAME|UNIT|GOAL|VALUE". With BENCH_ROW only rows
 * with this in GROUP|NAME, where that spares work, and "account GROUP|NAME" before each
 * whose instructions lie between marks: selftests/bench/account.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "exits", bench_exits },
	{ "apic", bench_apic },
	{ "user", bench_user },
	{ "events", bench_events },
	{ "memory", bench_memory },
	{ "smp", bench_smp },
	{ "life", bench_life },
};

/* So many operations lie between marks from here on; 0: nobody wants to know. */
static void mark(uint64_t operations)
{
	asm volatile("xchg %%si, %%si" : : "a"(operations) : "memory");
}

void bench_report(const char *group, const char *name, const char *unit,
		  unsigned int goal, uint64_t value)
{
	printf("bench %s|%s|%s|%u|%llu\n", group, name, unit, goal,
	       (unsigned long long)value);
	fflush(stdout);
	mark(0);
}

bool bench_wanted(const char *group, const char *name, unsigned int operations)
{
	const char *only = getenv("BENCH_ROW");
	char both[128];

	if (only) {
		snprintf(both, sizeof(both), "%s|%s", group, name);
		if (!strstr(both, only))
			return false;
		printf("account %s\n", both);
		fflush(stdout);
	}
	mark(operations);
	return true;
}

static bool asked(char **argv, const char *name)
{
	if (!*argv)
		return true;
	for (; *argv; argv++)
		if (!strcmp(*argv, name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--command"))
		return bench_command(argv + 2);
	if (argc > 3 && !strcmp(argv[1], "--guest"))
		return bench_guest(strtoull(argv[2], NULL, 10), argv + 3);
	if (argc > 2 && !strcmp(argv[1], "--modules"))
		return bench_modules(argv + 2);
	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (asked(argv + 1, parts[i].name))
			parts[i].run();
	return 0;
}
