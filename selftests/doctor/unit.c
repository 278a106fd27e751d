// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of VM entry on CPUs that are made up: each case breaks its rule and
 * no other, on at least one of them; no valid state breaks any.  TAP on standard
 * output.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "differ.h"
#include "doctor/bits.h"
#include "unit.h"
#include "unseen.h"

static unsigned int number, failed;

bool ok(bool good, const char *what, const char *of)
{
	number++;
	failed += !good;
	printf("%sok %u %s: %s\n", good ? "" : "not ", number, of, what);
	return good;
}

/* What there is, there is. */
static void full(struct doctor_caps *c)
{
	doctor_caps_lax(c);
	c->known = true;
	c->basic = 0x12 | 1ull << 55;
	c->pin = 0x7full << 32 | 0x16 | 1ull << 39;
	c->proc = 0xfffffffeull << 32 | 0x4006172;
	c->proc2 = 0x7fffffffull << 32;
	c->exit = 0xbfffffffull << 32 | 0x36dfb;
	c->entry = 0x7fffffull << 32 | 0x11fb;
	c->proc3 = 0x1f;
	c->exit2 = 0x8;
	c->misc = 0x3004c1e5;
	c->cr4_fixed1 = 0x1ffffff;
	c->vm_functions = 1;
	c->perf_ctl = 0x70000000full;
	c->physical_bits = 46;
	c->linear_bits = 48;
}

/* As little as can be. */
static void bare(struct doctor_caps *c)
{
	full(c);
	c->basic |= BASIC_32_BIT;
	c->proc &= ~((u64)PROC_MONITOR_TRAP << 32);
	c->misc &= ~(MISC_LENGTH_0 | 1 << 6);
	c->ept_vpid &= ~(EPTCAP_AD | EPTCAP_SHADOW_STACK);
	c->linear_bits = 57;
	c->rtm = false;
	c->bus_lock = false;
	c->sgx = false;
	c->lam = false;
}

static void smm(struct doctor_caps *c)
{
	full(c);
	c->in_smm = true;
}

static void legacy(struct doctor_caps *c)
{
	full(c);
	c->in_ia32e = false;
}

static void tracing(struct doctor_caps *c)
{
	full(c);
	c->tracing = true;
}

static const struct {
	const char *name;
	void (*make)(struct doctor_caps *caps);
} cpus[] = {
	{ "a full CPU", full },
	{ "a bare CPU", bare },
	{ "a CPU in SMM", smm },
	{ "a host outside IA-32e mode", legacy },
	{ "a CPU that traces", tracing },
};

#define CPU_COUNT	(sizeof(cpus) / sizeof(*cpus))

static void make_host(const struct doctor_caps *c, u64 *v)
{
	v[DF_HOST_CR0] = 0x80050033;
	v[DF_HOST_CR4] = 0x3020f0;
	v[DF_HOST_CR3] = 0x5000;
	v[DF_HOST_CS_SEL] = 0x10;
	v[DF_HOST_SS_SEL] = 0x18;
	v[DF_HOST_TR_SEL] = 0x40;
	v[DF_HOST_PAT] = 0x0407050600070106;
	v[DF_HOST_EFER] = c->in_ia32e ? 0xd01 : 0;
	v[DF_HOST_RIP] = c->in_ia32e ? 0xffffffff81000000 : 0xc0100000;
}

static void make(struct entrytry_base *base, unsigned int cpu)
{
	memset(base, 0, sizeof(*base));
	cpus[cpu].make(&base->caps);
	memset(base->have, 1, sizeof(base->have));
	base->at = (struct entrytry_addresses) {
		.vmcs = 0x10000, .empty = 0x11000, .scratch = 0x12000, .vapic = 0x13000,
		.link = 0x14000, .msrs = 0x15000,
	};
	make_host(&base->caps, base->value);
	entrytry_fill(&base->caps, &base->at, base->value);
	base->value[DF_GUEST_EFER] = 0xd01;
	if (!base->caps.in_ia32e)
		base->value[DF_EXIT] &= ~(u64)EXIT_HOST_64;
}

static void say_broken(struct doctor_state *s, const u16 *broken, unsigned int count)
{
	char text[400];
	unsigned int i;

	for (i = 0; i < count && i < ENTRYTRY_BROKEN; i++) {
		doctor_tell(s, broken[i], text, sizeof(text));
		printf("# %s: %s\n", doctor_rules[broken[i]].name, text);
	}
}

static void valid_states(void)
{
	struct entrytry_base base;
	struct doctor_state s;
	struct entrytry t;
	u16 broken[ENTRYTRY_BROKEN];
	unsigned int cpu, count, i;

	for (cpu = 0; cpu < CPU_COUNT; cpu++) {
		make(&base, cpu);
		for (i = 0; i < NR_BASES; i++) {
			memset(&t, 0, sizeof(t));
			memcpy(t.value, base.value, sizeof(t.value));
			/* A host of 32 bits has no guest of 64. */
			if (!base_apply(i, &base.caps, t.value) ||
			    (!base.caps.in_ia32e && t.value[DF_ENTRY] & ENTRY_IA32E))
				continue;
			take_state(&s, &base, &t);
			count = doctor_examine(&s, broken, ENTRYTRY_BROKEN);
			if (!ok(!count, base_name(i), cpus[cpu].name))
				say_broken(&s, broken, count);
		}
	}
}

/* In SMM, outside IA-32e mode and while tracing only what is for there. */
static bool is_for(const struct doctor_case *c, const struct doctor_caps *caps)
{
	struct doctor_caps usual;

	full(&usual);
	if (caps->in_ia32e && !caps->in_smm && !caps->tracing)
		return true;
	return c->cpu && c->cpu(caps) && !c->cpu(&usual);
}

/* On how many CPUs the case could be tried; -1: it did otherwise on one. */
static int try_case(const struct doctor_case *c, int rule)
{
	struct entrytry_base base;
	struct doctor_state s;
	struct entrytry t;
	u16 broken[ENTRYTRY_BROKEN];
	unsigned int cpu, count;
	int tried = 0;

	for (cpu = 0; cpu < CPU_COUNT; cpu++) {
		make(&base, cpu);
		if (!is_for(c, &base.caps))
			continue;
		if (!make_case(c, &base, &t))
			continue;
		take_state(&s, &base, &t);
		count = doctor_examine(&s, broken, ENTRYTRY_BROKEN);
		if (is_for_another_cpu(broken, count, rule))
			continue;
		tried++;
		if (c->rule ? count == 1 && broken[0] == rule : !count)
			continue;
		printf("# %s, %s\n", cpus[cpu].name, base_name(c->base));
		say_broken(&s, broken, count);
		return -1;
	}
	return tried;
}

static void all_cases(void)
{
	bool *covered = calloc(doctor_nr_rules, sizeof(*covered));
	unsigned int i;
	int rule, tried;

	for (i = 0; i < doctor_nr_cases; i++) {
		if (!doctor_cases[i].rule) {
			ok(try_case(&doctor_cases[i], -1) > 0, "no rule is named", "allowed");
			continue;
		}
		rule = rule_number(doctor_cases[i].rule);
		if (!ok(rule >= 0, "there is such a rule", doctor_cases[i].rule))
			continue;
		tried = try_case(&doctor_cases[i], rule);
		ok(tried > 0, "this one alone is named", doctor_cases[i].rule);
		covered[rule] |= tried > 0;
	}
	for (i = 0; i < doctor_nr_rules; i++) {
		if (!covered[i])
			ok(false, "has a case", doctor_rules[i].name);
	}
	printf("# show: %u rules, %u cases\n", doctor_nr_rules, doctor_nr_cases);
	free(covered);
}

/* What is not in a dump is not held against it. */
static void half_known(void)
{
	struct doctor_state s = { 0 };
	char text[400];
	u16 broken[4];

	doctor_caps_lax(&s.caps);
	ok(!doctor_examine(&s, broken, 4), "an empty dump breaks nothing", "doctor");
	doctor_set(&s, DF_GUEST_RFLAGS, 0);
	ok(doctor_examine(&s, broken, 4) == 1 && broken[0] == rule_number("guest_rflags_fixed"),
	   "a field alone is judged", "doctor");
	doctor_tell(&s, broken[0], text, sizeof(text));
	ok(!strcmp(text, "guest RFLAGS bit 1 must be 1; guest RFLAGS is 0"), text, "doctor");
	doctor_tell(&s, broken[0], text, 8);
	ok(!strcmp(text, "guest R"), "a short buffer is enough", "doctor");
}

static void the_table(void)
{
	unsigned int i, j;

	for (i = 0; i < doctor_nr_rules; i++) {
		for (j = 0; j < i; j++) {
			if (!strcmp(doctor_rules[i].name, doctor_rules[j].name))
				ok(false, "only one rule of this name", doctor_rules[i].name);
		}
	}
	for (i = DF_NONE + 1; i < NR_DOCTOR_FIELDS; i++) {
		if (doctor_field_find(doctor_field_encoding(i)) != i)
			ok(false, "only one field of this encoding", doctor_field_name(i));
	}
}

/* What docs/doctor.md says of the emulators is what the tests go by. */
static void the_document(const char *path)
{
	static char document[1 << 16];
	FILE *file = fopen(path, "r"), *out;
	char *list = NULL;
	size_t size;

	if (file) {
		fread(document, 1, sizeof(document) - 1, file);
		fclose(file);
	}
	out = open_memstream(&list, &size);
	print_differ(out);
	fclose(out);
	ok(strstr(document, list), "has the list of differences", path);
	free(list);
	out = open_memstream(&list, &size);
	print_unseen(out);
	fclose(out);
	ok(strstr(document, list), "has the list of what is not seen", path);
	free(list);
}

int main(int argc, char **argv)
{
	valid_states();
	all_cases();
	half_known();
	the_table();
	if (argc == 4) {
		test_dumps(argv[1], argv[2]);
		the_document(argv[3]);
	}
	printf("1..%u\n", number);
	return failed != 0;
}
