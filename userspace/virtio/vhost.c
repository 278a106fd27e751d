// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's queues, given to the kernel of the host and taken back.
 */
#include "vhost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "virtio.h"

int vhost_open(const struct machine *m, const char *path)
{
	int fd, err;

	if (vellum_check(&m->dev, KVM_CAP_IOEVENTFD) <= 0 ||
	    vellum_check(&m->dev, KVM_CAP_IRQFD) <= 0)
		return -ENOENT;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The kernel's thread works in the memory of this process. */
	if (ioctl(fd, VHOST_SET_OWNER)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Guest memory is this process', and the kernel takes it for what it is. */
static int set_memory(const struct virtio_dev *dev)
{
	const struct ram *ram = &dev->machine->ram;
	union {
		struct vhost_memory memory;
		char room[sizeof(struct vhost_memory) + 2 * sizeof(struct vhost_memory_region)];
	} all = { .memory.nregions = ram->size > ram->low ? 2 : 1 };

	all.memory.regions[0] = (struct vhost_memory_region){
		.memory_size = ram->low,
		.userspace_addr = (uintptr_t)ram->base,
	};
	if (ram->size > ram->low)
		all.memory.regions[1] = (struct vhost_memory_region){
			.guest_phys_addr = RAM_HOLE_END,
			.memory_size = ram->size - ram->low,
			.userspace_addr = (uintptr_t)ram->base + ram->low,
		};
	return ioctl(dev->vhost.fd, VHOST_SET_MEM_TABLE, &all.memory);
}

static int set_queue(const struct virtio_dev *dev, unsigned int i)
{
	const struct virtq *q = &dev->queues[i];
	struct vhost_vring_state num = { .index = i, .num = q->num };
	struct vhost_vring_state base = { .index = i };
	struct vhost_vring_addr addr = {
		.index = i,
		.desc_user_addr = (uintptr_t)q->desc,
		.avail_user_addr = (uintptr_t)q->avail,
		.used_user_addr = (uintptr_t)q->used,
	};
	struct vhost_vring_file kick = { .index = i, .fd = q->kick_fd };
	struct vhost_vring_file call = { .index = i, .fd = dev->irq_fd };
	struct vhost_vring_file error = { .index = i, .fd = dev->backend_fd };
	int fd = dev->vhost.fd;

	return ioctl(fd, VHOST_SET_VRING_NUM, &num) || ioctl(fd, VHOST_SET_VRING_BASE, &base) ||
	       ioctl(fd, VHOST_SET_VRING_ADDR, &addr) || ioctl(fd, VHOST_SET_VRING_ERR, &error) ||
	       ioctl(fd, VHOST_SET_VRING_CALL, &call) || ioctl(fd, VHOST_SET_VRING_KICK, &kick);
}

static int set_up(struct virtio_dev *dev)
{
	uint64_t features;
	unsigned int i;
	int err;

	if (ioctl(dev->vhost.fd, VHOST_GET_FEATURES, &features))
		return -errno;
	features &= dev->driver_features;
	features |= dev->vhost.features;
	if (ioctl(dev->vhost.fd, VHOST_SET_FEATURES, &features) || set_memory(dev))
		return -errno;
	for (i = 0; i < dev->vhost.queues; i++)
		if (set_queue(dev, i))
			return -errno;
	err = dev->vhost.backend(dev, true);
	/* What was rung before anybody listened. */
	for (i = 0; !err && i < dev->vhost.queues; i++)
		eventfd_write(dev->queues[i].kick_fd, 1);
	return err;
}

void vhost_start(struct virtio_dev *dev)
{
	unsigned int i;
	int err;

	if (dev->vhost.fd < 0 || dev->vhost.running || dev->broken)
		return;
	for (i = 0; i < dev->vhost.queues; i++)
		if (!dev->queues[i].ready)
			return;
	err = set_up(dev);
	dev->vhost.running = !err;
	if (err)
		virtio_break(dev, "queues that vhost does not take: %s", strerror(-err));
}

void vhost_stop(struct virtio_dev *dev)
{
	if (!dev->vhost.running)
		return;
	dev->vhost.backend(dev, false);
	dev->vhost.running = false;
}

void vhost_failed(struct virtio_dev *dev)
{
	bool running = dev->vhost.running;
	eventfd_t errors;

	/* In this order: there are no new ones once it has stopped. */
	vhost_stop(dev);
	eventfd_read(dev->backend_fd, &errors);
	/* Else the driver has reset the device meanwhile. */
	if (running)
		virtio_break(dev, "rings that vhost cannot follow");
}

int vhost_use(struct virtio_dev *dev, const struct vhost *v)
{
	dev->vhost = *v;
	/* Readable when the kernel has found an error. */
	dev->backend_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return dev->backend_fd < 0 ? fail("eventfd: %s", strerror(errno)) : 0;
}

void vhost_close(struct virtio_dev *dev)
{
	vhost_stop(dev);
	if (dev->vhost.fd >= 0)
		close(dev->vhost.fd);
	dev->vhost.fd = -1;
}
