// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoding, compared with Zydis: what is an instruction and what is not, its
 * length, its name, and where in memory its operand is.
 */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../module/emul/insn.h"
#include "machine.h"
#include "tests.h"

/* Zydis's names of each operation; a trailing star stands for any ending. */
static const char *const names[EM_NR_OPS] = {
	[EM_OP_ADD] = "add", [EM_OP_OR] = "or", [EM_OP_ADC] = "adc", [EM_OP_SBB] = "sbb",
	[EM_OP_AND] = "and", [EM_OP_SUB] = "sub", [EM_OP_XOR] = "xor", [EM_OP_CMP] = "cmp",
	[EM_OP_ROL] = "rol", [EM_OP_ROR] = "ror", [EM_OP_RCL] = "rcl", [EM_OP_RCR] = "rcr",
	[EM_OP_SHL] = "shl", [EM_OP_SHR] = "shr", [EM_OP_SAL] = "shl", [EM_OP_SAR] = "sar",
	[EM_OP_TEST] = "test", [EM_OP_INC] = "inc", [EM_OP_DEC] = "dec", [EM_OP_NOT] = "not",
	[EM_OP_NEG] = "neg", [EM_OP_MOV] = "mov", [EM_OP_MOVZX] = "movzx",
	[EM_OP_MOVSX] = "movsx*", [EM_OP_MOVBE] = "movbe", [EM_OP_XCHG] = "xchg",
	[EM_OP_XADD] = "xadd", [EM_OP_CMPXCHG] = "cmpxchg", [EM_OP_CMPXCHG8B] = "cmpxchg*",
	[EM_OP_BT] = "bt", [EM_OP_BTS] = "bts", [EM_OP_BTR] = "btr", [EM_OP_BTC] = "btc",
	[EM_OP_PUSH] = "push", [EM_OP_POP] = "pop", [EM_OP_SETCC] = "set*",
	[EM_OP_CMOVCC] = "cmov*", [EM_OP_MOVS] = "movs*", [EM_OP_CMPS] = "cmps*",
	[EM_OP_STOS] = "stos*", [EM_OP_LODS] = "lods*", [EM_OP_SCAS] = "scas*",
	[EM_OP_INS] = "ins*", [EM_OP_OUTS] = "outs*", [EM_OP_FLUSH] = "cl*",
};

static ZydisDecodedInstruction theirs;
static ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

static bool name_is(const char *name, const char *pattern)
{
	size_t n = strlen(pattern);

	if (pattern[n - 1] == '*')
		return !strncmp(name, pattern, n - 1);
	return !strcmp(name, pattern);
}

static bool same_name(const struct em_insn *insn)
{
	const char *name = ZydisMnemonicGetString(theirs.mnemonic);

	if (insn->op == EM_OP_VMOV)
		return name_is(name, "mov*") || name_is(name, "vmov*") ||
		       name_is(name, "lddqu") || name_is(name, "vlddqu");
	if (insn->op == EM_OP_MOV && name_is(name, "movnti"))
		return true;
	return name_is(name, names[insn->op]);
}

static const ZydisDecodedOperand *memory_operand(void)
{
	unsigned int i;

	for (i = 0; i < theirs.operand_count; i++) {
		if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
			return &operands[i];
	}
	return NULL;
}

static unsigned int reg_number(ZydisRegister reg)
{
	if (reg == ZYDIS_REGISTER_NONE)
		return EM_NO_REG;
	if (ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_IP)
		return EM_RIP;
	return ZydisRegisterGetId(reg);
}

/*
 * Zydis 4.0.0 takes base 5 without displacement for R13D when there are both
 * 67H and REX.B.  SDM 2A, "Special Encodings of REX Prefixes", has no base
 * there, and the CPU neither: test_native() meets it too.
 */
static bool misreads_base(const struct em_insn *insn)
{
	return insn->addr_size == 4 && (insn->rex & 1) && theirs.raw.sib.base == 5 &&
	       theirs.raw.modrm.mod == 0 && insn->mem.base == EM_NO_REG;
}

static const char *compare_memory(const struct em_insn *insn)
{
	const ZydisDecodedOperand *op = memory_operand();
	const struct em_operand *mine = insn->dst.kind == OP_MEM ? &insn->dst : &insn->src;
	u64 mask = em_mask(insn->addr_size);

	if (mine->kind != OP_MEM)
		return NULL;
	if (!op)
		return "they see no memory operand";
	if (reg_number(op->mem.base) != insn->mem.base)
		return misreads_base(insn) ? NULL : "base";
	if (reg_number(op->mem.index) != insn->mem.index)
		return "index";
	if (insn->mem.index != EM_NO_REG && op->mem.scale != insn->mem.scale)
		return "scale";
	if (((u64)op->mem.disp.value & mask) != (insn->mem.disp & mask))
		return "displacement";
	if (op->mem.segment - ZYDIS_REGISTER_ES != insn->mem.seg)
		return "segment";
	/* It has MOVSXD to 16 bits read 32; the CPU reads 16. */
	if (op->size != mine->size * 8u && insn->op != EM_OP_FLUSH &&
	    theirs.mnemonic != ZYDIS_MNEMONIC_MOVSXD)
		return "size of the operand";
	return NULL;
}

/* String instructions: size of the element, segment of the source. */
static const char *compare_string(const struct em_insn *insn)
{
	unsigned int size = insn->flags & EM_BYTE ? 1 : insn->op_size;
	u8 seg = insn->override == EM_NO_REG ? EM_DS : insn->override;
	unsigned int i;

	if (insn->op < EM_OP_MOVS || insn->op > EM_OP_OUTS)
		return NULL;
	if (size == 8 && insn->op >= EM_OP_INS)
		size = 4;
	for (i = 0; i < theirs.operand_count; i++) {
		if (operands[i].type != ZYDIS_OPERAND_TYPE_MEMORY)
			continue;
		if (operands[i].size != size * 8)
			return "size of the element";
		if (reg_number(operands[i].mem.base) == EM_RSI &&
		    operands[i].mem.segment - ZYDIS_REGISTER_ES != seg)
			return "segment of the source";
	}
	return NULL;
}

static const char *compare_immediate(const struct em_insn *insn)
{
	if (insn->src.kind != OP_IMM || !theirs.raw.imm[0].size)
		return NULL;
	return (theirs.raw.imm[0].value.u & em_mask(theirs.raw.imm[0].size / 8)) ==
	       (insn->imm & em_mask(theirs.raw.imm[0].size / 8)) ? NULL : "immediate";
}

/* Would it be a gap to answer that this cannot be handled? */
static bool should_handle(void)
{
	const char *name = ZydisMnemonicGetString(theirs.mnemonic);
	unsigned int op;

	if (!memory_operand() || theirs.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		return false;
	/* Known not to be there: MOV to a segment register, moves of segments. */
	if (theirs.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && theirs.opcode == 0x8e)
		return false;
	if (name_is(name, "push") || name_is(name, "pop"))
		return operands[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
		       ZydisRegisterGetClass(operands[0].reg.value) != ZYDIS_REGCLASS_SEGMENT;
	for (op = 0; op < EM_NR_OPS; op++) {
		if (names[op] && !strchr(names[op], '*') && name_is(name, names[op]))
			return true;
	}
	return name_is(name, "cmov*") || name_is(name, "set??") || name_is(name, "clflush*");
}

/* AMD's, which Intel's CPUs do not have. */
static bool is_foreign(void)
{
	return theirs.encoding == ZYDIS_INSTRUCTION_ENCODING_XOP ||
	       theirs.encoding == ZYDIS_INSTRUCTION_ENCODING_3DNOW;
}

static const char *compare(int ret, bool good, const struct em_insn *insn)
{
	const char *why;

	if (ret == EM_UNHANDLED)
		return good && should_handle() ? "unhandled" : NULL;
	if (ret == EM_FAULT)
		return good && !is_foreign() ? "they take it for legal" : NULL;
	if (ret != EM_OK)
		return "the answer";
	if (!good)
		return "they take it for illegal";
	if (insn->length != theirs.length)
		return "length";
	if (!same_name(insn))
		return "name";
	why = compare_memory(insn);
	if (!why)
		why = compare_string(insn);
	return why ? why : compare_immediate(insn);
}

static void complain(const u8 *bytes, unsigned int bits, const char *why)
{
	char text[64];
	unsigned int i;

	for (i = 0; i < 15; i++)
		sprintf(text + 3 * i, "%02x ", bytes[i]);
	note("%u bits: %s: %s", bits, text, why);
}

unsigned int test_zydis(unsigned long count)
{
	static const struct { unsigned int bits; ZydisMachineMode mode; ZydisStackWidth stack; }
	modes[] = {
		{ 64, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64 },
		{ 64, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64 },
		{ 32, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32 },
		{ 16, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16 },
	};
	unsigned int differences = 0, answers[EM_DEVICE + 1] = { 0 };
	struct machine *m = calloc(1, sizeof(*m));
	ZydisDecoder decoders[4];
	unsigned long i;
	unsigned int mode;

	machine_init(m, 0);
	m->em.nbytes = 15;
	for (mode = 0; mode < 4; mode++)
		ZydisDecoderInit(&decoders[mode], modes[mode].mode, modes[mode].stack);
	for (i = 0; i < count; i++) {
		const char *why;
		bool good;
		int ret;

		mode = i % 4;
		m->em.code_bits = modes[mode].bits;
		random_insn(m->em.bytes, modes[mode].bits);
		ret = em_decode(&m->em);
		answers[ret]++;
		good = ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoders[mode], m->em.bytes, 15,
							   &theirs, operands));
		why = compare(ret, good, &m->em.insn);
		if (why && differences++ < 20)
			complain(m->em.bytes, modes[mode].bits, why);
	}
	note("decoded: %u handled, %u not, %u undefined", answers[EM_OK],
	     answers[EM_UNHANDLED], answers[EM_FAULT]);
	report(!differences && answers[EM_OK] >= count / 4,
	       "%lu random instructions decode as with Zydis", count);
	free(m);
	return differences;
}
