// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench [PART...]              measure these parts, or all of them
 * bench --command COMMAND...   the ticks of one command
 * bench --guest TICKS COMMAND...  what of these ticks of it was the guest
 * bench --modules FILE...      load and unload these modules
 *
 * With BENCH_ROW only that row of the guest loops: for who traces the path of one.
 *
 * A line for each figure: "bench GROUP|NAME|UNIT|GOAL|VALUE".
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

void bench_report(const char *group, const char *name, const char *unit,
		  unsigned int goal, uint64_t value)
{
	printf("bench %s|%s|%s|%u|%llu\n", group, name, unit, goal,
	       (unsigned long long)value);
	fflush(stdout);
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
