// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each operation does.  Memory is stored to before registers and flags
 * change: whatever stops an instruction, it can be executed again.
 */
#include "insn.h"

#define RMW		(EM_READ | EM_WRITE)

static bool only_reads(const struct em *em)
{
	return em->insn.op == EM_OP_CMP || em->insn.op == EM_OP_TEST || em->insn.op == EM_OP_BT;
}

/* Both operands; the first one is going to be written if the operation does. */
static int get_both(struct em *em, u64 *a, u64 *b)
{
	int ret;

	ret = em_get(em, &em->insn.src, EM_READ, b);
	if (ret)
		return ret;
	return em_get(em, &em->insn.dst, only_reads(em) ? EM_READ : RMW, a);
}

static int store_with_flags(struct em *em, u64 old, u64 value, u64 rflags)
{
	int ret = EM_OK;

	if (!only_reads(em))
		ret = em_put(em, &em->insn.dst, old, value);
	if (!ret)
		em->rflags = rflags;
	return ret;
}

static int do_arith(struct em *em)
{
	u64 rflags = em->rflags;
	u64 a, b, r;
	int ret;

	ret = get_both(em, &a, &b);
	if (ret)
		return ret;
	r = em_arith(em->insn.op == EM_OP_TEST ? EM_OP_AND : em->insn.op,
		     em->insn.dst.size, a, b, &rflags);
	return store_with_flags(em, a, r, rflags);
}

static int do_shift(struct em *em)
{
	u64 rflags = em->rflags;
	u64 a, count, r;
	int ret;

	ret = get_both(em, &a, &count);
	if (ret)
		return ret;
	r = em_shift(em->insn.op, em->insn.dst.size, a, count & 0xff, &rflags);
	return store_with_flags(em, a, r, rflags);
}

/* INC, DEC, NOT, NEG */
static int do_unary(struct em *em)
{
	unsigned int size = em->insn.dst.size;
	u64 rflags = em->rflags;
	u64 a, r;
	int ret;

	ret = em_get(em, &em->insn.dst, RMW, &a);
	if (ret)
		return ret;
	switch (em->insn.op) {
	case EM_OP_NOT:
		r = ~a;
		break;
	case EM_OP_NEG:
		r = em_arith(EM_OP_SUB, size, 0, a, &rflags);
		break;
	default:
		r = em_arith(em->insn.op == EM_OP_INC ? EM_OP_ADD : EM_OP_SUB, size, a, 1,
			     &rflags);
		/* They leave the carry alone. */
		rflags = (rflags & ~(u64)EM_CF) | (em->rflags & EM_CF);
		break;
	}
	return store_with_flags(em, a, r & em_mask(size), rflags);
}

static u64 swap_bytes(u64 value, unsigned int size)
{
	return __builtin_bswap64(value) >> (64 - size * 8);
}

/* MOV, MOVZX, MOVSX, MOVBE */
static int do_mov(struct em *em)
{
	struct em_insn *insn = &em->insn;
	u64 value;
	int ret;

	ret = em_get(em, &insn->src, EM_READ, &value);
	if (ret)
		return ret;
	if (insn->op == EM_OP_MOVSX)
		value = em_sext(value, insn->src.size);
	else if (insn->op == EM_OP_MOVBE)
		value = swap_bytes(value, insn->src.size);
	return em_put(em, &insn->dst, 0, value);
}

/*
 * XCHG and XADD write both operands.  Memory can fail, so it goes first; of two
 * registers the first operand goes last, which counts when they are the same.
 */
static int put_both(struct em *em, u64 old, u64 dst, u64 src)
{
	int ret;

	if (em->insn.dst.kind == OP_MEM) {
		ret = em_put(em, &em->insn.dst, old, dst);
		return ret ? ret : em_put(em, &em->insn.src, 0, src);
	}
	ret = em_put(em, &em->insn.src, 0, src);
	return ret ? ret : em_put(em, &em->insn.dst, 0, dst);
}

static int do_xchg(struct em *em)
{
	u64 a, b;
	int ret;

	ret = get_both(em, &a, &b);
	return ret ? ret : put_both(em, a, b, a);
}

static int do_xadd(struct em *em)
{
	u64 rflags = em->rflags;
	u64 a, b, sum;
	int ret;

	ret = get_both(em, &a, &b);
	if (ret)
		return ret;
	sum = em_arith(EM_OP_ADD, em->insn.dst.size, a, b, &rflags);
	ret = put_both(em, a, sum, a);
	if (!ret)
		em->rflags = rflags;
	return ret;
}

/* Memory is written whether or not they are equal, a register is not. */
static int do_cmpxchg(struct em *em)
{
	unsigned int size = em->insn.dst.size;
	u64 rflags = em->rflags;
	u64 a, b, acc;
	int ret;

	ret = get_both(em, &a, &b);
	if (ret)
		return ret;
	acc = em_get_reg(em, EM_RAX, size);
	em_arith(EM_OP_CMP, size, acc, a, &rflags);
	if (acc == a || em->insn.dst.kind == OP_MEM) {
		ret = em_put(em, &em->insn.dst, a, acc == a ? b : a);
		if (ret)
			return ret;
	}
	if (acc != a)
		em_set_reg(em, EM_RAX, size, a);
	em->rflags = rflags;
	return EM_OK;
}

/* CMPXCHG8B and CMPXCHG16B: two halves of @half bytes. */
static int do_cmpxchg8b(struct em *em)
{
	unsigned int half = em->insn.dst.size / 2;
	u8 old[16], new[16];
	u64 linear, lo = 0, hi = 0;
	bool equal;
	int ret;

	if (half == 8)
		ret = em_linear_aligned(em, em->insn.mem.seg, em_offset(em), 16, RMW, &linear);
	else
		ret = em_linear(em, em->insn.mem.seg, em_offset(em), 8, 8, RMW, &linear);
	if (ret)
		return ret;
	ret = em->ops->read(em, linear, old, 2 * half, RMW);
	if (ret)
		return ret;
	__builtin_memcpy(&lo, old, half);
	__builtin_memcpy(&hi, old + half, half);

	equal = lo == em_get_reg(em, EM_RAX, half) && hi == em_get_reg(em, EM_RDX, half);
	__builtin_memcpy(new, equal ? (u8 *)&em->gpr[EM_RBX] : old, half);
	__builtin_memcpy(new + half, equal ? (u8 *)&em->gpr[EM_RCX] : old + half, half);
	if (em->insn.lock)
		ret = em->ops->cmpxchg(em, linear, old, new, 2 * half);
	else
		ret = em->ops->write(em, linear, new, 2 * half);
	if (ret)
		return ret;
	if (!equal) {
		em_set_reg(em, EM_RAX, half, lo);
		em_set_reg(em, EM_RDX, half, hi);
	}
	em->rflags = (em->rflags & ~(u64)EM_ZF) | (equal ? EM_ZF : 0);
	return EM_OK;
}

/*
 * A bit offset in a register is signed and may lie beyond the operand: the
 * access is then to another one, SDM 1, "Bit Test and Modify Instructions".
 */
static void move_to_bit(struct em *em, unsigned int size)
{
	s64 bit = em_sext(em->gpr[em->insn.src.reg], size);

	em->insn.mem.disp += (u64)(bit >> (size == 8 ? 6 : size == 4 ? 5 : 4)) * size;
}

static int do_bit(struct em *em)
{
	unsigned int size = em->insn.dst.size;
	u64 a, r, bit, mask, rflags;
	int ret;

	if (em->insn.dst.kind == OP_MEM && em->insn.src.kind == OP_REG)
		move_to_bit(em, size);
	ret = get_both(em, &a, &bit);
	if (ret)
		return ret;

	mask = 1ULL << (bit & (size * 8 - 1));
	rflags = (em->rflags & ~(u64)EM_CF) | (a & mask ? EM_CF : 0);
	r = a;
	if (em->insn.op == EM_OP_BTS)
		r |= mask;
	else if (em->insn.op == EM_OP_BTR)
		r &= ~mask;
	else if (em->insn.op == EM_OP_BTC)
		r ^= mask;
	return store_with_flags(em, a, r, rflags);
}

static unsigned int stack_size(const struct em *em)
{
	if (em->code_bits == 64)
		return 8;
	return em->seg[EM_SS].ar & EM_AR_BIG ? 4 : 2;
}

static int do_push(struct em *em)
{
	unsigned int size = em->insn.op_size;
	u64 mask = em_mask(stack_size(em));
	u64 value, rsp;
	int ret;

	ret = em_get(em, &em->insn.src, EM_READ, &value);
	if (ret)
		return ret;
	rsp = (em->gpr[EM_RSP] - size) & mask;
	ret = em_write(em, EM_SS, rsp, size, value);
	if (ret)
		return ret;
	em_set_reg(em, EM_RSP, stack_size(em), rsp);
	return EM_OK;
}

/* An address that depends on RSP sees it moved already. */
static int do_pop(struct em *em)
{
	unsigned int size = em->insn.op_size;
	u64 before = em->gpr[EM_RSP];
	u64 value;
	int ret;

	ret = em_read(em, EM_SS, before & em_mask(stack_size(em)), size, EM_READ, &value);
	if (ret)
		return ret;
	em_set_reg(em, EM_RSP, stack_size(em), before + size);
	ret = em_put(em, &em->insn.dst, 0, value);
	if (ret)
		em->gpr[EM_RSP] = before;
	return ret;
}

static int do_setcc(struct em *em)
{
	return em_put(em, &em->insn.dst, 0, em_condition(em->insn.opcode, em->rflags));
}

/* Memory is read, and the upper half cleared, whether or not it holds. */
static int do_cmovcc(struct em *em)
{
	u64 value;
	int ret;

	ret = em_get(em, &em->insn.src, EM_READ, &value);
	if (ret)
		return ret;
	if (!em_condition(em->insn.opcode, em->rflags))
		value = em_get_reg(em, em->insn.dst.reg, em->insn.dst.size);
	return em_put(em, &em->insn.dst, 0, value);
}

/* The host's caches are not the guest's to write back; faults are. */
static int do_flush(struct em *em)
{
	u64 linear;
	int ret;

	ret = em_linear(em, em->insn.mem.seg, em_offset(em), 1, 1, EM_READ, &linear);
	if (ret)
		return ret;
	ret = em->ops->probe(em, linear, 1, EM_READ);
	return ret == EM_DEVICE ? EM_OK : ret;
}

static int (*const operations[EM_NR_OPS])(struct em *em) = {
	[EM_OP_ADD ... EM_OP_CMP] = do_arith,
	[EM_OP_TEST] = do_arith,
	[EM_OP_ROL ... EM_OP_SAR] = do_shift,
	[EM_OP_INC ... EM_OP_NEG] = do_unary,
	[EM_OP_MOV ... EM_OP_MOVBE] = do_mov,
	[EM_OP_XCHG] = do_xchg,
	[EM_OP_XADD] = do_xadd,
	[EM_OP_CMPXCHG] = do_cmpxchg,
	[EM_OP_CMPXCHG8B] = do_cmpxchg8b,
	[EM_OP_BT ... EM_OP_BTC] = do_bit,
	[EM_OP_PUSH] = do_push,
	[EM_OP_POP] = do_pop,
	[EM_OP_SETCC] = do_setcc,
	[EM_OP_CMOVCC] = do_cmovcc,
	[EM_OP_MOVS ... EM_OP_OUTS] = em_string,
	[EM_OP_FLUSH] = do_flush,
	[EM_OP_VMOV] = em_vector_move,
};

bool em_is_port(const struct em *em)
{
	return em->insn.op == EM_OP_INS || em->insn.op == EM_OP_OUTS;
}

int em_execute(struct em *em)
{
	int ret;

	em->retired = true;
	ret = operations[em->insn.op](em);
	if (ret)
		em->retired = false;
	else if (em->retired)
		em->rflags &= ~(u64)EM_RF;
	return ret;
}
