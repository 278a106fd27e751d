// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random bytes that look like instructions.
 */
#include <string.h>

#include "../../../module/emul/insn.h"
#include "tests.h"

/* Opcodes that the emulator handles: map and opcode. */
static struct { u8 map, opcode; } handled[512];
static unsigned int nr_handled;

static void collect(void)
{
	unsigned int map, opcode, reg;

	for (map = 0; map < 3; map++) {
		for (opcode = 0; opcode < 256; opcode++) {
			for (reg = 0; reg < 8; reg++) {
				u8 kind = em_opcode(map, opcode, reg << 3).kind;

				if (kind != EM_ROW_OP && kind != EM_ROW_VECTOR)
					continue;
				handled[nr_handled].map = map;
				handled[nr_handled++].opcode = opcode;
				break;
			}
		}
	}
}

static unsigned int add_prefixes(unsigned char *bytes, unsigned int bits)
{
	static const u8 prefixes[] = { 0x66, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36,
				       0x3e, 0x64, 0x65 };
	unsigned int n = 0;

	/* Half of them have none, a quarter one, and so on. */
	while (n < 12 && below(2))
		bytes[n++] = prefixes[below(sizeof(prefixes))];
	if (bits == 64 && below(2))
		bytes[n++] = 0x40 | below(16);
	return n;
}

static void add_vex(unsigned char *bytes, u8 map, u8 opcode)
{
	u8 last = (below(8) ? 0x78 : below(16) << 3) | below(8);

	if (map == 1 && below(2)) {
		bytes[0] = 0xc5;
		bytes[1] = last | below(2) << 7;
		bytes[2] = opcode;
	} else {
		bytes[0] = 0xc4;
		bytes[1] = below(8) << 5 | (below(16) ? map : below(32));
		bytes[2] = last | below(2) << 7;
		bytes[3] = opcode;
	}
}

void random_insn(unsigned char bytes[15], unsigned int bits)
{
	unsigned int i, n;

	if (!nr_handled)
		collect();
	for (i = 0; i < 15; i++)
		bytes[i] = random64();

	/* A few are wholly random. */
	if (!below(16))
		return;
	n = add_prefixes(bytes, bits);
	i = below(nr_handled);
	if (handled[i].map && !below(8)) {
		if (below(4))
			n = 0;
		if (n <= 10)
			add_vex(bytes + n, handled[i].map, handled[i].opcode);
		return;
	}
	if (n > 11)
		return;
	if (handled[i].map)
		bytes[n++] = 0x0f;
	if (handled[i].map == 2)
		bytes[n++] = 0x38;
	bytes[n++] = below(32) ? handled[i].opcode : below(256);
}
