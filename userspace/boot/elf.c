// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF files, 32- and 64-bit: segments to physical addresses, the PVH note.
 */
#include <elf.h>
#include <stdbool.h>
#include <string.h>

#include "image.h"
#include "../run/machine.h"

#define XEN_ELFNOTE_PHYS32_ENTRY	18

/* A program header of either class. */
struct segment {
	uint32_t type;
	uint64_t offset;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
};

bool image_is_elf(const struct image *img)
{
	return image_at(img, 0, EI_NIDENT) && !memcmp(img->data, ELFMAG, SELFMAG);
}

static int get_header(const struct image *img, Elf64_Ehdr *out)
{
	bool wide = img->data[EI_CLASS] == ELFCLASS64;
	const void *raw = image_at(img, 0, wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	Elf32_Ehdr h;

	if (img->data[EI_CLASS] != ELFCLASS32 && !wide)
		return fail("%s: ELF class %u at 0x4 is neither 32- nor 64-bit", img->name,
			    img->data[EI_CLASS]);
	if (img->data[EI_DATA] != ELFDATA2LSB)
		return fail("%s: a big-endian ELF file (0x5)", img->name);
	if (!raw)
		return fail("%s: ends within its ELF header", img->name);
	if (wide) {
		memcpy(out, raw, sizeof(*out));
	} else {
		memcpy(&h, raw, sizeof(h));
		out->e_type = h.e_type;
		out->e_machine = h.e_machine;
		out->e_entry = h.e_entry;
		out->e_phoff = h.e_phoff;
		out->e_phnum = h.e_phnum;
		out->e_phentsize = h.e_phentsize;
	}
	if (out->e_machine != EM_386 && out->e_machine != EM_X86_64)
		return fail("%s: made for machine %u (0x12), not for x86", img->name,
			    out->e_machine);
	if (out->e_phentsize != (wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) || !out->e_phnum)
		return fail("%s: no program headers: an object file, not a kernel", img->name);
	return 0;
}

static int get_segment(const struct image *img, const Elf64_Ehdr *h, unsigned int i,
		       struct segment *out)
{
	uint64_t at = h->e_phoff + (uint64_t)i * h->e_phentsize;
	const void *raw = at >= h->e_phoff ? image_at(img, at, h->e_phentsize) : NULL;

	if (!raw)
		return fail("%s: ends before its program header %u", img->name, i);
	if (img->data[EI_CLASS] == ELFCLASS64) {
		Elf64_Phdr p;

		memcpy(&p, raw, sizeof(p));
		*out = (struct segment){ p.p_type, p.p_offset, p.p_paddr, p.p_filesz, p.p_memsz };
	} else {
		Elf32_Phdr p;

		memcpy(&p, raw, sizeof(p));
		*out = (struct segment){ p.p_type, p.p_offset, p.p_paddr, p.p_filesz, p.p_memsz };
	}
	if (!image_at(img, out->offset, out->filesz))
		return fail("%s: cut short: segment %u lies at 0x%llx, the file ends at 0x%zx",
			    img->name, i, (unsigned long long)out->offset, img->size);
	return 0;
}

static void read_notes(const struct image *img, const struct segment *s, struct elf_info *info)
{
	const uint8_t *p = img->data + s->offset;
	uint64_t left = s->filesz;
	Elf64_Nhdr n;

	while (left >= sizeof(n)) {
		uint64_t name, desc;

		memcpy(&n, p, sizeof(n));
		name = (n.n_namesz + 3ull) & ~3ull;
		desc = (n.n_descsz + 3ull) & ~3ull;
		if (left - sizeof(n) < name + desc)
			return;
		if (n.n_type == XEN_ELFNOTE_PHYS32_ENTRY && n.n_namesz == 4 &&
		    !memcmp(p + sizeof(n), "Xen", 4) && (n.n_descsz == 4 || n.n_descsz == 8)) {
			info->pvh = 0;
			memcpy(&info->pvh, p + sizeof(n) + name, n.n_descsz);
			info->has_pvh = true;
		}
		p += sizeof(n) + name + desc;
		left -= sizeof(n) + name + desc;
	}
}

static int load_segment(const struct image *img, const struct ram *ram, unsigned int i,
			const struct segment *s, struct elf_info *info)
{
	uint8_t *to;

	if (!s->memsz)
		return 0;
	if (s->filesz > s->memsz || s->paddr + s->memsz < s->paddr)
		return fail("%s: segment %u has sizes that contradict each other", img->name, i);
	if (s->paddr < info->start)
		info->start = s->paddr;
	if (s->paddr + s->memsz > info->end)
		info->end = s->paddr + s->memsz;
	if (!ram)
		return 0;
	to = ram_at(ram, s->paddr, s->memsz);
	if (!to || s->paddr < LOW_CMDLINE + LOW_CMDLINE_MAX)
		return fail("%s: segment %u, %llu KiB at 0x%llx, does not fit into memory",
			    img->name, i, (unsigned long long)s->memsz >> 10,
			    (unsigned long long)s->paddr);
	memcpy(to, img->data + s->offset, s->filesz);
	memset(to + s->filesz, 0, s->memsz - s->filesz);
	return 0;
}

int elf_load(const struct image *img, const struct ram *ram, struct elf_info *info)
{
	unsigned int i;
	Elf64_Ehdr h;
	struct segment s = { 0 };

	if (!image_is_elf(img))
		return fail("%s: not an ELF file: no 7f 45 4c 46 at 0", img->name);
	if (get_header(img, &h))
		return -1;
	*info = (struct elf_info){ .entry = h.e_entry, .start = UINT64_MAX };
	for (i = 0; i < h.e_phnum; i++) {
		if (get_segment(img, &h, i, &s))
			return -1;
		if (s.type == PT_NOTE)
			read_notes(img, &s, info);
		if (s.type == PT_LOAD && load_segment(img, ram, i, &s, info))
			return -1;
	}
	if (!info->end)
		return fail("%s: nothing in it is to be loaded", img->name);
	return 0;
}
