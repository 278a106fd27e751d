/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the tool's parts share: checks that count, guest memory
 * whose every overrun the sanitizer sees, and what was said.
 */
#ifndef TOOL_TEST_H
#define TOOL_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../userspace/run/ram.h"

extern unsigned int checks, failures;

void check_at(bool ok, const char *what, const char *file, int line);
#define CHECK(cond)	check_at(cond, #cond, __FILE__, __LINE__)

/* Guest memory of @size from the heap; below 3 GiB. */
void test_ram(struct ram *ram, size_t size);
void test_ram_free(struct ram *ram);

/* What say() and fail() have said since said_clear(). */
extern char said[8192];
void said_clear(void);

/* The same numbers on each run. */
uint32_t random32(void);

/* Print the counts; the exit status. */
int test_end(const char *name);

#endif /* TOOL_TEST_H */
