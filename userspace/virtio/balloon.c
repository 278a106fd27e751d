// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the guest lends back (VIRTIO 1.1, "Traditional Memory Balloon
 * Device"): pages that it puts into the balloon are the host's until it takes them
 * out and touches them again.
 */
#define _GNU_SOURCE
#include <linux/virtio_balloon.h>
#include <linux/virtio_ids.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "virtio.h"

#define QUEUE_INFLATE	0
#define PAGE		4096ull
#define PIECE		256	/* page numbers looked at together */

/**
 * struct balloon - the device's own
 * @pages: asked of the guest
 * @actual: what the driver says that it has given
 * @config: for the driver to read
 */
struct balloon {
	atomic_uint pages;
	atomic_uint actual;
	struct virtio_balloon_config config;
};

/* Private memory is dropped; of a file the pages are punched out, or nothing changes. */
static void drop(const struct machine *m, uint32_t pfn)
{
	void *page = ram_at(&m->ram, pfn * PAGE, PAGE);

	if (page)
		madvise(page, PAGE, m->opt->memory_file ? MADV_REMOVE : MADV_DONTNEED);
}

static void inflate(struct virtio_dev *dev, const struct chain *c)
{
	uint32_t pfns[PIECE];
	size_t at = 0, n, i;

	do {
		n = iov_read(c->iov, c->out, at, pfns, sizeof(pfns));
		for (i = 0; i < n / sizeof(*pfns) && !dev->machine->stop; i++)
			drop(dev->machine, pfns[i]);
		at += n;
	} while (n == sizeof(pfns) && !dev->machine->stop);
}

static void balloon_kick(struct virtio_dev *dev, unsigned int q)
{
	struct chain c;

	while (virtio_pop(dev, q, &c)) {
		/* A page of a huge one cannot be given back by itself. */
		if (q == QUEUE_INFLATE && !dev->machine->opt->hugetlb)
			inflate(dev, &c);
		virtio_push(dev, q, &c, 0);
	}
}

static const void *balloon_config(struct virtio_dev *dev, unsigned int *len)
{
	struct balloon *b = dev->priv;

	b->config.num_pages = b->pages;
	b->config.actual = b->actual;
	*len = sizeof(b->config);
	return &b->config;
}

static void balloon_store(struct virtio_dev *dev, uint64_t offset, const void *data,
			  unsigned int size)
{
	struct balloon *b = dev->priv;
	uint32_t value;

	if (offset != offsetof(struct virtio_balloon_config, actual) || size != sizeof(value))
		return;
	memcpy(&value, data, sizeof(value));
	b->actual = value;
}

static void balloon_destroy(struct virtio_dev *dev)
{
	free(dev->priv);
}

static const struct virtio_ops balloon_ops = {
	.name = "balloon",
	.id = VIRTIO_ID_BALLOON,
	.queues = 2,
	.features = 1ull << VIRTIO_BALLOON_F_DEFLATE_ON_OOM,
	.kick = balloon_kick,
	.config = balloon_config,
	.store = balloon_store,
	.destroy = balloon_destroy,
};

void balloon_set(struct virtio_dev *dev, uint64_t bytes)
{
	struct balloon *b = dev->priv;

	b->pages = bytes / PAGE;
	virtio_config_changed(dev);
}

void balloon_show(struct virtio_dev *dev, FILE *out)
{
	const struct balloon *b = dev->priv;
	FILE *statm = fopen("/proc/self/statm", "re");
	unsigned long long all, resident = 0;

	if (statm) {
		if (fscanf(statm, "%llu %llu", &all, &resident) != 2)
			resident = 0;
		fclose(statm);
	}
	fprintf(out, "asked %llu KiB, given %llu KiB, resident %llu KiB\n", b->pages * PAGE / 1024,
		b->actual * PAGE / 1024, resident * PAGE / 1024);
}

int virtio_balloon_add(struct machine *m)
{
	struct balloon *b = calloc(1, sizeof(*b));

	if (!b)
		return fail("no memory");
	m->balloon = virtio_add(m, &balloon_ops, b);
	return m->balloon ? 0 : -1;
}
