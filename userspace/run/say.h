/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages, and how the tool ends.
 */
#ifndef SAY_H
#define SAY_H

/**
 * enum ending - how `vellum run` ended, which is its exit status
 * @END_OFF: the guest powered off
 * @END_TOOL: the tool failed: a file, memory, a system call
 * @END_USAGE: the command line was wrong
 * @END_MISSING: no device, or a capability that the machine needs is missing
 * @END_RESET: the guest reset itself
 * @END_TRIPLE: triple fault
 * @END_ENTRY: the CPU refused to enter the guest
 * @END_INTERNAL: the hypervisor gave up
 * @END_HALT: all stands still: HLT, and nothing that could wake it
 * @END_QUIT: "quit" in the console menu
 * @END_SIGNAL: with the number of a signal added
 */
enum ending {
	END_OFF,
	END_TOOL,
	END_USAGE,
	END_MISSING,
	END_RESET,
	END_TRIPLE,
	END_ENTRY,
	END_INTERNAL,
	END_HALT,
	END_QUIT,
	END_SIGNAL = 128,
};

/* One line on standard error, after "vellum: ". */
void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...);

/* The same, and -1. */
int __attribute__((format(printf, 1, 2))) fail(const char *fmt, ...);

#endif /* SAY_H */
