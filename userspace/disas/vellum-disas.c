// SPDX-License-Identifier: GPL-2.0-only
/*
 * vellum-disas BITS ADDRESS HEX...: instructions in words, by Zydis, one a line. A
 * program of its own, for Debian has Zydis as a shared library only; `vellum run`
 * starts it when a guest has failed.
 */
#include <Zydis/Zydis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX	64
#define SHOWN_MAX	6

static int mode_of(const char *bits, ZydisMachineMode *mode)
{
	static const struct {
		const char *bits;
		ZydisMachineMode mode;
	} modes[] = {
		{ "16", ZYDIS_MACHINE_MODE_LEGACY_16 },
		{ "32", ZYDIS_MACHINE_MODE_LEGACY_32 },
		{ "64", ZYDIS_MACHINE_MODE_LONG_64 },
	};
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(modes[i].bits, bits)) {
			*mode = modes[i].mode;
			return 0;
		}
	return -1;
}

static void show(const ZydisDisassembledInstruction *insn, const uint8_t *code)
{
	unsigned int i;

	printf("  %" PRIx64 ": ", insn->runtime_address);
	for (i = 0; i < insn->info.length; i++)
		printf(" %02x", code[i]);
	printf("%*s  %s\n", i < 8 ? 3 * (8 - (int)i) : 0, "", insn->text);
}

int main(int argc, char **argv)
{
	uint8_t code[BYTES_MAX];
	ZydisDisassembledInstruction insn;
	ZydisMachineMode mode;
	uint64_t address;
	size_t len = 0, at = 0;
	int i;

	if (argc < 4 || mode_of(argv[1], &mode)) {
		fputs("usage: vellum-disas 16|32|64 ADDRESS BYTE...\n", stderr);
		return 2;
	}
	address = strtoull(argv[2], NULL, 16);
	for (i = 3; i < argc && len < BYTES_MAX; i++)
		code[len++] = strtoul(argv[i], NULL, 16);
	for (i = 0; i < SHOWN_MAX && at < len; i++) {
		if (!ZYAN_SUCCESS(ZydisDisassembleIntel(mode, address + at, code + at, len - at,
							&insn))) {
			if (!i)
				printf("  %" PRIx64 ": no instruction\n", address);
			break;
		}
		show(&insn, code + at);
		at += insn.info.length;
	}
	return 0;
}
