// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF kernels with a PVH entry: 32-bit, without paging, EBX points at what
 * the start information's layout calls hvm_start_info.
 */
#include <stdbool.h>
#include <string.h>

#include "image.h"
#include "../run/machine.h"

#define START_MAGIC	0x336ec578u

struct start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modules;
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memmap;
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct start_module {
	uint64_t addr;
	uint64_t size;
	uint64_t cmdline;
	uint64_t reserved;
};

struct start_memory {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

/* All three in the page that is theirs. */
struct start_page {
	struct start_info info;
	struct start_module initrd;
	struct start_memory map[E820_AREAS];
};

#define PART(member)	(LOW_STARTINFO + offsetof(struct start_page, member))

int load_pvh(const struct image *img, const struct load *load, struct entry *entry)
{
	struct start_page *page = ram_at(load->ram, LOW_STARTINFO, sizeof(*page));
	struct e820_area map[E820_AREAS];
	struct elf_info elf;
	unsigned int i, n;
	uint64_t addr, size;

	if (elf_load(img, load->ram, &elf))
		return -1;
	if (!elf.has_pvh)
		return fail("%s: no PVH note (Xen, type 18)", img->name);
	if (elf.pvh < elf.start || elf.pvh >= elf.end || elf.pvh > UINT32_MAX)
		return fail("%s: its PVH entry 0x%llx lies outside of what is loaded", img->name,
			    (unsigned long long)elf.pvh);
	if (put_cmdline(img, load, LOW_CMDLINE_MAX) ||
	    put_initrd(load, elf.end, RAM_HOLE_START, &addr, &size))
		return -1;
	memset(page, 0, sizeof(*page));
	n = ram_map(load->ram, map);
	for (i = 0; i < n; i++)
		page->map[i] = (struct start_memory){ map[i].start, map[i].size, map[i].type, 0 };
	page->initrd = (struct start_module){ .addr = addr, .size = size };
	page->info = (struct start_info){
		.magic = START_MAGIC,
		.version = 1,
		.nr_modules = !!size,
		.modules = size ? PART(initrd) : 0,
		.cmdline = LOW_CMDLINE,
		.rsdp = load->rsdp,
		.memmap = PART(map),
		.memmap_entries = n,
	};
	*entry = (struct entry){ .mode = ENTRY_FLAT32, .rip = elf.pvh, .rbx = LOW_STARTINFO };
	return 0;
}
