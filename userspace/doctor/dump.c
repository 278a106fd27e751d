// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vellum's form of a dump, and the report.
 *
 *	vellum-vmcs 1
 *	exit-reason 0x80000021
 *	cap 0x480 0xda040000000012 IA32_VMX_BASIC
 *	field 0x6800 0x80010021 guest CR0
 *	msr 0x174 0x0
 *
 * What follows the numbers is for people.
 */
#include "dump.h"

#include <string.h>

#include "kvm.h"

#define MAGIC	"vellum-vmcs 1"

void dump_set(struct dump *d, enum doctor_field field, uint64_t value)
{
	unsigned int bits = doctor_field_bits(field);

	if (bits < 64 && value >> bits)
		return;
	d->fields += !d->state.have[field];
	doctor_set(&d->state, field, value);
}

static void set_cap(struct dump *d, uint32_t number, uint64_t value)
{
	u64 *cap = doctor_cap(&d->state.caps, number);

	if (cap) {
		*cap = value;
		d->state.caps.known = true;
	}
}

static void add_msr(struct dump *d, uint64_t index, uint64_t value)
{
	if (d->state.nr_msrs >= DUMP_MSRS)
		return;
	d->msrs[d->state.nr_msrs++] = (struct doctor_msr) {
		.index = index, .reserved = index >> 32, .value = value,
	};
}

static void read_line(struct dump *d, const char *line)
{
	unsigned long long number, value;
	enum doctor_field field;

	if (sscanf(line, "field %llx %llx", &number, &value) == 2) {
		field = number >> 32 ? DF_NONE : doctor_field_find(number);
		if (field)
			dump_set(d, field, value);
	} else if (sscanf(line, "cap %llx %llx", &number, &value) == 2) {
		set_cap(d, number, value);
	} else if (sscanf(line, "msr %llx %llx", &number, &value) == 2) {
		add_msr(d, number, value);
	} else if (sscanf(line, "exit-reason %llx", &value) == 1) {
		d->exit_reason = value;
	} else if (sscanf(line, "instruction-error %llu", &value) == 1) {
		d->instruction_error = value;
	}
}

unsigned int dump_read(struct dump *d, const char *text, size_t size)
{
	const char *end = text + size;
	char line[256];
	bool ours = false;

	memset(d, 0, sizeof(*d));
	doctor_caps_lax(&d->state.caps);
	d->state.msrs = d->msrs;
	while (text < end) {
		const char *next = memchr(text, '\n', end - text);
		size_t length = (next ? next : end) - text;

		snprintf(line, sizeof(line), "%.*s", length < 255 ? (int)length : 255, text);
		text += length + 1;
		if (!strncmp(line, MAGIC, strlen(MAGIC))) {
			if (ours)
				break;
			ours = true;
		} else if (ours) {
			read_line(d, line);
		} else if (!kvm_line(d, line)) {
			break;
		}
	}
	return d->fields;
}

void dump_write(const struct dump *d, FILE *out)
{
	struct doctor_caps caps = d->state.caps;
	unsigned int i;

	fprintf(out, "%s\n", MAGIC);
	if (d->exit_reason)
		fprintf(out, "exit-reason %#x\n", d->exit_reason);
	if (d->instruction_error)
		fprintf(out, "instruction-error %u\n", d->instruction_error);
	for (i = 0; caps.known && i < doctor_nr_caps; i++)
		fprintf(out, "cap %#x %#llx %s\n", doctor_cap_number(i),
			(unsigned long long)*doctor_cap(&caps, doctor_cap_number(i)),
			doctor_cap_name(i));
	for (i = DF_NONE + 1; i < NR_DOCTOR_FIELDS; i++) {
		if (d->state.have[i])
			fprintf(out, "field %#x %#llx %s\n", doctor_field_encoding(i),
				(unsigned long long)d->state.value[i], doctor_field_name(i));
	}
	for (i = 0; i < d->state.nr_msrs; i++)
		fprintf(out, "msr %#llx %#llx\n",
			(unsigned long long)d->msrs[i].reserved << 32 | d->msrs[i].index,
			(unsigned long long)d->msrs[i].value);
}

static void report_refusal(const struct dump *d, FILE *out)
{
	if (d->exit_reason & 1u << 31)
		fprintf(out, "the CPU refused the entry: exit reason %u (%s)\n",
			d->exit_reason & 0xffff,
			(d->exit_reason & 0xffff) == 33 ? "invalid guest state" :
			(d->exit_reason & 0xffff) == 34 ? "MSR loading" : "another");
	else if (d->instruction_error)
		fprintf(out, "the CPU refused the entry: VM-instruction error %u (%s)\n",
			d->instruction_error,
			d->instruction_error == 7 ? "invalid control field" :
			d->instruction_error == 8 ? "invalid host-state field" : "another");
}

unsigned int dump_report(struct dump *d, FILE *out)
{
	unsigned int rule, broken = 0, unknown = 0;
	char text[512];

	report_refusal(d, out);
	for (rule = 0; rule < doctor_nr_rules; rule++) {
		const struct doctor_rule *r = &doctor_rules[rule];
		enum doctor_answer answer = doctor_ask(&d->state, rule);

		unknown += answer == DOCTOR_UNKNOWN;
		if (answer != DOCTOR_BROKEN)
			continue;
		broken++;
		doctor_tell(&d->state, rule, text, sizeof(text));
		fprintf(out, "%s: %s\n    (%s; SDM 3C, \"%s\")\n", r->name, text,
			doctor_group_name(doctor_rule_group(rule)),
			doctor_sections[r->section].title);
	}
	fprintf(out, "%u of %u rules broken", broken, doctor_nr_rules);
	if (unknown)
		fprintf(out, ", %u not judged: the dump has not all that they take", unknown);
	if (!d->state.caps.known)
		fprintf(out, "; the CPU is not known, so what depends on it counts as allowed");
	fprintf(out, "\n");
	return broken;
}
