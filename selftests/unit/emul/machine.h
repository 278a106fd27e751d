/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine for the emulator to run on: some linear memory, ports, vector
 * registers, all in arrays.
 */
#ifndef VELLUM_UNIT_EMUL_MACHINE_H
#define VELLUM_UNIT_EMUL_MACHINE_H

#include "../../../module/emul/emul.h"

#define PAGE_BYTES	0x1000u
#define MACHINE_PAGES	32u
#define MACHINE_BYTES	(MACHINE_PAGES * PAGE_BYTES)

/* What a page of the machine is. */
enum page_kind { PAGE_NONE, PAGE_READ, PAGE_WRITE, PAGE_DEVICE };

#define MAX_TOUCHED	64

/**
 * struct access - one access that the emulator made
 * @linear: address
 * @len: bytes
 */
struct access {
	u64 linear;
	u32 len;
};

/**
 * struct machine - memory and registers
 * @em: must be first: the ops find the machine by it
 * @base: linear address of the first page
 * @kind: enum page_kind of each page
 * @mem: their contents
 * @vector: vector registers
 * @io: buffer of INS and OUTS
 * @touched: accesses of this instruction
 * @nr_touched: how many
 * @outside: there was an access that is not in this memory at all
 * @devices: treat all memory as a device that answers late
 * @log: answers of that device so far
 * @nr_log: how many
 * @used: how many of them this execution has taken
 * @wanted: the answer that is missing
 * @writes: stores that wait for the instruction to succeed
 * @nr_writes: how many
 * @broken: the emulator broke a rule: see machine_run()
 * @port: what port_in() gives and port_out() takes
 * @nr_port: bytes of it
 * @lose: how often a locked access is to fail
 */
struct machine {
	struct em em;
	u64 base;
	u8 kind[MACHINE_PAGES];
	u8 mem[MACHINE_BYTES];
	u8 vector[16][EM_MAX_OPERAND];
	u8 io[PAGE_BYTES];
	struct access touched[MAX_TOUCHED];
	unsigned int nr_touched;
	bool outside;
	bool devices;
	struct { u64 linear; u32 len; u8 data[EM_MAX_OPERAND]; } log[8], wanted;
	unsigned int nr_log;
	unsigned int used;
	struct { u64 linear; u32 len; u8 data[EM_MAX_OPERAND]; } writes[4];
	unsigned int nr_writes;
	const char *broken;
	u8 port[4 * PAGE_BYTES];
	unsigned int nr_port;
	unsigned int lose;
};

/* machine_init() - flat segments, 64-bit mode, CPL 0, all memory writable. */
void machine_init(struct machine *m, u64 base);

/* machine_set_mode() - 64, 32 or 16 bits, or 86: real-address mode. */
void machine_set_mode(struct machine *m, unsigned int mode);

/*
 * machine_run() - decode and execute until done, at most @rounds of REP
 *
 * With m->devices every read is first answered with EM_WAIT, and supplied from
 * the machine's memory when the instruction is executed again, as user space
 * does for MMIO; m->broken tells if registers changed meanwhile.
 */
int machine_run(struct machine *m, unsigned int rounds);

/* machine_at() - where @linear is in m->mem, or NULL. */
u8 *machine_at(struct machine *m, u64 linear, unsigned int len);

#endif /* VELLUM_UNIT_EMUL_MACHINE_H */
