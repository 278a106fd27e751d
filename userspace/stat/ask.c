// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line and the clock of `vellum stat` and `vellum top`.
 */
#include "ask.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../run/say.h"

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static int number(const char *option, const char *text, double least, double *value)
{
	char *end;

	*value = strtod(text, &end);
	if (end != text && !*end && *value >= least && *value <= 1e9)
		return -1;
	say("--%s %s: a number from %g on", option, text, least);
	return END_USAGE;
}

static int take_option(struct ask *ask, int c, const char *help)
{
	double value = 0;
	int ending = -1;

	switch (c) {
	case 'p':
		ending = number("pid", optarg, 1, &value);
		ask->pid = value;
		return ending;
	case 'v':
		ask->name = optarg;
		return -1;
	case 'i':
		return number("interval", optarg, 0.1, &ask->interval);
	case 'c':
		ending = number("count", optarg, 1, &value);
		ask->count = value;
		return ending;
	case 'j':
		ask->json = true;
		return -1;
	case 'a':
		ask->all = true;
		return -1;
	case 'h':
		fputs(help, stdout);
		return 0;
	}
	return END_USAGE;
}

int ask_parse(struct ask *ask, int argc, char **argv, const char *help)
{
	static const struct option longs[] = {
		{ "pid", required_argument, NULL, 'p' },
		{ "vm", required_argument, NULL, 'v' },
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "all", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c, ending;

	while ((c = getopt_long(argc, argv, "p:v:i:c:jah", longs, NULL)) != -1) {
		ending = take_option(ask, c, help);
		if (ending >= 0)
			return ending;
	}
	if (optind < argc) {
		say("%s: what is this? Machines are named by --pid or --vm", argv[optind]);
		return END_USAGE;
	}
	return -1;
}

int ask_look(const struct ask *ask, struct found *found)
{
	if (find_vms(found, ask->pid))
		return fail("/proc cannot be read");
	if (ask->name)
		found_keep(found, ask->name);
	if (found->nr)
		return 0;
	if (found->denied)
		say("this host lets only root look into processes (kernel.yama.ptrace_scope)");
	else if (ask->name)
		say("no machine is called %s; vellum stat lists them", ask->name);
	else if (ask->pid)
		say("process %d has no machine that may be looked at", ask->pid);
	else if (geteuid())
		say("no machine of yours runs; root sees all");
	else
		say("no machine runs");
	return -1;
}

static double clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int ask_loop(const struct ask *ask,
	     void (*show)(const struct ask *ask, const struct found *now,
			  const struct found *before, double seconds))
{
	struct sigaction action = { .sa_handler = stop };
	struct found before = { 0 }, now;
	double then = clock_now(), at;
	unsigned long left = ask->count;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (ask_look(ask, &now))
		return END_TOOL;
	for (;;) {
		at = clock_now();
		show(ask, &now, &before, at - then);
		fflush(stdout);
		then = at;
		found_free(&before);
		before = now;
		if (!ask->interval || stopped || (ask->count && !--left))
			break;
		poll(NULL, 0, ask->interval * 1000);
		/* The last machine may have ended: that is no failure. */
		if (stopped || ferror(stdout) || ask_look(ask, &now)) {
			found_free(&now);
			break;
		}
	}
	found_free(&before);
	return ferror(stdout) ? END_TOOL : 0;
}

const struct found_vm *found_before(const struct found *before, const struct found_vm *vm)
{
	for (size_t i = 0; i < before->nr; i++) {
		const struct found_vm *old = &before->vm[i];

		if (old->pid == vm->pid && old->number == vm->number && old->kvm == vm->kvm)
			return old;
	}
	return NULL;
}
