// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text that packets are made of.
 */
#include "priv.h"

#include <stdarg.h>
#include <stdio.h>

void text_add(struct gdb_text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->data + t->len, sizeof(t->data) - t->len, fmt, args);
	va_end(args);
	t->len += n;
	if (t->len >= sizeof(t->data))
		t->len = sizeof(t->data) - 1;
}

void text_hex(struct gdb_text *t, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *byte = data;

	for (; len && t->len + 2 < sizeof(t->data); len--, byte++) {
		t->data[t->len++] = digits[*byte >> 4];
		t->data[t->len++] = digits[*byte & 15];
	}
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t hex_read(const char *text, void *data, size_t len)
{
	uint8_t *byte = data;
	size_t n;

	for (n = 0; n < len; n++, text += 2) {
		if (digit(text[0]) < 0 || digit(text[1]) < 0)
			break;
		byte[n] = digit(text[0]) << 4 | digit(text[1]);
	}
	return n;
}
