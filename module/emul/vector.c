// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moves between memory and vector registers, SSE's and AVX's.
 */
#include "insn.h"

/* How many bytes a move has. */
enum width { W4, W8, WORD, FULL };

/* What a load does with the rest of the register, and a store leaves out. */
enum part { WHOLE, LOW, HIGH };

/**
 * struct vector_row - a vector move
 * @map: enum em_map
 * @opcode: its last byte
 * @prefixes: bit n: legal with prefix n of em_vector_opcode()
 * @store: from register to memory
 * @width: enum width
 * @part: enum part
 * @aligned: a full-width access must be aligned
 */
struct vector_row {
	u8 map;
	u8 opcode;
	u8 prefixes;
	bool store;
	u8 width;
	u8 part;
	bool aligned;
};

#define NP	1
#define P66	2
#define PF3	4
#define PF2	8

static const struct vector_row rows[] = {
	/* MOVUPS, MOVUPD; MOVSS; MOVSD */
	{ EM_MAP_0F, 0x10, NP | P66, false, FULL },
	{ EM_MAP_0F, 0x10, PF3, false, W4 },
	{ EM_MAP_0F, 0x10, PF2, false, W8 },
	{ EM_MAP_0F, 0x11, NP | P66, true, FULL },
	{ EM_MAP_0F, 0x11, PF3, true, W4 },
	{ EM_MAP_0F, 0x11, PF2, true, W8 },
	/* MOVLPS, MOVLPD, MOVHPS, MOVHPD */
	{ EM_MAP_0F, 0x12, NP | P66, false, W8, LOW },
	{ EM_MAP_0F, 0x13, NP | P66, true, W8, LOW },
	{ EM_MAP_0F, 0x16, NP | P66, false, W8, HIGH },
	{ EM_MAP_0F, 0x17, NP | P66, true, W8, HIGH },
	/* MOVAPS, MOVAPD, MOVNTPS, MOVNTPD */
	{ EM_MAP_0F, 0x28, NP | P66, false, FULL, WHOLE, true },
	{ EM_MAP_0F, 0x29, NP | P66, true, FULL, WHOLE, true },
	{ EM_MAP_0F, 0x2b, NP | P66, true, FULL, WHOLE, true },
	/* MOVD, MOVQ */
	{ EM_MAP_0F, 0x6e, P66, false, WORD },
	{ EM_MAP_0F, 0x7e, P66, true, WORD },
	{ EM_MAP_0F, 0x7e, PF3, false, W8 },
	{ EM_MAP_0F, 0xd6, P66, true, W8 },
	/* MOVDQA, MOVDQU, LDDQU, MOVNTDQ, MOVNTDQA */
	{ EM_MAP_0F, 0x6f, P66, false, FULL, WHOLE, true },
	{ EM_MAP_0F, 0x6f, PF3, false, FULL },
	{ EM_MAP_0F, 0x7f, P66, true, FULL, WHOLE, true },
	{ EM_MAP_0F, 0x7f, PF3, true, FULL },
	{ EM_MAP_0F, 0xf0, PF2, false, FULL },
	{ EM_MAP_0F, 0xe7, P66, true, FULL, WHOLE, true },
	{ EM_MAP_0F38, 0x2a, P66, false, FULL, WHOLE, true },
	{ }
};

static const struct vector_row *find_row(enum em_map map, u8 opcode, unsigned int pp)
{
	const struct vector_row *row;

	for (row = rows; row->prefixes; row++) {
		if (row->map == map && row->opcode == opcode && (row->prefixes & 1 << pp))
			return row;
	}
	return NULL;
}

static u8 row_size(const struct em *em, const struct vector_row *row, unsigned int wide)
{
	switch (row->width) {
	case W4:
		return 4;
	case W8:
		return 8;
	case WORD:
		/* REX.W counts in 64-bit mode only; there is no other REX. */
		return em->insn.rex & 8 ? 8 : 4;
	default:
		return wide;
	}
}

struct em_opcode em_vector_opcode(const struct em *em, enum em_map map, unsigned int pp,
				  unsigned int wide, u8 *size)
{
	const struct vector_row *row = find_row(map, em->insn.opcode, pp);
	struct em_opcode out = { .kind = EM_ROW_UNHANDLED };

	/* Between registers nothing reaches memory. */
	if (!row || em->insn.modrm >= 0xc0)
		return out;
	/* With VEX such a load has a third operand. */
	if (em->insn.vex && row->part && !row->store)
		return out;

	out.kind = EM_ROW_OP;
	out.op = EM_OP_VMOV;
	out.dst = row->store ? AT_RM : AT_VEC;
	out.src = row->store ? AT_VEC : AT_RM;
	*size = row_size(em, row, wide);
	if (row->aligned)
		out.flags |= EM_ALIGNED;
	/* With VEX.L, only full-width moves exist. */
	if (wide == 32 && row->width != FULL && row->width != W4 &&
	    !(row->width == W8 && pp == 3))
		out.kind = EM_ROW_UNDEFINED;
	if (row->part == HIGH)
		out.flags |= EM_HIGH_HALF;
	if (row->part == LOW)
		out.flags |= EM_LOW_HALF;
	return out;
}

static int vector_linear(struct em *em, u32 access, u64 *linear)
{
	const struct em_insn *insn = &em->insn;
	unsigned int size = insn->dst.size;
	u64 offset = em_offset(em);

	if (insn->flags & EM_ALIGNED)
		return em_linear_aligned(em, insn->mem.seg, offset, size, access, linear);
	return em_linear(em, insn->mem.seg, offset, size, size <= 8 ? size : 1, access, linear);
}

static int load(struct em *em, unsigned int half)
{
	const struct em_insn *insn = &em->insn;
	unsigned int size = insn->src.size;
	u8 value[EM_MAX_OPERAND] = { 0 };
	u64 linear;
	int ret;

	ret = vector_linear(em, EM_READ, &linear);
	if (ret)
		return ret;
	if (insn->flags & (EM_LOW_HALF | EM_HIGH_HALF)) {
		ret = em->ops->vector_read(em, insn->dst.reg, value, 16);
		if (ret)
			return ret;
	}
	ret = em->ops->read(em, linear, value + half, size, EM_READ);
	if (ret)
		return ret;
	return em->ops->vector_write(em, insn->dst.reg, value, size < 16 ? 16 : size, insn->vex);
}

static int store(struct em *em, unsigned int half)
{
	const struct em_insn *insn = &em->insn;
	unsigned int size = insn->dst.size;
	u8 value[EM_MAX_OPERAND];
	u64 linear;
	int ret;

	ret = vector_linear(em, EM_WRITE, &linear);
	if (ret)
		return ret;
	ret = em->ops->vector_read(em, insn->src.reg, value, half + size);
	if (ret)
		return ret;
	return em->ops->write(em, linear, value + half, size);
}

int em_vector_move(struct em *em)
{
	unsigned int half = em->insn.flags & EM_HIGH_HALF ? 8 : 0;
	int ret;

	ret = em->ops->vector_check(em, em->insn.vex);
	if (ret)
		return ret;
	return em->insn.dst.kind == OP_VEC ? load(em, half) : store(em, half);
}
