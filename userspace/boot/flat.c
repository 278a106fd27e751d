// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code without a header, put where it is told to be.
 */
#include "image.h"

#include <string.h>

#include "../run/machine.h"

static int put_flat(const struct image *img, const struct load *load, uint64_t addr)
{
	void *to = ram_at(load->ram, addr, img->size);

	if (!to)
		return fail("%s: %zu bytes do not fit into memory at 0x%llx", img->name, img->size,
			    (unsigned long long)addr);
	memcpy(to, img->data, img->size);
	return 0;
}

int load_flat(const struct image *img, const struct load *load, struct entry *entry)
{
	uint64_t addr = load->address ? load->address : 0x7c00;

	if (addr > 0xffff)
		return fail("%s: --load 0x%llx: real mode begins in the first 64 KiB", img->name,
			    (unsigned long long)addr);
	if (put_flat(img, load, addr))
		return -1;
	*entry = (struct entry){ .mode = ENTRY_REAL, .rip = addr, .rsp = addr & ~15ull };
	return 0;
}

int load_long(const struct image *img, const struct load *load, struct entry *entry)
{
	uint64_t addr = load->address ? load->address : HIGH_START;

	if (addr < LOW_STACK)
		return fail("%s: --load 0x%llx: the page tables are there; 0x%x is the lowest",
			    img->name, (unsigned long long)addr, LOW_STACK);
	if (put_flat(img, load, addr))
		return -1;
	*entry = (struct entry){ .mode = ENTRY_LONG, .rip = addr, .rsp = LOW_STACK };
	return 0;
}
