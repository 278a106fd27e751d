// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vellum top`: the machines that run, those with most exits first, as it goes on.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../run/run.h"
#include "ask.h"

static const char help[] =
"usage: vellum top [OPTION]...\n"
"The machines that run, those with most exits first; again and again, until ^C.\n"
"Yours; root sees all.\n"
"\n"
"  -p, --pid PID           the machines of this process\n"
"  -v, --vm NAME           only this machine\n"
"  -i, --interval SECONDS  how often (2)\n"
"  -c, --count N           so often, and no longer\n"
"  -j, --json              as vellum stat --json\n"
"  -h, --help              this text\n"
"\n"
"EXITS and the reasons are those since the last look, HALTED is the share of the time\n"
"in which vCPUs had nothing to do, MEMORY what the guest has mapped.\n";

#define REASONS		3	/* to name */

/* A line of the table. */
struct line {
	const struct found_vm *vm;
	double exits;		/* a second */
	double halted;		/* 0 to 1 */
	uint64_t memory;	/* KiB */
	char reasons[128];
};

static double since(const struct found_vm *vm, const struct found_vm *old, const char *name)
{
	uint64_t now = counted_all(vm, name), before = old ? counted_all(old, name) : 0;

	return now > before ? now - before : 0;
}

/* exit_hlt, Vellum's; hlt_exits would be KVM's. */
static bool is_reason(const char *name)
{
	size_t len = strlen(name);

	return !strncmp(name, "exit_", 5) || (len > 6 && !strcmp(name + len - 6, "_exits"));
}

static void put_reason(char *to, size_t room, const char *name, double share)
{
	size_t len = strlen(to), i;
	bool ours = !strncmp(name, "exit_", 5);

	len += snprintf(to + len, room - len, "%s", len ? ", " : "");
	name += ours ? 5 : 0;
	for (i = 0; name[i] && (ours || name[i] != '_') && len < room - 8; i++)
		to[len++] = toupper((unsigned char)name[i]);
	snprintf(to + len, room - len, " %.0f%%", share * 100);
}

/* The few that occur most. */
static void find_reasons(struct line *line, const struct found_vm *old, double all)
{
	const struct counts *c = line->vm->vcpus ? &line->vm->vcpus[0] : &line->vm->own;
	double last = 0;
	size_t last_at = 0;

	for (unsigned int n = 0; n < REASONS; n++) {
		double most = 0;
		size_t at = 0;

		for (size_t i = 0; i < c->nr; i++) {
			double d = is_reason(c->row[i].name) ?
				since(line->vm, old, c->row[i].name) : 0;

			/* Behind the one before, in the order of number and place. */
			if (n && (d > last || (d == last && i <= last_at)))
				continue;
			if (d > most) {
				most = d;
				at = i;
			}
		}
		if (most <= 0)
			return;
		put_reason(line->reasons, sizeof(line->reasons), c->row[at].name,
			   all > 0 ? most / all : 0);
		last = most;
		last_at = at;
	}
}

static double new_of(const struct counts *now, const struct counts *old, const char *name)
{
	uint64_t value = counted(now, name), before = old ? counted(old, name) : 0;

	return value > before ? value - before : 0;
}

/*
 * Seconds of @seconds that @vcpus together had nothing to do. A sleep is counted when it
 * is over: who sleeps, and has made no exit, has slept all the time.
 */
static double halted(const struct counts *now, const struct counts *old, double seconds,
		     unsigned int vcpus)
{
	double all = seconds * vcpus, sum;

	if (old && counted(now, "blocking") >= vcpus && !new_of(now, old, "exits"))
		return all;
	sum = new_of(now, old, "halt_wait_ns") + new_of(now, old, "halt_poll_success_ns") +
		new_of(now, old, "halt_poll_fail_ns");
	return sum / 1e9 < all ? sum / 1e9 : all;
}

static double all_halted(const struct found_vm *vm, const struct found_vm *old, double seconds)
{
	double sum = 0;

	/* KVM's are summed up. */
	if (!vm->vcpus)
		return halted(&vm->own, &old->own, seconds, vm->nr_vcpus);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		sum += halted(&vm->vcpus[i], i < old->nr_vcpus ? &old->vcpus[i] : NULL, seconds, 1);
	return sum;
}

static struct line line_of(const struct found_vm *vm, const struct found_vm *old, double seconds)
{
	double all = since(vm, old, "exits");
	struct line line = { .vm = vm };

	/* Since it began: nobody knows how long that is. */
	if (!old)
		seconds = 0;
	if (seconds > 0) {
		line.exits = all / seconds;
		if (vm->nr_vcpus)
			line.halted = all_halted(vm, old, seconds) / seconds / vm->nr_vcpus;
	}
	line.memory = counted(&vm->own, "pages_4k") * 4 +
		(counted(&vm->own, "pages_2m") << 11) + (counted(&vm->own, "pages_1g") << 20);
	find_reasons(&line, old, all);
	return line;
}

static int by_exits(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return x->exits < y->exits ? 1 : x->exits > y->exits ? -1 : 0;
}

static void show(const struct ask *ask, const struct found *now, const struct found *before,
		 double seconds)
{
	struct line *lines = calloc(now->nr + 1, sizeof(*lines));
	double all = 0;

	(void)ask;
	if (!lines)
		return;
	for (size_t i = 0; i < now->nr; i++) {
		lines[i] = line_of(&now->vm[i], found_before(before, &now->vm[i]), seconds);
		all += lines[i].exits;
	}
	qsort(lines, now->nr, sizeof(*lines), by_exits);
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	printf("machines: %zu, exits a second: %.0f\n", now->nr, all);
	printf("%8s %6s %-16s %5s %9s %7s %9s  %s\n", "PID", "VM", "NAME", "VCPUS", "EXITS/S",
	       "HALTED", "MEMORY", "REASONS");
	for (size_t i = 0; i < now->nr; i++)
		printf("%8d %6u %-16.16s %5u %9.0f %6.0f%% %8.1fM  %s\n", lines[i].vm->pid,
		       lines[i].vm->number, lines[i].vm->name, lines[i].vm->nr_vcpus,
		       lines[i].exits, lines[i].halted * 100, lines[i].memory / 1024.0,
		       lines[i].reasons);
	if (now->denied)
		printf("machines of %u other processes are root's to see\n", now->denied);
	free(lines);
}

int top_main(int argc, char **argv)
{
	struct ask ask = { .interval = 2 };
	int ending = ask_parse(&ask, argc, argv, help);

	if (ending >= 0)
		return ending;
	return ask_loop(&ask, ask.json ? stat_show_json : show);
}
