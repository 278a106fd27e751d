// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files, and what all loaders share.
 */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run/machine.h"

#define IMAGE_MAX	(4ull << 30)

static int read_all(struct image *img, int fd)
{
	size_t room = 0;
	ssize_t n;

	for (;;) {
		if (img->size == room) {
			uint8_t *more;

			room = room ? room * 2 : 1 << 20;
			more = room <= IMAGE_MAX ? realloc(img->data, room) : NULL;
			if (!more)
				return fail("%s: too large to be read", img->name);
			img->data = more;
		}
		n = read(fd, img->data + img->size, room - img->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail("%s: %s", img->name, strerror(errno));
		if (!n)
			return 0;
		img->size += n;
	}
}

int image_read(struct image *img, const char *path)
{
	int fd, err;

	*img = (struct image){ .name = path };
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("%s: %s", path, strerror(errno));
	err = read_all(img, fd);
	close(fd);
	if (!err && !img->size)
		err = fail("%s: the file is empty", path);
	if (err)
		image_free(img);
	return err;
}

void image_free(struct image *img)
{
	free(img->data);
	img->data = NULL;
	img->size = 0;
}

const void *image_at(const struct image *img, uint64_t offset, uint64_t len)
{
	if (offset > img->size || len > img->size - offset)
		return NULL;
	return img->data + offset;
}

int put_cmdline(const struct image *img, const struct load *load, uint64_t max)
{
	size_t len = strlen(load->cmdline);
	char *to = ram_at(load->ram, LOW_CMDLINE, LOW_CMDLINE_MAX);

	if (max > LOW_CMDLINE_MAX - 1)
		max = LOW_CMDLINE_MAX - 1;
	if (len > max)
		return fail("%s: takes a command line of up to %llu characters, this one has %zu",
			    img->name, (unsigned long long)max, len);
	memcpy(to, load->cmdline, len + 1);
	return 0;
}

int put_initrd(const struct load *load, uint64_t floor, uint64_t max,
	       uint64_t *addr, uint64_t *size)
{
	struct image img;
	uint64_t at;
	void *to;

	*addr = 0;
	*size = 0;
	if (!load->initrd)
		return 0;
	if (image_read(&img, load->initrd))
		return -1;
	if (max > load->ram->low)
		max = load->ram->low;
	at = img.size < max ? (max - img.size) & ~4095ull : 0;
	to = ram_at(load->ram, at, img.size);
	if (at < floor || !to) {
		fail("%s: %zu MiB do not fit behind the kernel; give more --memory", img.name,
		     (img.size >> 20) + 1);
		image_free(&img);
		return -1;
	}
	memcpy(to, img.data, img.size);
	*addr = at;
	*size = img.size;
	image_free(&img);
	return 0;
}

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
