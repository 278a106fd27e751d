/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that join the emulator to a vCPU share.
 */
#ifndef VELLUM_EMUL_GLUE_PRIV_H
#define VELLUM_EMUL_GLUE_PRIV_H

#include "../core/vcpu.h"
#include "insn.h"

/* An exit to user space carries at most this much. */
#define MMIO_BYTES	8

/* The widest operand, split at a page boundary: 1 + 31 bytes, or so. */
#define MAX_MMIO	8

#define NR_TRANSLATIONS	4

/**
 * struct vlm_mmio - one access that user space has a part in
 * @gpa: where
 * @len: bytes, all in one page
 * @data: what is read or written
 */
struct vlm_mmio {
	gpa_t gpa;
	u32 len;
	u8 data[MMIO_BYTES];
};

/**
 * struct vlm_port_string - port access of INS or OUTS
 * @port: the port
 * @size: bytes of an element
 * @in: INS
 * @allowed: the CPU has checked that the guest may access it
 * @count: elements that user space is to take, or was asked for
 * @answered: and that it has given
 */
struct vlm_port_string {
	u16 port;
	u8 size;
	bool in;
	bool allowed;
	u32 count;
	u32 answered;
};

/* Instructions that are remembered, two at each hash of their address. */
#define QUICK_BITS	4

/**
 * struct emul_quick - an instruction that glue_quick.c can do again
 * @nr_words: how many of @words there are; 0: nothing is remembered here
 * @rip: where it is
 * @gfn: the device
 * @page: linear address of the page that its operand was in
 * @slots: vlm_slots_generation() at that time
 * @fetch: registers that decided how it was fetched
 * @words: page-table entries and bytes by which it was found
 * @insn: and what it is
 */
struct emul_quick {
	unsigned int nr_words;
	u64 rip;
	gfn_t gfn;
	u64 page;
	u64 slots;
	struct vmx_fetch fetch;
	struct vlm_word words[WALK_LEVELS + 2];
	struct em_insn insn;
};

/**
 * struct vlm_emul_state - an instruction that is being executed
 * @em: registers and instruction; the first member
 * @vcpu: [I] the vCPU
 * @rip: where the instruction is
 * @cs_base: linear address of the code segment
 * @bytes_end: why there are no more bytes: EM_SHORT, EM_FAULT or EM_UNHANDLED
 * @error: errno that goes with EM_ERROR
 * @reads: what user space has answered, in the order of execution
 * @nr_reads: how many
 * @used: how many of them this execution has taken
 * @writes: what user space is to take once the instruction is done
 * @nr_writes: how many
 * @written: how many it has taken
 * @port: of INS and OUTS
 * @tlb: pages that were translated for this execution
 * @nr_tlb: how many
 * @nr_known: how many of them the CPU had translated
 * @walk: the way to the first byte of the instruction
 * @quick: instructions that were executed before
 * @asked: the one of them that user space has a read of
 *
 * An instruction that has to ask is executed again from the start when there is
 * an answer, with the answers so far at hand.  Nothing is kept of a guest's
 * registers meanwhile: user space may change them.
 */
struct vlm_emul_state {
	struct em em;
	struct vlm_vcpu *vcpu;
	u64 rip;
	u64 cs_base;
	int bytes_end;
	int error;
	struct vlm_mmio reads[MAX_MMIO];
	u8 nr_reads;
	u8 used;
	struct vlm_mmio writes[MAX_MMIO];
	u8 nr_writes;
	u8 written;
	struct vlm_port_string port;
	struct {
		u64 page;
		gpa_t gpa;
		u32 access;
	} tlb[NR_TRANSLATIONS];
	u8 nr_tlb;
	u8 nr_known;
	struct vlm_walk walk;
	struct emul_quick quick[1 << QUICK_BITS];
	const struct emul_quick *asked;
};

/* em_ops get the context, which is where the state begins. */
static inline struct vlm_emul_state *em_state(struct em *em)
{
	return container_of(em, struct vlm_emul_state, em);
}

/** emul_continue() - execute the instruction again, with another answer. */
int emul_continue(struct vlm_vcpu *vcpu);

/* glue_mem.c: em_ops, and the writes that they leave behind. */
int emul_read(struct em *em, u64 linear, void *buf, unsigned int len, u32 access);
int emul_write(struct em *em, u64 linear, const void *buf, unsigned int len);
int emul_cmpxchg(struct em *em, u64 linear, const void *old, const void *new, unsigned int len);
int emul_probe(struct em *em, u64 linear, unsigned int len, u32 access);
/** emul_send_writes() - make the next writes, by way of user space or not. */
int emul_send_writes(struct vlm_emul_state *state);

/** emul_fill_run() - KVM_EXIT_MMIO. */
void emul_fill_run(struct vlm_vcpu *vcpu, const struct vlm_mmio *mmio, bool is_write);
void emul_trace_device(struct vlm_vcpu *vcpu, const struct vlm_mmio *mmio, bool write);

/** emul_quick_learn() - glue_quick.c: the decoded instruction makes this access. */
void emul_quick_learn(struct vlm_emul_state *state, const struct vlm_translated *access);

/* glue_port.c: em_ops, and what OUTS leaves behind. */
int emul_port_in(struct em *em, u16 port, unsigned int size, unsigned int count);
int emul_port_out(struct em *em, u16 port, unsigned int size, unsigned int count);
/** emul_send_port() - write to the port what OUTS has put into the buffer. */
int emul_send_port(struct vlm_emul_state *state);

/* glue_vector.c: em_ops. */
int emul_vector_check(struct em *em, bool vex);
int emul_vector_read(struct em *em, unsigned int reg, void *buf, unsigned int len);
int emul_vector_write(struct em *em, unsigned int reg, const void *buf, unsigned int len,
		      bool zero);

#endif /* VELLUM_EMUL_GLUE_PRIV_H */
