/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Queues that the host's kernel serves (linux/vhost.h): doorbells and interrupts go
 * between it and the hypervisor, and this process only sets up and takes down.
 */
#ifndef VHOST_H
#define VHOST_H

#include <stdbool.h>
#include <stdint.h>

struct machine;
struct virtio_dev;

/**
 * struct vhost - the kernel's part of a device
 * @fd: of /dev/vhost-*, or -1: this process serves all queues
 * @queues: that many, from queue 0 on, are the kernel's
 * @features: what the kernel is told beside what the driver has chosen
 * @backend: begin or end; 0 or a negative errno
 * @running: between a driver that is ready and its reset
 */
struct vhost {
	int fd;
	unsigned int queues;
	uint64_t features;
	int (*backend)(struct virtio_dev *dev, bool on);
	bool running;
};

/* A descriptor of /dev/vhost-*; -ENOENT when the host or the hypervisor has none, -errno. */
int vhost_open(const struct machine *m, const char *path);

/* Give the device's first queues to the kernel. 0, or -1 after a message. */
int vhost_use(struct virtio_dev *dev, const struct vhost *v);
void vhost_close(struct virtio_dev *dev);

/* The driver is ready, or wants no more; with the device's lock held. */
void vhost_start(struct virtio_dev *dev);
void vhost_stop(struct virtio_dev *dev);

/* virtio_ops.input: the kernel cannot follow the driver's rings. */
void vhost_failed(struct virtio_dev *dev);

#endif /* VHOST_H */
