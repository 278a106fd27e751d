/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state that native_entry.S loads and stores.
 */
#ifndef VELLUM_UNIT_EMUL_NATIVE_H
#define VELLUM_UNIT_EMUL_NATIVE_H

#define NATIVE_FLAGS		128
#define NATIVE_TARGET		136
#define NATIVE_FAR		144
#define NATIVE_DS		152
#define NATIVE_ES		154
#define NATIVE_USE_VECTORS	156
#define NATIVE_VECTOR		160

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct native_state - registers of the CPU
 * @gpr: general registers
 * @flags: RFLAGS
 * @target: where to jump: to the instruction, or to native_far()
 * @far_offset: where native_far() jumps
 * @far_selector: and its code segment
 * @ds: selector
 * @es: selector
 * @use_vectors: load and store @vector
 * @vector: YMM registers
 */
struct native_state {
	uint64_t gpr[16];
	uint64_t flags;
	uint64_t target;
	uint32_t far_offset;
	uint16_t far_selector;
	uint16_t pad;
	uint16_t ds;
	uint16_t es;
	uint8_t use_vectors;
	uint8_t pad2[3];
	uint8_t vector[16][32];
};

_Static_assert(offsetof(struct native_state, flags) == NATIVE_FLAGS, "asm");
_Static_assert(offsetof(struct native_state, target) == NATIVE_TARGET, "asm");
_Static_assert(offsetof(struct native_state, far_offset) == NATIVE_FAR, "asm");
_Static_assert(offsetof(struct native_state, ds) == NATIVE_DS, "asm");
_Static_assert(offsetof(struct native_state, es) == NATIVE_ES, "asm");
_Static_assert(offsetof(struct native_state, use_vectors) == NATIVE_USE_VECTORS, "asm");
_Static_assert(offsetof(struct native_state, vector) == NATIVE_VECTOR, "asm");

extern struct native_state native_state;

/* native_run() - load native_state, execute, store it. */
void native_run(void);
/* Labels, not functions to call. */
void native_exit(void);
void native_unwind(void);
void native_far(void);

/**
 * struct native_fault - the exception that ended native_run()
 * @happened: there was one
 * @vector: its number
 * @error: error code
 * @cr2: address of a page fault
 */
struct native_fault {
	bool happened;
	unsigned int vector;
	uint32_t error;
	uint64_t cr2;
};

extern struct native_fault native_fault;

/* Where code and memory under test are: above the heap, below 2 GBytes. */
#define NATIVE_CODE	0x58000000ul
#define NATIVE_ARENA	0x60000000ul
/* Around the arena there is nothing, this far. */
#define NATIVE_GUARD	0x01000000ul

/* Descriptors that DS and ES are loaded with in 16- and 32-bit code. */
struct native_segment {
	uint16_t selector;
	uint32_t base, limit, ar;
};

#define NATIVE_SEGMENTS	7
extern struct native_segment native_segments[NATIVE_SEGMENTS];

#define NATIVE_GS_BASE	0x01234560ul

/*
 * native_setup() - map code and arena, make descriptors, catch signals
 * @size: bytes of the arena
 * Returns 0, or what failed.
 */
const char *native_setup(size_t size);

/* native_selector() - of the code segment for @bits-bit code. */
unsigned int native_selector(unsigned int bits);

/* native_place() - put an instruction, and the way out, where it is executed. */
void native_place(const unsigned char *bytes, unsigned int length, unsigned int bits);

#endif /* __ASSEMBLER__ */

#endif /* VELLUM_UNIT_EMUL_NATIVE_H */
