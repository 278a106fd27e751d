/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `vellum stat` and `vellum top` share: which machines, how often.
 */
#ifndef STAT_ASK_H
#define STAT_ASK_H

#include <signal.h>

#include "find.h"

/**
 * struct ask - the command line
 * @pid: machines of this process, 0: of all
 * @name: only that machine, or NULL
 * @interval: seconds between looks; 0: one look
 * @count: looks; 0: until a signal
 * @json: for other programs
 * @all: what is 0 as well
 */
struct ask {
	int pid;
	const char *name;
	double interval;
	unsigned long count;
	bool json;
	bool all;
};

/* -1: go on; else the exit status. */
int ask_parse(struct ask *ask, int argc, char **argv, const char *help);

/* A look at the machines asked for. 0, or -1 after a message: there is none. */
int ask_look(const struct ask *ask, struct found *found);

/* Call @show every interval; with what was seen the time before, empty at first. */
int ask_loop(const struct ask *ask,
	     void (*show)(const struct ask *ask, const struct found *now,
			  const struct found *before, double seconds));

/* The same machine in an earlier look, or NULL. */
const struct found_vm *found_before(const struct found *before, const struct found_vm *vm);

/* stat.c: an object for other programs. */
void stat_show_json(const struct ask *ask, const struct found *now,
		    const struct found *before, double seconds);

#endif /* STAT_ASK_H */
