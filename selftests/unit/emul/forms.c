// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the lines of forms_*.c.  Each is run twice: on plain memory, and with
 * all memory a device that answers late, where the same must come out.
 */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../module/emul/insn.h"
#include "forms.h"
#include "machine.h"
#include "tests.h"

/* What a line expects besides state. */
struct outcome {
	int result;
	struct em_fault fault;
	bool retired;
};

static struct machine *m, *want;

static bool covered[3][256][8];

unsigned int forms_parse_bytes(const char *text, unsigned char bytes[15])
{
	unsigned int n = 0;
	char *end;

	while (*text) {
		bytes[n++] = strtoul(text, &end, 16);
		text = end + strspn(end, " ");
	}
	return n;
}

static int find(const char *word, const char *const *names, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!strcmp(word, names[i]))
			return i;
	}
	return -1;
}

static u64 status(const char *letters)
{
	static const char names[] = "oszapcd";
	static const u64 bits[] = { EM_OF, EM_SF, EM_ZF, EM_AF, EM_PF, EM_CF, EM_DF };
	u64 flags = 0;

	for (; *letters; letters++)
		flags |= bits[strchr(names, *letters) - names];
	return flags;
}

static bool set_segment(struct machine *to, const char *name, u64 value)
{
	static const char *const segments[] = { "es", "cs", "ss", "ds", "fs", "gs" };
	char head[3] = { name[0], name[1], 0 };
	int seg = find(head, segments, 6);

	if (seg < 0 || name[2] != '.')
		return false;
	if (!strcmp(name + 3, "base"))
		to->em.seg[seg].base = value;
	else if (!strcmp(name + 3, "limit"))
		to->em.seg[seg].limit = value;
	else if (!strcmp(name + 3, "ar"))
		to->em.seg[seg].ar = value;
	else if (!strcmp(name + 3, "sel"))
		to->em.seg[seg].selector = value;
	else
		return false;
	return true;
}

static bool set_numbered(struct machine *to, const char *name, u64 value)
{
	char *dot;
	u64 at = strtoul(name + 1, &dot, 16);
	unsigned int n;

	if (*dot != '.')
		return false;
	n = strtoul(dot + 1, NULL, 16);
	if (*name == 'm')
		memcpy(machine_at(to, at, n), &value, n);
	else
		memcpy(to->vector[at] + 8 * n, &value, 8);
	return true;
}

static bool set_port(struct machine *to, const char *hex)
{
	unsigned int byte, n = 0;

	while (sscanf(hex + 2 * n, "%2x", &byte) == 1)
		to->port[n++] = byte;
	return true;
}

static bool set_value(struct machine *to, const char *name, const char *text)
{
	static const char *const regs[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
	};
	u64 value = strtoull(text, NULL, 16);
	int reg = find(name, regs, 16);

	if (reg >= 0)
		to->em.gpr[reg] = value;
	else if (!strcmp(name, "rip"))
		to->em.rip = value;
	else if (!strcmp(name, "cpl"))
		to->em.cpl = value;
	else if (!strcmp(name, "p"))
		return set_port(to, text);
	else if (!strcmp(name, "f"))
		to->em.rflags = (to->em.rflags & ~(u64)EM_STATUS) | status(text);
	else if (*name == 'm' || *name == 'x')
		return set_numbered(to, name, value);
	else
		return set_segment(to, name, value);
	return true;
}

static bool set_fault(struct outcome *outcome, const char *word)
{
	static const struct { const char *name; u8 vector; bool has_error; } faults[] = {
		{ "ud", EM_VECTOR_UD, false }, { "nm", EM_VECTOR_NM, false },
		{ "gp", EM_VECTOR_GP, true }, { "ss", EM_VECTOR_SS, true },
		{ "ac", EM_VECTOR_AC, true },
	};
	unsigned int i;

	for (i = 0; i < 5; i++) {
		if (strcmp(word, faults[i].name))
			continue;
		outcome->result = EM_FAULT;
		outcome->fault.vector = faults[i].vector;
		outcome->fault.has_error = faults[i].has_error;
		return true;
	}
	return false;
}

/* Words of the second column that are not state. */
static bool set_outcome(struct outcome *outcome, char *word)
{
	char *colon;

	if (!strncmp(word, "pf=", 3)) {
		outcome->result = EM_FAULT;
		outcome->fault.vector = EM_VECTOR_PF;
		outcome->fault.has_error = true;
		outcome->fault.cr2 = strtoull(word + 3, &colon, 16);
		outcome->fault.error = strtoul(colon + 1, NULL, 16);
	} else if (!strcmp(word, "unhandled")) {
		outcome->result = EM_UNHANDLED;
	} else if (!strcmp(word, "short")) {
		outcome->result = EM_SHORT;
	} else if (!strcmp(word, "rep")) {
		outcome->retired = false;
	} else {
		return set_fault(outcome, word);
	}
	return true;
}

/* Words of the first column that are not state; *rounds for "all". */
static bool set_switch(struct machine *to, const char *word, unsigned int *rounds, bool *ram)
{
	if (!strcmp(word, "all"))
		*rounds = 1000;
	else if (!strcmp(word, "ram"))
		*ram = true;
	else if (!strcmp(word, "lose"))
		to->lose = 1;
	else if (!strcmp(word, "ac"))
		to->em.align_check = true;
	else if (!strcmp(word, "la57"))
		to->em.la_bits = 57;
	else if (!strcmp(word, "rf"))
		to->em.rflags |= EM_RF;
	else if (!strcmp(word, "norf"))
		to->em.rflags &= ~(u64)EM_RF;
	else
		return false;
	return true;
}

static void parse(struct machine *to, const char *text, struct outcome *outcome,
		  unsigned int *rounds, bool *ram)
{
	char line[256], *word, *rest = line;

	snprintf(line, sizeof(line), "%s", text);
	while ((word = strsep(&rest, " "))) {
		char *equals = strchr(word, '=');

		if (!*word || (outcome && set_outcome(outcome, word)) ||
		    set_switch(to, word, rounds, ram))
			continue;
		if (equals)
			*equals = 0;
		if (!equals || !set_value(to, word, equals + 1)) {
			fprintf(stderr, "forms: no such word: %s in %s\n", word, text);
			exit(2);
		}
	}
}

static void prepare(const struct form *form, struct machine *to)
{
	unsigned int i;

	machine_init(to, 0);
	for (i = 0; i < MACHINE_BYTES; i++)
		to->mem[i] = i * 7 + (i >> 8);
	memset(to->vector, 0x5c, sizeof(to->vector));
	memset(to->port, 0, sizeof(to->port));
	to->kind[8] = PAGE_READ;
	to->kind[9] = PAGE_NONE;
	machine_set_mode(to, form->mode);
	to->em.nbytes = forms_parse_bytes(form->bytes, to->em.bytes);
}

static const char *compare_state(void)
{
	unsigned int i;

	for (i = 0; i < EM_NR_GPRS; i++) {
		if (m->em.gpr[i] != want->em.gpr[i])
			return "a general register";
	}
	if (m->em.rflags != want->em.rflags)
		return "the flags";
	if (memcmp(m->mem, want->mem, sizeof(m->mem)))
		return "memory";
	if (memcmp(m->vector, want->vector, sizeof(m->vector)))
		return "a vector register";
	return memcmp(m->port, want->port, sizeof(m->port)) ? "the port" : NULL;
}

static const char *compare(int result, const struct outcome *outcome)
{
	const struct em_fault *a = &m->em.fault, *b = &outcome->fault;

	if (m->broken)
		return m->broken;
	if (m->lose && !m->devices)
		return "that it is not locked";
	if (result != outcome->result)
		return "the answer";
	if (result == EM_FAULT &&
	    (a->vector != b->vector || a->has_error != b->has_error ||
	     a->error != b->error || a->cr2 != b->cr2))
		return "the exception";
	if (result == EM_OK && m->em.insn.length != m->em.nbytes)
		return "the length";
	if (m->em.retired != (outcome->retired && result == EM_OK))
		return "whether it is done";
	return compare_state();
}

static const char *run_form(const struct form *form, bool devices)
{
	struct outcome outcome = { .result = EM_OK, .retired = true };
	unsigned int rounds = 1;
	bool ram = false;

	prepare(form, m);
	prepare(form, want);
	parse(m, form->in, NULL, &rounds, &ram);
	parse(want, form->in, NULL, &rounds, &ram);
	parse(want, form->out, &outcome, &rounds, &ram);
	if (devices && ram)
		return NULL;
	m->devices = devices;
	return compare(machine_run(m, rounds), &outcome);
}

/* Note which row of the tables a line was about. */
static void cover(const struct form *form)
{
	ZydisDecodedInstruction insn;
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, form->mode == 64 ? ZYDIS_MACHINE_MODE_LONG_64 :
			 form->mode == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32 :
			 ZYDIS_MACHINE_MODE_LEGACY_16,
			 form->mode == 64 ? ZYDIS_STACK_WIDTH_64 :
			 form->mode == 32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, ZYAN_NULL, m->em.bytes,
							m->em.nbytes, &insn)))
		return;
	if (insn.opcode_map <= 2)
		covered[insn.opcode_map][insn.opcode][insn.raw.modrm.reg] = true;
}

static void run_table(const struct form *form, unsigned int *count)
{
	const char *why;

	for (; form->text; form++, ++*count) {
		why = run_form(form, false);
		if (why) {
			report(false, "%u: %s: %s", form->mode, form->text, why);
			continue;
		}
		if (m->em.insn.length == m->em.nbytes)
			cover(form);
		why = run_form(form, true);
		report(!why, "%u: %s%s%s", form->mode, form->text,
		       why ? ": late answers: " : "", why ? why : "");
	}
}

/* Does ModR/M reg choose the operation? */
static bool is_group(unsigned int map, unsigned int opcode)
{
	struct em_opcode first = em_opcode(map, opcode, 0), row;
	unsigned int reg;

	for (reg = 1; reg < 8; reg++) {
		row = em_opcode(map, opcode, reg << 3);
		if (row.kind != first.kind || row.op != first.op)
			return true;
	}
	return false;
}

/* One form is enough for opcodes that only differ in the register they hold. */
static bool any_covered(unsigned int map, unsigned int opcode)
{
	unsigned int first = opcode, last = opcode, reg;

	if (!map && ((opcode & 0xf0) == 0x50 || (opcode & 0xf0) == 0xb0)) {
		first = opcode & ~7u;
		last = opcode | 7;
	}
	for (; first <= last; first++) {
		for (reg = 0; reg < 8; reg++) {
			if (covered[map][first][reg])
				return true;
		}
	}
	return false;
}

static unsigned int missing_forms(unsigned int map, unsigned int opcode)
{
	bool group = is_group(map, opcode);
	unsigned int reg, missing = 0;

	for (reg = 0; reg < (group ? 8 : 1); reg++) {
		u8 kind = em_opcode(map, opcode, reg << 3).kind;

		if (kind != EM_ROW_OP && kind != EM_ROW_VECTOR)
			continue;
		if (group ? covered[map][opcode][reg] : any_covered(map, opcode))
			continue;
		note("no form for map %u, opcode %02x /%u", map, opcode, reg);
		missing++;
	}
	return missing;
}

static void check_coverage(void)
{
	unsigned int map, opcode, missing = 0;

	for (map = 0; map < 3; map++) {
		for (opcode = 0; opcode < 256; opcode++)
			missing += missing_forms(map, opcode);
	}
	report(!missing, "every row of the tables has a form");
}

unsigned int test_forms(void)
{
	unsigned int count = 0;

	m = calloc(1, sizeof(*m));
	want = calloc(1, sizeof(*want));
	run_table(forms_arith, &count);
	run_table(forms_move, &count);
	run_table(forms_string, &count);
	run_table(forms_other, &count);
	check_coverage();
	free(m);
	free(want);
	return count;
}
