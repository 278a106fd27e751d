// SPDX-License-Identifier: GPL-2.0-only
/*
 * Results and status flags: SDM 2, the entries of the instructions, and SDM 1,
 * "Status Flags".  Flags that the SDM leaves undefined are as Intel's CPUs
 * leave them where that is simple.
 */
#include "insn.h"

static u64 parity(u64 value)
{
	value ^= value >> 4;
	/* Bit n of the constant is set when n has an even number of ones. */
	return (0x9669 >> (value & 0xf)) & 1 ? EM_PF : 0;
}

static u64 zero_sign_parity(u64 value, unsigned int size)
{
	u64 flags = parity(value);

	if (!(value & em_mask(size)))
		flags |= EM_ZF;
	if (value & em_sign(size))
		flags |= EM_SF;
	return flags;
}

static void set_flags(u64 *rflags, u64 which, u64 value)
{
	*rflags = (*rflags & ~which) | (value & which);
}

/*
 * @carries has the carry, or borrow, out of each bit; the overflow is where
 * those out of the two highest bits differ.
 */
static u64 carry_flags(u64 carries, unsigned int size)
{
	u64 sign = em_sign(size);
	u64 flags = 0;

	if (carries & sign)
		flags |= EM_CF;
	if (carries & 8)
		flags |= EM_AF;
	if ((carries ^ (carries << 1)) & sign)
		flags |= EM_OF;
	return flags;
}

u64 em_arith(enum em_op op, unsigned int size, u64 a, u64 b, u64 *rflags)
{
	u64 carry = *rflags & EM_CF;
	u64 r, carries = 0;

	switch (op) {
	case EM_OP_ADD:
		carry = 0;
		fallthrough;
	case EM_OP_ADC:
		r = a + b + carry;
		carries = (a & b) | ((a | b) & ~r);
		break;
	case EM_OP_SUB:
	case EM_OP_CMP:
		carry = 0;
		fallthrough;
	case EM_OP_SBB:
		r = a - b - carry;
		carries = (~a & b) | ((~a | b) & r);
		break;
	case EM_OP_AND:
		r = a & b;
		break;
	case EM_OP_OR:
		r = a | b;
		break;
	default:
		r = a ^ b;
		break;
	}
	set_flags(rflags, EM_STATUS, carry_flags(carries, size) | zero_sign_parity(r, size));
	return r & em_mask(size);
}

/* @count is below the number of bits that rotate: the operand's, plus CF. */
static u64 rotate_left(u64 a, unsigned int count, unsigned int size, bool through, u64 *rflags)
{
	unsigned int bits = size * 8;
	u64 carry = *rflags & EM_CF ? 1 : 0;

	while (count--) {
		u64 out = (a >> (bits - 1)) & 1;

		a = (a << 1) | (through ? carry : out);
		carry = out;
	}
	set_flags(rflags, EM_CF, carry ? EM_CF : 0);
	return a & em_mask(size);
}

static u64 rotate_right(u64 a, unsigned int count, unsigned int size, bool through, u64 *rflags)
{
	unsigned int bits = size * 8;
	u64 carry = *rflags & EM_CF ? 1 : 0;

	while (count--) {
		u64 out = a & 1;

		a = (a >> 1) | ((through ? carry : out) << (bits - 1));
		carry = out;
	}
	set_flags(rflags, EM_CF, carry ? EM_CF : 0);
	return a & em_mask(size);
}

/* @count is not 0, and may be more than there are bits. */
static u64 shift_right(u64 a, unsigned int count, unsigned int size, bool arithmetic, u64 *rflags)
{
	s64 wide = arithmetic ? em_sext(a, size) : a;

	/* By one less first: the bit that goes last is the carry. */
	wide = arithmetic ? wide >> (count - 1) : (s64)((u64)wide >> (count - 1));
	set_flags(rflags, EM_CF, wide & 1 ? EM_CF : 0);
	wide = arithmetic ? wide >> 1 : (s64)((u64)wide >> 1);
	return wide & em_mask(size);
}

static u64 shift_left(u64 a, unsigned int count, unsigned int size, u64 *rflags)
{
	a <<= count - 1;
	set_flags(rflags, EM_CF, a & em_sign(size) ? EM_CF : 0);
	return (a << 1) & em_mask(size);
}

/* Overflow of a shift by one, which Intel's CPUs use for any count. */
static u64 shift_overflow(enum em_op op, unsigned int size, u64 a, u64 r, u64 rflags)
{
	u64 carry = rflags & EM_CF ? em_sign(size) : 0;

	switch (op) {
	case EM_OP_ROL:
	case EM_OP_RCL:
	case EM_OP_SHL:
	case EM_OP_SAL:
		return (r ^ carry) & em_sign(size) ? EM_OF : 0;
	case EM_OP_ROR:
	case EM_OP_RCR:
		return (r ^ (r << 1)) & em_sign(size) ? EM_OF : 0;
	case EM_OP_SHR:
		return a & em_sign(size) ? EM_OF : 0;
	default:
		return 0;
	}
}

u64 em_shift(enum em_op op, unsigned int size, u64 a, unsigned int count, u64 *rflags)
{
	unsigned int bits = size * 8;
	u64 flags, r;

	count &= size == 8 ? 63 : 31;
	if (op == EM_OP_RCL || op == EM_OP_RCR)
		count %= bits + 1;
	if (!count)
		return a;

	switch (op) {
	case EM_OP_ROL:
		r = rotate_left(a, count, size, false, rflags);
		break;
	case EM_OP_ROR:
		r = rotate_right(a, count, size, false, rflags);
		break;
	case EM_OP_RCL:
		r = rotate_left(a, count, size, true, rflags);
		break;
	case EM_OP_RCR:
		r = rotate_right(a, count, size, true, rflags);
		break;
	case EM_OP_SHR:
	case EM_OP_SAR:
		r = shift_right(a, count, size, op == EM_OP_SAR, rflags);
		break;
	default:
		r = shift_left(a, count, size, rflags);
		break;
	}

	flags = shift_overflow(op, size, a, r, *rflags);
	if (op <= EM_OP_RCR) {
		set_flags(rflags, EM_OF, flags);
	} else {
		flags |= zero_sign_parity(r, size);
		set_flags(rflags, EM_OF | EM_AF | EM_ZF | EM_SF | EM_PF, flags);
	}
	return r;
}

bool em_condition(unsigned int code, u64 rflags)
{
	bool less = !(rflags & EM_SF) != !(rflags & EM_OF);
	bool holds;

	switch (code >> 1 & 7) {
	case 0:
		holds = rflags & EM_OF;
		break;
	case 1:
		holds = rflags & EM_CF;
		break;
	case 2:
		holds = rflags & EM_ZF;
		break;
	case 3:
		holds = rflags & (EM_CF | EM_ZF);
		break;
	case 4:
		holds = rflags & EM_SF;
		break;
	case 5:
		holds = rflags & EM_PF;
		break;
	case 6:
		holds = less;
		break;
	default:
		holds = less || (rflags & EM_ZF);
		break;
	}
	return holds != (code & 1);
}
