/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of the decoder's test.
 */
#ifndef VELLUM_UNIT_EMUL_TESTS_H
#define VELLUM_UNIT_EMUL_TESTS_H

#include <stdbool.h>
#include <stdint.h>

/* report() - one TAP line, printf style. */
void report(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* skip() - one TAP line: what could not be tried, and why. */
void skip(const char *what, const char *why);
/* note() - one TAP comment. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* random64() - from the seed that main() prints. */
uint64_t random64(void);
/* below() - a random number from 0 to n - 1. */
uint32_t below(uint32_t n);

/*
 * random_insn() - 15 bytes that have a fair chance of being an instruction that
 * the emulator handles, for code of @bits bits
 */
void random_insn(unsigned char bytes[15], unsigned int bits);

/* test_forms() - returns how many lines there are. */
unsigned int test_forms(void);

/* test_zydis() - compare decoding of @count random instructions; differences. */
unsigned int test_zydis(unsigned long count);

/*
 * test_native() - compare effects of @count instructions with the CPU
 * @bits: 64, or 32 or 16 for compatibility-mode code
 * @count: how many must have been executed
 * Returns the differences.
 */
unsigned int test_native(unsigned int bits, unsigned long count);

#endif /* VELLUM_UNIT_EMUL_TESTS_H */
