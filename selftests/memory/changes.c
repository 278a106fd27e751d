// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the process does to its own memory, the guest sees at once: pages given
 * back, unmapped, moved, protected, shared after fork, merged.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt_fixture.h"

#define BASE	0x40000000ul
#define SIZE	(2 * VT_MIB)

FIXTURE(changes)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	uint8_t *mem;
};

/* Read the word at RSI into RAX, then write RBX there. Reads only if RBX = 0. */
VT_GUEST(touch, 64,
	 "1: mov (%rsi), %rax; test %rbx, %rbx; jz 2f; mov %rbx, (%rsi); 2: hlt; jmp 1b");

FIXTURE_SETUP(changes)
{
	uintptr_t raw = (uintptr_t)vt_anon(2 * SIZE);

	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	self->mem = (uint8_t *)((raw + SIZE - 1) & ~(SIZE - 1));
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(touch));
}

FIXTURE_TEARDOWN(changes)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static void aim(struct vt_vcpu *vcpu, uint64_t gpa, uint64_t value)
{
	struct kvm_regs regs;

	vt_get_regs(vcpu, &regs);
	regs.rsi = gpa;
	regs.rbx = value;
	vt_set_regs(vcpu, &regs);
}

/* What was there; value goes there unless it is 0. */
static uint64_t touch(struct vt_vcpu *vcpu, uint64_t gpa, uint64_t value)
{
	struct kvm_regs regs;

	aim(vcpu, gpa, value);
	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

static volatile uint64_t *word(uint8_t *mem)
{
	return (volatile uint64_t *)mem;
}

TEST_F(changes, given_back)
{
	touch(&self->vcpu, BASE, 11);
	touch(&self->vcpu, BASE + VT_PAGE, 12);
	ASSERT_EQ(0, madvise(self->mem, VT_PAGE, MADV_DONTNEED));
	EXPECT_EQ(0, touch(&self->vcpu, BASE, 0));
	EXPECT_EQ(12, touch(&self->vcpu, BASE + VT_PAGE, 0));
	touch(&self->vcpu, BASE, 13);
	EXPECT_EQ(13, *word(self->mem));
	/* All of it, huge page or not. */
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	EXPECT_EQ(0, touch(&self->vcpu, BASE, 0));
	EXPECT_EQ(0, touch(&self->vcpu, BASE + VT_PAGE, 0));
}

TEST_F(changes, replaced)
{
	touch(&self->vcpu, BASE, 21);
	ASSERT_EQ(self->mem, mmap(self->mem, VT_PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	*word(self->mem) = 22;
	EXPECT_EQ(22, touch(&self->vcpu, BASE, 23));
	EXPECT_EQ(23, *word(self->mem));
}

/* A hole under the guest: the caller is told, mends it, and goes on. */
TEST_F(changes, unmapped_and_repaired)
{
	struct kvm_regs regs;

	touch(&self->vcpu, BASE + VT_PAGE, 31);
	ASSERT_EQ(0, munmap(self->mem, VT_PAGE));
	aim(&self->vcpu, BASE, 0);
	EXPECT_EQ(-EFAULT, vt_run(&self->vcpu));
	EXPECT_EQ(-EFAULT, vt_run(&self->vcpu));
	ASSERT_EQ(self->mem, mmap(self->mem, VT_PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	*word(self->mem) = 32;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(32, regs.rax);
	EXPECT_EQ(31, touch(&self->vcpu, BASE + VT_PAGE, 0));
}

TEST_F(changes, protected_from_writing)
{
	touch(&self->vcpu, BASE, 41);
	ASSERT_EQ(0, mprotect(self->mem, VT_PAGE, PROT_READ));
	EXPECT_EQ(41, touch(&self->vcpu, BASE, 0));
	aim(&self->vcpu, BASE, 42);
	EXPECT_EQ(-EFAULT, vt_run(&self->vcpu));
	EXPECT_EQ(41, *word(self->mem));
	ASSERT_EQ(0, mprotect(self->mem, VT_PAGE, PROT_READ | PROT_WRITE));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(42, *word(self->mem));
}

TEST_F(changes, protected_from_all)
{
	touch(&self->vcpu, BASE, 51);
	ASSERT_EQ(0, mprotect(self->mem, VT_PAGE, PROT_NONE));
	aim(&self->vcpu, BASE, 0);
	EXPECT_EQ(-EFAULT, vt_run(&self->vcpu));
	ASSERT_EQ(0, mprotect(self->mem, VT_PAGE, PROT_READ | PROT_WRITE));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

TEST_F(changes, moved_away)
{
	uint8_t *elsewhere;

	touch(&self->vcpu, BASE, 61);
	elsewhere = mremap(self->mem, VT_PAGE, VT_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   vt_anon(VT_PAGE));
	ASSERT_NE(MAP_FAILED, elsewhere);
	aim(&self->vcpu, BASE, 0);
	EXPECT_EQ(-EFAULT, vt_run(&self->vcpu));
	EXPECT_EQ(61, *word(elsewhere));
	/* And back. */
	ASSERT_EQ(self->mem, mremap(elsewhere, VT_PAGE, VT_PAGE,
				    MREMAP_MAYMOVE | MREMAP_FIXED, self->mem));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(61, touch(&self->vcpu, BASE, 0));
}

/* After fork the guest and the parent go on with the same page. */
TEST_F(changes, forked)
{
	int wait_here[2], status;
	char byte;
	pid_t pid;

	touch(&self->vcpu, BASE, 71);
	touch(&self->vcpu, BASE + VT_PAGE, 72);
	ASSERT_EQ(0, pipe(wait_here));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(wait_here[1]);
		if (read(wait_here[0], &byte, 1))
			_exit(9);
		/* What the parent and its guest did since is not ours. */
		_exit(*word(self->mem) == 71 && *word(self->mem + VT_PAGE) == 72 ? 0 : 1);
	}
	touch(&self->vcpu, BASE, 73);
	EXPECT_EQ(73, *word(self->mem));
	*word(self->mem + VT_PAGE) = 74;
	EXPECT_EQ(74, touch(&self->vcpu, BASE + VT_PAGE, 0));
	close(wait_here[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static bool write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	bool ok;

	if (!file)
		return false;
	ok = fputs(text, file) >= 0;
	return fclose(file) == 0 && ok;
}

/* Two equal pages are merged by KSM; what the guest writes parts them again. */
TEST_F(changes, merged)
{
	const char *sharing = "/sys/kernel/mm/ksm/pages_sharing";
	uint8_t *pages = self->mem;
	char line[32] = "0";

	if (!write_file("/sys/kernel/mm/ksm/sleep_millisecs", "1") ||
	    !write_file("/sys/kernel/mm/ksm/pages_to_scan", "2000"))
		SKIP(return, "this kernel has no KSM, or it is not ours to start");
	ASSERT_EQ(0, madvise(pages, SIZE, MADV_NOHUGEPAGE));
	memset(pages, 0x5a, 4 * VT_PAGE);
	EXPECT_EQ(0x5a5a5a5a5a5a5a5a, touch(&self->vcpu, BASE, 0));
	EXPECT_EQ(0x5a5a5a5a5a5a5a5a, touch(&self->vcpu, BASE + VT_PAGE, 0));
	ASSERT_EQ(0, madvise(pages, 4 * VT_PAGE, MADV_MERGEABLE));
	ASSERT_TRUE(write_file("/sys/kernel/mm/ksm/run", "1"));
	for (int i = 0; i < 1000 && line[0] == '0'; i++) {
		usleep(5000);
		vt_read_line(sharing, line, sizeof(line));
	}
	EXPECT_NE('0', line[0])
		TH_LOG("nothing was merged");
	write_file("/sys/kernel/mm/ksm/run", "0");
	EXPECT_EQ(0x5a5a5a5a5a5a5a5a, touch(&self->vcpu, BASE, 81));
	EXPECT_EQ(81, *word(pages));
	EXPECT_EQ(0x5a5a5a5a5a5a5a5a, *word(pages + VT_PAGE));
	EXPECT_EQ(0x5a5a5a5a5a5a5a5a, touch(&self->vcpu, BASE + VT_PAGE, 0));
	write_file("/sys/kernel/mm/ksm/run", "2");
}

TEST_HARNESS_MAIN
