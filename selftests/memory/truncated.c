// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file that becomes shorter than its mapping: the process would get SIGBUS,
 * and KVM_RUN ends with -EFAULT. The guest goes on once the file is mended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt_fixture.h"

#define BASE	0x40000000ul
#define PAGES	16u
#define SIZE	(PAGES * VT_PAGE)

FIXTURE(truncated)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	struct vt_thread thread;
	uint8_t *mem;
	int fd;
};

FIXTURE_VARIANT(truncated)
{
	int flags;
	bool on_disk;		/* of the root file system, else a memfd */
};

FIXTURE_VARIANT_ADD(truncated, memfd) { .flags = MAP_SHARED };
FIXTURE_VARIANT_ADD(truncated, memfd_private) { .flags = MAP_PRIVATE };
FIXTURE_VARIANT_ADD(truncated, file) { .flags = MAP_SHARED, .on_disk = true };

/* Round and round over all pages, adding 1 to the first word of each. */
VT_GUEST(rounds, 64,
	 "sti\n"
	 "2: mov $0x40000000, %esi; mov $16, %ecx\n"
	 "1: incq (%rsi); add $4096, %rsi; dec %ecx; jnz 1b\n"
	 "incq 0x20000; jmp 2b");
/* RAX = the word at RSI, which becomes RBX. */
VT_GUEST(swap_word, 64, "sti; mov (%rsi), %rax; mov %rbx, (%rsi); hlt");

static int temporary(void)
{
	char name[] = "/tmp/vt.XXXXXX";
	int fd = mkstemp(name);

	if (fd >= 0)
		unlink(name);
	return fd;
}

FIXTURE_SETUP(truncated)
{
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	self->fd = variant->on_disk ? temporary() : memfd_create("guest", MFD_CLOEXEC);
	if (self->fd < 0 || ftruncate(self->fd, SIZE))
		vt_die("a file of %lu bytes: %s", SIZE, strerror(errno));
	self->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, variant->flags, self->fd, 0);
	if (self->mem == MAP_FAILED)
		vt_die("mmap of a file: %s", strerror(errno));
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
}

FIXTURE_TEARDOWN(truncated)
{
	munmap(self->mem, SIZE);
	close(self->fd);
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static void aim(struct vt_vcpu *vcpu, uint64_t gpa, uint64_t value)
{
	struct kvm_regs regs;

	vt_start(vcpu, VT_LONG, VT_PAYLOAD(swap_word));
	vt_get_regs(vcpu, &regs);
	regs.rsi = gpa;
	regs.rbx = value;
	vt_set_regs(vcpu, &regs);
}

static uint64_t swap_word(struct vt_vcpu *vcpu, uint64_t gpa, uint64_t value)
{
	struct kvm_regs regs;

	aim(vcpu, gpa, value);
	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

TEST_F(truncated, between_runs)
{
	const uint64_t last = BASE + (PAGES - 1) * VT_PAGE;
	struct kvm_regs regs, after;

	EXPECT_EQ(0, swap_word(&self->vcpu, BASE, 11));
	EXPECT_EQ(0, swap_word(&self->vcpu, last, 12));
	ASSERT_EQ(0, ftruncate(self->fd, VT_PAGE));

	/* The rest of the file is as it was. */
	EXPECT_EQ(11, swap_word(&self->vcpu, BASE, 13));

	aim(&self->vcpu, last, 14);
	EXPECT_EQ(-EFAULT, vt_run(&self->vcpu));
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(-EFAULT, vt_run(&self->vcpu));
	vt_get_regs(&self->vcpu, &after);
	EXPECT_EQ(0, memcmp(&regs, &after, sizeof(regs)));

	ASSERT_EQ(0, ftruncate(self->fd, SIZE));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rax);
	EXPECT_EQ(14, *(uint64_t *)(self->mem + (PAGES - 1) * VT_PAGE));
	EXPECT_EQ(13, swap_word(&self->vcpu, BASE, 0));
}

static uint64_t rounds(const struct vt_vm *vm)
{
	return *(volatile uint64_t *)(vm->mem + VT_DATA);
}

/* Under a guest that is at it; mended each time, and the guest starts again. */
TEST_F(truncated, under_a_running_guest)
{
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(rounds));
	for (unsigned int i = 0; i < 10; i++) {
		uint64_t before = rounds(&self->vm);

		vt_thread_start(&self->thread, &self->vcpu);
		while (rounds(&self->vm) < before + 100 && !self->thread.done)
			usleep(500);
		ASSERT_FALSE(self->thread.done);
		ASSERT_EQ(0, ftruncate(self->fd, i % PAGES * VT_PAGE));
		ASSERT_EQ(-EFAULT, vt_thread_end(&self->thread, 5000));
		ASSERT_EQ(0, ftruncate(self->fd, SIZE));
	}
}

TEST_HARNESS_MAIN
