/* SPDX-License-Identifier: GPL-2.0-only */
/* One line of TAP for each check. */
#ifndef TEST_X86_H
#define TEST_X86_H

#include <stdbool.h>

void check(bool ok, const char *what, ...) __attribute__((format(printf, 2, 3)));

void test_pgwalk(void);
void test_exception(void);

#endif
