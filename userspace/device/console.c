// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main thread's loop: keys to the guest, the menu, signals, the end.
 */
#include "console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../run/machine.h"

#define RETRY_MS	10	/* while the guest does not take its input */

static const char menu[] =
"\r\nvellum: q quit, r reset, p power button, d registers, s exits, a the key itself\r\n";

struct loop {
	struct machine *m;
	console_sink_t sink;
	void *device;
	uint8_t input[256];	/* read, and not yet taken by the guest */
	size_t start, end;
	bool in_menu;
	bool eof;
};

/* The machine is to end: what nobody reads is not waited for, after a signal. */
static atomic_bool over;

void console_put(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd pfd = { .fd = fd, .events = POLLOUT };

			if (poll(&pfd, 1, -1) < 0) {
				if (over)
					return;
				cpu_pause_point();
			}
			continue;
		}
		/* Nobody reads any more: the guest need not know. */
		if (n < 0 && (errno != EINTR || over))
			return;
		if (n < 0)
			cpu_pause_point();
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
}

static void put(const void *data, size_t len)
{
	console_put(STDOUT_FILENO, data, len);
}

/* What a string instruction has sent so far, on its vCPU's thread. */
static __thread struct {
	bool on;
	size_t len;
	uint8_t data[4096];
} held;

void console_write(const void *data, size_t len)
{
	if (!held.on) {
		put(data, len);
		return;
	}
	if (len > sizeof(held.data) - held.len)
		console_release();
	held.on = true;
	if (len > sizeof(held.data)) {
		put(data, len);
		return;
	}
	memcpy(held.data + held.len, data, len);
	held.len += len;
}

void console_hold(void)
{
	held.on = true;
}

void console_release(void)
{
	put(held.data, held.len);
	held.len = 0;
	held.on = false;
}

static void dump_all(struct machine *m)
{
	unsigned int i;

	cpus_pause(m);
	for (i = 0; i < m->opt->cpus; i++)
		cpu_dump(&m->cpus[i], stderr);
	cpus_resume(m);
}

/* The key after the escape key. True when it goes to the guest. */
static bool menu_key(struct loop *l, uint8_t key)
{
	struct machine *m = l->m;

	switch (key) {
	case 'q':
		machine_end(m, END_QUIT);
		return false;
	case 'r':
		machine_end(m, END_RESET);
		return false;
	case 'p':
		power_button(m);
		return false;
	case 'd':
		dump_all(m);
		return false;
	case 's':
		cpus_pause(m);
		cpu_stats(m, stderr);
		cpus_resume(m);
		return false;
	case 'a':
		return true;
	}
	if (key == m->opt->escape)
		return true;
	console_write(menu, sizeof(menu) - 1);
	return false;
}

static void read_input(struct loop *l)
{
	int escape = isatty(STDIN_FILENO) ? l->m->opt->escape : -1;
	uint8_t raw[sizeof(l->input)];
	ssize_t i, n = read(STDIN_FILENO, raw, sizeof(raw));

	if (n <= 0) {
		l->eof = !n || (errno != EINTR && errno != EAGAIN);
		return;
	}
	l->start = 0;
	l->end = 0;
	for (i = 0; i < n; i++) {
		if (l->in_menu) {
			l->in_menu = false;
			if (menu_key(l, raw[i]))
				l->input[l->end++] = escape;
		} else if (raw[i] == escape) {
			l->in_menu = true;
		} else {
			l->input[l->end++] = raw[i];
		}
	}
}

static sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	return set;
}

void console_block_signals(void)
{
	sigset_t set = ending_signals();

	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int signal_ending(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return END_TOOL;
	return END_SIGNAL + info.ssi_signo;
}

int console_loop(struct machine *m, console_sink_t sink, void *device)
{
	struct loop l = { .m = m, .sink = sink, .device = device };
	sigset_t set = ending_signals();
	int signals = signalfd(-1, &set, SFD_CLOEXEC);
	int ending = -1;

	over = false;
	while (ending < 0) {
		bool held = l.start < l.end;
		struct pollfd fds[] = {
			{ .fd = m->end_fd, .events = POLLIN },
			{ .fd = signals, .events = POLLIN },
			{ .fd = held || l.eof ? -1 : STDIN_FILENO, .events = POLLIN },
		};

		if (poll(fds, 3, held ? RETRY_MS : -1) < 0 && errno != EINTR)
			ending = END_TOOL;
		if (fds[2].revents)
			read_input(&l);
		if (l.start < l.end)
			l.start += sink(device, l.input + l.start, l.end - l.start);
		if (fds[1].revents)
			ending = signal_ending(signals);
		if (fds[0].revents)
			ending = m->ending;
	}
	close(signals);
	over = true;
	return ending;
}
