// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a host does to a process that runs a guest: stops it, traces it, freezes it, gives
 * it little of a CPU, ends it for want of memory, has another time of day.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt.h"

#define COUNTER	VT_LOW_SIZE
#define CGROUPS	"/tmp/cgroups"
#define GROUP	CGROUPS "/vellum-test"

/* Interrupts stay on, so that the host has its own. */
VT_GUEST(stopped_count, 64, "sti; 1: incq 0x200000; jmp 1b");
VT_GUEST(stopped_eat, 64, "sti; mov $0x40000000, %edi; 1: incb (%rdi); add $4096, %rdi; jmp 1b");

FIXTURE(stopped)
{
	volatile uint64_t *count;	/* the guest's, shared with this process */
	pid_t pid;
};

static void run_guest(volatile uint64_t *count)
{
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_set_slot(&vm, 1, COUNTER, VT_PAGE, (const void *)count, 0);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(stopped_count));
	for (;;)
		vt_ioctl(vcpu.fd, KVM_RUN, 0);
}

static bool stands(volatile uint64_t *count)
{
	uint64_t before;

	usleep(20000);
	before = *count;
	usleep(50000);
	return *count == before;
}

FIXTURE_SETUP(stopped)
{
	self->count = mmap(NULL, VT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->count);
	self->pid = fork();
	ASSERT_GE(self->pid, 0);
	if (!self->pid)
		run_guest(self->count);
	ASSERT_TRUE(vt_counts(self->count));
}

FIXTURE_TEARDOWN(stopped)
{
	int status;

	kill(self->pid, SIGKILL);
	EXPECT_EQ(self->pid, waitpid(self->pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(stopped, by_a_signal)
{
	for (unsigned int i = 0; i < 3; i++) {
		ASSERT_EQ(0, kill(self->pid, SIGSTOP));
		EXPECT_TRUE(stands(self->count));
		ASSERT_EQ(0, kill(self->pid, SIGCONT));
		EXPECT_TRUE(vt_counts(self->count));
	}
}

TEST_F(stopped, by_a_tracer)
{
	int status;

	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, self->pid, 0, 0));
	for (unsigned int i = 0; i < 3; i++) {
		ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, self->pid, 0, 0));
		ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
		EXPECT_TRUE(WIFSTOPPED(status));
		EXPECT_TRUE(stands(self->count));
		ASSERT_EQ(0, ptrace(PTRACE_CONT, self->pid, 0, 0));
		EXPECT_TRUE(vt_counts(self->count));
	}
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, self->pid, 0, 0));
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, self->pid, 0, 0));
	EXPECT_TRUE(vt_counts(self->count));
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static bool group_of(pid_t pid)
{
	char text[16];

	mkdir(CGROUPS, 0755);
	mount("none", CGROUPS, "cgroup2", 0, NULL);
	put(CGROUPS "/cgroup.subtree_control", "+memory");
	put(CGROUPS "/cgroup.subtree_control", "+cpu");
	mkdir(GROUP, 0755);
	snprintf(text, sizeof(text), "%d", pid);
	return put(GROUP "/cgroup.procs", text);
}

TEST_F(stopped, by_the_freezer)
{
	ASSERT_TRUE(group_of(self->pid));
	for (unsigned int i = 0; i < 3; i++) {
		ASSERT_TRUE(put(GROUP "/cgroup.freeze", "1"));
		EXPECT_TRUE(stands(self->count));
		ASSERT_TRUE(put(GROUP "/cgroup.freeze", "0"));
		EXPECT_TRUE(vt_counts(self->count));
	}
}

/* A tenth of a CPU, in slices of 10 ms; then all of it again. */
TEST_F(stopped, by_a_limit)
{
	uint64_t before, limited;

	ASSERT_TRUE(group_of(self->pid));
	if (!put(GROUP "/cpu.max", "1000 10000"))
		SKIP(return, "this kernel limits no CPU time");
	usleep(50000);
	before = *self->count;
	usleep(100000);
	limited = *self->count - before;
	EXPECT_GT(limited, 0);
	ASSERT_TRUE(put(GROUP "/cpu.max", "max"));
	usleep(50000);
	before = *self->count;
	usleep(100000);
	EXPECT_GT(*self->count - before, 2 * limited);
}

/* The time of day jumps; time that passes does not, and the guest goes on. */
TEST_F(stopped, not_by_another_time)
{
	static const int jumps[] = { 86400, -2 * 86400, 86400, 3600, -3600 };
	struct timespec now;

	for (unsigned int i = 0; i < ARRAY_SIZE(jumps); i++) {
		ASSERT_EQ(0, clock_gettime(CLOCK_REALTIME, &now));
		now.tv_sec += jumps[i];
		ASSERT_EQ(0, clock_settime(CLOCK_REALTIME, &now));
		EXPECT_TRUE(vt_counts(self->count));
	}
}

/* The guest eats more than its process may have: that process goes, and nothing else. */
TEST(out_of_memory)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		size_t size = 256 * VT_MIB;
		struct vt_vcpu vcpu;
		struct vt_vm vm;

		if (!group_of(getpid()) || !put(GROUP "/memory.max", "33554432"))
			_exit(1);
		vt_vm_create(&vm);
		vt_vcpu_create(&vm, &vcpu, 0);
		vt_set_slot(&vm, 1, 0x40000000, size, vt_anon(size), 0);
		vt_start(&vcpu, VT_LONG, VT_PAYLOAD(stopped_eat));
		for (;;)
			vt_ioctl(vcpu.fd, KVM_RUN, 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_TRUE(put(GROUP "/memory.max", "max"));
}

/* What the kernel keeps for VMs counts as memory of whoever made them. */
TEST(kernel_memory_is_charged)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		int dev = vt_open(), fd;

		if (!group_of(getpid()) || !put(GROUP "/memory.max", "2097152"))
			_exit(1);
		/* 200 vCPUs want more. */
		fd = vt_ioctl(dev, KVM_CREATE_VM, 0);
		for (unsigned int id = 0; id < 250; id++)
			if (vt_ioctl(fd, KVM_CREATE_VCPU, id) < 0)
				_exit(42);
		_exit(2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 42) {
		TH_LOG("status %#x", status);
	}
	EXPECT_TRUE(put(GROUP "/memory.max", "max"));
}

TEST_HARNESS_MAIN
