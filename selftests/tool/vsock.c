// SPDX-License-Identifier: GPL-2.0-only
/*
 * vsock listen PORT: to the first who connects goes standard input, and what comes from
 * there to standard output. vsock echo CID PORT: give back what comes. For both sides.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* It needs what sys/socket.h has. */
#include <linux/vm_sockets.h>

/* False at the end. */
static int copy(int from, int to)
{
	char buf[4096], *p = buf;
	ssize_t n = read(from, buf, sizeof(buf)), done;

	for (; n > 0; n -= done, p += done) {
		done = write(to, p, n);
		if (done <= 0)
			return 0;
	}
	return p != buf;
}

static void both_ways(int s)
{
	int typing = 1;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = s, .events = POLLIN },
			{ .fd = typing ? STDIN_FILENO : -1, .events = POLLIN },
		};

		if (poll(fds, 2, -1) < 0)
			return;
		if (fds[0].revents && !copy(s, STDOUT_FILENO))
			return;
		if (!fds[1].revents || copy(STDIN_FILENO, s))
			continue;
		typing = 0;
		shutdown(s, SHUT_WR);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_vm addr = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY };
	int s = socket(AF_VSOCK, SOCK_STREAM, 0), err;

	if (argc == 4 && !strcmp(argv[1], "echo")) {
		addr.svm_cid = atoi(argv[2]);
		addr.svm_port = atoi(argv[3]);
		err = connect(s, (struct sockaddr *)&addr, sizeof(addr));
		while (!err && copy(s, s))
			;
	} else if (argc == 3 && !strcmp(argv[1], "listen")) {
		addr.svm_port = atoi(argv[2]);
		err = bind(s, (struct sockaddr *)&addr, sizeof(addr)) || listen(s, 1);
		if (!err)
			both_ways(accept(s, NULL, NULL));
	} else {
		fputs("usage: vsock listen PORT, or vsock echo CID PORT\n", stderr);
		return 2;
	}
	if (err)
		perror("vsock");
	return !!err;
}
