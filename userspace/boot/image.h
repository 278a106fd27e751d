/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is loaded into guest memory, and how the guest is entered.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "../run/ram.h"

/**
 * struct image - a file, read whole
 * @name: for messages
 * @data: its bytes
 * @size: how many
 */
struct image {
	const char *name;
	uint8_t *data;
	size_t size;
};

int image_read(struct image *img, const char *path);
void image_free(struct image *img);

/* [@offset, @offset + @len) of the file, or NULL unless it is all there. */
const void *image_at(const struct image *img, uint64_t offset, uint64_t len);

enum entry_mode {
	ENTRY_REAL,	/* 16-bit, CS = 0 */
	ENTRY_FLAT32,	/* protected mode without paging */
	ENTRY_LONG,	/* 64-bit, the first 4 GiB mapped as they are */
};

/**
 * struct entry - the boot vCPU's first state
 * @mode: how the CPU is set up
 * @rip: the first instruction
 * @rsp: stack, 0 for none
 * @rax: and the other registers that a protocol fills
 * @rbx: see @rax
 * @rsi: see @rax
 */
struct entry {
	enum entry_mode mode;
	uint64_t rip;
	uint64_t rsp;
	uint64_t rax;
	uint64_t rbx;
	uint64_t rsi;
};

/**
 * struct load - what a loader is given
 * @ram: guest memory
 * @initrd: file, or NULL
 * @cmdline: never NULL
 * @rsdp: guest address of the ACPI tables' root
 * @address: where a flat image goes, 0: where its kind belongs
 */
struct load {
	const struct ram *ram;
	const char *initrd;
	const char *cmdline;
	uint64_t rsdp;
	uint64_t address;
};

/*
 * Each fills guest memory and @entry from @img: 0, or -1 after a message that
 * names the file and what is wrong with it.
 */
int load_flat(const struct image *img, const struct load *load, struct entry *entry);
int load_long(const struct image *img, const struct load *load, struct entry *entry);
int load_linux(const struct image *img, const struct load *load, struct entry *entry);
int load_multiboot(const struct image *img, const struct load *load, struct entry *entry);
int load_pvh(const struct image *img, const struct load *load, struct entry *entry);

/* Whichever of the last three the file is made for. */
int load_kernel(const struct image *img, const struct load *load, struct entry *entry);

/**
 * struct elf_info - what elf_load() found
 * @entry: address of the first instruction
 * @start: lowest address loaded
 * @end: first address behind all
 * @pvh: entry by the note for PVH
 * @has_pvh: that there is one
 */
struct elf_info {
	uint64_t entry;
	uint64_t start;
	uint64_t end;
	uint64_t pvh;
	bool has_pvh;
};

bool image_is_elf(const struct image *img);
/* The segments of an ELF file, to their physical addresses. @ram NULL: look only. */
int elf_load(const struct image *img, const struct ram *ram, struct elf_info *info);
/* File offset of a multiboot header, or -1. */
long multiboot_find(const struct image *img);

/* The command line at LOW_CMDLINE; @max: what the kernel takes, without the end. */
int put_cmdline(const struct image *img, const struct load *load, uint64_t max);

/*
 * Read the initial RAM disk into the highest pages that lie above @floor and
 * end at or below @max. Without one, @size is 0.
 */
int put_initrd(const struct load *load, uint64_t floor, uint64_t max,
	       uint64_t *addr, uint64_t *size);

#endif /* IMAGE_H */
