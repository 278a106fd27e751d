// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network card (VIRTIO 1.1, "Network Device"). Frames come and go by a file
 * descriptor: that of a TAP device, or a socket to vellum-net. Between a TAP device
 * and the guest the kernel carries them where it has vhost-net.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/vhost.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/helper.h"
#include "virtio.h"

#define QUEUE_RX	0
#define QUEUE_TX	1
#define FRAME_MAX	65536
#define HEADER		sizeof(struct virtio_net_hdr_v1)
#define FRAMES_FD	3
#define HELPER		"vellum-net"
#define VHOST		"/dev/vhost-net"

struct net {
	pid_t helper;		/* 0: none */
	int tap;		/* -1: none, or this process reads it */
	struct virtio_net_config config;
	uint8_t frame[HEADER + FRAME_MAX];
};

/* There will be no more frames, whatever the driver asks for. */
static void net_gone(struct virtio_dev *dev, const char *why)
{
	say("virtio net: the network has gone: %s", why);
	close(dev->backend_fd);
	dev->backend_fd = -1;
}

/* Frames that wait, as long as the driver has buffers for them. */
static void net_input(struct virtio_dev *dev)
{
	struct net *n = dev->priv;
	struct virtio_net_hdr_v1 head = { .num_buffers = 1 };
	struct chain c;
	ssize_t len;

	memcpy(n->frame, &head, HEADER);
	while (virtio_pop(dev, QUEUE_RX, &c)) {
		len = read(dev->backend_fd, n->frame + HEADER, FRAME_MAX);
		if (len <= 0) {
			/* The chain is not used: it is the next one again. */
			dev->queues[QUEUE_RX].seen--;
			if (!len)
				net_gone(dev, "its process has ended");
			else if (errno != EAGAIN && errno != EINTR)
				net_gone(dev, strerror(errno));
			return;
		}
		if (c.in_len < HEADER + len) {
			virtio_break(dev, "a buffer of %zu bytes, too small for a frame of %zd",
				     c.in_len, len);
			return;
		}
		iov_write(c.iov + c.out, c.in, 0, n->frame, HEADER + len);
		virtio_push(dev, QUEUE_RX, &c, HEADER + len);
	}
	/* Until the driver has made room. */
	dev->want_input = false;
}

static void transmit(struct virtio_dev *dev)
{
	struct net *n = dev->priv;
	struct chain c;
	size_t len;

	while (virtio_pop(dev, QUEUE_TX, &c)) {
		len = iov_read(c.iov, c.out, HEADER, n->frame, FRAME_MAX);
		if (c.out_len < HEADER) {
			virtio_break(dev, "a frame without its header");
			return;
		}
		/* What finds no room is lost, as on any wire; so is all where there is none. */
		if (len && write(dev->backend_fd, n->frame, len) < 0 && errno == EPIPE)
			net_gone(dev, strerror(errno));
		virtio_push(dev, QUEUE_TX, &c, 0);
	}
}

static void net_kick(struct virtio_dev *dev, unsigned int q)
{
	if (q == QUEUE_RX)
		dev->want_input = true;
	else
		transmit(dev);
}

static const void *net_config(struct virtio_dev *dev, unsigned int *len)
{
	struct net *n = dev->priv;

	*len = sizeof(n->config);
	return &n->config;
}

static void net_destroy(struct virtio_dev *dev)
{
	struct net *n = dev->priv;

	/* The helper ends when its socket does. */
	if (dev->backend_fd >= 0)
		close(dev->backend_fd);
	dev->backend_fd = -1;
	if (n->tap >= 0)
		close(n->tap);
	if (n->helper)
		waitpid(n->helper, NULL, 0);
	free(n);
}

static const struct virtio_ops net_ops = {
	.name = "net",
	.id = VIRTIO_ID_NET,
	.queues = 2,
	.features = 1ull << VIRTIO_NET_F_MAC,
	.kick = net_kick,
	.input = net_input,
	.config = net_config,
	.destroy = net_destroy,
};

static int vhost_backend(struct virtio_dev *dev, bool on)
{
	const struct net *n = dev->priv;
	struct vhost_vring_file file = { .fd = on ? n->tap : -1 };

	for (file.index = 0; file.index < 2; file.index++)
		if (ioctl(dev->vhost.fd, VHOST_NET_SET_BACKEND, &file))
			return -errno;
	return 0;
}

static const struct virtio_ops vhost_net_ops = {
	.name = "net",
	.id = VIRTIO_ID_NET,
	.queues = 2,
	.features = 1ull << VIRTIO_NET_F_MAC | 1ull << VIRTIO_RING_F_EVENT_IDX,
	.input = vhost_failed,
	.config = net_config,
	.destroy = net_destroy,
};

static int open_tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return fail("/dev/net/tun: %s", strerror(errno));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		return fail("--tap %s: %s; make it by: ip tuntap add %s mode tap", name,
			    strerror(errno), name);
	}
	return fd;
}

static void exec_helper(const struct options *opt, int fd)
{
	char path[4096];
	const char *argv[MAX_FORWARDS + 2] = { HELPER };
	unsigned int i;

	for (i = 0; i < opt->nr_forwards; i++)
		argv[1 + i] = opt->forwards[i];
	/* dup2() onto itself would leave close-on-exec set. */
	if (fd == FRAMES_FD)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, FRAMES_FD);
	if (!helper_find(HELPER, path, sizeof(path)))
		execv(path, (char **)argv);
	execvp(HELPER, (char **)argv);
	dprintf(STDERR_FILENO, "vellum: --net: there is no " HELPER " beside vellum: %s\n",
		strerror(errno));
	_exit(127);
}

static int start_helper(const struct options *opt, pid_t *pid)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds))
		return fail("socketpair: %s", strerror(errno));
	*pid = fork();
	if (!*pid) {
		/* The menu and the signals of the terminal are not for it. */
		setpgid(0, 0);
		exec_helper(opt, fds[1]);
	}
	close(fds[1]);
	if (*pid < 0) {
		close(fds[0]);
		*pid = 0;
		return fail("cannot start " HELPER ": %s", strerror(errno));
	}
	return fds[0];
}

static int add_user(struct machine *m, struct net *n, int fd)
{
	struct virtio_dev *dev = virtio_add(m, &net_ops, n);

	if (!dev) {
		close(fd);
		return -1;
	}
	dev->backend_fd = fd;
	return 0;
}

static int add_tap(struct machine *m, struct net *n, int tap)
{
	/* The TAP device deals in bare frames, and the driver in frames behind a header. */
	struct vhost vhost = {
		.fd = m->opt->no_vhost ? -ENOENT : vhost_open(m, VHOST),
		.queues = 2,
		.features = 1ull << VHOST_NET_F_VIRTIO_NET_HDR,
		.backend = vhost_backend,
	};
	struct virtio_dev *dev;

	if (vhost.fd < 0) {
		if (vhost.fd != -ENOENT)
			say(VHOST ": %s; frames go by way of this process", strerror(-vhost.fd));
		return add_user(m, n, tap);
	}
	n->tap = tap;
	dev = virtio_add(m, &vhost_net_ops, n);
	if (!dev) {
		close(vhost.fd);
		return -1;
	}
	return vhost_use(dev, &vhost);
}

int virtio_net_add(struct machine *m)
{
	static const uint8_t mac[6] = { 0x52, 0x56, 0x4c, 0x00, 0x00, 0x01 };
	struct net *n = calloc(1, sizeof(*n));
	int fd;

	if (!n)
		return fail("no memory");
	memcpy(n->config.mac, mac, sizeof(mac));
	n->tap = -1;
	fd = m->opt->tap ? open_tap(m->opt->tap) : start_helper(m->opt, &n->helper);
	if (fd < 0) {
		free(n);
		return -1;
	}
	return m->opt->tap ? add_tap(m, n, fd) : add_user(m, n, fd);
}
