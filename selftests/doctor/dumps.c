// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reader of dumps: what KVM of 6.1 and 6.12 printed in the lab, Vellum's own form
 * and back, and all of them damaged at random, under the sanitizers.
 */
#include <stdlib.h>
#include <string.h>

#include "../../userspace/doctor/dump.h"
#include "random.h"
#include "unit.h"

#define FUZZED	10000

static char *slurp(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *text = malloc(1 << 16);

	*size = file ? fread(text, 1, 1 << 16, file) : 0;
	if (file)
		fclose(file);
	return text;
}

static bool has(const struct dump *d, enum doctor_field field, u64 value)
{
	return d->state.have[field] && d->state.value[field] == value;
}

/* All rules that it breaks, one after the other. */
static const char *broken_names(struct dump *d)
{
	static char names[512];
	u16 broken[16];
	unsigned int i, n = doctor_examine(&d->state, broken, 16);

	names[0] = 0;
	for (i = 0; i < n && i < 16; i++) {
		strncat(names, doctor_rules[broken[i]].name, sizeof(names) - strlen(names) - 1);
		strncat(names, " ", sizeof(names) - strlen(names) - 1);
	}
	return names;
}

static void kvm_text(const char *text, size_t size)
{
	struct dump d;

	ok(dump_read(&d, text, size) == 90, "90 fields", "KVM's dump");
	ok(d.exit_reason == 0x80000021, "exit reason", "KVM's dump");
	ok(has(&d, DF_GUEST_CR0, 0x80000031) && has(&d, DF_GUEST_CR4, 0x2020) &&
	   has(&d, DF_GUEST_CS_AR, 0xa09b) && has(&d, DF_GUEST_TR_SEL, 0x20) &&
	   has(&d, DF_GUEST_LDTR_AR, 0x10000) && has(&d, DF_GUEST_IDTR_LIMIT, 0xfff) &&
	   has(&d, DF_GUEST_EFER, 0x501) && has(&d, DF_GUEST_PAT, 0x0007040600070406) &&
	   has(&d, DF_INTERRUPTIBILITY, 0), "guest state", "KVM's dump");
	ok(has(&d, DF_HOST_RIP, 0xffffffffc03a03ae) && has(&d, DF_HOST_TR_SEL, 0x40) &&
	   has(&d, DF_HOST_SS_SEL, 0x18) && has(&d, DF_HOST_SYSENTER_CS, 0x10) &&
	   has(&d, DF_HOST_SYSENTER_EIP, 0xffffffff81c017b0) && has(&d, DF_HOST_CR4, 0x3726a0) &&
	   has(&d, DF_HOST_EFER, 0xd01), "host state", "KVM's dump");
	ok(has(&d, DF_PROC, 0xb5986dfa) && has(&d, DF_PROC2, 0x34ea) && has(&d, DF_PIN, 0x7f) &&
	   has(&d, DF_ENTRY, 0xd3ff) && has(&d, DF_EXIT, 0x2befff) && has(&d, DF_EVENT, 0) &&
	   has(&d, DF_EPTP, 0x5da305e) && has(&d, DF_VPID, 1), "controls", "KVM's dump");
	ok(!strcmp(broken_names(&d), "guest_ss_type "), broken_names(&d), "KVM's dump");
}

/* Written and read again it is the same. */
static void round_trip(const char *text, size_t size)
{
	struct dump d, again;
	char *copy = NULL;
	size_t length;
	FILE *out;

	dump_read(&d, text, size);
	d.state.caps.known = true;
	d.state.caps.misc = 0x1234;
	d.msrs[0] = (struct doctor_msr) { .index = 0x174, .reserved = 1, .value = 5 };
	d.state.nr_msrs = 1;
	out = open_memstream(&copy, &length);
	dump_write(&d, out);
	fclose(out);
	ok(dump_read(&again, copy, length) == d.fields &&
	   !memcmp(again.state.value, d.state.value, sizeof(d.state.value)) &&
	   !memcmp(again.state.have, d.state.have, sizeof(d.state.have)) &&
	   again.exit_reason == d.exit_reason && again.state.caps.misc == 0x1234 &&
	   again.state.caps.known, "the same again", "Vellum's form");
	ok(again.state.nr_msrs == 1 && again.msrs[0].reserved == 1 && again.msrs[0].value == 5,
	   "the MSRs too", "Vellum's form");
	free(copy);
}

/* What 6.12 prints has the module's name before each line. */
static void kvm_612(const char *text, size_t size)
{
	struct dump d;

	ok(dump_read(&d, text, size) == 91, "91 fields", "KVM's dump of 6.12");
	ok(d.exit_reason == 0x80000021 && has(&d, DF_TSC_MULTIPLIER, 1ull << 48) &&
	   has(&d, DF_GUEST_TR_AR, 0x89) && has(&d, DF_HOST_SYSENTER_ESP, 0xfffffe0000003000) &&
	   has(&d, DF_HOST_RSP, 0xffffc900005e7998) && has(&d, DF_GUEST_RSP, 0x7fff0) &&
	   has(&d, DF_PROC3, 0), "its values", "KVM's dump of 6.12");
	ok(!strcmp(broken_names(&d), "guest_tr_type "), broken_names(&d), "KVM's dump of 6.12");
}

/* Each line of @text behind @before, with @after at its end. */
static char *decorate(const char *text, size_t size, const char *before, const char *after,
		      size_t *length)
{
	char *copy = NULL;
	FILE *out = open_memstream(&copy, length);
	const char *end = text + size;

	while (text < end) {
		const char *next = memchr(text, '\n', end - text);
		int n = (next ? next : end) - text;

		fprintf(out, "%s%.*s%s\n", before, n, text, after);
		text += n + 1;
	}
	fclose(out);
	return copy;
}

static void decorated(const char *text, size_t size, unsigned int fields)
{
	static const char *const before[] = {
		"Nov 21 10:00:00 host kernel: ", "<3>", "kern  :err   : ", "",
	};
	struct dump d;
	size_t length;
	unsigned int i;
	char *copy;

	for (i = 0; i < sizeof(before) / sizeof(*before); i++) {
		copy = decorate(text, size, before[i], i & 1 ? "\r" : "", &length);
		ok(dump_read(&d, copy, length) == fields, before[i], "before each line");
		free(copy);
	}
}

#define CET(s_cet, ssp, table)	"S_CET = 0x000000000000" s_cet ", SSP = 0x000000000000" ssp \
				", SSP TABLE = 0x000000000000" table "\n"

/* As kernels of other versions write it, and what newer ones have more. */
static void other_kernels(void)
{
	static const char old[] =
		"*** Guest State ***\n"
		"CR0: actual=0x0000000080000031, shadow=0x0000000080000031, gh_mask=fffffffffffffff7\n"
		"RSP = 0x000000000007fff0  RIP = 0x0000000000010000\n"
		"Sysenter RSP=0000000000000001 CS:RIP=0002:0000000000000003\n"
		"EFER =     0x0000000000000501  PAT = 0x0007040600070406\n"
		"*** Host State ***\n"
		"RIP = 0xffffffffc03a03ae  RSP = 0xffffc900004bf950\n"
		"EFER = 0x0000000000000d01  PAT = 0x0407050600070106\n"
		"*** Control State ***\n"
		"PinBased=0000007f CPUBased=b5186dfa SecondaryExec=000010eb\n"
		"EntryControls=0000d1ff ExitControls=002befff\n"
		"SVI|RVI = 00|00 TPR Threshold = 0x05\n";
	static const char newer[] =
		"*** Guest State ***\n" CET("0004", "1000", "2000")
		"*** Host State ***\n" CET("0003", "3000", "4000");
	struct dump d;

	dump_read(&d, old, sizeof(old) - 1);
	ok(has(&d, DF_GUEST_EFER, 0x501) && has(&d, DF_GUEST_PAT, 0x0007040600070406) &&
	   has(&d, DF_GUEST_RSP, 0x7fff0) && has(&d, DF_GUEST_SYSENTER_ESP, 1) &&
	   has(&d, DF_GUEST_SYSENTER_CS, 2) && has(&d, DF_GUEST_SYSENTER_EIP, 3) &&
	   has(&d, DF_HOST_EFER, 0xd01) && has(&d, DF_HOST_RSP, 0xffffc900004bf950) &&
	   has(&d, DF_PIN, 0x7f) && has(&d, DF_PROC2, 0x10eb) && has(&d, DF_ENTRY, 0xd1ff) &&
	   has(&d, DF_TPR_THRESHOLD, 5), "read", "an older kernel's form");
	dump_read(&d, newer, sizeof(newer) - 1);
	ok(has(&d, DF_GUEST_S_CET, 4) && has(&d, DF_GUEST_SSP, 0x1000) &&
	   has(&d, DF_GUEST_SSP_TABLE, 0x2000) && has(&d, DF_HOST_S_CET, 3) &&
	   has(&d, DF_HOST_SSP, 0x3000) && has(&d, DF_HOST_SSP_TABLE, 0x4000),
	   "read", "a newer kernel's form");
}

/* A value that its field has no room for is none; of two values the later counts. */
static void widths(void)
{
	char text[200];
	enum doctor_field field;
	struct dump d;
	bool all = true;

	for (field = DF_NONE + 1; field < NR_DOCTOR_FIELDS; field++) {
		u32 encoding = doctor_field_encoding(field);
		unsigned int bits = doctor_field_bits(field);
		u64 most = ~0ull >> (64 - bits);
		int n;

		n = sprintf(text, "vellum-vmcs 1\nfield %#x 1\nfield %#x %#llx\n", encoding,
			    encoding, (unsigned long long)most);
		all &= dump_read(&d, text, n) == 1 && has(&d, field, most);
		if (bits == 64)
			continue;
		n = sprintf(text, "vellum-vmcs 1\nfield %#x %#llx\n", encoding, 1ull << bits);
		all &= !dump_read(&d, text, n);
	}
	ok(all, "each field takes what fits into it", "widths");
}

/* More MSRs than there is room for. */
static void many_msrs(void)
{
	char text[4096];
	struct dump d;
	int i, n = sprintf(text, "vellum-vmcs 1\nfield 0x4014 100\n");

	for (i = 0; i < 100; i++)
		n += sprintf(text + n, "msr 0x174 %#x\n", i);
	dump_read(&d, text, n);
	ok(d.state.nr_msrs == DUMP_MSRS && d.msrs[DUMP_MSRS - 1].value == DUMP_MSRS - 1,
	   "no more than there is room for", "MSRs");
}

/* What is wrong with a text that someone sent. */
enum damage { BYTES, DUPLICATE, LONG_LINE, LONG_NUMBER, NULS, NR_DAMAGES };

/* Damages @copy of @size, in a buffer that has room for twice as much; the new size. */
static size_t damage(char *copy, size_t size)
{
	size_t at = random64() % size, length = random64() % (size - at), i;

	switch (random64() % NR_DAMAGES) {
	case BYTES:
		for (i = 0; i < 1 + random64() % 16; i++)
			copy[random64() % size] = random64();
		return size;
	case DUPLICATE:
		memcpy(copy + size, copy + at, length);
		return size + length;
	case LONG_LINE:
		for (i = at; i < at + length; i++) {
			if (copy[i] == '\n')
				copy[i] = ' ';
		}
		return size;
	case LONG_NUMBER:
		for (i = at; i < at + length; i++) {
			if (copy[i] == '0')
				copy[i] = "9fFx-=,: "[random64() % 9];
		}
		return size;
	default:
		memset(copy + at, 0, length % 300);
		return size;
	}
}

/* The file is a buffer of its own, so that a byte read behind it is found. */
static void read_damaged(const char *text, size_t size, FILE *nowhere)
{
	char *copy = malloc(2 * size), *file;
	unsigned int times = 1 + random64() % 4;
	struct dump d;
	size_t length = size;

	memcpy(copy, text, size);
	while (times-- && length <= size)
		length = damage(copy, length);
	length = random64() % 4 ? length : random64() % length;
	file = malloc(length + !length);
	memcpy(file, copy, length);
	dump_read(&d, file, length);
	dump_report(&d, nowhere);
	if (random64() % 16 == 0)
		dump_write(&d, nowhere);
	free(file);
	free(copy);
}

static void fuzz(const char *text, size_t size, const char *what)
{
	FILE *nowhere = fopen("/dev/null", "w");
	unsigned int i;

	for (i = 0; i < FUZZED; i++)
		read_damaged(text, size, nowhere);
	fclose(nowhere);
	ok(true, "nothing goes wrong when it is damaged", what);
}

void test_dumps(const char *old_path, const char *path)
{
	static const char ours[] =
		"vellum-vmcs 1\ninstruction-error 7\ncap 0x480 0x12\ncap 0x80000001 0xff\n"
		"field 0x4012 0xfff what people call it\nfield 0xffffffff 1\nfield 0x6800 0x21\n"
		"msr 0x174 0x0\n";
	size_t old_size, size;
	char *old = slurp(old_path, &old_size), *text = slurp(path, &size);
	struct dump d;

	kvm_text(old, old_size);
	kvm_612(text, size);
	decorated(old, old_size, 90);
	decorated(text, size, 91);
	other_kernels();
	round_trip(old, old_size);
	ok(!dump_read(&d, "nothing\n", 8) && !dump_read(&d, "", 0), "no dump is none", "text");
	ok(dump_read(&d, ours, sizeof(ours) - 1) == 2 && d.instruction_error == 7 &&
	   d.state.caps.physical_bits == 0xff && d.state.nr_msrs == 1, "read", "Vellum's form");
	widths();
	many_msrs();
	fuzz(old, old_size, "KVM's dump");
	fuzz(text, size, "KVM's dump of 6.12");
	fuzz(ours, sizeof(ours) - 1, "Vellum's form");
	free(old);
	free(text);
}
