// SPDX-License-Identifier: GPL-2.0-only
/*
 * The opcode tables: SDM 2D, "Opcode Map".  What has no row is EM_ROW_UNHANDLED.
 */
#include "insn.h"

#define OP(name, to, from, bits)						\
	{ .kind = EM_ROW_OP, .op = EM_OP_##name, .dst = AT_##to, .src = AT_##from, .flags = (bits) }
#define GROUP(name, to, from, bits)						\
	{ .kind = EM_ROW_GROUP, .op = (name), .dst = AT_##to, .src = AT_##from, .flags = (bits) }
#define UNDEFINED	{ .kind = EM_ROW_UNDEFINED }
/* Exists outside 64-bit mode only, where it is not handled. */
#define NO_LONG		{ .kind = EM_ROW_UNHANDLED, .flags = EM_NOT64 }
#define VECTOR		{ .kind = EM_ROW_VECTOR }

/* The six forms that the eight arithmetic operations share. */
#define ARITH(base, name, bits)							\
	[(base) + 0] = OP(name, RM, REG, EM_BYTE | (bits)),			\
	[(base) + 1] = OP(name, RM, REG, (bits)),				\
	[(base) + 2] = OP(name, REG, RM, EM_BYTE),				\
	[(base) + 3] = OP(name, REG, RM, 0),					\
	[(base) + 4] = OP(name, ACC, IMM, EM_BYTE),				\
	[(base) + 5] = OP(name, ACC, IMM, 0)

/* A string instruction, on bytes and on words. */
#define STRING(base, name)							\
	[(base) + 0] = OP(name, NONE, NONE, EM_BYTE),		\
	[(base) + 1] = OP(name, NONE, NONE, 0)

enum {
	G_ARITH, G_POP, G_SHIFT, G_MOV, G_TEST, G_INC_BYTE, G_INC, G_BIT, G_CMPXCHG8B, G_FLUSH,
	NR_GROUPS
};

static const struct em_opcode map_1[256] = {
	ARITH(0x00, ADD, EM_LOCKS),
	[0x06 ... 0x07] = NO_LONG,
	ARITH(0x08, OR, EM_LOCKS),
	[0x0e] = NO_LONG,
	ARITH(0x10, ADC, EM_LOCKS),
	[0x16 ... 0x17] = NO_LONG,
	ARITH(0x18, SBB, EM_LOCKS),
	[0x1e ... 0x1f] = NO_LONG,
	ARITH(0x20, AND, EM_LOCKS),
	[0x27] = NO_LONG,
	ARITH(0x28, SUB, EM_LOCKS),
	[0x2f] = NO_LONG,
	ARITH(0x30, XOR, EM_LOCKS),
	[0x37] = NO_LONG,
	ARITH(0x38, CMP, 0),
	[0x3f] = NO_LONG,
	[0x50 ... 0x57] = OP(PUSH, NONE, LOW, EM_STACK),
	[0x58 ... 0x5f] = OP(POP, LOW, NONE, EM_STACK),
	[0x60 ... 0x61] = NO_LONG,
	[0x63] = OP(MOVSX, REG, RM, EM_ONLY64 | EM_SRC32),
	[0x68] = OP(PUSH, NONE, IMM, EM_STACK),
	[0x6a] = OP(PUSH, NONE, IMM8, EM_STACK),
	STRING(0x6c, INS),
	STRING(0x6e, OUTS),
	[0x80] = GROUP(G_ARITH, RM, IMM, EM_BYTE),
	[0x81] = GROUP(G_ARITH, RM, IMM, 0),
	[0x82] = GROUP(G_ARITH, RM, IMM, EM_BYTE | EM_NOT64),
	[0x83] = GROUP(G_ARITH, RM, IMM8, 0),
	[0x84] = OP(TEST, RM, REG, EM_BYTE),
	[0x85] = OP(TEST, RM, REG, 0),
	[0x86] = OP(XCHG, RM, REG, EM_BYTE | EM_LOCKS),
	[0x87] = OP(XCHG, RM, REG, EM_LOCKS),
	[0x88] = OP(MOV, RM, REG, EM_BYTE),
	[0x89] = OP(MOV, RM, REG, 0),
	[0x8a] = OP(MOV, REG, RM, EM_BYTE),
	[0x8b] = OP(MOV, REG, RM, 0),
	[0x8c] = OP(MOV, RM, SEG, 0),
	[0x8f] = GROUP(G_POP, RM, NONE, EM_STACK),
	[0x9a] = NO_LONG,
	[0xa0] = OP(MOV, ACC, MOFFS, EM_BYTE),
	[0xa1] = OP(MOV, ACC, MOFFS, 0),
	[0xa2] = OP(MOV, MOFFS, ACC, EM_BYTE),
	[0xa3] = OP(MOV, MOFFS, ACC, 0),
	STRING(0xa4, MOVS),
	STRING(0xa6, CMPS),
	[0xa8] = OP(TEST, ACC, IMM, EM_BYTE),
	[0xa9] = OP(TEST, ACC, IMM, 0),
	STRING(0xaa, STOS),
	STRING(0xac, LODS),
	STRING(0xae, SCAS),
	[0xb0 ... 0xb7] = OP(MOV, LOW, IMM, EM_BYTE),
	[0xb8 ... 0xbf] = OP(MOV, LOW, IMM64, 0),
	[0xc0] = GROUP(G_SHIFT, RM, IMM8, EM_BYTE),
	[0xc1] = GROUP(G_SHIFT, RM, IMM8, 0),
	[0xc6] = GROUP(G_MOV, RM, IMM, EM_BYTE),
	[0xc7] = GROUP(G_MOV, RM, IMM, 0),
	[0xce] = NO_LONG,
	[0xd0] = GROUP(G_SHIFT, RM, ONE, EM_BYTE),
	[0xd1] = GROUP(G_SHIFT, RM, ONE, 0),
	[0xd2] = GROUP(G_SHIFT, RM, CL, EM_BYTE),
	[0xd3] = GROUP(G_SHIFT, RM, CL, 0),
	[0xd4 ... 0xd6] = NO_LONG,
	[0xea] = NO_LONG,
	[0xf6] = GROUP(G_TEST, RM, IMM, EM_BYTE),
	[0xf7] = GROUP(G_TEST, RM, IMM, 0),
	[0xfe] = GROUP(G_INC_BYTE, RM, NONE, EM_BYTE),
	[0xff] = GROUP(G_INC, RM, NONE, 0),
};

static const struct em_opcode map_0f[256] = {
	[0x10 ... 0x13] = VECTOR,
	[0x16 ... 0x17] = VECTOR,
	[0x28 ... 0x29] = VECTOR,
	[0x2b] = VECTOR,
	[0x40 ... 0x4f] = OP(CMOVCC, REG, RM, 0),
	[0x6e ... 0x6f] = VECTOR,
	[0x7e ... 0x7f] = VECTOR,
	[0x90 ... 0x9f] = OP(SETCC, RM, NONE, EM_BYTE),
	[0xa3] = OP(BT, RM, REG, 0),
	[0xab] = OP(BTS, RM, REG, EM_LOCKS),
	[0xae] = GROUP(G_FLUSH, MEM, NONE, EM_OTHER_REPS),
	[0xb0] = OP(CMPXCHG, RM, REG, EM_BYTE | EM_LOCKS),
	[0xb1] = OP(CMPXCHG, RM, REG, EM_LOCKS),
	[0xb3] = OP(BTR, RM, REG, EM_LOCKS),
	[0xb6] = OP(MOVZX, REG, RM, EM_SRC8),
	[0xb7] = OP(MOVZX, REG, RM, EM_SRC16),
	[0xba] = GROUP(G_BIT, RM, IMM8, 0),
	[0xbb] = OP(BTC, RM, REG, EM_LOCKS),
	[0xbe] = OP(MOVSX, REG, RM, EM_SRC8),
	[0xbf] = OP(MOVSX, REG, RM, EM_SRC16),
	[0xc0] = OP(XADD, RM, REG, EM_BYTE | EM_LOCKS),
	[0xc1] = OP(XADD, RM, REG, EM_LOCKS),
	[0xc3] = OP(MOV, MEM, REG, EM_NO_REPS | EM_NO_66 | EM_NO_WORD),
	[0xc7] = GROUP(G_CMPXCHG8B, MEM, NONE, 0),
	[0xd6] = VECTOR,
	[0xe7] = VECTOR,
	[0xf0] = VECTOR,
};

static const struct em_opcode map_0f38[256] = {
	[0x2a] = VECTOR,
	[0xf0] = OP(MOVBE, REG, MEM, EM_OTHER_REPS),
	[0xf1] = OP(MOVBE, MEM, REG, EM_OTHER_REPS),
};

/* A row of a group adds to the row that led to it. */
static const struct em_opcode groups[NR_GROUPS][8] = {
	[G_ARITH] = {
		OP(ADD, NONE, NONE, EM_LOCKS), OP(OR, NONE, NONE, EM_LOCKS),
		OP(ADC, NONE, NONE, EM_LOCKS), OP(SBB, NONE, NONE, EM_LOCKS),
		OP(AND, NONE, NONE, EM_LOCKS), OP(SUB, NONE, NONE, EM_LOCKS),
		OP(XOR, NONE, NONE, EM_LOCKS), OP(CMP, NONE, NONE, 0),
	},
	[G_POP] = {
		OP(POP, NONE, NONE, 0), [1 ... 7] = UNDEFINED,
	},
	[G_SHIFT] = {
		OP(ROL, NONE, NONE, 0), OP(ROR, NONE, NONE, 0),
		OP(RCL, NONE, NONE, 0), OP(RCR, NONE, NONE, 0),
		OP(SHL, NONE, NONE, 0), OP(SHR, NONE, NONE, 0),
		OP(SAL, NONE, NONE, 0), OP(SAR, NONE, NONE, 0),
	},
	[G_MOV] = {
		/* The last is XABORT or XBEGIN with a certain r/m. */
		OP(MOV, NONE, NONE, 0), [1 ... 6] = UNDEFINED,
	},
	[G_TEST] = {
		OP(TEST, NONE, NONE, 0), OP(TEST, NONE, NONE, 0),
		OP(NOT, NONE, NONE, EM_LOCKS), OP(NEG, NONE, NONE, EM_LOCKS),
	},
	[G_INC_BYTE] = {
		OP(INC, NONE, NONE, EM_LOCKS), OP(DEC, NONE, NONE, EM_LOCKS),
		[2 ... 7] = UNDEFINED,
	},
	[G_INC] = {
		OP(INC, NONE, NONE, EM_LOCKS), OP(DEC, NONE, NONE, EM_LOCKS),
		[6] = OP(PUSH, NONE, RM, EM_STACK), [7] = UNDEFINED,
	},
	[G_BIT] = {
		[0 ... 3] = UNDEFINED,
		[4] = OP(BT, NONE, NONE, 0), OP(BTS, NONE, NONE, EM_LOCKS),
		OP(BTR, NONE, NONE, EM_LOCKS), OP(BTC, NONE, NONE, EM_LOCKS),
	},
	[G_CMPXCHG8B] = {
		[1] = OP(CMPXCHG8B, NONE, NONE, EM_LOCKS),
	},
	[G_FLUSH] = {
		/* CLWB; CLFLUSH and CLFLUSHOPT */
		[6] = OP(FLUSH, NONE, NONE, EM_NEEDS_66),
		[7] = OP(FLUSH, NONE, NONE, 0),
	},
};

static const struct em_opcode *opcode_row(enum em_map map, u8 opcode)
{
	switch (map) {
	case EM_MAP_1:
		return &map_1[opcode];
	case EM_MAP_0F:
		return &map_0f[opcode];
	default:
		return &map_0f38[opcode];
	}
}

static bool in_modrm(u8 where)
{
	return where == AT_RM || where == AT_MEM || where == AT_REG;
}

bool em_has_modrm(enum em_map map, u8 opcode)
{
	const struct em_opcode *row = opcode_row(map, opcode);

	return row->kind == EM_ROW_GROUP || row->kind == EM_ROW_VECTOR ||
	       in_modrm(row->dst) || in_modrm(row->src);
}

struct em_opcode em_opcode(enum em_map map, u8 opcode, u8 modrm)
{
	struct em_opcode row = *opcode_row(map, opcode);
	const struct em_opcode *member;

	if (row.kind != EM_ROW_GROUP)
		return row;

	member = &groups[row.op][modrm >> 3 & 7];
	row.kind = member->kind;
	row.op = member->op;
	row.flags |= member->flags;
	/* PUSH is the one member that reads what the others of its group write. */
	if (member->src) {
		row.src = member->src;
		row.dst = AT_NONE;
	}
	/* NOT and NEG have no immediate, which TEST of the same group has. */
	if (row.op == EM_OP_NOT || row.op == EM_OP_NEG)
		row.src = AT_NONE;
	/* Between registers the encodings of CLFLUSH and CLWB are fences. */
	if (row.kind == EM_ROW_OP && row.op == EM_OP_FLUSH && modrm >= 0xc0)
		row.kind = EM_ROW_UNHANDLED;
	return row;
}
