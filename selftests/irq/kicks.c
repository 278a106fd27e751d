// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the host takes back: only vCPUs that are in guest mode are called out
 * to flush their TLB.  The tracepoint kick tells of each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt_irq.h"

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/vellum_kicks"
#define FLUSHES		50

enum { RUNS, HALTED, OUTSIDE, NEVER_RAN, VCPUS };

#define PAGE		(VT_FREE + 0x10000)

/* One that writes to a page for ever, and one that halts. */
VT_GUEST(kicks_writer, 64, "1: incq (%rdi); pause; jmp 1b");
VT_GUEST(kicks_halter, 64, "1: sti; hlt; jmp 1b");

FIXTURE(kicks) {
	struct vt_vm vm;
	struct vt_vcpu vcpu[VCPUS];
};

static void put(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, what, strlen(what)) != (ssize_t)strlen(what))
		vt_die("%s: %s", path, strerror(errno));
	close(fd);
}

FIXTURE_SETUP(kicks)
{
	if (vt_on_kvm())
		return;
	/* Mounted already, as a rule. */
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		vt_die("mkdir " INSTANCE ": %s", strerror(errno));
	put(INSTANCE "/events/vellum/kick/enable", "1");
	vt_irq_create(&self->vm, &self->vcpu[0]);
	for (unsigned int i = 1; i < NEVER_RAN; i++)
		vt_irq_vcpu(&self->vm, &self->vcpu[i], i);
	vt_vcpu_create(&self->vm, &self->vcpu[NEVER_RAN], NEVER_RAN);
}

FIXTURE_TEARDOWN(kicks)
{
	if (vt_on_kvm())
		return;
	put(INSTANCE "/events/vellum/kick/enable", "0");
	rmdir(INSTANCE);
	for (unsigned int i = 0; i < VCPUS; i++)
		vt_vcpu_destroy(&self->vcpu[i]);
	vt_vm_destroy(&self->vm);
}

static void place(struct vt_vcpu *vcpu, unsigned int offset, struct vt_payload code)
{
	struct kvm_regs regs = {
		.rip = VT_DATA + offset,
		.rsp = VT_STACK_TOP,
		.rflags = 0x202,
		.rdi = PAGE,
	};

	memcpy(vcpu->vm->mem + VT_DATA + offset, code.start, code.end - code.start);
	vt_set_regs(vcpu, &regs);
}

/* Kicks of each vCPU in the trace. */
static void count(unsigned int kicks[VCPUS])
{
	unsigned int vm, vcpu;
	char line[512], *event;
	FILE *trace = fopen(INSTANCE "/trace", "r");

	if (!trace)
		vt_die("no trace");
	memset(kicks, 0, VCPUS * sizeof(kicks[0]));
	while (fgets(line, sizeof(line), trace)) {
		event = strstr(line, "kick: vm ");
		if (event && sscanf(event, "kick: vm %u vcpu %u ", &vm, &vcpu) == 2 &&
		    vcpu < VCPUS)
			kicks[vcpu]++;
	}
	fclose(trace);
}

/* The host takes the page that the first vCPU writes to, which then gets another. */
static void take_back(volatile uint64_t *page)
{
	if (madvise((void *)page, VT_PAGE, MADV_DONTNEED))
		vt_die("madvise: %s", strerror(errno));
	while (!*page)
		sched_yield();
}

TEST_F_TIMEOUT(kicks, flush_of_those_in_the_guest, 120)
{
	struct vt_thread threads[2];
	unsigned int kicks[VCPUS];

	if (vt_on_kvm())
		SKIP(return, "the tracepoint is Vellum's");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU: nobody is in the guest when another thread runs");
	place(&self->vcpu[RUNS], 0, VT_PAYLOAD(kicks_writer));
	place(&self->vcpu[HALTED], 0x100, VT_PAYLOAD(kicks_halter));
	/* Threads begin where they are to stay; this one goes elsewhere then. */
	vt_stay_on(1);
	vt_thread_start(&threads[0], &self->vcpu[RUNS]);
	vt_thread_start(&threads[1], &self->vcpu[HALTED]);
	vt_stay_on(0);
	usleep(20000);
	put(INSTANCE "/trace", "");
	for (unsigned int i = 0; i < FLUSHES; i++)
		take_back((void *)(self->vm.mem + PAGE));
	count(kicks);
	/* Nearly each time: it may be on its way through the host just then. */
	EXPECT_LE(FLUSHES / 2, kicks[RUNS]);
	EXPECT_GE(FLUSHES, kicks[RUNS]);
	EXPECT_EQ(0, kicks[HALTED]);
	EXPECT_EQ(0, kicks[OUTSIDE]);
	EXPECT_EQ(0, kicks[NEVER_RAN]);
	EXPECT_EQ(VT_STOPPED, vt_thread_end(&threads[0], 0));
	EXPECT_EQ(VT_STOPPED, vt_thread_end(&threads[1], 0));
}

TEST_HARNESS_MAIN
