// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold open|vm|vcpu: open the device, make what is asked for, say "held", and
 * keep it until standard input ends. "hold try" makes a VM and tells only how
 * that went. Exit status: 0, or the errno of the step that failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vt.h"

static int failed(const char *step, int err)
{
	fprintf(stderr, "hold: %s: %s\n", step, strerror(err));
	return err;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	bool want_vm = strcmp(what, "open");
	long vm, vcpu;
	char byte;
	int dev;

	if (strcmp(what, "vm") && strcmp(what, "vcpu") && strcmp(what, "try") && want_vm) {
		fprintf(stderr, "usage: hold open|vm|vcpu|try\n");
		return 255;
	}
	dev = open(vt_device(), O_RDWR);
	if (dev < 0)
		return failed(vt_device(), errno);
	if (want_vm) {
		vm = vt_ioctl(dev, KVM_CREATE_VM, 0);
		if (vm < 0)
			return failed("KVM_CREATE_VM", -vm);
		if (!strcmp(what, "vcpu")) {
			vcpu = vt_ioctl(vm, KVM_CREATE_VCPU, 0);
			if (vcpu < 0)
				return failed("KVM_CREATE_VCPU", -vcpu);
		}
	}
	if (!strcmp(what, "try"))
		return 0;
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
