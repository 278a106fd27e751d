// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket's thread. Only the process that made a machine may ask the
 * hypervisor about it, so other programs ask this one.
 */
#define _GNU_SOURCE
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../gdb/gdb.h"

#define LINE_MAX_LEN	256
#define PATIENCE_S	5	/* for a client that does not say what it wants */

struct control {
	struct machine *machine;
	struct sockaddr_un addr;
	pthread_t thread;
	int listen_fd;
	int stop_fd;
	int trap_fd;
	struct gdb *gdb;	/* the debugger, or NULL */
};

void control_trap(struct machine *m)
{
	if (m->control)
		eventfd_write(m->control->trap_fd, 1);
}

static void answer(struct control *c, int fd)
{
	char line[LINE_MAX_LEN + 1];
	size_t len = 0;
	ssize_t n;
	FILE *out;

	while (len < LINE_MAX_LEN && !memchr(line, '\n', len)) {
		n = read(fd, line + len, LINE_MAX_LEN - len);
		if (n <= 0)
			break;
		len += n;
	}
	line[len] = 0;
	line[strcspn(line, "\r\n")] = 0;
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		return;
	}
	command_run(c->machine, line, out);
	fclose(out);
}

static void accept_one(struct control *c)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	char first;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (recv(fd, &first, 1, MSG_PEEK) != 1) {
		close(fd);
		return;
	}
	/* gdb begins with a plus or a packet. */
	if (first != '+' && first != '$') {
		answer(c, fd);
	} else if (c->gdb) {
		say("a second debugger is turned away");
		close(fd);
	} else {
		c->gdb = gdb_attach(c->machine, fd);
	}
}

static void *serve(void *arg)
{
	struct control *c = arg;
	eventfd_t traps;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = c->stop_fd, .events = POLLIN },
			{ .fd = c->listen_fd, .events = POLLIN },
			{ .fd = c->trap_fd, .events = POLLIN },
			{ .fd = c->gdb ? gdb_fd(c->gdb) : -1, .events = POLLIN },
		};

		if (poll(fds, 4, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[0].revents)
			return NULL;
		if (fds[2].revents) {
			eventfd_read(c->trap_fd, &traps);
			if (c->gdb)
				gdb_trap(c->gdb);
		}
		if (fds[3].revents && gdb_input(c->gdb)) {
			gdb_detach(c->gdb);
			c->gdb = NULL;
		}
		if (fds[1].revents)
			accept_one(c);
	}
}

/* A socket that nobody serves any more is in the way. */
static void remove_stale(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) && errno == ECONNREFUSED)
		unlink(addr->sun_path);
	close(fd);
}

static int listen_at(struct control *c, const char *path)
{
	mode_t mask;
	int err;

	c->addr.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(c->addr.sun_path))
		return fail("--control %s: the path is too long for a socket", path);
	strcpy(c->addr.sun_path, path);
	c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->listen_fd < 0)
		return fail("socket: %s", strerror(errno));
	remove_stale(&c->addr);
	/* Who may connect may do with the guest what he likes. */
	mask = umask(0077);
	err = bind(c->listen_fd, (struct sockaddr *)&c->addr, sizeof(c->addr));
	umask(mask);
	if (err || listen(c->listen_fd, 4))
		return fail("--control %s: %s", path, strerror(errno));
	return 0;
}

static void control_free(struct control *c)
{
	if (c->listen_fd >= 0)
		close(c->listen_fd);
	close(c->stop_fd);
	close(c->trap_fd);
	free(c);
}

int control_start(struct machine *m)
{
	struct control *c;
	int err;

	if (!m->opt->control)
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return fail("no memory");
	c->machine = m;
	c->listen_fd = -1;
	c->stop_fd = eventfd(0, EFD_CLOEXEC);
	c->trap_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->stop_fd < 0 || c->trap_fd < 0 || listen_at(c, m->opt->control)) {
		control_free(c);
		return -1;
	}
	m->control = c;
	err = thread_start(&c->thread, serve, c);
	if (!err)
		return 0;
	m->control = NULL;
	unlink(c->addr.sun_path);
	control_free(c);
	return fail("cannot start a thread for --control: %s", strerror(-err));
}

void control_stop(struct machine *m, int ending)
{
	struct control *c = m->control;

	if (!c)
		return;
	eventfd_write(c->stop_fd, 1);
	pthread_join(c->thread, NULL);
	if (c->gdb) {
		gdb_end(c->gdb, ending);
		gdb_detach(c->gdb);
	}
	unlink(c->addr.sun_path);
	m->control = NULL;
	control_free(c);
}
