// SPDX-License-Identifier: GPL-2.0-only
/*
 * String instructions: SDM 1, "String Operations", and SDM 2, "REP/REPE/REPZ/
 * REPNE/REPNZ--Repeat String Operation Prefix".
 *
 * Between two iterations the guest can be interrupted.  So each call does one,
 * and with REP leaves RIP on the instruction until the count has run out.  INS
 * and OUTS do as many as fit in the buffer and in the page.
 */
#include "insn.h"

#define PAGE		0x1000

static unsigned int element(const struct em *em)
{
	if (em->insn.flags & EM_BYTE)
		return 1;
	/* A port has 32 bits at most, whatever REX.W says. */
	if (em->insn.op_size == 8 && em_is_port(em))
		return 4;
	return em->insn.op_size;
}

static bool down(const struct em *em)
{
	return em->rflags & EM_DF;
}

static unsigned int source_segment(const struct em *em)
{
	return em->insn.override == EM_NO_REG ? EM_DS : em->insn.override;
}

static u64 pointer(const struct em *em, unsigned int reg)
{
	return em_get_reg(em, reg, em->insn.addr_size);
}

static void advance(struct em *em, unsigned int reg, unsigned int count)
{
	u64 step = (u64)element(em) * count;

	em_set_reg(em, reg, em->insn.addr_size, em->gpr[reg] + (down(em) ? -step : step));
}

static int read_source(struct em *em, u64 *value)
{
	return em_read(em, source_segment(em), pointer(em, EM_RSI), element(em), EM_READ, value);
}

static int read_destination(struct em *em, u64 *value)
{
	return em_read(em, EM_ES, pointer(em, EM_RDI), element(em), EM_READ, value);
}

static int write_destination(struct em *em, u64 value)
{
	return em_write(em, EM_ES, pointer(em, EM_RDI), element(em), value);
}

/*
 * Would an access of the element at @reg fault?  Asked before a device gives
 * away what cannot be asked for twice.
 */
static int probe(struct em *em, unsigned int seg, unsigned int reg, u32 access)
{
	unsigned int size = element(em);
	u64 linear;
	int ret;

	ret = em_linear(em, seg, pointer(em, reg), size, size, access, &linear);
	if (ret)
		return ret;
	ret = em->ops->probe(em, linear, size, access);
	return ret == EM_DEVICE ? EM_OK : ret;
}

static int do_movs(struct em *em)
{
	u64 value;
	int ret;

	ret = probe(em, source_segment(em), EM_RSI, EM_READ);
	if (!ret)
		ret = probe(em, EM_ES, EM_RDI, EM_WRITE);
	if (!ret)
		ret = read_source(em, &value);
	if (!ret)
		ret = write_destination(em, value);
	if (ret)
		return ret;
	advance(em, EM_RSI, 1);
	advance(em, EM_RDI, 1);
	return EM_OK;
}

/* CPUs look at the second operand first: it is its fault that counts. */
static int do_cmps(struct em *em)
{
	u64 a, b;
	int ret;

	ret = probe(em, EM_ES, EM_RDI, EM_READ);
	if (!ret)
		ret = probe(em, source_segment(em), EM_RSI, EM_READ);
	if (!ret)
		ret = read_destination(em, &b);
	if (!ret)
		ret = read_source(em, &a);
	if (ret)
		return ret;
	em_arith(EM_OP_CMP, element(em), a, b, &em->rflags);
	advance(em, EM_RSI, 1);
	advance(em, EM_RDI, 1);
	return EM_OK;
}

static int do_scas(struct em *em)
{
	unsigned int size = element(em);
	u64 value;
	int ret;

	ret = read_destination(em, &value);
	if (ret)
		return ret;
	em_arith(EM_OP_CMP, size, em_get_reg(em, EM_RAX, size), value, &em->rflags);
	advance(em, EM_RDI, 1);
	return EM_OK;
}

static int do_stos(struct em *em)
{
	int ret;

	ret = write_destination(em, em->gpr[EM_RAX]);
	if (ret)
		return ret;
	advance(em, EM_RDI, 1);
	return EM_OK;
}

static int do_lods(struct em *em)
{
	u64 value;
	int ret;

	ret = read_source(em, &value);
	if (ret)
		return ret;
	em_set_reg(em, EM_RAX, element(em), value);
	advance(em, EM_RSI, 1);
	return EM_OK;
}

/*
 * Elements of INS and OUTS that one call can do: those in the page of the
 * first, if the segment and the address size let them all be accessed and there
 * is plain memory; else one, which goes the general way.  @linear is the lowest
 * address of the block.
 */
static int block(struct em *em, unsigned int seg, unsigned int reg, u32 access, u64 max,
		 unsigned int *count, u64 *linear)
{
	u64 mask = em_mask(em->insn.addr_size);
	unsigned int size = element(em);
	u64 start = pointer(em, reg);
	unsigned int in_page, n, room;
	int ret;

	*count = 1;
	ret = em_linear(em, seg, start, size, size, access, linear);
	if (ret)
		return ret;
	ret = em->ops->probe(em, *linear, size, access);
	if (ret)
		return ret == EM_DEVICE ? EM_OK : ret;

	in_page = *linear & (PAGE - 1);
	room = down(em) ? in_page / size + 1 : (PAGE - in_page) / size;
	if (in_page + size > PAGE)
		return EM_OK;
	n = em->io_size / size;
	if (n > room)
		n = room;
	if (n > max)
		n = max;
	if (down(em))
		start -= (u64)(n - 1) * size;
	/* Either wraps at the end of the segment's address space. */
	if (start > mask || start + (u64)n * size - 1 > mask)
		return EM_OK;
	if (em_linear(em, seg, start, n * size, 1, access, linear))
		return em_linear(em, seg, pointer(em, reg), size, size, access, linear);
	*count = n;
	return EM_OK;
}

static void reverse(u8 *buf, unsigned int count, unsigned int size)
{
	unsigned int i, j, k;

	for (i = 0, j = count - 1; i < j; i++, j--) {
		for (k = 0; k < size; k++) {
			u8 byte = buf[i * size + k];

			buf[i * size + k] = buf[j * size + k];
			buf[j * size + k] = byte;
		}
	}
}

static int do_ins(struct em *em, u64 max, unsigned int *count)
{
	unsigned int size = element(em);
	u64 linear;
	int ret;

	ret = block(em, EM_ES, EM_RDI, EM_WRITE, max, count, &linear);
	if (ret)
		return ret;
	ret = em->ops->port_in(em, em->gpr[EM_RDX], size, *count);
	if (ret)
		return ret;
	if (down(em))
		reverse(em->io, *count, size);
	ret = em->ops->write(em, linear, em->io, *count * size);
	if (ret)
		return ret;
	advance(em, EM_RDI, *count);
	return EM_OK;
}

static int do_outs(struct em *em, u64 max, unsigned int *count)
{
	unsigned int size = element(em);
	u64 linear;
	int ret;

	ret = block(em, source_segment(em), EM_RSI, EM_READ, max, count, &linear);
	if (ret)
		return ret;
	ret = em->ops->read(em, linear, em->io, *count * size, EM_READ);
	if (ret)
		return ret;
	if (down(em))
		reverse(em->io, *count, size);
	ret = em->ops->port_out(em, em->gpr[EM_RDX], size, *count);
	if (ret)
		return ret;
	advance(em, EM_RSI, *count);
	return EM_OK;
}

static int round_of(struct em *em, u64 max, unsigned int *count)
{
	*count = 1;
	switch (em->insn.op) {
	case EM_OP_MOVS:
		return do_movs(em);
	case EM_OP_CMPS:
		return do_cmps(em);
	case EM_OP_STOS:
		return do_stos(em);
	case EM_OP_LODS:
		return do_lods(em);
	case EM_OP_SCAS:
		return do_scas(em);
	case EM_OP_INS:
		return do_ins(em, max, count);
	default:
		return do_outs(em, max, count);
	}
}

/* REPE and REPNE end CMPS and SCAS early; for the others both mean REP. */
static bool goes_on(const struct em *em)
{
	if (em->insn.op != EM_OP_CMPS && em->insn.op != EM_OP_SCAS)
		return true;
	return !(em->rflags & EM_ZF) == (em->insn.rep == 0xf2);
}

int em_string(struct em *em)
{
	u64 left = pointer(em, EM_RCX);
	unsigned int count;
	int ret;

	if (!em->insn.rep)
		return round_of(em, 1, &count);
	if (!left)
		return EM_OK;

	ret = round_of(em, left, &count);
	if (ret)
		return ret;
	left -= count;
	em_set_reg(em, EM_RCX, em->insn.addr_size, left);
	em->retired = !left || !goes_on(em);
	return EM_OK;
}
