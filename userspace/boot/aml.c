// SPDX-License-Identifier: GPL-2.0-only
#include "aml.h"

#include <assert.h>
#include <string.h>

#define OP_NAME		0x08
#define OP_DWORD	0x0c
#define OP_BYTE		0x0a
#define OP_STRING	0x0d
#define OP_SCOPE	0x10
#define OP_BUFFER	0x11
#define OP_PACKAGE	0x12
#define OP_EXT		0x5b
#define OP_DEVICE	0x82

#define PKG_LENGTH	3	/* bytes that aml_begin() leaves for it */

void aml_bytes(struct aml *a, const void *data, size_t len)
{
	/* What is written is known when this is built: no guest can make it longer. */
	assert(a->len + len <= AML_ROOM);
	memcpy(a->buf + a->len, data, len);
	a->len += len;
}

void aml_byte(struct aml *a, uint8_t value)
{
	aml_bytes(a, &value, 1);
}

static void begin(struct aml *a)
{
	assert(a->depth < sizeof(a->open) / sizeof(*a->open));
	a->open[a->depth++] = a->len;
	aml_bytes(a, "\0\0\0", PKG_LENGTH);
}

/* PkgLength, in the three-byte form whatever its value, and counting itself. */
void aml_end(struct aml *a)
{
	size_t at = a->open[--a->depth], len = a->len - at;

	a->buf[at] = 0x80 | (len & 15);
	a->buf[at + 1] = len >> 4;
	a->buf[at + 2] = len >> 12;
}

void aml_scope_sb(struct aml *a)
{
	aml_byte(a, OP_SCOPE);
	begin(a);
	aml_bytes(a, "\\_SB_", 5);
}

void aml_device(struct aml *a, const char *name)
{
	aml_byte(a, OP_EXT);
	aml_byte(a, OP_DEVICE);
	begin(a);
	aml_bytes(a, name, 4);
}

static void name_op(struct aml *a, const char *name)
{
	aml_byte(a, OP_NAME);
	aml_bytes(a, name, 4);
}

void aml_name_int(struct aml *a, const char *name, uint32_t value)
{
	name_op(a, name);
	aml_byte(a, OP_DWORD);
	aml_bytes(a, &value, 4);
}

void aml_name_string(struct aml *a, const char *name, const char *value)
{
	name_op(a, name);
	aml_byte(a, OP_STRING);
	aml_bytes(a, value, strlen(value) + 1);
}

void aml_name_buffer(struct aml *a, const char *name, const void *data, uint8_t len)
{
	name_op(a, name);
	aml_byte(a, OP_BUFFER);
	begin(a);
	aml_byte(a, OP_BYTE);
	aml_byte(a, len);
	aml_bytes(a, data, len);
	aml_end(a);
}

void aml_name_package(struct aml *a, const char *name, const uint8_t *values, uint8_t n)
{
	uint8_t i;

	name_op(a, name);
	aml_byte(a, OP_PACKAGE);
	begin(a);
	aml_byte(a, n);
	for (i = 0; i < n; i++) {
		aml_byte(a, OP_BYTE);
		aml_byte(a, values[i]);
	}
	aml_end(a);
}
