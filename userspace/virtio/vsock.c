// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets between host and guest (VIRTIO 1.1, "Socket Device"), AF_VSOCK on both
 * sides. The host's kernel is the other end, so all of it is the kernel's but the
 * queue of events, of which there are none: the guest stays what it is.
 */
#include <errno.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_vsock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "virtio.h"

#define VHOST		"/dev/vhost-vsock"

static void event_kick(struct virtio_dev *dev, unsigned int q)
{
	(void)dev;
	(void)q;
}

static const void *vsock_config(struct virtio_dev *dev, unsigned int *len)
{
	*len = sizeof(struct virtio_vsock_config);
	return dev->priv;
}

static int vhost_backend(struct virtio_dev *dev, bool on)
{
	int run = on;

	return ioctl(dev->vhost.fd, VHOST_VSOCK_SET_RUNNING, &run) ? -errno : 0;
}

static void vsock_destroy(struct virtio_dev *dev)
{
	free(dev->priv);
}

static const struct virtio_ops vsock_ops = {
	.name = "vsock",
	.id = VIRTIO_ID_VSOCK,
	.queues = 3,
	.features = 1ull << VIRTIO_RING_F_EVENT_IDX,
	.kick = event_kick,
	.input = vhost_failed,
	.config = vsock_config,
	.destroy = vsock_destroy,
};

int virtio_vsock_add(struct machine *m)
{
	uint64_t cid = m->opt->vsock;
	struct vhost vhost = { .queues = 2, .backend = vhost_backend };
	struct virtio_vsock_config *config;
	struct virtio_dev *dev;

	vhost.fd = vhost_open(m, VHOST);
	if (vhost.fd < 0)
		return fail("--vsock: " VHOST ": %s (modprobe vhost_vsock)", strerror(-vhost.fd));
	if (ioctl(vhost.fd, VHOST_VSOCK_SET_GUEST_CID, &cid)) {
		fail("--vsock %llu: %s", (unsigned long long)cid,
		     errno == EADDRINUSE ? "another guest has that number" : strerror(errno));
		close(vhost.fd);
		return -1;
	}
	config = calloc(1, sizeof(*config));
	if (!config) {
		close(vhost.fd);
		return fail("no memory");
	}
	config->guest_cid = cid;
	dev = virtio_add(m, &vsock_ops, config);
	if (!dev) {
		close(vhost.fd);
		return -1;
	}
	return vhost_use(dev, &vhost);
}
