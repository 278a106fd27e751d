/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stub for gdb's remote protocol: a vCPU is a thread, and when one stops all do.
 * All of it runs on the control socket's thread.
 */
#ifndef GDB_H
#define GDB_H

#include "../run/machine.h"

struct gdb;

/* Serve @fd, which it owns from then on; the machine is stopped. NULL after a message. */
struct gdb *gdb_attach(struct machine *m, int fd);
int gdb_fd(const struct gdb *g);

/* @fd is readable. Not 0: the debugger has gone, and gdb_detach() is to follow. */
int gdb_input(struct gdb *g);

/* A vCPU has stopped for the debugger. */
void gdb_trap(struct gdb *g);

/* Tell the debugger that the machine has ended. */
void gdb_end(struct gdb *g, int ending);

/* Take breakpoints out, let the machine run, free @g. */
void gdb_detach(struct gdb *g);

#endif /* GDB_H */
