// SPDX-License-Identifier: GPL-2.0-only
/*
 * pty COMMAND [ARG]...: run a command on a terminal of its own. Standard input
 * is what is typed there, standard output what is shown. Its exit status.
 */
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int copy(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 && write(to, buf, n) == n;
}

int main(int argc, char **argv)
{
	int master, status, typing = 1;
	pid_t pid;

	if (argc < 2) {
		fputs("usage: pty COMMAND [ARG]...\n", stderr);
		return 2;
	}
	pid = forkpty(&master, NULL, NULL, NULL);
	if (pid < 0) {
		perror("pty");
		return 2;
	}
	if (!pid) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = master, .events = POLLIN },
			{ .fd = typing ? STDIN_FILENO : -1, .events = POLLIN },
		};

		if (poll(fds, 2, -1) < 0)
			break;
		if (fds[1].revents)
			typing = copy(STDIN_FILENO, master);
		if (fds[0].revents && !copy(master, STDOUT_FILENO))
			break;
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
