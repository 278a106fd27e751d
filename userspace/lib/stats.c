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
};

static int read_at(int fd, void *buf, size_t len, off_t at)
{
	ssize_t n = pread(fd, buf, len, at);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
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
	f->descs = malloc(h->num_desc * f->desc_size);
	if (!f->descs)
		return -ENOMEM;
	return read_at(f->fd, f->descs, h->num_desc * f->desc_size, h->desc_offset);
}

static int visit(const struct stats_file *f, vellum_stat_fn *fn, void *context)
{
	const struct kvm_stats_desc *desc;
	uint64_t value;
	unsigned int n;
	int err;

	for (n = 0; n < f->header.num_desc; n++) {
		desc = (const struct kvm_stats_desc *)(f->descs + n * f->desc_size);
		/* Histograms have several values. */
		if (desc->size != 1 || !memchr(desc->name, 0, f->header.name_size))
			continue;
		err = read_at(f->fd, &value, sizeof(value), f->header.data_offset + desc->offset);
		if (err)
			return err;
		fn(desc->name, value, context);
	}
	return 0;
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
	struct stats_file f = { 0 };
	int err;

	f.fd = ioctl(fd, KVM_GET_STATS_FD, 0);
	if (f.fd < 0)
		return -errno;
	err = read_descs(&f);
	if (!err)
		err = visit(&f, fn, context);
	free(f.descs);
	close(f.fd);
	return err;
}
