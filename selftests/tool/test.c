// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/run/say.h"

unsigned int checks, failures;
char said[8192];

void check_at(bool ok, const char *what, const char *file, int line)
{
	checks++;
	if (ok)
		return;
	failures++;
	printf("not ok: %s:%d: %s\n", file, line, what);
	if (*said)
		printf("  was said: %s", said);
}

void test_ram(struct ram *ram, size_t size)
{
	ram->base = calloc(1, size);
	if (!ram->base)
		abort();
	ram->size = size;
	ram->low = size;
}

void test_ram_free(struct ram *ram)
{
	free(ram->base);
	ram->base = NULL;
}

void said_clear(void)
{
	said[0] = 0;
}

static void hear(const char *fmt, va_list args)
{
	size_t len = strlen(said);
	int n = vsnprintf(said + len, sizeof(said) - len - 1, fmt, args);

	if (n < 0 || len + n >= sizeof(said) - 1) {
		said_clear();
		return;
	}
	strcat(said, "\n");
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	hear(fmt, args);
	va_end(args);
}

int fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	hear(fmt, args);
	va_end(args);
	return -1;
}

uint32_t random32(void)
{
	static uint64_t state = 0x5eed0fbadc0de;

	/* Marsaglia's xorshift, 64 bits. */
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

int test_end(const char *name)
{
	printf("%s: %u checks, %u failed\n", name, checks, failures);
	return failures || !checks;
}
