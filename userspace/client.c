// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vellum control`, `vellum walk` and `vellum debug`: what is asked of a machine
 * that runs, over the socket of `vellum run --control`.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "run/run.h"
#include "run/say.h"

static const char control_help[] =
"usage: vellum control [--socket SOCKET] COMMAND [ARGUMENT]...\n"
"Ask a machine that vellum run --control SOCKET runs; VELLUM_CONTROL names the\n"
"socket as well. \"vellum control help\" lists the commands.\n";

static const char walk_help[] =
"usage: vellum walk [--socket SOCKET] [--cpu N] ADDRESS\n"
"Print the way of a guest-linear address through the guest's page tables and the\n"
"EPT to a host frame, each level. The EPT is for root to see.\n";

static const char debug_help[] =
"usage: vellum debug [--socket SOCKET] [GDB-ARGUMENT]...\n"
"Debug a guest: starts gdb on the machine that vellum run --control SOCKET runs.\n"
"When standard input is no terminal it passes gdb's protocol on instead:\n"
"  (gdb) target remote | vellum debug --socket SOCKET\n";

/* Options that the three share; those of @help. -1: go on. */
static int parse(int argc, char **argv, const char *help, const char **path, const char **cpu)
{
	static const struct option longs[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c;

	*path = getenv("VELLUM_CONTROL");
	/* What is behind the first word is not ours. */
	while ((c = getopt_long(argc, argv, cpu ? "+s:c:h" : "+s:h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (c == 's')
			*path = optarg;
		else if (c == 'c' && cpu)
			*cpu = optarg;
		else
			return END_USAGE;
	}
	if (*path && **path)
		return -1;
	say("which machine? Give --socket, or set VELLUM_CONTROL");
	return END_USAGE;
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		return fail("%s: too long for a socket's name", path);
	strcpy(addr.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fail("%s: %s; does vellum run --control %s run?", path, strerror(errno),
			    path);
	return fd;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= n;
	}
	return true;
}

/* One line there, all that comes back to standard output. */
static int ask(const char *path, const char *line)
{
	int fd = connect_to(path);
	char buf[4096];
	ssize_t n;

	if (fd < 0)
		return END_TOOL;
	if (!write_all(fd, line, strlen(line))) {
		say("%s: %s", path, strerror(errno));
		close(fd);
		return END_TOOL;
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, stdout);
	close(fd);
	return 0;
}

int control_main(int argc, char **argv)
{
	const char *path;
	char line[256] = "";
	size_t len = 0;
	int ending = parse(argc, argv, control_help, &path, NULL);

	if (ending >= 0)
		return ending;
	if (optind == argc) {
		say("which command? vellum control help lists them");
		return END_USAGE;
	}
	for (; optind < argc; optind++) {
		len += snprintf(line + len, sizeof(line) - len, "%s%c", argv[optind],
				optind + 1 < argc ? ' ' : '\n');
		if (len >= sizeof(line)) {
			say("that is too long for a command");
			return END_USAGE;
		}
	}
	return ask(path, line);
}

int walk_main(int argc, char **argv)
{
	const char *path, *cpu = "0";
	char line[128];
	int ending = parse(argc, argv, walk_help, &path, &cpu);

	if (ending >= 0)
		return ending;
	if (optind + 1 != argc ||
	    snprintf(line, sizeof(line), "walk %s %s\n", argv[optind], cpu) >= (int)sizeof(line)) {
		say("which address? See vellum walk --help");
		return END_USAGE;
	}
	return ask(path, line);
}

/* gdb's pipe on one side, the socket on the other. */
static int relay(int fd)
{
	char buf[4096];
	ssize_t n;

	/* Ctrl-C at gdb's terminal reaches this process too, and is gdb's to send on. */
	signal(SIGINT, SIG_IGN);
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = fd, .events = POLLIN },
		};

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return END_TOOL;
		if (fds[0].revents) {
			n = read(STDIN_FILENO, buf, sizeof(buf));
			if (n <= 0 || !write_all(fd, buf, n))
				return 0;
		}
		if (fds[1].revents) {
			n = read(fd, buf, sizeof(buf));
			if (n <= 0 || !write_all(STDOUT_FILENO, buf, n))
				return 0;
		}
	}
}

static int start_gdb(const char *path, int argc, char **argv)
{
	char target[256];
	char **args = calloc(argc + 4, sizeof(*args));
	int n = 0;

	if (!args)
		return END_TOOL;
	snprintf(target, sizeof(target), "target remote %s", path);
	args[n++] = "gdb";
	while (argc--)
		args[n++] = *argv++;
	args[n++] = "-ex";
	args[n++] = target;
	execvp("gdb", args);
	say("gdb: %s; it is in Debian's package of that name", strerror(errno));
	free(args);
	return END_TOOL;
}

int debug_main(int argc, char **argv)
{
	const char *path;
	int ending = parse(argc, argv, debug_help, &path, NULL);
	int fd;

	if (ending >= 0)
		return ending;
	if (isatty(STDIN_FILENO))
		return start_gdb(path, argc - optind, argv + optind);
	fd = connect_to(path);
	if (fd < 0)
		return END_TOOL;
	ending = relay(fd);
	close(fd);
	return ending;
}
