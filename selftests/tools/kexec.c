// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec load|crash KERNEL INITRD CMDLINE: load a kernel, to be started by "kexec
 * start" or by a crash of the running one. Exit status: the errno of what failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(const char *what)
{
	int err = errno;

	fprintf(stderr, "kexec: %s: %s\n", what, strerror(err));
	return err;
}

static int load(const char *kernel_file, const char *initrd_file, const char *cmdline,
		unsigned long flags)
{
	int kernel, initrd;

	kernel = open(kernel_file, O_RDONLY);
	if (kernel < 0)
		return failed(kernel_file);
	initrd = open(initrd_file, O_RDONLY);
	if (initrd < 0)
		return failed(initrd_file);
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(cmdline) + 1, cmdline, flags))
		return failed("kexec_file_load");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "load"))
		return load(argv[2], argv[3], argv[4], 0);
	if (argc == 5 && !strcmp(argv[1], "crash"))
		return load(argv[2], argv[3], argv[4], KEXEC_FILE_ON_CRASH);
	if (argc != 2 || strcmp(argv[1], "start")) {
		fprintf(stderr, "usage: kexec load|crash KERNEL INITRD CMDLINE\n"
			"       kexec start\n");
		return 255;
	}
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, 0);
	return failed("reboot");
}
