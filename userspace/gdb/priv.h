/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the debugger's stub share.
 */
#ifndef GDB_PRIV_H
#define GDB_PRIV_H

#include "gdb.h"

#define GDB_PACKET	0x4000	/* bytes of a packet, either way */
#define GDB_SOFT	64
#define GDB_HARD	4

/**
 * struct gdb_text - a packet being made
 * @len: bytes so far
 * @data: the bytes
 */
struct gdb_text {
	size_t len;
	char data[GDB_PACKET];
};

/* text.c: bytes are two hexadecimal digits; what does not fit is left out. */
void text_add(struct gdb_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_hex(struct gdb_text *t, const void *data, size_t len);

/* @len bytes out of hexadecimal digits; how many there were. */
size_t hex_read(const char *text, void *data, size_t len);

/* regs.c: the target's description, and registers in its order. */
const char *regs_xml(void);
int regs_read(const struct cpu *cpu, struct gdb_text *out);
int regs_write(const struct cpu *cpu, const char *hex);
/* One of them. */
int reg_read(const struct cpu *cpu, unsigned int n, struct gdb_text *out);
int reg_write(const struct cpu *cpu, unsigned int n, const char *hex);

/**
 * struct gdb_breaks - breakpoints of both kinds
 * @soft: INT3 in guest memory, and what was there
 * @hard: debug registers; @len 0: free
 */
struct gdb_breaks {
	struct { uint64_t linear, gpa; uint8_t was; bool used; } soft[GDB_SOFT];
	struct { uint64_t linear; unsigned int len, type; } hard[GDB_HARD];
};

/* Types of DR7, beside the length. */
#define HARD_EXEC	0
#define HARD_WRITE	1
#define HARD_ACCESS	3

/* mem.c: guest memory by linear address. How many bytes; fewer where none is mapped. */
size_t linear_read(const struct cpu *cpu, uint64_t linear, void *to, size_t len);
size_t linear_write(const struct cpu *cpu, uint64_t linear, const void *from, size_t len);

/* 0, or -1 when there is no room or nothing at the address. */
int break_soft_add(struct gdb_breaks *b, const struct cpu *cpu, uint64_t linear);
int break_soft_remove(struct gdb_breaks *b, const struct machine *m, uint64_t linear);
bool break_soft_at(const struct gdb_breaks *b, uint64_t linear);
int break_hard_add(struct gdb_breaks *b, uint64_t linear, unsigned int len, unsigned int type);
int break_hard_remove(struct gdb_breaks *b, uint64_t linear, unsigned int len,
		      unsigned int type);
void break_remove_all(struct gdb_breaks *b, const struct machine *m);
/* Give a vCPU the breakpoints; @step: and let it do one instruction. 0 or -errno. */
int break_apply(const struct gdb_breaks *b, const struct cpu *cpu, bool step);

#endif /* GDB_PRIV_H */
