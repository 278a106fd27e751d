// SPDX-License-Identifier: GPL-2.0-only
/*
 * From bytes to an instruction: SDM 2A, "Instruction Format".
 */
#include "insn.h"

/* REX bits; a VEX prefix has the same, inverted and elsewhere. */
#define REX_B	1
#define REX_X	2
#define REX_R	4
#define REX_W	8

#define MODRM_MOD(b)	((b) >> 6)
#define MODRM_REG(b)	((b) >> 3 & 7)
#define MODRM_RM(b)	((b) & 7)

static int take(struct em *em, unsigned int n, u64 *value)
{
	u8 at = em->insn.length;

	if (at + n > EM_MAX_INSN)
		return em_raise_zero(em, EM_VECTOR_GP);
	if (at + n > em->nbytes)
		return EM_SHORT;
	*value = 0;
	__builtin_memcpy(value, em->bytes + at, n);
	em->insn.length += n;
	return EM_OK;
}

/* Takes @n bytes and sign-extends them. */
static int take_signed(struct em *em, unsigned int n, u64 *value)
{
	int ret = take(em, n, value);

	if (!ret)
		*value = em_sext(*value, n);
	return ret;
}

static bool is_long(const struct em *em)
{
	return em->code_bits == 64;
}

/* True: @byte was a legacy prefix. */
static bool legacy_prefix(struct em_insn *insn, u8 byte, bool lng, bool *addr_prefix)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		/* In 64-bit mode these segments cannot be chosen. */
		if (!lng)
			insn->override = byte >> 3 & 3;
		return true;
	case 0x64:
	case 0x65:
		insn->override = byte & 7;
		return true;
	case 0x66:
		insn->opsize_prefix = true;
		return true;
	case 0x67:
		*addr_prefix = true;
		return true;
	case 0xf0:
		insn->lock = true;
		return true;
	case 0xf2:
	case 0xf3:
		insn->rep = byte;
		return true;
	}
	return false;
}

/* Up to the first byte of the opcode. */
static int decode_prefixes(struct em *em)
{
	struct em_insn *insn = &em->insn;
	bool addr_prefix = false;
	u64 byte;
	int ret;

	for (;;) {
		ret = take(em, 1, &byte);
		if (ret)
			return ret;
		if (legacy_prefix(insn, byte, is_long(em), &addr_prefix)) {
			/* REX counts only right before the opcode. */
			insn->rex = 0;
		} else if (is_long(em) && (byte & 0xf0) == 0x40) {
			insn->rex = byte;
		} else {
			break;
		}
	}
	insn->opcode = byte;

	if (is_long(em)) {
		insn->addr_size = addr_prefix ? 4 : 8;
		insn->op_size = insn->rex & REX_W ? 8 : insn->opsize_prefix ? 2 : 4;
	} else {
		insn->addr_size = (em->code_bits == 32) != addr_prefix ? 4 : 2;
		insn->op_size = (em->code_bits == 32) != insn->opsize_prefix ? 4 : 2;
	}
	return EM_OK;
}

/* SDM 2A, "Vector Extension (VEX) prefix"; C5H or C4H has been taken. */
static int decode_vex(struct em *em, enum em_map *map, unsigned int *pp, unsigned int *wide)
{
	struct em_insn *insn = &em->insn;
	u64 byte, payload;
	int ret;

	/* Outside 64-bit mode it is LDS or LES, unless ModR/M had no memory. */
	ret = take(em, 1, &byte);
	if (ret)
		return ret;
	if (!is_long(em) && MODRM_MOD(byte) != 3)
		return EM_UNHANDLED;
	/* Prefixes that VEX replaces are an error; so is VEX where it cannot be. */
	if (!is_long(em) && !em->protected)
		return em_raise(em, EM_VECTOR_UD);
	if (insn->lock || insn->rep || insn->opsize_prefix || insn->rex)
		return em_raise(em, EM_VECTOR_UD);

	insn->vex = true;
	*map = EM_MAP_0F;
	insn->rex = byte & 0x80 ? 0 : REX_R;
	payload = byte;
	if (insn->opcode == 0xc4) {
		insn->rex = byte >> 5 ^ 7;
		*map = byte & 0x1f;
		ret = take(em, 1, &payload);
		if (ret)
			return ret;
		if (payload & 0x80)
			insn->rex |= REX_W;
	}
	if (!is_long(em))
		insn->rex = 0;
	*pp = payload & 3;
	*wide = payload & 4 ? 32 : 16;
	/* None of the moves has a third operand. */
	if ((payload >> 3 & 0xf) != 0xf)
		return EM_UNHANDLED;
	if (*map != EM_MAP_0F && *map != EM_MAP_0F38)
		return EM_UNHANDLED;

	ret = take(em, 1, &byte);
	insn->opcode = byte;
	return ret;
}

static int decode_opcode(struct em *em, enum em_map *map)
{
	u64 byte;
	int ret;

	if (em->insn.opcode != 0x0f)
		return EM_OK;

	*map = EM_MAP_0F;
	ret = take(em, 1, &byte);
	if (ret)
		return ret;
	if (byte == 0x38) {
		*map = EM_MAP_0F38;
		ret = take(em, 1, &byte);
		if (ret)
			return ret;
	}
	em->insn.opcode = byte;
	return EM_OK;
}

/* SDM 2A, "16-Bit Addressing Forms with the ModR/M Byte" */
static int address_16(struct em *em)
{
	static const u8 bases[8] = { EM_RBX, EM_RBX, EM_RBP, EM_RBP,
				     EM_RSI, EM_RDI, EM_RBP, EM_RBX };
	static const u8 indexes[4] = { EM_RSI, EM_RDI, EM_RSI, EM_RDI };
	struct em_address *mem = &em->insn.mem;
	u8 mod = MODRM_MOD(em->insn.modrm);
	u8 rm = MODRM_RM(em->insn.modrm);

	if (mod == 0 && rm == 6)
		return take(em, 2, &mem->disp);

	mem->base = bases[rm];
	if (rm < 4)
		mem->index = indexes[rm];
	return mod ? take_signed(em, mod, &mem->disp) : EM_OK;
}

static int decode_sib(struct em *em, u8 mod)
{
	struct em_address *mem = &em->insn.mem;
	u8 rex = em->insn.rex;
	u64 sib;
	u8 index;
	int ret;

	ret = take(em, 1, &sib);
	if (ret)
		return ret;
	index = (sib >> 3 & 7) | (rex & REX_X ? 8 : 0);
	if (index != EM_RSP) {
		mem->index = index;
		mem->scale = 1 << (sib >> 6);
	}
	if (mod == 0 && (sib & 7) == EM_RBP)
		return take_signed(em, 4, &mem->disp);
	mem->base = (sib & 7) | (rex & REX_B ? 8 : 0);
	return EM_OK;
}

/* SDM 2A, "32-Bit Addressing Forms with the ModR/M Byte", and REX's part in it */
static int address_32(struct em *em)
{
	struct em_address *mem = &em->insn.mem;
	u8 mod = MODRM_MOD(em->insn.modrm);
	u8 rm = MODRM_RM(em->insn.modrm);
	int ret = EM_OK;

	if (rm == EM_RSP) {
		ret = decode_sib(em, mod);
	} else if (mod == 0 && rm == EM_RBP) {
		mem->base = is_long(em) ? EM_RIP : EM_NO_REG;
		ret = take_signed(em, 4, &mem->disp);
	} else {
		mem->base = rm | (em->insn.rex & REX_B ? 8 : 0);
	}
	if (ret || !mod)
		return ret;
	return take_signed(em, mod == 1 ? 1 : 4, &mem->disp);
}

/* The ModR/M byte has been taken; what of it is memory follows. */
static int decode_address(struct em *em)
{
	struct em_address *mem = &em->insn.mem;
	int ret;

	if (MODRM_MOD(em->insn.modrm) == 3)
		return EM_OK;
	ret = em->insn.addr_size == 2 ? address_16(em) : address_32(em);
	if (ret)
		return ret;
	mem->seg = EM_DS;
	if (mem->base == EM_RSP || mem->base == EM_RBP)
		mem->seg = EM_SS;
	if (em->insn.override != EM_NO_REG)
		mem->seg = em->insn.override;
	return EM_OK;
}

static void set_reg(struct em *em, struct em_operand *operand, u8 reg, u8 size)
{
	operand->kind = OP_REG;
	operand->size = size;
	/* Without REX four byte registers are the second bytes of others. */
	operand->high = size == 1 && !em->insn.rex && reg >= 4;
	operand->reg = operand->high ? reg - 4 : reg;
}

static int decode_immediate(struct em *em, struct em_operand *operand, u8 where, u8 size)
{
	u8 bytes = size;

	operand->kind = OP_IMM;
	operand->size = size;
	if (where == AT_ONE) {
		em->insn.imm = 1;
		return EM_OK;
	}
	if (where == AT_IMM8)
		bytes = 1;
	else if (where == AT_IMM && size == 8)
		bytes = 4;
	return take_signed(em, bytes, &em->insn.imm);
}

static int decode_operand(struct em *em, struct em_operand *operand, u8 where, u8 size)
{
	struct em_insn *insn = &em->insn;
	u8 reg = MODRM_REG(insn->modrm) | (insn->rex & REX_R ? 8 : 0);
	u8 low = insn->rex & REX_B ? 8 : 0;

	operand->size = size;
	switch (where) {
	case AT_NONE:
		return EM_OK;
	case AT_RM:
	case AT_MEM:
		operand->kind = OP_MEM;
		if (MODRM_MOD(insn->modrm) == 3)
			set_reg(em, operand, MODRM_RM(insn->modrm) | low, size);
		return EM_OK;
	case AT_REG:
		set_reg(em, operand, reg, size);
		return EM_OK;
	case AT_SEG:
		operand->kind = OP_SEG;
		operand->reg = MODRM_REG(insn->modrm);
		return operand->reg < EM_NR_SEGS ? EM_OK : em_raise(em, EM_VECTOR_UD);
	case AT_VEC:
		operand->kind = OP_VEC;
		operand->reg = reg;
		return EM_OK;
	case AT_ACC:
		set_reg(em, operand, EM_RAX, size);
		return EM_OK;
	case AT_CL:
		set_reg(em, operand, EM_RCX, 1);
		return EM_OK;
	case AT_LOW:
		set_reg(em, operand, (insn->opcode & 7) | low, size);
		return EM_OK;
	case AT_MOFFS:
		operand->kind = OP_MEM;
		insn->mem.seg = insn->override == EM_NO_REG ? EM_DS : insn->override;
		return take(em, insn->addr_size, &insn->mem.disp);
	default:
		return decode_immediate(em, operand, where, size);
	}
}

static int decode_operands(struct em *em, const struct em_opcode *row, u8 size)
{
	u8 src_size = size;
	int ret;

	if (row->flags & EM_SRC8)
		src_size = 1;
	else if ((row->flags & EM_SRC16) || ((row->flags & EM_SRC32) && size == 2))
		src_size = 2;
	else if (row->flags & EM_SRC32)
		src_size = 4;

	ret = decode_operand(em, &em->insn.dst, row->dst, size);
	if (ret)
		return ret;
	ret = decode_operand(em, &em->insn.src, row->src, src_size);
	if (ret)
		return ret;
	/* A selector in memory has 2 bytes, in a register any size. */
	if (row->src == AT_SEG && em->insn.dst.kind == OP_MEM)
		em->insn.dst.size = 2;
	if (em->insn.op == EM_OP_CMPXCHG8B)
		em->insn.dst.size = em->insn.op_size == 8 ? 16 : 8;
	return EM_OK;
}

static bool legal(const struct em *em, const struct em_opcode *row)
{
	const struct em_insn *insn = &em->insn;
	bool has_reg = insn->dst.kind == OP_REG;

	if (row->kind == EM_ROW_UNDEFINED)
		return false;
	if ((row->flags & EM_NO_REPS) && insn->rep)
		return false;
	if ((row->flags & EM_NO_66) && insn->opsize_prefix)
		return false;
	if (insn->lock && (!(row->flags & EM_LOCKS) || insn->dst.kind != OP_MEM))
		return false;
	return !(row->dst == AT_MEM && has_reg) &&
	       !(row->src == AT_MEM && insn->src.kind == OP_REG);
}

/* Which legacy prefix selects the row of a vector instruction. */
static unsigned int vector_prefix(const struct em_insn *insn)
{
	if (insn->rep)
		return insn->rep == 0xf3 ? 2 : 3;
	return insn->opsize_prefix;
}

static int choose_size(struct em *em, const struct em_opcode *row, u8 *size)
{
	struct em_insn *insn = &em->insn;

	*size = insn->op_size;
	if (row->flags & EM_BYTE) {
		*size = 1;
	} else if ((row->flags & EM_STACK) && is_long(em)) {
		*size = insn->opsize_prefix && !(insn->rex & REX_W) ? 2 : 8;
		insn->op_size = *size;
	} else if ((row->flags & EM_NO_WORD) && *size == 2) {
		*size = 4;
	}
	if ((row->flags & EM_NOT64) && is_long(em))
		return em_raise(em, EM_VECTOR_UD);
	if ((row->flags & EM_ONLY64) && !is_long(em))
		return EM_UNHANDLED;
	if ((row->flags & EM_NEEDS_66) && !insn->opsize_prefix)
		return EM_UNHANDLED;
	if ((row->flags & EM_OTHER_REPS) && insn->rep)
		return EM_UNHANDLED;
	return EM_OK;
}

int em_decode(struct em *em)
{
	unsigned int pp = 0, wide = 16;
	struct em_opcode row;
	enum em_map map = EM_MAP_1;
	u64 byte;
	u8 size;
	int ret;

	em->insn = (struct em_insn) {
		.override = EM_NO_REG,
		.mem = { .base = EM_NO_REG, .index = EM_NO_REG, .scale = 1 },
	};
	ret = decode_prefixes(em);
	if (ret)
		return ret;
	if ((em->insn.opcode & 0xfe) == 0xc4)
		ret = decode_vex(em, &map, &pp, &wide);
	else
		ret = decode_opcode(em, &map);
	if (ret)
		return ret;

	if (em_has_modrm(map, em->insn.opcode)) {
		ret = take(em, 1, &byte);
		if (ret)
			return ret;
		em->insn.modrm = byte;
		ret = decode_address(em);
		if (ret)
			return ret;
	}

	row = em_opcode(map, em->insn.opcode, em->insn.modrm);
	ret = choose_size(em, &row, &size);
	if (ret)
		return ret;
	if (row.kind == EM_ROW_VECTOR) {
		if (!em->insn.vex)
			pp = vector_prefix(&em->insn);
		row = em_vector_opcode(em, map, pp, wide, &size);
	} else if (em->insn.vex) {
		return EM_UNHANDLED;
	}
	if (row.kind == EM_ROW_UNHANDLED)
		return EM_UNHANDLED;
	em->insn.op = row.op;
	em->insn.flags = row.flags;
	ret = decode_operands(em, &row, size);
	if (ret)
		return ret;
	return legal(em, &row) ? EM_OK : em_raise(em, EM_VECTOR_UD);
}
