/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: commands for a machine that runs, and its debugger.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdio.h>

#include "../run/machine.h"

/*
 * Listen where --control says, if it does. Behind a connection's first byte is
 * either gdb's remote protocol or a command on a line, which is answered in text.
 */
int control_start(struct machine *m);
/* @ending is told to the debugger. */
void control_stop(struct machine *m, int ending);

/* On a vCPU's thread: it waits in &cpu.trap for the debugger. */
void control_trap(struct machine *m);

/* Do what @line says, and answer in @out. */
void command_run(struct machine *m, const char *line, FILE *out);

/* walk.c: the way from a linear address to a host frame. */
void walk_show(const struct cpu *cpu, uint64_t linear, FILE *out);

#endif /* CONTROL_H */
