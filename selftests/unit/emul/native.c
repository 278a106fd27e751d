// SPDX-License-Identifier: GPL-2.0-only
/*
 * Effects, compared with the CPU that runs this test.
 *
 * A random instruction gets random registers, then those that make its address
 * are set so that it meets the arena.  The emulator executes it first: only if
 * it stays within the arena and the nothing around it, the CPU does.
 */
#include <Zydis/Zydis.h>
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../../module/emul/insn.h"
#include "machine.h"
#include "native.h"
#include "tests.h"

static struct machine *m;
static u8 *arena;
static unsigned int mode;

/* Instructions that this CPU may not have. */
static bool has_movbe, has_avx2, has_clwb, is_intel;

static void look_at_cpu(void)
{
	unsigned int a, b, c, d;

	__cpuid(1, a, b, c, d);
	has_movbe = c & bit_MOVBE;
	is_intel = __builtin_cpu_is("intel");
	has_avx2 = __builtin_cpu_supports("avx2");
	__cpuid_count(7, 0, a, b, c, d);
	has_clwb = (b & bit_CLWB) && (b & bit_CLFLUSHOPT);
}

/* What cannot be executed here, or would have another effect on the test. */
static bool unfit(const struct em_insn *insn)
{
	if (em_is_port(&m->em) || insn->override == EM_FS)
		return true;
	if (insn->override == EM_GS && mode != 64)
		return true;
	if (insn->op == EM_OP_MOVBE)
		return !has_movbe;
	if (insn->op == EM_OP_VMOV)
		return !has_avx2;
	/* MOVSXD to 16 bits: AMD's CPUs read 32. */
	if (insn->op == EM_OP_MOVSX && insn->dst.size == 2 && insn->src.size == 2)
		return !is_intel;
	return insn->op == EM_OP_FLUSH && !has_clwb;
}

static bool is_locked(const struct em_insn *insn)
{
	return insn->lock || (insn->op == EM_OP_XCHG && insn->dst.kind == OP_MEM);
}

/* An address in the arena, now and then outside. */
static u64 random_target(bool aligned)
{
	u64 target = NATIVE_ARENA + below(MACHINE_BYTES);

	if (!below(64))
		target += below(NATIVE_GUARD);
	/* Across the end. */
	if (!below(64))
		target = NATIVE_ARENA + MACHINE_BYTES - below(16);
	if (aligned || !below(4))
		target &= ~31ull;
	/* Near the end of a page. */
	else if (!below(8))
		target |= 0xff8;
	/* Not canonical; with 32-bit addresses nothing. */
	return below(64) ? target : target | 1ull << 63;
}

static u64 random_register(void)
{
	switch (below(4)) {
	case 0:
		return below(16);
	case 1:
		return (s64)(int32_t)random64() >> below(32);
	case 2:
		return random_target(false);
	default:
		return random64();
	}
}

static u64 segment_base(unsigned int seg)
{
	if (mode == 64)
		return seg == EM_GS ? NATIVE_GS_BASE : 0;
	return m->em.seg[seg].base;
}

/* A register that is only looked at in part may hold anything in the rest. */
static void aim_register(unsigned int reg, u64 value)
{
	u64 mask = em_mask(m->em.insn.addr_size);

	m->em.gpr[reg] = (value & mask) | (random64() & ~mask);
}

static u64 random_offset(unsigned int seg)
{
	u64 offset = random_target(is_locked(&m->em.insn)) - segment_base(seg);

	/* Segments have ends. */
	if (mode != 64 && segment_base(seg))
		offset &= 0xffff;
	return offset;
}

static void patch_displacement(u64 value, const ZydisDecodedInstruction *raw)
{
	unsigned int size = raw->raw.disp.size / 8;

	memcpy(m->em.bytes + raw->raw.disp.offset, &value, size);
}

static void aim_memory(const ZydisDecodedInstruction *raw)
{
	struct em_address *mem = &m->em.insn.mem;
	u64 offset = random_offset(mem->seg) - mem->disp;

	if (mem->base == EM_RIP) {
		patch_displacement(offset + mem->disp - m->em.rip - m->em.insn.length, raw);
	} else if (mem->base == EM_NO_REG && mem->index == EM_NO_REG) {
		patch_displacement(offset + mem->disp, raw);
	} else if (mem->base == mem->index) {
		aim_register(mem->base, (offset & 0xffffffff) / (1 + mem->scale));
	} else if (mem->base == EM_NO_REG) {
		aim_register(mem->index, (offset & 0xffffffff) / mem->scale);
	} else {
		if (mem->index != EM_NO_REG)
			offset -= m->em.gpr[mem->index] * mem->scale;
		aim_register(mem->base, offset);
	}
}

static void aim_string(void)
{
	const struct em_insn *insn = &m->em.insn;
	unsigned int seg = insn->override == EM_NO_REG ? EM_DS : insn->override;

	aim_register(EM_RSI, random_offset(seg));
	aim_register(EM_RDI, random_offset(EM_ES));
	aim_register(EM_RCX, below(8));
	/* Let comparisons find equals. */
	if (below(2)) {
		memset(arena + 0x1000, 0x55, 0x1000);
		memset(m->mem + 0x1000, 0x55, 0x1000);
		m->em.gpr[EM_RAX] = 0x5555555555555555;
		aim_register(EM_RSI, NATIVE_ARENA + 0x1800 - segment_base(seg));
		aim_register(EM_RDI, NATIVE_ARENA + 0x1900 + below(2) * 0x6f8 -
			     segment_base(EM_ES));
	}
}

/* What is compared is made equal in every second case. */
static void aim_values(void)
{
	const struct em_insn *insn = &m->em.insn;
	u64 linear;
	u8 *at;

	if (insn->op != EM_OP_CMPXCHG && insn->op != EM_OP_CMPXCHG8B)
		return;
	if (insn->dst.kind != OP_MEM || below(2))
		return;
	if (em_linear(&m->em, insn->mem.seg, em_offset(&m->em), 16, 1, EM_READ, &linear))
		return;
	at = machine_at(m, linear, 16);
	if (!at)
		return;
	memcpy(&m->em.gpr[EM_RAX], at, 8);
	if (insn->op == EM_OP_CMPXCHG8B)
		memcpy(&m->em.gpr[EM_RDX], at + insn->dst.size / 2, 8);
}

static void aim(void)
{
	const struct em_insn *insn = &m->em.insn;
	ZydisDecodedInstruction raw;
	ZydisDecoder decoder;

	if (insn->op >= EM_OP_MOVS && insn->op <= EM_OP_OUTS) {
		aim_string();
		return;
	}
	if (insn->op >= EM_OP_BT && insn->op <= EM_OP_BTC && insn->src.kind == OP_REG)
		m->em.gpr[insn->src.reg] = (s64)below(20000) - 10000;
	if (insn->dst.kind != OP_MEM && insn->src.kind != OP_MEM)
		return;
	ZydisDecoderInit(&decoder, mode == 64 ? ZYDIS_MACHINE_MODE_LONG_64 :
			 mode == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
			 mode == 64 ? ZYDIS_STACK_WIDTH_64 :
			 mode == 32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
	ZydisDecoderDecodeInstruction(&decoder, ZYAN_NULL, m->em.bytes, 15, &raw);
	aim_memory(&raw);
	em_decode(&m->em);
	aim_values();
}

static void set_segments(void)
{
	const struct native_segment *ds = &native_segments[below(NATIVE_SEGMENTS)];
	const struct native_segment *es = &native_segments[below(NATIVE_SEGMENTS)];

	if (mode == 64 || below(4))
		ds = &native_segments[0];
	if (mode == 64 || below(4))
		es = &native_segments[0];
	machine_set_mode(m, mode);
	m->em.seg[EM_DS] = (struct em_segment) { ds->base, ds->limit, ds->ar, ds->selector };
	m->em.seg[EM_ES] = (struct em_segment) { es->base, es->limit, es->ar, es->selector };
	m->em.seg[EM_SS].selector = native_segments[0].selector;
	m->em.seg[EM_SS].ar |= EM_AR_BIG;
	m->em.seg[EM_CS].selector = native_selector(mode);
	m->em.seg[EM_CS].base = mode == 16 ? NATIVE_CODE : 0;
	if (mode == 16)
		m->em.seg[EM_CS].limit = 0xffff;
	m->em.seg[EM_GS].base = NATIVE_GS_BASE;
	native_state.ds = ds->selector;
	native_state.es = es->selector;
}

/* An instruction and the state before it; false: take another. */
static bool prepare(void)
{
	unsigned int i;

	set_segments();
	random_insn(m->em.bytes, mode);
	if (em_decode(&m->em) || unfit(&m->em.insn))
		return false;
	for (i = 0; i < EM_NR_GPRS; i++)
		m->em.gpr[i] = random_register();
	m->em.gpr[EM_RSP] = random_target(false);
	m->em.rip = mode == 16 ? 0 : NATIVE_CODE;
	m->em.rflags = 0x202 | (random64() & EM_STATUS) | (below(4) ? 0 : EM_DF);
	aim();
	if (mode != 64) {
		/* There is no more of them. */
		for (i = 0; i < EM_NR_GPRS; i++)
			m->em.gpr[i] = i < 8 ? (u32)m->em.gpr[i] : 0;
	}
	native_state.use_vectors = m->em.insn.op == EM_OP_VMOV;
	if (native_state.use_vectors) {
		for (i = 0; i < sizeof(m->vector) / 8; i++)
			((u64 *)m->vector)[i] = random64();
		memcpy(native_state.vector, m->vector, sizeof(m->vector));
	}
	memcpy(native_state.gpr, m->em.gpr, sizeof(m->em.gpr));
	native_state.flags = m->em.rflags;
	return true;
}

/* Did the emulator stay where the CPU may follow? */
static bool stayed(void)
{
	unsigned int i;

	if (m->nr_touched == MAX_TOUCHED)
		return false;
	for (i = 0; i < m->nr_touched; i++) {
		const struct access *a = &m->touched[i];

		if (a->linear - (NATIVE_ARENA - NATIVE_GUARD) > 2 * NATIVE_GUARD - a->len)
			return false;
		/* Locked accesses that cross cache lines are slow, or forbidden. */
		if (is_locked(&m->em.insn) && (a->linear & 63) + a->len > 64)
			return false;
	}
	return true;
}

/* Flags that the SDM leaves undefined. */
static u64 undefined_flags(const struct em_insn *insn, unsigned int count)
{
	unsigned int bits = insn->dst.size * 8;

	switch (insn->op) {
	case EM_OP_AND:
	case EM_OP_OR:
	case EM_OP_XOR:
	case EM_OP_TEST:
		return EM_AF;
	case EM_OP_ROL ... EM_OP_SAR:
		count &= bits == 64 ? 63 : 31;
		return (count == 1 ? 0 : EM_OF) | (count && insn->op >= EM_OP_SHL ? EM_AF : 0) |
		       (count >= bits ? EM_CF : 0);
	case EM_OP_BT ... EM_OP_BTC:
		return EM_OF | EM_SF | EM_AF | EM_PF;
	case EM_OP_CMPS:
	case EM_OP_SCAS:
		/* A fault takes them back to before the first iteration. */
		return native_fault.happened ? EM_STATUS : 0;
	}
	return 0;
}

static const char *compare_fault(int ret)
{
	const struct em_fault *f = &m->em.fault;
	bool faults = ret == EM_FAULT;

	if (ret != EM_OK && !faults)
		return "the answer";
	if (faults != native_fault.happened)
		return native_fault.happened ? "the CPU faults" : "the CPU does not fault";
	if (ret == EM_OK)
		return NULL;
	/* Where both its operands fault, other makers' CPUs read the other one first. */
	if (m->em.insn.op == EM_OP_CMPS && !is_intel)
		return NULL;
	if (f->vector != native_fault.vector)
		return "vector";
	if (f->error != native_fault.error)
		return "error code";
	return f->vector == EM_VECTOR_PF && f->cr2 != native_fault.cr2 ? "CR2" : NULL;
}

/*
 * With 32-bit addresses in 64-bit code Intel's CPUs clear the upper halves of
 * what REP counts with, even if there is nothing to do or the first round
 * faults.  The SDM does not say so, and others do not.
 */
static bool may_be_cut(unsigned int reg)
{
	const struct em_insn *insn = &m->em.insn;

	return insn->rep && insn->addr_size == 4 &&
	       insn->op >= EM_OP_MOVS && insn->op <= EM_OP_OUTS &&
	       (reg == EM_RCX || reg == EM_RSI || reg == EM_RDI);
}

static const char *compare_memory(void)
{
	unsigned int i;

	for (i = 0; i < m->nr_touched; i++) {
		u64 from = m->touched[i].linear - 32;
		u8 *mine = machine_at(m, from, 96);

		if (mine && memcmp(mine, arena + (mine - m->mem), 96))
			return "memory";
	}
	return NULL;
}

static const char *compare(int ret, unsigned int count)
{
	const char *why = compare_fault(ret);
	u64 mask = mode == 64 ? ~0ull : 0xffffffff;
	u64 status = EM_STATUS & ~undefined_flags(&m->em.insn, count);
	unsigned int i;

	if (m->broken)
		return m->broken;
	if (why)
		return why;
	for (i = 0; i < (mode == 64 ? 16 : 8); i++) {
		if ((m->em.gpr[i] ^ native_state.gpr[i]) & (may_be_cut(i) ? (u32)mask : mask))
			return "a general register";
	}
	if ((m->em.rflags ^ native_state.flags) & status)
		return "flags";
	if (native_state.use_vectors &&
	    memcmp(m->vector, native_state.vector, sizeof(m->vector)))
		return "a vector register";
	return compare_memory();
}

static void complain(const struct em *before, const char *why)
{
	char text[64], *at = text;
	unsigned int i;

	for (i = 0; i < before->insn.length; i++)
		at += sprintf(at, "%02x ", before->bytes[i]);
	note("%u bits: %sdiffers in %s", mode, text, why);
	for (i = 0; i < (mode == 64 ? 16 : 8); i++) {
		if (m->em.gpr[i] != native_state.gpr[i])
			note("  register %u: was %#lx, is %#lx, should be %#lx", i, before->gpr[i],
			     m->em.gpr[i], native_state.gpr[i]);
	}
	note("  flags: were %#lx, are %#lx, should be %#lx", before->rflags, m->em.rflags,
	     native_state.flags);
	if (native_fault.happened)
		note("  the CPU: vector %u, error %#x, CR2 %#lx", native_fault.vector,
		     native_fault.error, native_fault.cr2);
	if (m->em.fault.vector)
		note("  emulated: vector %u, error %#x, CR2 %#lx", m->em.fault.vector,
		     m->em.fault.error, m->em.fault.cr2);
}

static unsigned int shift_count(void)
{
	u64 count = 0;

	if (m->em.insn.op < EM_OP_ROL || m->em.insn.op > EM_OP_SAR)
		return 0;
	em_get(&m->em, &m->em.insn.src, EM_READ, &count);
	return count & 0xff;
}

/* Returns 1 for a difference, 0 for none, -1 if it was not executed. */
static int try_one(unsigned long i)
{
	unsigned int count;
	struct em before;
	const char *why;
	int ret;

	if (!prepare())
		return -1;
	before = m->em;
	count = shift_count();
	m->em.fault.vector = 0;
	m->devices = i % 4 == 0;
	native_place(m->em.bytes, m->em.insn.length, mode);
	ret = machine_run(m, 1000);
	if (!stayed()) {
		/* It may have written. */
		memcpy(m->mem, arena, MACHINE_BYTES);
		return -1;
	}
	native_fault.happened = false;
	native_run();
	why = compare(ret, count);
	if (!why && i % 4096 == 0 && memcmp(m->mem, arena, MACHINE_BYTES))
		why = "memory elsewhere";
	if (!why)
		return 0;
	complain(&before, why);
	memcpy(m->mem, arena, MACHINE_BYTES);
	return 1;
}

static const char *setup(void)
{
	const char *why;
	unsigned int i;

	look_at_cpu();
	m = calloc(1, sizeof(*m));
	machine_init(m, NATIVE_ARENA);
	m->em.cpl = 3;
	m->em.nbytes = 15;
	why = native_setup(MACHINE_BYTES);
	if (why)
		return why;
	arena = (u8 *)NATIVE_ARENA;
	for (i = 0; i < MACHINE_BYTES; i++)
		m->mem[i] = arena[i] = random64();
	m->kind[9] = PAGE_READ;
	if (mprotect(arena + 9 * PAGE_BYTES, PAGE_BYTES, PROT_READ))
		return "mprotect";
	return NULL;
}

unsigned int test_native(unsigned int bits, unsigned long count)
{
	unsigned long executed = 0, faults = 0, i;
	unsigned int differences = 0;
	static const char *why = "not tried";

	if (!m)
		why = setup();
	if (why) {
		skip("comparison with the CPU", why);
		return 0;
	}
	mode = bits;
	for (i = 0; executed < count && differences < 20; i++) {
		int ret = try_one(i);

		if (ret < 0)
			continue;
		executed++;
		differences += ret;
		faults += native_fault.happened;
	}
	note("executed: %lu, of them %lu with an exception", executed, faults);
	report(!differences && faults > count / 1000,
	       "%lu random instructions in %u-bit code do what the CPU does", count, bits);
	return differences;
}
