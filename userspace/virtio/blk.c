// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disks (VIRTIO 1.1, "Block Device"): a raw file or a block device.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "virtio.h"

#define SECTOR		512
#define DISCARD_MAX	(1u << 22)	/* sectors of one request */
#define RANGES_MAX	16

struct blk {
	int fd;
	uint64_t size;		/* bytes, whole sectors */
	bool readonly;
	char id[VIRTIO_BLK_ID_BYTES];
	struct virtio_blk_config config;
};

/* Whether [@sector, + @len bytes) lies on the disk; where, in bytes. */
static bool on_disk(const struct blk *b, uint64_t sector, uint64_t len, off_t *at)
{
	if (sector > b->size / SECTOR || len > b->size - sector * SECTOR)
		return false;
	*at = sector * SECTOR;
	return true;
}

/* All of @iov to or from the disk, or an error. Consumes @iov. */
static uint8_t transfer(const struct blk *b, struct iovec *iov, unsigned int n, off_t at,
			bool write)
{
	while (n) {
		ssize_t done = write ? pwritev(b->fd, iov, n, at) : preadv(b->fd, iov, n, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return VIRTIO_BLK_S_IOERR;
		at += done;
		while (n && (size_t)done >= iov->iov_len) {
			done -= iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= done;
		}
	}
	return VIRTIO_BLK_S_OK;
}

static uint8_t read_write(const struct blk *b, const struct chain *c, uint64_t sector, bool write)
{
	struct iovec iov[CHAIN_MAX];
	unsigned int n;
	size_t len;
	off_t at;

	/* The first 16 bytes are the request, the last one is the answer. */
	len = write ? c->out_len - sizeof(struct virtio_blk_outhdr) : c->in_len - 1;
	if (len % SECTOR || !on_disk(b, sector, len, &at))
		return VIRTIO_BLK_S_IOERR;
	if (write && b->readonly)
		return VIRTIO_BLK_S_IOERR;
	if (write)
		n = iov_slice(c->iov, c->out, sizeof(struct virtio_blk_outhdr), len, iov);
	else
		n = iov_slice(c->iov + c->out, c->in, 0, len, iov);
	return transfer(b, iov, n, at, write);
}

/* For file systems that cannot zero a range by themselves. */
static int write_zeroes(const struct blk *b, off_t at, uint64_t len)
{
	static const uint8_t zeroes[65536];
	ssize_t n;

	while (len) {
		n = pwrite(b->fd, zeroes, len < sizeof(zeroes) ? len : sizeof(zeroes), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

/* Give the host its space back, or make it read as zeroes. */
static uint8_t discard(const struct blk *b, const struct chain *c, bool zero)
{
	struct virtio_blk_discard_write_zeroes ranges[RANGES_MAX];
	size_t len = c->out_len - sizeof(struct virtio_blk_outhdr), n = len / sizeof(*ranges), i;
	int mode = FALLOC_FL_KEEP_SIZE;
	off_t at;

	mode |= zero ? FALLOC_FL_ZERO_RANGE : FALLOC_FL_PUNCH_HOLE;
	if (b->readonly || !n || n > RANGES_MAX || len % sizeof(*ranges))
		return VIRTIO_BLK_S_IOERR;
	iov_read(c->iov, c->out, sizeof(struct virtio_blk_outhdr), ranges, len);
	for (i = 0; i < n; i++) {
		uint64_t bytes = (uint64_t)ranges[i].num_sectors * SECTOR;

		if (ranges[i].num_sectors > DISCARD_MAX ||
		    !on_disk(b, ranges[i].sector, bytes, &at))
			return VIRTIO_BLK_S_IOERR;
		if (!bytes || !fallocate(b->fd, mode, at, bytes))
			continue;
		/* Discarding is a hint; zeroes are a promise. */
		if (errno != EOPNOTSUPP || (zero && write_zeroes(b, at, bytes)))
			return VIRTIO_BLK_S_IOERR;
	}
	return VIRTIO_BLK_S_OK;
}

static uint8_t request(struct blk *b, const struct chain *c, uint32_t *written)
{
	struct virtio_blk_outhdr head;
	uint8_t status;

	*written = 0;
	iov_read(c->iov, c->out, 0, &head, sizeof(head));
	switch (head.type) {
	case VIRTIO_BLK_T_IN:
		status = read_write(b, c, head.sector, false);
		if (status == VIRTIO_BLK_S_OK)
			*written = c->in_len - 1;
		return status;
	case VIRTIO_BLK_T_OUT:
		return read_write(b, c, head.sector, true);
	case VIRTIO_BLK_T_FLUSH:
		return fdatasync(b->fd) ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		*written = iov_write(c->iov + c->out, c->in, 0, b->id,
				     c->in_len - 1 < sizeof(b->id) ? c->in_len - 1 : sizeof(b->id));
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_DISCARD:
		return discard(b, c, false);
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return discard(b, c, true);
	}
	return VIRTIO_BLK_S_UNSUPP;
}

static void blk_kick(struct virtio_dev *dev, unsigned int q)
{
	struct blk *b = dev->priv;
	struct chain c;
	uint32_t written;
	uint8_t status;

	while (virtio_pop(dev, q, &c)) {
		if (c.out_len < sizeof(struct virtio_blk_outhdr) || !c.in_len) {
			virtio_break(dev, "a request without room for its head and its answer");
			return;
		}
		status = request(b, &c, &written);
		iov_write(c.iov + c.out, c.in, c.in_len - 1, &status, 1);
		virtio_push(dev, q, &c, written + 1);
	}
}

static const void *blk_config(struct virtio_dev *dev, unsigned int *len)
{
	struct blk *b = dev->priv;

	*len = sizeof(b->config);
	return &b->config;
}

static void blk_destroy(struct virtio_dev *dev)
{
	struct blk *b = dev->priv;

	close(b->fd);
	free(b);
}

#define BLK_FEATURES	(1ull << VIRTIO_BLK_F_FLUSH | 1ull << VIRTIO_BLK_F_SEG_MAX)

static const struct virtio_ops blk_ops = {
	.name = "disk",
	.id = VIRTIO_ID_BLOCK,
	.queues = 1,
	.features = BLK_FEATURES | 1ull << VIRTIO_BLK_F_DISCARD |
		    1ull << VIRTIO_BLK_F_WRITE_ZEROES,
	.kick = blk_kick,
	.config = blk_config,
	.destroy = blk_destroy,
};

static const struct virtio_ops blk_readonly_ops = {
	.name = "disk",
	.id = VIRTIO_ID_BLOCK,
	.queues = 1,
	.features = BLK_FEATURES | 1ull << VIRTIO_BLK_F_RO,
	.kick = blk_kick,
	.config = blk_config,
	.destroy = blk_destroy,
};

static int blk_open(struct blk *b, const struct disk_option *disk)
{
	struct stat st;

	b->fd = open(disk->path, (disk->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (b->fd < 0)
		return fail("%s: %s%s", disk->path, strerror(errno),
			    errno == EACCES || errno == EROFS ? "; for reading only, add ,ro" : "");
	if (fstat(b->fd, &st))
		return fail("%s: %s", disk->path, strerror(errno));
	b->size = st.st_size;
	if (S_ISBLK(st.st_mode) && ioctl(b->fd, BLKGETSIZE64, &b->size))
		return fail("%s: %s", disk->path, strerror(errno));
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return fail("%s: neither a file nor a block device", disk->path);
	if (!b->size || b->size % SECTOR)
		return fail("%s: %llu bytes, not a whole number of sectors of 512", disk->path,
			    (unsigned long long)b->size);
	return 0;
}

int virtio_blk_add(struct machine *m, const struct disk_option *disk)
{
	struct blk *b = calloc(1, sizeof(*b));

	if (!b)
		return fail("no memory");
	b->fd = -1;
	b->readonly = disk->readonly;
	if (blk_open(b, disk)) {
		if (b->fd >= 0)
			close(b->fd);
		free(b);
		return -1;
	}
	snprintf(b->id, sizeof(b->id), "vellum-%u", m->nr_virtio);
	b->config.capacity = b->size / SECTOR;
	b->config.seg_max = CHAIN_MAX - 2;
	b->config.max_discard_sectors = DISCARD_MAX;
	b->config.max_discard_seg = RANGES_MAX;
	b->config.discard_sector_alignment = 1;
	b->config.max_write_zeroes_sectors = DISCARD_MAX;
	b->config.max_write_zeroes_seg = RANGES_MAX;
	return virtio_add(m, b->readonly ? &blk_readonly_ops : &blk_ops, b) ? 0 : -1;
}
