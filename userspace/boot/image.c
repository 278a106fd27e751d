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
