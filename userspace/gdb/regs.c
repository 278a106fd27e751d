// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers as gdb numbers them for x86-64, and those of the system behind them.
 */
#include "priv.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* All that a vCPU has for the debugger, as the hypervisor gives and takes it. */
struct state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_fpu fpu;
	/* Of 32 bits in the protocol, and of other sizes above. */
	uint32_t x87[8];	/* fctrl fstat ftag fiseg fioff foseg fooff fop */
	uint32_t selectors[6];	/* cs ss ds es fs gs */
};

/**
 * struct reg - a register
 * @name: gdb's name
 * @type: gdb's type
 * @bytes: its size in a packet
 * @at: where in struct state
 */
struct reg {
	const char *name;
	const char *type;
	unsigned int bytes;
	size_t at;
};

#define GENERAL(name)	{ #name, "int64", 8, offsetof(struct state, regs.name) }
#define SELECTOR(n, name) { #name, "int32", 4, offsetof(struct state, selectors[n]) }
#define ST(n)		{ "st" #n, "i387_ext", 10, offsetof(struct state, fpu.fpr[n]) }
#define X87(n, name)	{ #name, "int", 4, offsetof(struct state, x87[n]) }
#define XMM(n)		{ "xmm" #n, "vec128", 16, offsetof(struct state, fpu.xmm[n]) }
#define SYSTEM(name)	{ #name, "int64", 8, offsetof(struct state, sregs.name) }

static const struct reg core[] = {
	GENERAL(rax), GENERAL(rbx), GENERAL(rcx), GENERAL(rdx),
	GENERAL(rsi), GENERAL(rdi),
	{ "rbp", "data_ptr", 8, offsetof(struct state, regs.rbp) },
	{ "rsp", "data_ptr", 8, offsetof(struct state, regs.rsp) },
	GENERAL(r8), GENERAL(r9), GENERAL(r10), GENERAL(r11),
	GENERAL(r12), GENERAL(r13), GENERAL(r14), GENERAL(r15),
	{ "rip", "code_ptr", 8, offsetof(struct state, regs.rip) },
	{ "eflags", "int32", 4, offsetof(struct state, regs.rflags) },
	SELECTOR(0, cs), SELECTOR(1, ss), SELECTOR(2, ds),
	SELECTOR(3, es), SELECTOR(4, fs), SELECTOR(5, gs),
	ST(0), ST(1), ST(2), ST(3), ST(4), ST(5), ST(6), ST(7),
	X87(0, fctrl), X87(1, fstat), X87(2, ftag), X87(3, fiseg),
	X87(4, fioff), X87(5, foseg), X87(6, fooff), X87(7, fop),
};

static const struct reg sse[] = {
	XMM(0), XMM(1), XMM(2), XMM(3), XMM(4), XMM(5), XMM(6), XMM(7),
	XMM(8), XMM(9), XMM(10), XMM(11), XMM(12), XMM(13), XMM(14), XMM(15),
	{ "mxcsr", "int", 4, offsetof(struct state, fpu.mxcsr) },
};

static const struct reg segments[] = {
	{ "fs_base", "int64", 8, offsetof(struct state, sregs.fs.base) },
	{ "gs_base", "int64", 8, offsetof(struct state, sregs.gs.base) },
};

static const struct reg system_regs[] = {
	SYSTEM(cr0), SYSTEM(cr2), SYSTEM(cr3), SYSTEM(cr4), SYSTEM(cr8), SYSTEM(efer),
	{ "gdt_base", "int64", 8, offsetof(struct state, sregs.gdt.base) },
	{ "idt_base", "int64", 8, offsetof(struct state, sregs.idt.base) },
	{ "tr_base", "int64", 8, offsetof(struct state, sregs.tr.base) },
	{ "apic_base", "int64", 8, offsetof(struct state, sregs.apic_base) },
};

#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

static const struct feature {
	const char *name;
	const char *types;
	const struct reg *regs;
	unsigned int nr;
} features[] = {
	{ "org.gnu.gdb.i386.core", "", core, COUNT(core) },
	{ "org.gnu.gdb.i386.sse",
	  "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\n"
	  "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>\n"
	  "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>\n"
	  "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>\n"
	  "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>\n"
	  "<union id=\"vec128\">\n"
	  "<field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>\n"
	  "<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v4_int32\" type=\"v4i32\"/>\n"
	  "<field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/>\n"
	  "</union>", sse, COUNT(sse) },
	{ "org.gnu.gdb.i386.segments", "", segments, COUNT(segments) },
	{ "org.vellum.system", "", system_regs, COUNT(system_regs) },
};

static const struct reg *reg_of(unsigned int n)
{
	size_t i;

	for (i = 0; i < COUNT(features); i++) {
		if (n < features[i].nr)
			return &features[i].regs[n];
		n -= features[i].nr;
	}
	return NULL;
}

const char *regs_xml(void)
{
	static char xml[8192];
	size_t len = 0, i;
	unsigned int n;

	if (*xml)
		return xml;
	len = snprintf(xml, sizeof(xml), "<?xml version=\"1.0\"?>\n"
		       "<!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">\n"
		       "<architecture>i386:x86-64</architecture>");
	for (i = 0; i < COUNT(features); i++) {
		len += snprintf(xml + len, sizeof(xml) - len, "<feature name=\"%s\">%s",
				features[i].name, features[i].types);
		for (n = 0; n < features[i].nr; n++) {
			const struct reg *r = &features[i].regs[n];

			len += snprintf(xml + len, sizeof(xml) - len,
					"<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"/>", r->name,
					r->bytes * 8, r->type);
		}
		len += snprintf(xml + len, sizeof(xml) - len, "</feature>");
	}
	snprintf(xml + len, sizeof(xml) - len, "</target>");
	return xml;
}

static struct kvm_segment *segment(struct state *s, unsigned int n)
{
	struct kvm_segment *all[] = { &s->sregs.cs, &s->sregs.ss, &s->sregs.ds,
				      &s->sregs.es, &s->sregs.fs, &s->sregs.gs };

	return all[n];
}

/* Two bits a register, 3 for empty; FXSAVE keeps one, 0 for empty. */
static uint32_t tags_of(uint8_t abridged)
{
	uint32_t tags = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		if (!(abridged >> i & 1))
			tags |= 3u << (2 * i);
	return tags;
}

static uint8_t abridged_of(uint32_t tags)
{
	uint8_t abridged = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		if ((tags >> (2 * i) & 3) != 3)
			abridged |= 1u << i;
	return abridged;
}

static int state_get(const struct cpu *cpu, struct state *s)
{
	unsigned int i;

	if (vellum_vcpu_get_regs(&cpu->vcpu, &s->regs) ||
	    vellum_vcpu_get_sregs(&cpu->vcpu, &s->sregs) ||
	    vellum_vcpu_get_fpu(&cpu->vcpu, &s->fpu))
		return -1;
	for (i = 0; i < 6; i++)
		s->selectors[i] = segment(s, i)->selector;
	s->x87[0] = s->fpu.fcw;
	s->x87[1] = s->fpu.fsw;
	s->x87[2] = tags_of(s->fpu.ftwx);
	s->x87[3] = 0;
	s->x87[4] = s->fpu.last_ip;
	s->x87[5] = 0;
	s->x87[6] = s->fpu.last_dp;
	s->x87[7] = s->fpu.last_opcode;
	return 0;
}

/*
 * Only what differs is set. A selector is not: what it stands for is in hidden
 * parts that the debugger does not see.
 */
static int state_set(const struct cpu *cpu, const struct state *old, struct state *s)
{
	s->fpu.fcw = s->x87[0];
	s->fpu.fsw = s->x87[1];
	s->fpu.ftwx = abridged_of(s->x87[2]);
	if (memcmp(&old->regs, &s->regs, sizeof(s->regs)) &&
	    vellum_vcpu_set_regs(&cpu->vcpu, &s->regs))
		return -1;
	if (memcmp(&old->sregs, &s->sregs, sizeof(s->sregs)) &&
	    vellum_vcpu_set_sregs(&cpu->vcpu, &s->sregs))
		return -1;
	if (memcmp(&old->fpu, &s->fpu, sizeof(s->fpu)) &&
	    vellum_vcpu_set_fpu(&cpu->vcpu, &s->fpu))
		return -1;
	return 0;
}

int regs_read(const struct cpu *cpu, struct gdb_text *out)
{
	const struct reg *r;
	struct state s;
	unsigned int n;

	if (state_get(cpu, &s))
		return -1;
	for (n = 0; (r = reg_of(n)); n++)
		text_hex(out, (const char *)&s + r->at, r->bytes);
	return 0;
}

int regs_write(const struct cpu *cpu, const char *hex)
{
	const struct reg *r;
	struct state s, old;
	unsigned int n;

	if (state_get(cpu, &s))
		return -1;
	old = s;
	for (n = 0; (r = reg_of(n)); n++) {
		if (hex_read(hex, (char *)&s + r->at, r->bytes) != r->bytes)
			return -1;
		hex += 2 * r->bytes;
	}
	return state_set(cpu, &old, &s);
}

int reg_read(const struct cpu *cpu, unsigned int n, struct gdb_text *out)
{
	const struct reg *r = reg_of(n);
	struct state s;

	if (!r || state_get(cpu, &s))
		return -1;
	text_hex(out, (const char *)&s + r->at, r->bytes);
	return 0;
}

int reg_write(const struct cpu *cpu, unsigned int n, const char *hex)
{
	const struct reg *r = reg_of(n);
	struct state s, old;

	if (!r || state_get(cpu, &s))
		return -1;
	old = s;
	if (hex_read(hex, (char *)&s + r->at, r->bytes) != r->bytes)
		return -1;
	return state_set(cpu, &old, &s);
}
