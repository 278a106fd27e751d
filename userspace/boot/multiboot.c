// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multiboot, version 1 ("Multiboot Specification version 0.6.96").
 */
#include <stdbool.h>
#include <string.h>

#include "image.h"
#include "../run/machine.h"

#define HEADER_MAGIC	0x1badb002u
#define LOADER_MAGIC	0x2badb002u
#define SEARCH		8192

#define WANT_VIDEO	(1u << 2)	/* flags of the header */
#define WANT_KLUDGE	(1u << 16)
#define MUST_MASK	0xffffu
#define MUST_KNOWN	(3u | WANT_VIDEO)

#define HAS_MEM		(1u << 0)	/* flags of the information */
#define HAS_CMDLINE	(1u << 2)
#define HAS_MODS	(1u << 3)
#define HAS_MMAP	(1u << 6)

struct header {
	uint32_t magic;
	uint32_t flags;
	uint32_t checksum;
	uint32_t header_addr;
	uint32_t load_addr;
	uint32_t load_end_addr;
	uint32_t bss_end_addr;
	uint32_t entry_addr;
};

struct info {
	uint32_t flags;
	uint32_t mem_lower;
	uint32_t mem_upper;
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count;
	uint32_t mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length;
	uint32_t mmap_addr;
	uint32_t rest[18];
};

struct module {
	uint32_t start;
	uint32_t end;
	uint32_t string;
	uint32_t reserved;
};

struct mmap_entry {
	uint32_t size;		/* of what follows */
	struct e820_area area;
} __attribute__((packed));

struct info_page {
	struct info info;
	struct module module;
	struct mmap_entry map[E820_AREAS];
};

#define PART(member)	(LOW_STARTINFO + offsetof(struct info_page, member))

long multiboot_find(const struct image *img)
{
	uint32_t w[3];
	size_t at;

	for (at = 0; at + sizeof(w) <= img->size && at + sizeof(w) <= SEARCH; at += 4) {
		memcpy(w, img->data + at, sizeof(w));
		if (w[0] == HEADER_MAGIC && w[0] + w[1] + w[2] == 0)
			return at;
	}
	return -1;
}

/* Addresses in the header itself, for files that are not ELF. */
static int load_kludge(const struct image *img, const struct load *load, long at,
		       struct elf_info *out)
{
	const struct header *raw = image_at(img, at, sizeof(*raw));
	uint64_t offset, size, memory;
	struct header h;
	uint8_t *to;

	if (!raw)
		return fail("%s: ends within its multiboot header at 0x%lx", img->name, at);
	memcpy(&h, raw, sizeof(h));
	offset = (uint64_t)at - (h.header_addr - h.load_addr);
	if (h.header_addr < h.load_addr || offset > (uint64_t)at)
		return fail("%s: multiboot load address 0x%x does not go with its header at 0x%x",
			    img->name, h.load_addr, h.header_addr);
	size = h.load_end_addr ? (uint64_t)h.load_end_addr - h.load_addr : img->size - offset;
	memory = h.bss_end_addr ? (uint64_t)h.bss_end_addr - h.load_addr : size;
	if (!image_at(img, offset, size) || memory < size)
		return fail("%s: the multiboot header asks for more than the file has", img->name);
	to = h.load_addr < LOW_CMDLINE + LOW_CMDLINE_MAX ? NULL :
		ram_at(load->ram, h.load_addr, memory);
	if (!to)
		return fail("%s: %llu KiB at 0x%x do not fit into memory", img->name,
			    (unsigned long long)memory >> 10, h.load_addr);
	memcpy(to, img->data + offset, size);
	memset(to + size, 0, memory - size);
	*out = (struct elf_info){ h.entry_addr, h.load_addr, h.load_addr + memory, 0, false };
	return 0;
}

static int fill_info(const struct image *img, const struct load *load, const struct elf_info *elf)
{
	struct info_page *page = ram_at(load->ram, LOW_STARTINFO, sizeof(*page));
	struct e820_area map[E820_AREAS];
	uint64_t addr, size;
	unsigned int i, n;

	if (put_cmdline(img, load, LOW_CMDLINE_MAX) ||
	    put_initrd(load, elf->end, RAM_HOLE_START, &addr, &size))
		return -1;
	memset(page, 0, sizeof(*page));
	n = ram_map(load->ram, map);
	for (i = 0; i < n; i++)
		page->map[i] = (struct mmap_entry){ sizeof(map[i]), map[i] };
	page->module = (struct module){ addr, addr + size, LOW_CMDLINE, 0 };
	page->info = (struct info){
		.flags = HAS_MEM | HAS_CMDLINE | HAS_MMAP | (size ? HAS_MODS : 0),
		.mem_lower = LOW_END >> 10,
		.mem_upper = (load->ram->low - HIGH_START) >> 10,
		.cmdline = LOW_CMDLINE,
		.mods_count = !!size,
		.mods_addr = size ? PART(module) : 0,
		.mmap_length = n * sizeof(struct mmap_entry),
		.mmap_addr = PART(map),
	};
	return 0;
}

int load_multiboot(const struct image *img, const struct load *load, struct entry *entry)
{
	long at = multiboot_find(img);
	struct elf_info elf;
	uint32_t flags;
	int err;

	if (at < 0)
		return fail("%s: no multiboot header (1badb002) in the first 8 KiB", img->name);
	memcpy(&flags, img->data + at + 4, sizeof(flags));
	if (flags & MUST_MASK & ~MUST_KNOWN)
		return fail("%s: multiboot flags 0x%x at 0x%lx ask for what is not known here",
			    img->name, flags, at + 4);
	if (flags & WANT_VIDEO)
		say("%s: asks for a video mode; there is none here", img->name);
	if (flags & WANT_KLUDGE)
		err = load_kludge(img, load, at, &elf);
	else
		err = elf_load(img, load->ram, &elf);
	if (err || fill_info(img, load, &elf))
		return -1;
	if (elf.entry < elf.start || elf.entry >= elf.end)
		return fail("%s: its entry 0x%llx lies outside of what is loaded", img->name,
			    (unsigned long long)elf.entry);
	*entry = (struct entry){
		.mode = ENTRY_FLAT32,
		.rip = elf.entry,
		.rax = LOADER_MAGIC,
		.rbx = LOW_STARTINFO,
	};
	return 0;
}
