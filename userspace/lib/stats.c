// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics files: what KVM_GET_STATS_FD gives.
 */
#include "vellum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Far above what any kernel offers: a file that says more is not one of these. */
#define MAX_STATS	4096
#define MAX_NAME	256

struct stats_file {
	int fd;
	struct kvm_stats_header header;
	size_t desc_size;
	char *descs;
	uint64_t *values;
};

static int read_at(int fd, void *buf, size_t len, off_t at)
{
	ssize_t n = pread(fd, buf, len, at);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static const struct kvm_stats_desc *desc_at(const struct stats_file *f, unsigned int n)
{
	return (const struct kvm_stats_desc *)(f->descs + n * f->desc_size);
}

static int read_descs(struct stats_file *f)
{
	const struct kvm_stats_header *h = &f->header;
	int err;

	err = read_at(f->fd, &f->header, sizeof(f->header), 0);
	if (err)
		return err;
	if (h->num_desc > MAX_STATS || !h->name_size || h->name_size > MAX_NAME)
		return -EIO;
	f->desc_size = sizeof(struct kvm_stats_desc) + h->name_size;
	f->descs = malloc(h->num_desc * f->desc_size + 1);
	if (!f->descs)
		return -ENOMEM;
	return read_at(f->fd, f->descs, h->num_desc * f->desc_size, h->desc_offset);
}

static int read_id(const struct stats_file *f, char *id, size_t room)
{
	char whole[MAX_NAME + 1] = "";
	int err = read_at(f->fd, whole, f->header.name_size, f->header.id_offset);

	if (err)
		return err;
	if (strlen(whole) >= room)
		return -EIO;
	strcpy(id, whole);
	return 0;
}

/* All at once, so that they are those of one moment. */
static int read_values(struct stats_file *f)
{
	size_t end = 0;
	unsigned int n;

	for (n = 0; n < f->header.num_desc; n++) {
		const struct kvm_stats_desc *desc = desc_at(f, n);
		size_t after = (size_t)desc->offset + desc->size * sizeof(uint64_t);

		if (desc->offset % sizeof(uint64_t) || after > MAX_STATS * 64 * sizeof(uint64_t))
			return -EIO;
		end = after > end ? after : end;
	}
	f->values = malloc(end + 1);
	if (!f->values)
		return -ENOMEM;
	return read_at(f->fd, f->values, end, f->header.data_offset);
}

static void visit(const struct stats_file *f, vellum_stat_fn *fn, void *context)
{
	unsigned int n;

	for (n = 0; n < f->header.num_desc; n++) {
		const struct kvm_stats_desc *desc = desc_at(f, n);

		/* Histograms have several values. */
		if (desc->size == 1 && memchr(desc->name, 0, f->header.name_size))
			fn(desc->name, f->values[desc->offset / sizeof(uint64_t)], context);
	}
}

/**
 * vellum_stats() - KVM_GET_STATS_FD: visit the statistics of a VM or vCPU
 * @fd: descriptor of the VM or vCPU
 * @fn: called with the name and value of each
 * @context: passed on to @fn
 *
 * Return: 0 or -errno; -ENOTTY on kernels that have none.
 */
int vellum_stats(int fd, vellum_stat_fn *fn, void *context)
{
	char id[MAX_NAME + 1];

	return vellum_stats_id(fd, id, sizeof(id), fn, context);
}

/**
 * vellum_stats_id() - vellum_stats(), and what the file says it is of
 * @fd: descriptor of the VM or vCPU
 * @id: the file's id: "kvm-PID-VM", with "/vcpu-ID" behind it for a vCPU
 * @room: bytes at @id
 * @fn: called with the name and value of each
 * @context: passed on to @fn
 *
 * Return: 0 or -errno.
 */
int vellum_stats_id(int fd, char *id, size_t room, vellum_stat_fn *fn, void *context)
{
	struct stats_file f = { 0 };
	int err;

	f.fd = ioctl(fd, KVM_GET_STATS_FD, 0);
	if (f.fd < 0)
		return -errno;
	err = read_descs(&f);
	if (!err)
		err = read_id(&f, id, room);
	if (!err)
		err = read_values(&f);
	if (!err)
		visit(&f, fn, context);
	free(f.descs);
	free(f.values);
	close(f.fd);
	return err;
}
