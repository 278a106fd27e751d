/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the packets and what they ask for.
 */
#ifndef GDB_PROTO_H
#define GDB_PROTO_H

#include "priv.h"

/* Numbers of signals in the protocol, which are not this system's. */
#define SIGNAL_INT	2
#define SIGNAL_TRAP	5

enum gdb_go {
	GO_UNSET,
	GO_NOT,
	GO_RUN,
	GO_STEP,
};

/**
 * struct gdb - a debugger's connection
 * @machine: what it debugs
 * @fd: the connection
 * @gone: it cannot be written to any more
 * @no_ack: both sides trust the connection
 * @running: gdb waits for a stop; else all vCPUs are paused by us
 * @current: the vCPU whose registers and memory gdb asks for
 * @stopped: the vCPU that stopped last
 * @signal: why, in a word
 * @trap: why, in full, when @trap_valid
 * @trap_valid: it was a trap, no Ctrl-C
 * @go: what each vCPU does while @running
 * @hand_on: its trap was the guest's own
 * @breaks: all breakpoints
 * @in: what has come, and is no packet yet
 * @in_len: how much
 * @reply: what was sent last
 */
struct gdb {
	struct machine *machine;
	int fd;
	bool gone;
	bool no_ack;
	bool running;
	unsigned int current;
	unsigned int stopped;
	unsigned int signal;
	struct kvm_debug_exit_arch trap;
	bool trap_valid;
	enum gdb_go go[MAX_CPUS];
	bool hand_on[MAX_CPUS];
	struct gdb_breaks breaks;
	char in[GDB_PACKET + 8];
	size_t in_len;
	struct gdb_text reply;
};

/* packet.c: do what the packet @p, of @len bytes and a 0, asks. */
void gdb_packet(struct gdb *g, char *p, size_t len);

/* gdb.c */
void gdb_send(struct gdb *g, const struct gdb_text *t);
void gdb_report(struct gdb *g);
/* Let vCPUs go, as &gdb.go says. */
void gdb_go(struct gdb *g);

#endif /* GDB_PROTO_H */
