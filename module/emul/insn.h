/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the emulator share: operations, operand kinds, the rows of
 * the opcode tables.
 */
#ifndef VELLUM_EMUL_INSN_H
#define VELLUM_EMUL_INSN_H

#include "emul.h"

/*
 * Operations.  The first eight are in the order in which opcodes number them,
 * and so are the shifts.
 */
enum em_op {
	EM_OP_ADD, EM_OP_OR, EM_OP_ADC, EM_OP_SBB,
	EM_OP_AND, EM_OP_SUB, EM_OP_XOR, EM_OP_CMP,
	EM_OP_ROL, EM_OP_ROR, EM_OP_RCL, EM_OP_RCR,
	EM_OP_SHL, EM_OP_SHR, EM_OP_SAL, EM_OP_SAR,
	EM_OP_TEST, EM_OP_INC, EM_OP_DEC, EM_OP_NOT, EM_OP_NEG,
	EM_OP_MOV, EM_OP_MOVZX, EM_OP_MOVSX, EM_OP_MOVBE,
	EM_OP_XCHG, EM_OP_XADD, EM_OP_CMPXCHG, EM_OP_CMPXCHG8B,
	EM_OP_BT, EM_OP_BTS, EM_OP_BTR, EM_OP_BTC,
	EM_OP_PUSH, EM_OP_POP, EM_OP_SETCC, EM_OP_CMOVCC,
	EM_OP_MOVS, EM_OP_CMPS, EM_OP_STOS, EM_OP_LODS, EM_OP_SCAS,
	EM_OP_INS, EM_OP_OUTS,
	EM_OP_FLUSH, EM_OP_VMOV,
	EM_NR_OPS
};

/* What em_execute() finds in em_operand.kind. */
enum em_operand_kind { OP_NONE, OP_REG, OP_MEM, OP_IMM, OP_SEG, OP_VEC };

/* How the table says where an operand is encoded. */
enum em_where {
	AT_NONE,
	AT_RM,		/* ModR/M r/m: register or memory */
	AT_MEM,		/* ModR/M r/m: memory only */
	AT_REG,		/* ModR/M reg */
	AT_SEG,		/* ModR/M reg: segment register */
	AT_VEC,		/* ModR/M reg: vector register */
	AT_ACC,		/* AL, AX, EAX, RAX */
	AT_LOW,		/* low bits of the opcode */
	AT_MOFFS,	/* memory, address in the instruction */
	AT_IMM,		/* immediate of operand size, 4 bytes at most */
	AT_IMM8,	/* immediate byte, sign-extended */
	AT_IMM64,	/* immediate of full operand size */
	AT_ONE,		/* the constant 1 */
	AT_CL,		/* CL */
};

/* em_opcode.kind */
enum em_opcode_kind {
	EM_ROW_UNHANDLED,	/* exists perhaps, but not here: rows left out */
	EM_ROW_OP,		/* em_opcode.op is an operation */
	EM_ROW_GROUP,		/* em_opcode.op is a group: ModR/M reg selects */
	EM_ROW_VECTOR,		/* prefixes select a row of em_vector_table */
	EM_ROW_UNDEFINED,	/* #UD */
};

/* em_opcode.flags */
#define EM_BYTE		0x0001	/* operand size 1 */
#define EM_LOCKS	0x0002	/* LOCK is legal if dst is in memory */
#define EM_STACK	0x0004	/* operand size 64 by default in 64-bit mode */
#define EM_NOT64	0x0008	/* #UD in 64-bit mode */
#define EM_ONLY64	0x0010	/* not handled outside 64-bit mode */
#define EM_SRC8		0x0020	/* src has 1 byte */
#define EM_SRC16	0x0040	/* src has 2 bytes */
#define EM_SRC32	0x0080	/* src has 4 bytes, or 2 with 16-bit operands */
#define EM_NO_REPS	0x0100	/* #UD with F2H or F3H */
#define EM_NO_66	0x0200	/* #UD with 66H */
#define EM_OTHER_REPS	0x4000	/* with F2H or F3H it is another instruction */
#define EM_NO_WORD	0x8000	/* operand size 4 or 8 */
#define EM_NEEDS_66	0x0400	/* not handled without 66H */
#define EM_ALIGNED	0x0800	/* vector access that must be aligned */
#define EM_LOW_HALF	0x1000	/* vector access to bits 63:0 of 127:0 */
#define EM_HIGH_HALF	0x2000	/* to bits 127:64 */

/**
 * struct em_opcode - a row of a table
 * @kind: enum em_opcode_kind
 * @op: enum em_op, or a group
 * @dst: enum em_where
 * @src: enum em_where
 * @flags: EM_*
 */
struct em_opcode {
	u8 kind;
	u8 op;
	u8 dst;
	u8 src;
	u16 flags;
};

/* Opcode maps. */
enum em_map { EM_MAP_1, EM_MAP_0F, EM_MAP_0F38 };

/** em_opcode() - the row of an opcode, groups resolved; never NULL. */
struct em_opcode em_opcode(enum em_map map, u8 opcode, u8 modrm);

/** em_has_modrm() - does a ModR/M byte follow this opcode, if it is handled? */
bool em_has_modrm(enum em_map map, u8 opcode);

/**
 * em_vector_opcode() - the row of a vector move
 * @em: with prefixes, opcode and ModR/M decoded
 * @map: of the opcode
 * @pp: 0, 1, 2 or 3 for none, 66H, F3H or F2H
 * @wide: bytes of a full-width access: 16, or 32 with VEX.L
 * @size: out: bytes of the access
 *
 * Return: the row; its kind is EM_ROW_UNHANDLED if there is none.
 */
struct em_opcode em_vector_opcode(const struct em *em, enum em_map map, unsigned int pp,
				  unsigned int wide, u8 *size);

/* operand.c */

/** em_mask() - all ones in an operand of @size bytes. */
static inline u64 em_mask(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << (size * 8)) - 1;
}

/** em_sign() - the sign bit of an operand of @size bytes. */
static inline u64 em_sign(unsigned int size)
{
	return 1ULL << (size * 8 - 1);
}

/** em_sext() - sign-extend from @size bytes. */
static inline u64 em_sext(u64 value, unsigned int size)
{
	return ((value & em_mask(size)) ^ em_sign(size)) - em_sign(size);
}

/** em_raise() - EM_FAULT without error code. */
int em_raise(struct em *em, u8 vector);
/** em_raise_zero() - EM_FAULT with error code 0. */
int em_raise_zero(struct em *em, u8 vector);

u64 em_get_reg(const struct em *em, unsigned int reg, unsigned int size);
/** em_set_reg() - 4 bytes clear the upper half, 1 and 2 leave the rest alone. */
void em_set_reg(struct em *em, unsigned int reg, unsigned int size, u64 value);

/** em_offset() - offset of the memory operand in its segment. */
u64 em_offset(const struct em *em);

/**
 * em_linear() - segmentation
 * @em: the context
 * @seg: segment register
 * @offset: in it
 * @len: bytes
 * @align: what the address must be a multiple of under alignment checking
 * @access: EM_READ, EM_WRITE
 * @linear: out
 *
 * Return: EM_OK or EM_FAULT.
 */
int em_linear(struct em *em, unsigned int seg, u64 offset, unsigned int len,
	      unsigned int align, u32 access, u64 *linear);

/**
 * em_linear_aligned() - likewise, for operands that must be aligned
 * @em: the context
 * @seg: segment register
 * @offset: in it
 * @len: bytes, and what the linear address must be a multiple of
 * @access: EM_READ, EM_WRITE
 * @linear: out
 *
 * CPUs check the alignment before all else.  Return: EM_OK or EM_FAULT.
 */
int em_linear_aligned(struct em *em, unsigned int seg, u64 offset, unsigned int len,
		      u32 access, u64 *linear);

/** em_read() - @size bytes at @seg:@offset; @access as for em_ops.read. */
int em_read(struct em *em, unsigned int seg, u64 offset, unsigned int size, u32 access,
	    u64 *value);
int em_write(struct em *em, unsigned int seg, u64 offset, unsigned int size, u64 value);

/** em_get() - value of an operand. */
int em_get(struct em *em, const struct em_operand *operand, u32 access, u64 *value);

/**
 * em_put() - store to an operand
 * @em: the context
 * @operand: where
 * @old: what em_get() found there; a locked access depends on it
 * @value: what to store
 */
int em_put(struct em *em, const struct em_operand *operand, u64 old, u64 value);

/* alu.c: results, and status flags in @rflags. */

/** em_arith() - EM_OP_ADD to EM_OP_CMP. */
u64 em_arith(enum em_op op, unsigned int size, u64 a, u64 b, u64 *rflags);
/** em_shift() - EM_OP_ROL to EM_OP_SAR. */
u64 em_shift(enum em_op op, unsigned int size, u64 a, unsigned int count, u64 *rflags);
/** em_condition() - does the condition in an opcode's low 4 bits hold? */
bool em_condition(unsigned int code, u64 rflags);

/* string.c, vector.c */
int em_string(struct em *em);
int em_vector_move(struct em *em);

#endif /* VELLUM_EMUL_INSN_H */
