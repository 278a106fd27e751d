// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read a dump from standard input and report what it breaks, as the vellum tool
 * does; the lab has no room for all of that.
 */
#include <stdio.h>

#include "../../userspace/doctor/dump.h"

int main(void)
{
	static char text[4 << 20];
	struct dump dump;

	if (!dump_read(&dump, text, fread(text, 1, sizeof(text), stdin)))
		return 2;
	printf("%u fields\n", dump.fields);
	return dump_report(&dump, stdout) != 0;
}
