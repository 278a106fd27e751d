// SPDX-License-Identifier: GPL-2.0-only
/*
 * A console (VIRTIO 1.1, "Console Device"), of one port: hvc0.
 */
#include <linux/virtio_ids.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "../device/console.h"
#include "virtio.h"

#define QUEUE_IN	0
#define QUEUE_OUT	1
#define ROOM		1024

/*
 * Keys on their way to the guest. The lock is taken within the device's, and never held
 * over output, which may wait for its reader: the main thread hears signals as well.
 */
struct hvc {
	pthread_mutex_t lock;	/* of all that follows */
	uint8_t keys[ROOM];
	size_t count;
};

static void send_keys(struct virtio_dev *dev)
{
	struct hvc *h = dev->priv;
	struct chain c;
	size_t n;

	pthread_mutex_lock(&h->lock);
	while (h->count && virtio_pop(dev, QUEUE_IN, &c)) {
		n = iov_write(c.iov + c.out, c.in, 0, h->keys, h->count);
		virtio_push(dev, QUEUE_IN, &c, n);
		h->count -= n;
		memmove(h->keys, h->keys + n, h->count);
	}
	pthread_mutex_unlock(&h->lock);
}

/* By pieces: a driver can give so much that the end would be long in coming. */
static void write_out(struct virtio_dev *dev, const struct chain *c)
{
	uint8_t piece[4096];
	size_t at = 0, n;

	while (!dev->machine->stop) {
		n = iov_read(c->iov, c->out, at, piece, sizeof(piece));
		if (!n)
			return;
		console_write(piece, n);
		at += n;
	}
}

static void hvc_kick(struct virtio_dev *dev, unsigned int q)
{
	struct chain c;

	if (q == QUEUE_IN) {
		send_keys(dev);
		return;
	}
	while (virtio_pop(dev, q, &c)) {
		write_out(dev, &c);
		virtio_push(dev, q, &c, 0);
	}
}

/* On the main thread: leave the keys, and have the device's thread look. */
size_t virtio_console_input(void *device, const uint8_t *data, size_t len)
{
	struct virtio_dev *dev = device;
	struct hvc *h = dev->priv;

	pthread_mutex_lock(&h->lock);
	if (len > ROOM - h->count)
		len = ROOM - h->count;
	memcpy(h->keys + h->count, data, len);
	h->count += len;
	pthread_mutex_unlock(&h->lock);
	eventfd_write(dev->queues[QUEUE_IN].kick_fd, 1);
	return len;
}

static void hvc_destroy(struct virtio_dev *dev)
{
	free(dev->priv);
}

/*
 * Linux waits for its output to be taken, spinning with interrupts off, so its vCPU can
 * as well do the work.
 */
static const struct virtio_ops hvc_ops = {
	.name = "console",
	.id = VIRTIO_ID_CONSOLE,
	.queues = 2,
	.prompt = 1u << QUEUE_OUT,
	.kick = hvc_kick,
	.destroy = hvc_destroy,
};

int virtio_console_add(struct machine *m, struct virtio_dev **out)
{
	struct hvc *h = calloc(1, sizeof(*h));

	if (!h)
		return fail("no memory");
	pthread_mutex_init(&h->lock, NULL);
	*out = virtio_add(m, &hvc_ops, h);
	return *out ? 0 : -1;
}
