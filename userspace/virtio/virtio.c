// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio device: its thread, its interrupt, its end. The registers are in
 * virtio_mmio.c.
 */
#include "virtio.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "mmio.h"

static void interrupt(struct virtio_dev *dev, unsigned int why)
{
	struct machine *m = dev->machine;

	dev->isr |= why;
	if (dev->irq_fd >= 0) {
		eventfd_write(dev->irq_fd, 1);
		return;
	}
	machine_irq(m, GSI_VIRTIO + dev->slot, true);
	machine_irq(m, GSI_VIRTIO + dev->slot, false);
}

void virtio_interrupt(struct virtio_dev *dev)
{
	interrupt(dev, VIRTIO_MMIO_INT_VRING);
}

void virtio_config_changed(struct virtio_dev *dev)
{
	interrupt(dev, VIRTIO_MMIO_INT_CONFIG);
}

void virtio_break(struct virtio_dev *dev, const char *fmt, ...)
{
	char what[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	say("virtio %s (device %u) stopped: the guest's driver made %s", dev->ops->name, dev->slot,
	    what);
	dev->broken = true;
	dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	dev->isr |= VIRTIO_MMIO_INT_CONFIG;
	virtio_interrupt(dev);
}

bool virtio_pop(struct virtio_dev *dev, unsigned int q, struct chain *chain)
{
	const char *why = NULL;
	int got;

	if (dev->broken || !(dev->status & VIRTIO_CONFIG_S_DRIVER_OK))
		return false;
	got = virtq_pop(&dev->queues[q], &dev->machine->ram, chain, &why);
	if (got < 0)
		virtio_break(dev, "%s in queue %u", why, q);
	return got > 0;
}

void virtio_push(struct virtio_dev *dev, unsigned int q, const struct chain *chain, uint32_t len)
{
	virtq_push(&dev->queues[q], chain->head, len);
	if (virtq_wants_interrupt(&dev->queues[q]))
		virtio_interrupt(dev);
}

static void serve(struct virtio_dev *dev, const struct pollfd *fds)
{
	unsigned int q;
	eventfd_t rings;

	pthread_mutex_lock(&dev->lock);
	for (q = 0; q < dev->ops->queues; q++) {
		if (!fds[2 + q].revents)
			continue;
		eventfd_read(dev->queues[q].kick_fd, &rings);
		if (!dev->broken && dev->queues[q].ready)
			dev->ops->kick(dev, q);
	}
	if (fds[1].revents && (!dev->broken || dev->vhost.queues))
		dev->ops->input(dev);
	pthread_mutex_unlock(&dev->lock);
}

static void *device_main(void *arg)
{
	struct virtio_dev *dev = arg;
	struct pollfd fds[2 + VIRTIO_QUEUES];
	unsigned int q;
	bool input;

	for (;;) {
		fds[0] = (struct pollfd){ .fd = dev->stop_fd, .events = POLLIN };
		pthread_mutex_lock(&dev->lock);
		/* Nothing wakes this thread when a driver begins with the kernel's queues. */
		input = dev->want_input || dev->vhost.queues;
		fds[1] = (struct pollfd){ .fd = input ? dev->backend_fd : -1, .events = POLLIN };
		pthread_mutex_unlock(&dev->lock);
		for (q = 0; q < dev->ops->queues; q++)
			fds[2 + q] = (struct pollfd){
				.fd = q < dev->vhost.queues ? -1 : dev->queues[q].kick_fd,
				.events = POLLIN,
			};
		if (poll(fds, 2 + q, -1) < 0) {
			if (errno == EINTR)
				continue;
			return NULL;
		}
		if (fds[0].revents)
			return NULL;
		serve(dev, fds);
	}
}

/* Stores to the notification register become events without this process' vCPU thread. */
static int connect_queues(struct virtio_dev *dev)
{
	struct machine *m = dev->machine;
	uint64_t addr = MMIO_VIRTIO + dev->slot * 4096 + VIRTIO_MMIO_QUEUE_NOTIFY;
	unsigned int q;
	int err;

	for (q = 0; q < dev->ops->queues; q++) {
		if (vellum_check(&m->dev, KVM_CAP_IOEVENTFD) <= 0)
			return 0;
		if (dev->ops->prompt & 1u << q)
			continue;
		err = vellum_vm_ioeventfd(&m->vm, dev->queues[q].kick_fd, addr, 4, q);
		if (err)
			return fail("virtio %s: ioeventfd: %s", dev->ops->name, strerror(-err));
	}
	return 0;
}

static int connect_interrupt(struct virtio_dev *dev)
{
	struct machine *m = dev->machine;
	int err;

	if (vellum_check(&m->dev, KVM_CAP_IRQFD) <= 0)
		return 0;
	dev->irq_fd = eventfd(0, EFD_CLOEXEC);
	if (dev->irq_fd < 0)
		return fail("eventfd: %s", strerror(errno));
	err = vellum_vm_irqfd(&m->vm, dev->irq_fd, GSI_VIRTIO + dev->slot);
	return err ? fail("virtio %s: irqfd: %s", dev->ops->name, strerror(-err)) : 0;
}

struct virtio_dev *virtio_add(struct machine *m, const struct virtio_ops *ops, void *priv)
{
	struct virtio_dev *dev = calloc(1, sizeof(*dev));
	unsigned int q;

	if (!dev || m->nr_virtio == MAX_VIRTIO) {
		fail("virtio %s: %s", ops->name, dev ? "there are too many devices" : "no memory");
		exit(END_TOOL);
	}
	dev->ops = ops;
	dev->machine = m;
	dev->priv = priv;
	dev->slot = m->nr_virtio;
	dev->backend_fd = -1;
	dev->irq_fd = -1;
	dev->vhost.fd = -1;
	dev->stop_fd = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&dev->lock, NULL);
	for (q = 0; q < VIRTIO_QUEUES; q++)
		dev->queues[q].kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* From here on machine_destroy() takes it away. */
	m->virtio[m->nr_virtio++] = dev;
	if (dev->stop_fd < 0 || dev->queues[VIRTIO_QUEUES - 1].kick_fd < 0) {
		fail("eventfd: %s", strerror(errno));
		return NULL;
	}
	if (connect_queues(dev) || connect_interrupt(dev) ||
	    bus_add(&m->mmio, MMIO_VIRTIO + dev->slot * 4096, 4096, virtio_mmio_access, dev))
		return NULL;
	return dev;
}

int virtio_start(struct virtio_dev *dev)
{
	int err = thread_start(&dev->thread, device_main, dev);

	if (err)
		return fail("virtio %s: no thread: %s", dev->ops->name, strerror(-err));
	dev->started = true;
	return 0;
}

void virtio_stop(struct virtio_dev *dev)
{
	if (!dev->started)
		return;
	eventfd_write(dev->stop_fd, 1);
	thread_join(dev->thread);
	dev->started = false;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void virtio_destroy(struct virtio_dev *dev)
{
	unsigned int q;

	vhost_close(dev);
	if (dev->ops->destroy)
		dev->ops->destroy(dev);
	for (q = 0; q < VIRTIO_QUEUES; q++)
		close_fd(dev->queues[q].kick_fd);
	close_fd(dev->stop_fd);
	close_fd(dev->irq_fd);
	close_fd(dev->backend_fd);
	free(dev);
}
