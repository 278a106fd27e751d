/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module's pure files need to build in user space, and what their
 * tests need to report.  Included before everything else.
 */
#ifndef VELLUM_UNIT_PURE_H
#define VELLUM_UNIT_PURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val)	(*(volatile __typeof__(x) *)&(x) = (val))

/* report() - one TAP line. */
void report(bool good, const char *file, int line, const char *what);

#define ok(cond)		report(cond, __FILE__, __LINE__, #cond)
#define same(a, b)		ok((u64)(a) == (u64)(b))

/* random32() - a fixed sequence: a failure can be seen again. */
u32 random32(void);

void test_ept_pte(void);
void test_ept_iter(void);
void test_slots(void);

#endif /* VELLUM_UNIT_PURE_H */
