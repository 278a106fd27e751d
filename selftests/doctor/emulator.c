// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which CPU this is.
 */
#include "emulator.h"

#include <stdio.h>
#include <string.h>

unsigned int emulator;
char emulated_model[64];

const char *emulator_names(unsigned int bits)
{
	switch (bits) {
	case BOCHS_27:
		return "2.7";
	case BOCHS_30:
		return "3.0";
	case BOCHS_CET_30:
		return "3.0 with CET";
	case BOCHS_FROM_30:
		return "3.0, 3.0 with CET";
	case BOCHS_27 | BOCHS_30:
		return "2.7, 3.0";
	case BOCHS_27 | BOCHS_CET_30:
		return "2.7, 3.0 with CET";
	case BOCHS_ALL:
		return "all";
	default:
		return "none that is known";
	}
}

/* Up to the next blank. */
static void word_after(const char *line, const char *name, char *to, size_t size)
{
	const char *at = strstr(line, name);
	size_t n;

	if (!at)
		return;
	at += strlen(name);
	n = strcspn(at, "\n ");
	if (n >= size)
		n = size - 1;
	memcpy(to, at, n);
	to[n] = 0;
}

void find_emulator(bool cet)
{
	char line[4096] = "", version[16] = "";
	FILE *file = fopen("/proc/cmdline", "r");

	if (!file)
		return;
	if (fgets(line, sizeof(line), file)) {
		word_after(line, "lab.cpu=", emulated_model, sizeof(emulated_model));
		word_after(line, "lab.bochs=", version, sizeof(version));
	}
	fclose(file);
	if (!strcmp(version, "2.7"))
		emulator = BOCHS_27;
	else if (!strcmp(version, "3.0"))
		emulator = cet ? BOCHS_CET_30 : BOCHS_30;
}
