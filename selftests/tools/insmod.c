// SPDX-License-Identifier: GPL-2.0-only
/*
 * insmod FILE [PARAMETERS]: load a module with one finit_module(), and end with
 * its errno. busybox's insmod tries a second system call when the first fails,
 * which would log a refusal twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd;

	if (argc < 2) {
		fprintf(stderr, "usage: insmod FILE [PARAMETERS]\n");
		return 255;
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "insmod: %s: %s\n", argv[1], strerror(errno));
		return errno;
	}
	if (syscall(SYS_finit_module, fd, argc > 2 ? argv[2] : "", 0)) {
		fprintf(stderr, "insmod: %s\n", strerror(errno));
		return errno;
	}
	return 0;
}
