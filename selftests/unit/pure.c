// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the module's pure files, in user space.  TAP on standard output.
 */
#include <stdio.h>
#include <string.h>

static unsigned int number, failed;

void report(bool good, const char *file, int line, const char *what)
{
	const char *name = strrchr(file, '/');

	number++;
	failed += !good;
	printf("%sok %u %s:%d %s\n", good ? "" : "not ", number, name ? name + 1 : file, line,
	       what);
}

u32 random32(void)
{
	static u32 state = 2463534242u;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

int main(void)
{
	test_ept_pte();
	test_ept_iter();
	test_slots();
	printf("1..%u\n", number);
	return failed != 0;
}
