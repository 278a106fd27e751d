// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold open|vm|vcpu: open the device, make what is asked for, say "held", and
 * keep it until standard input ends. "hold try" makes a VM and tells only how
 * that went. "hold guest" has a guest count in its memory all the while, and for
 * each line of input prints how far it is. Exit status: 0, or the errno of the
 * step that failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vt.h"

VT_GUEST(count, 64,
	 "1: incq 0x20000\n"
	 "jmp 1b");

static int failed(const char *step, int err)
{
	fprintf(stderr, "hold: %s: %s\n", step, strerror(err));
	return err;
}

/* The count is the guest's own: each entry goes on where the last one ended. */
static void *count(void *arg)
{
	struct vt_vcpu *vcpu = arg;

	while (!vt_ioctl(vcpu->fd, KVM_RUN, 0) || errno == EINTR)
		;
	fprintf(stderr, "hold: KVM_RUN: %s\n", strerror(errno));
	_exit(errno);
}

static int hold_guest(void)
{
	const volatile uint64_t *counted;
	struct kvm_regs regs;
	struct vt_vcpu vcpu;
	struct vt_vm vm;
	pthread_t thread;
	char byte;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(count));
	/* The emulator takes no host interrupt in a guest that has IF clear. */
	vt_get_regs(&vcpu, &regs);
	regs.rflags |= 0x200;
	vt_set_regs(&vcpu, &regs);
	counted = (const volatile uint64_t *)(vm.mem + VT_DATA);
	if (pthread_create(&thread, NULL, count, &vcpu))
		return failed("pthread_create", EAGAIN);
	while (!*counted)
		usleep(1000);
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) {
		printf("%llu\n", (unsigned long long)*counted);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	bool want_vm = strcmp(what, "open");
	long vm, vcpu;
	char byte;
	int dev;

	if (!strcmp(what, "guest"))
		return hold_guest();
	if (strcmp(what, "vm") && strcmp(what, "vcpu") && strcmp(what, "try") && want_vm) {
		fprintf(stderr, "usage: hold open|vm|vcpu|guest|try\n");
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
