// SPDX-License-Identifier: GPL-2.0-only
/*
 * vellum-net: the guest's network in user mode, by libslirp, in a process of
 * its own: what it gets wrong cannot reach the guest's memory. `vellum run
 * --net` starts it with a socket as file descriptor 3; a packet on that is an
 * Ethernet frame. Arguments are port forwards. It ends when the socket closes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAMES_FD	3
#define FDS_MAX		1024
#define FRAME_MAX	65536

struct poller {
	struct pollfd fds[FDS_MAX];
	int nr;
};

static ssize_t send_frame(const void *buf, size_t len, void *opaque)
{
	(void)opaque;
	/* A full socket loses the frame, as a wire would. */
	send(FRAMES_FD, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return len;
}

static void guest_error(const char *msg, void *opaque)
{
	(void)opaque;
	fprintf(stderr, "vellum-net: %s\n", msg);
}

static int64_t clock_ns(void *opaque)
{
	struct timespec now;

	(void)opaque;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* Only IPv6 has timers, and that is off. */
static void *timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
	(void)cb;
	(void)cb_opaque;
	(void)opaque;
	return NULL;
}

static void timer_free(void *timer, void *opaque)
{
	(void)timer;
	(void)opaque;
}

static void timer_mod(void *timer, int64_t expire, void *opaque)
{
	(void)timer;
	(void)expire;
	(void)opaque;
}

/* poll() is given its list anew each time. */
static void poll_fd(int fd, void *opaque)
{
	(void)fd;
	(void)opaque;
}

/* All runs on one thread, which is awake when this is called. */
static void notify(void *opaque)
{
	(void)opaque;
}

static const SlirpCb callbacks = {
	.send_packet = send_frame,
	.guest_error = guest_error,
	.clock_get_ns = clock_ns,
	.timer_new = timer_new,
	.timer_free = timer_free,
	.timer_mod = timer_mod,
	.register_poll_fd = poll_fd,
	.unregister_poll_fd = poll_fd,
	.notify = notify,
};

static int add_poll(int fd, int events, void *opaque)
{
	struct poller *p = opaque;
	short want = 0;

	if (p->nr == FDS_MAX)
		return -1;
	if (events & SLIRP_POLL_IN)
		want |= POLLIN;
	if (events & SLIRP_POLL_OUT)
		want |= POLLOUT;
	if (events & SLIRP_POLL_PRI)
		want |= POLLPRI;
	p->fds[p->nr] = (struct pollfd){ .fd = fd, .events = want };
	return p->nr++;
}

static int get_revents(int i, void *opaque)
{
	const struct poller *p = opaque;
	short got = i >= 0 ? p->fds[i].revents : 0;

	return (got & POLLIN ? SLIRP_POLL_IN : 0) | (got & POLLOUT ? SLIRP_POLL_OUT : 0) |
	       (got & POLLPRI ? SLIRP_POLL_PRI : 0) | (got & POLLERR ? SLIRP_POLL_ERR : 0) |
	       (got & POLLHUP ? SLIRP_POLL_HUP : 0);
}

static struct in_addr address(const char *text)
{
	struct in_addr a;

	inet_pton(AF_INET, text, &a);
	return a;
}

static int add_forward(Slirp *slirp, const char *spec)
{
	int host, guest;

	/* Behind "tcp:" or "udp:", which vellum has checked. */
	if (strlen(spec) < 4 || sscanf(spec + 4, "%d:%d", &host, &guest) != 2)
		return -1;
	return slirp_add_hostfwd(slirp, !strncmp(spec, "udp", 3), address("127.0.0.1"), host,
				 address("10.0.2.15"), guest);
}

static int loop(Slirp *slirp)
{
	static uint8_t frame[FRAME_MAX];
	static struct poller p;
	uint32_t timeout;
	ssize_t n;
	int ready;

	for (;;) {
		p.nr = 0;
		p.fds[p.nr++] = (struct pollfd){ .fd = FRAMES_FD, .events = POLLIN };
		timeout = UINT32_MAX;
		slirp_pollfds_fill(slirp, &timeout, add_poll, &p);
		ready = poll(p.fds, p.nr, timeout == UINT32_MAX ? -1 : (int)timeout);
		if (ready < 0 && errno == EINTR)
			continue;
		slirp_pollfds_poll(slirp, ready < 0, get_revents, &p);
		if (!p.fds[0].revents)
			continue;
		n = recv(FRAMES_FD, frame, sizeof(frame), MSG_DONTWAIT);
		if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
			return 0;
		if (n > 0)
			slirp_input(slirp, frame, n);
	}
}

int main(int argc, char **argv)
{
	SlirpConfig config = {
		.version = 1,
		.in_enabled = true,
		.vnetwork = address("10.0.2.0"),
		.vnetmask = address("255.255.255.0"),
		.vhost = address("10.0.2.2"),
		.vnameserver = address("10.0.2.3"),
		.vdhcp_start = address("10.0.2.15"),
		.vhostname = "guest",
	};
	socklen_t len = sizeof(int);
	int type, i;
	Slirp *slirp;

	if (getsockopt(FRAMES_FD, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_SEQPACKET) {
		fputs("vellum-net: started by vellum run --net, not by hand\n", stderr);
		return 2;
	}
	slirp = slirp_new(&config, &callbacks, NULL);
	if (!slirp)
		return 1;
	for (i = 1; i < argc; i++)
		if (add_forward(slirp, argv[i]))
			fprintf(stderr, "vellum-net: cannot forward %s: %s\n", argv[i],
				strerror(errno));
	return loop(slirp);
}
