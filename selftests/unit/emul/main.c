// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder's test: decoder [COUNT [SEED]].  TAP on standard output.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests.h"

static unsigned int number, failed;
static uint64_t state;

void report(bool good, const char *format, ...)
{
	va_list args;

	number++;
	failed += !good;
	printf("%sok %u ", good ? "" : "not ", number);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void skip(const char *what, const char *why)
{
	printf("ok %u # SKIP %s: %s\n", ++number, what, why);
}

void note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

uint64_t random64(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint32_t below(uint32_t n)
{
	return (random64() >> 32) * n >> 32;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL);
	unsigned int forms, differences = 0;
	double start = now();

	setvbuf(stdout, NULL, _IOLBF, 1 << 16);
	note("seed %#lx; to repeat: decoder %lu %#lx", seed, count, seed);
	state = seed;
	forms = test_forms();
	differences += test_zydis(count);
	differences += test_native(64, count * 7 / 10);
	differences += test_native(32, count * 2 / 10);
	differences += test_native(16, count / 10);
	printf("# show: forms: %u, fuzzed: %lu, differences: %u, in %.1f s, seed %#lx\n", forms,
	       count, differences, now() - start, seed);
	printf("1..%u\n", number);
	return failed != 0;
}
