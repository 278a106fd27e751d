// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reader of dumps: what KVM printed in the lab, Vellum's own form and back, and
 * both with bytes changed at random, under the sanitizers.
 */
#include <stdlib.h>
#include <string.h>

#include "../../userspace/doctor/dump.h"
#include "random.h"
#include "unit.h"

#define FUZZED	20000

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

static void fuzz(const char *text, size_t size)
{
	FILE *nowhere = fopen("/dev/null", "w");
	char *copy = malloc(size);
	struct dump d;
	unsigned int i, n;

	for (i = 0; i < FUZZED; i++) {
		memcpy(copy, text, size);
		for (n = 0; n < 1 + random64() % 16; n++)
			copy[random64() % size] = random64();
		dump_read(&d, copy, random64() % size);
		if (i % 64 == 0) {
			dump_report(&d, nowhere);
			dump_write(&d, nowhere);
		}
	}
	free(copy);
	fclose(nowhere);
	ok(true, "nothing goes wrong with changed bytes", "fuzz");
}

void test_dumps(const char *path)
{
	static const char ours[] =
		"vellum-vmcs 1\ninstruction-error 7\ncap 0x480 0x12\ncap 0x80000001 0xff\n"
		"field 0x4012 0xfff what people call it\nfield 0xffffffff 1\nfield 0x6800 0x21\n"
		"msr 0x174 0x0\n";
	struct dump d;
	size_t size;
	char *text = slurp(path, &size);

	kvm_text(text, size);
	round_trip(text, size);
	ok(!dump_read(&d, "nothing\n", 8) && !dump_read(&d, "", 0), "no dump is none", "text");
	ok(dump_read(&d, ours, sizeof(ours) - 1) == 2 && d.instruction_error == 7 &&
	   d.state.caps.physical_bits == 0xff && d.state.nr_msrs == 1, "read", "Vellum's form");
	fuzz(text, size);
	fuzz(ours, sizeof(ours) - 1);
	free(text);
}
