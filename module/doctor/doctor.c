// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking the rules, and telling what they say.
 */
#include "bits.h"
#include "doctor.h"

static const struct {
	u32 encoding;
	const char *name;
} fields[NR_DOCTOR_FIELDS] = {
	{ 0xffffffff, "none" },
#define FIELD(name, encoding, text)	{ encoding, text },
#include "fields.h"
#undef FIELD
};

u32 doctor_field_encoding(enum doctor_field field)
{
	return fields[field].encoding;
}

unsigned int doctor_field_bits(enum doctor_field field)
{
	static const u8 bits[] = { 16, 64, 32, 64 };
	u32 encoding = fields[field].encoding;

	if (encoding >> 31)
		return field == DF_VMCS_POINTER ? 64 : 32;
	return bits[encoding >> 13 & 3];
}

const char *doctor_field_name(enum doctor_field field)
{
	return fields[field].name;
}

enum doctor_field doctor_field_find(u32 encoding)
{
	unsigned int i;

	for (i = DF_NONE + 1; i < NR_DOCTOR_FIELDS; i++) {
		if (fields[i].encoding == encoding)
			return i;
	}
	return DF_NONE;
}

const char *doctor_group_name(enum doctor_group group)
{
	static const char *const names[] = {
		[DOCTOR_CONTROLS] = "VMX controls",
		[DOCTOR_HOST] = "host state",
		[DOCTOR_GUEST] = "guest state",
		[DOCTOR_MSRS] = "MSR loading",
	};

	return names[group];
}

void doctor_caps_lax(struct doctor_caps *caps)
{
	*caps = (struct doctor_caps) {
		.basic = BASIC_ANY_ERROR_CODE,
		.pin = ~0ull << 32,
		.proc = ~0ull << 32,
		.proc2 = ~0ull << 32,
		.exit = ~0ull << 32,
		.entry = ~0ull << 32,
		.proc3 = ~0ull,
		.exit2 = ~0ull,
		.misc = ~0ull,
		/* VMX operation needs these of every CPU: SDM 3D, "VMX-Fixed Bits in CR0". */
		.cr0_fixed0 = 0x80000021,
		.cr0_fixed1 = 0xffffffff,
		.cr4_fixed0 = 0x2000,
		.cr4_fixed1 = ~0ull,
		.ept_vpid = ~0ull,
		.vm_functions = ~0ull,
		.perf_ctl = ~0ull,
		.physical_bits = 52,
		.linear_bits = 57,
		.in_ia32e = true,
		.rtm = true,
		.bus_lock = true,
		.sgx = true,
		.lam = true,
	};
}

/* Entries of the MSR area that count, and are known. */
static unsigned int nr_msrs(const struct doctor_state *s)
{
	u64 count = s->have[DF_ENTRY_LOAD_COUNT] ? s->value[DF_ENTRY_LOAD_COUNT] : s->nr_msrs;

	return count < s->nr_msrs ? count : s->nr_msrs;
}

int doctor_bad_msr(struct doctor_state *s, unsigned int rule)
{
	unsigned int i, n = nr_msrs(s);

	for (i = 0; i < n; i++) {
		if (!doctor_rules[rule].holds(s, &s->msrs[i]))
			return i;
	}
	return -1;
}

static bool all_msrs_hold(struct doctor_state *s, unsigned int rule)
{
	if (doctor_bad_msr(s, rule) >= 0)
		return false;
	if (s->have[DF_ENTRY_LOAD_COUNT] && s->value[DF_ENTRY_LOAD_COUNT] > s->nr_msrs)
		s->unknown = true;
	return true;
}

enum doctor_answer doctor_ask(struct doctor_state *s, unsigned int rule)
{
	bool holds;

	s->unknown = false;
	if (doctor_rule_group(rule) == DOCTOR_MSRS)
		holds = all_msrs_hold(s, rule);
	else
		holds = doctor_rules[rule].holds(s, NULL);
	if (s->unknown)
		return DOCTOR_UNKNOWN;
	return holds ? DOCTOR_KEPT : DOCTOR_BROKEN;
}

unsigned int doctor_examine(struct doctor_state *s, u16 *broken, unsigned int room)
{
	unsigned int rule, count = 0;

	for (rule = 0; rule < doctor_nr_rules; rule++) {
		if (doctor_ask(s, rule) != DOCTOR_BROKEN)
			continue;
		if (count < room)
			broken[count] = rule;
		count++;
	}
	return count;
}

/* The text so far; what does not fit is dropped. */
struct out {
	char *at;
	char *end;
};

static void put(struct out *out, const char *text)
{
	while (*text && out->at < out->end)
		*out->at++ = *text++;
}

static void put_number(struct out *out, u64 value, unsigned int base)
{
	static const char digit[] = "0123456789abcdef";
	char digits[24], *p = digits + sizeof(digits) - 1;

	*p = 0;
	do {
		*--p = digit[value % base];
		value /= base;
	} while (value);
	put(out, p);
}

static void put_hex(struct out *out, u64 value)
{
	put(out, value > 9 ? "0x" : "");
	put_number(out, value, 16);
}

/* What rules about access rights are mostly about. */
static void put_rights(struct out *out, u64 ar)
{
	put(out, " (type ");
	put_number(out, RIGHTS_TYPE(ar), 10);
	put(out, ", DPL ");
	put_number(out, RIGHTS_DPL(ar), 10);
	put(out, ar & RIGHTS_UNUSABLE ? ", unusable)" : ")");
}

static void put_msr(struct out *out, struct doctor_state *s, unsigned int rule)
{
	int i = doctor_bad_msr(s, rule);

	if (i < 0)
		return;
	put(out, "; entry ");
	put_number(out, i + 1, 10);
	put(out, " has MSR ");
	put_hex(out, (u64)s->msrs[i].reserved << 32 | s->msrs[i].index);
	put(out, ", value ");
	put_hex(out, s->msrs[i].value);
}

void doctor_tell(struct doctor_state *s, unsigned int rule, char *text, unsigned int size)
{
	const struct doctor_rule *r = &doctor_rules[rule];
	struct out out = { text, text + size - 1 };
	unsigned int i;

	put(&out, r->text);
	for (i = 0; i < DOCTOR_RULE_FIELDS && r->fields[i]; i++) {
		enum doctor_field field = r->fields[i];

		if (doctor_rule_group(rule) == DOCTOR_MSRS || !s->have[field])
			continue;
		put(&out, i ? ", " : "; ");
		put(&out, fields[field].name);
		put(&out, " is ");
		put_hex(&out, s->value[field]);
		if (field >= DF_GUEST_ES_AR && field <= DF_GUEST_TR_AR)
			put_rights(&out, s->value[field]);
	}
	if (doctor_rule_group(rule) == DOCTOR_MSRS)
		put_msr(&out, s, rule);
	*out.at = 0;
}
