// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel is loaded as its header asks.
 */
#include "image.h"

#include <string.h>

#include "../run/say.h"

int load_kernel(const struct image *img, const struct load *load, struct entry *entry)
{
	struct elf_info info;
	const void *magic = image_at(img, 0x202, 4);

	if (magic && !memcmp(magic, "HdrS", 4))
		return load_linux(img, load, entry);
	if (multiboot_find(img) >= 0)
		return load_multiboot(img, load, entry);
	if (!image_is_elf(img)) {
		fail("%s: not a bzImage: no HdrS at 0x202", img->name);
		fail("%s: nor ELF: no 7f 45 4c 46 at 0", img->name);
		return fail("%s: nor multiboot: no 1badb002 in the first 8 KiB", img->name);
	}
	if (elf_load(img, NULL, &info))
		return -1;
	if (!info.has_pvh)
		return fail("%s: ELF without a PVH note (Xen, type 18) or multiboot header",
			    img->name);
	return load_pvh(img, load, entry);
}
