/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of ACPI's machine language as a table of devices needs
 * (ACPI Specification, "ACPI Machine Language (AML) Specification").
 */
#ifndef AML_H
#define AML_H

#include <stddef.h>
#include <stdint.h>

#define AML_ROOM	4096

/**
 * struct aml - bytes being written
 * @buf: them
 * @len: how many
 * @open: where each package begun and not ended has its length
 * @depth: how many those are
 */
struct aml {
	uint8_t buf[AML_ROOM];
	size_t len;
	size_t open[8];
	unsigned int depth;
};

void aml_bytes(struct aml *a, const void *data, size_t len);
void aml_byte(struct aml *a, uint8_t value);

/* \_SB, a device of four letters, until aml_end(). */
void aml_scope_sb(struct aml *a);
void aml_device(struct aml *a, const char *name);
void aml_end(struct aml *a);

/* Name (NAME, value) */
void aml_name_int(struct aml *a, const char *name, uint32_t value);
void aml_name_string(struct aml *a, const char *name, const char *value);
void aml_name_buffer(struct aml *a, const char *name, const void *data, uint8_t len);
/* Name (NAME, Package () { ... }) of small numbers. */
void aml_name_package(struct aml *a, const char *name, const uint8_t *values, uint8_t n);

#endif /* AML_H */
