// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operands: registers, and memory behind segmentation.
 */
#include "insn.h"

int em_raise(struct em *em, u8 vector)
{
	em->fault = (struct em_fault) { .vector = vector };
	return EM_FAULT;
}

int em_raise_zero(struct em *em, u8 vector)
{
	em->fault = (struct em_fault) { .vector = vector, .has_error = true };
	return EM_FAULT;
}

u64 em_get_reg(const struct em *em, unsigned int reg, unsigned int size)
{
	return em->gpr[reg] & em_mask(size);
}

void em_set_reg(struct em *em, unsigned int reg, unsigned int size, u64 value)
{
	u64 mask = em_mask(size);

	if (size == 4)
		em->gpr[reg] = (u32)value;
	else
		em->gpr[reg] = (em->gpr[reg] & ~mask) | (value & mask);
}

u64 em_offset(const struct em *em)
{
	const struct em_address *mem = &em->insn.mem;
	u64 offset = mem->disp;

	if (mem->base == EM_RIP)
		offset += em->rip + em->insn.length;
	else if (mem->base != EM_NO_REG)
		offset += em->gpr[mem->base];
	if (mem->index != EM_NO_REG)
		offset += em->gpr[mem->index] * mem->scale;
	return offset & em_mask(em->insn.addr_size);
}

static int segment_fault(struct em *em, unsigned int seg)
{
	return em_raise_zero(em, seg == EM_SS ? EM_VECTOR_SS : EM_VECTOR_GP);
}

static bool canonical(const struct em *em, u64 addr)
{
	unsigned int shift = 64 - em->la_bits;

	return (u64)((s64)(addr << shift) >> shift) == addr;
}

/* SDM 3A, "Type Checking" */
static bool type_allows(const struct em_segment *s, u32 access)
{
	if (s->ar & EM_AR_UNUSABLE)
		return false;
	if (access & EM_WRITE)
		return (s->ar & (EM_AR_CODE | EM_AR_WRITABLE)) == EM_AR_WRITABLE;
	return !(s->ar & EM_AR_CODE) || (s->ar & EM_AR_WRITABLE);
}

/* SDM 3A, "Limit Checking" */
static bool within_limit(const struct em_segment *s, u64 first, u64 last)
{
	/* Across the end of a full segment CPUs wrap, though they need not. */
	if ((s->ar & (EM_AR_CODE | EM_AR_DOWN)) != EM_AR_DOWN)
		return last <= s->limit || s->limit == 0xffffffff;
	return first > s->limit && last <= (s->ar & EM_AR_BIG ? 0xffffffff : 0xffff);
}

static int long_linear(struct em *em, unsigned int seg, u64 offset, unsigned int len, u64 *linear)
{
	if (seg == EM_FS || seg == EM_GS)
		offset += em->seg[seg].base;
	if (!canonical(em, offset) || !canonical(em, offset + len - 1))
		return segment_fault(em, seg);
	*linear = offset;
	return EM_OK;
}

int em_linear(struct em *em, unsigned int seg, u64 offset, unsigned int len,
	      unsigned int align, u32 access, u64 *linear)
{
	const struct em_segment *s = &em->seg[seg];
	int ret;

	if (em->code_bits == 64) {
		ret = long_linear(em, seg, offset, len, linear);
		if (ret)
			return ret;
	} else {
		if (em->protected && !type_allows(s, access))
			return segment_fault(em, seg);
		if (!within_limit(s, offset, offset + len - 1))
			return segment_fault(em, seg);
		*linear = (u32)(s->base + offset);
	}
	if (em->align_check && (*linear & (align - 1)))
		return em_raise_zero(em, EM_VECTOR_AC);
	return EM_OK;
}

int em_linear_aligned(struct em *em, unsigned int seg, u64 offset, unsigned int len,
		      u32 access, u64 *linear)
{
	u64 base = em->code_bits == 64 && seg < EM_FS ? 0 : em->seg[seg].base;

	if ((base + offset) & (len - 1))
		return em_raise_zero(em, EM_VECTOR_GP);
	return em_linear(em, seg, offset, len, 1, access, linear);
}

int em_read(struct em *em, unsigned int seg, u64 offset, unsigned int size, u32 access,
	    u64 *value)
{
	u64 linear;
	int ret;

	ret = em_linear(em, seg, offset, size, size, access, &linear);
	if (ret)
		return ret;
	*value = 0;
	return em->ops->read(em, linear, value, size, access);
}

int em_write(struct em *em, unsigned int seg, u64 offset, unsigned int size, u64 value)
{
	u64 linear;
	int ret;

	ret = em_linear(em, seg, offset, size, size, EM_WRITE, &linear);
	if (ret)
		return ret;
	return em->ops->write(em, linear, &value, size);
}

int em_get(struct em *em, const struct em_operand *operand, u32 access, u64 *value)
{
	switch (operand->kind) {
	case OP_REG:
		if (operand->high)
			*value = em->gpr[operand->reg] >> 8 & 0xff;
		else
			*value = em_get_reg(em, operand->reg, operand->size);
		return EM_OK;
	case OP_IMM:
		*value = em->insn.imm & em_mask(operand->size);
		return EM_OK;
	case OP_SEG:
		*value = em->seg[operand->reg].selector;
		return EM_OK;
	default:
		return em_read(em, em->insn.mem.seg, em_offset(em), operand->size, access, value);
	}
}

static void put_reg(struct em *em, const struct em_operand *operand, u64 value)
{
	if (operand->high)
		em->gpr[operand->reg] = (em->gpr[operand->reg] & ~0xff00ULL) | (value & 0xff) << 8;
	else
		em_set_reg(em, operand->reg, operand->size, value);
}

int em_put(struct em *em, const struct em_operand *operand, u64 old, u64 value)
{
	unsigned int size = operand->size;
	u64 linear;
	int ret;

	if (operand->kind == OP_REG) {
		put_reg(em, operand, value);
		return EM_OK;
	}
	ret = em_linear(em, em->insn.mem.seg, em_offset(em), size, size, EM_WRITE, &linear);
	if (ret)
		return ret;
	/* XCHG with memory is locked with or without the prefix. */
	if (em->insn.lock || em->insn.op == EM_OP_XCHG)
		return em->ops->cmpxchg(em, linear, &old, &value, size);
	return em->ops->write(em, linear, &value, size);
}
