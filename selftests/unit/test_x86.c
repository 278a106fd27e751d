// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of module/x86: see x86.sh. */
#include <stdarg.h>
#include <stdio.h>

#include "test_x86.h"

static int number, failed;

void check(bool ok, const char *what, ...)
{
	va_list args;

	printf("%s %d ", ok ? "ok" : "not ok", ++number);
	va_start(args, what);
	vprintf(what, args);
	va_end(args);
	putchar('\n');
	failed += !ok;
}

int main(void)
{
	test_exception();
	test_pgwalk();
	printf("1..%d\n", number);
	return !!failed;
}
