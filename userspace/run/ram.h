/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory, as this process sees it.
 */
#ifndef RAM_H
#define RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What would lie in this hole lies above 4 GiB instead. */
#define RAM_HOLE_START	0xc0000000ull
#define RAM_HOLE_END	0x100000000ull

struct ram {
	uint8_t *base;
	uint64_t size;
	uint64_t low;		/* bytes below the hole */
	int memfd;		/* where it lies, or 0 */
};

/* What guest memory is made of. */
struct ram_kind {
	const char *file;	/* NULL: none */
	bool memfd;
	bool hugetlb;
};

/* Anonymous memory if @kind says nothing. 0, or -1 after a message. */
int ram_create(struct ram *ram, uint64_t size, const struct ram_kind *kind);
void ram_destroy(struct ram *ram);

/* [@gpa, @gpa + @len) in this process, or NULL unless all of it is RAM. */
void *ram_at(const struct ram *ram, uint64_t gpa, uint64_t len);

/* The end of memory above 4 GiB, or of the part below when there is none. */
uint64_t ram_top(const struct ram *ram);

struct e820_area {
	uint64_t start;
	uint64_t size;
	uint32_t type;		/* 1 RAM, 2 reserved */
} __attribute__((packed));

#define E820_AREAS	4

/* The map that firmware would give. Returns how many. */
unsigned int ram_map(const struct ram *ram, struct e820_area map[E820_AREAS]);

#endif /* RAM_H */
