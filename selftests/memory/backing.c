// SPDX-License-Identifier: GPL-2.0-only
/* Guest memory on everything that can be mapped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vt_fixture.h"

#define BASE	0x40000000ul
#define SIZE	(4 * VT_MIB)
#define HUGE	(2 * VT_MIB)

FIXTURE(backing)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	uint8_t *mem;
	const char *missing;	/* why this backing is not to be had here */
};

FIXTURE_VARIANT(backing)
{
	/* The memory, or NULL with *why set. */
	void *(*map)(const char **why);
};

/* Aligned to a huge page, so that one may be used. */
static void *aligned_anon(void)
{
	uintptr_t raw = (uintptr_t)vt_anon(SIZE + HUGE);

	return (void *)((raw + HUGE - 1) & ~(HUGE - 1));
}

static void *map_small(const char **why)
{
	void *mem = aligned_anon();

	(void)why;
	madvise(mem, SIZE, MADV_NOHUGEPAGE);
	return mem;
}

static void *map_thp(const char **why)
{
	void *mem = aligned_anon();

	if (madvise(mem, SIZE, MADV_HUGEPAGE)) {
		*why = "this kernel has no transparent huge pages";
		return NULL;
	}
	return mem;
}

static void *map_hugetlb(const char **why)
{
	FILE *file = fopen("/proc/sys/vm/nr_hugepages", "w");
	void *mem = MAP_FAILED;

	if (file) {
		fprintf(file, "%lu\n", SIZE / HUGE + 2);
		fclose(file);
		mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	}
	if (mem == MAP_FAILED) {
		*why = "no huge pages to be had from hugetlbfs";
		return NULL;
	}
	return mem;
}

static void *map_fd(int fd, int flags, const char **why)
{
	void *mem;

	if (fd < 0 || ftruncate(fd, SIZE)) {
		*why = "cannot make the file";
		return NULL;
	}
	mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);
	close(fd);
	if (mem == MAP_FAILED)
		vt_die("mmap of a file: %s", strerror(errno));
	return mem;
}

static void *map_memfd(const char **why)
{
	return map_fd(memfd_create("guest", MFD_CLOEXEC), MAP_SHARED, why);
}

static int temporary(void)
{
	char name[] = "/tmp/vt.XXXXXX";
	int fd = mkstemp(name);

	if (fd >= 0)
		unlink(name);
	return fd;
}

static void *map_file_shared(const char **why)
{
	return map_fd(temporary(), MAP_SHARED, why);
}

static void *map_file_private(const char **why)
{
	return map_fd(temporary(), MAP_PRIVATE, why);
}

#define BACKING(name) \
	FIXTURE_VARIANT_ADD(backing, name) { .map = map_##name, }

BACKING(small);
BACKING(thp);
BACKING(hugetlb);
BACKING(memfd);
BACKING(file_shared);
BACKING(file_private);

FIXTURE_SETUP(backing)
{
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	self->mem = variant->map(&self->missing);
	if (self->mem)
		vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
}

FIXTURE_TEARDOWN(backing)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

/* In: RSI first word, RCX how many, RDX distance, RAX first value. */
VT_GUEST(backing_write, 64,
	 "1: mov %rax, (%rsi); inc %rax; add %rdx, %rsi; dec %rcx; jnz 1b; hlt");
/* Out: RAX = sum. */
VT_GUEST(backing_read, 64,
	 "xor %eax, %eax; 1: add (%rsi), %rax; add %rdx, %rsi; dec %rcx; jnz 1b; hlt");

static uint64_t walk(struct vt_vcpu *vcpu, struct vt_payload code, uint64_t rax)
{
	struct kvm_regs regs;

	vt_start(vcpu, VT_LONG, code);
	vt_get_regs(vcpu, &regs);
	regs.rsi = BASE + 8;
	regs.rcx = SIZE / VT_PAGE;
	regs.rdx = VT_PAGE;
	regs.rax = rax;
	vt_set_regs(vcpu, &regs);
	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

static uint64_t *word(uint8_t *mem, unsigned int page)
{
	return (uint64_t *)(mem + page * VT_PAGE + 8);
}

TEST_F(backing, guest_writes_host_reads)
{
	if (!self->mem)
		SKIP(return, "%s", self->missing);
	walk(&self->vcpu, VT_PAYLOAD(backing_write), 1000);
	for (unsigned int i = 0; i < SIZE / VT_PAGE; i++) {
		ASSERT_EQ(1000 + i, *word(self->mem, i))
			TH_LOG("page %u", i);
	}
}

TEST_F(backing, host_writes_guest_reads)
{
	uint64_t want = 0;

	if (!self->mem)
		SKIP(return, "%s", self->missing);
	for (unsigned int i = 0; i < SIZE / VT_PAGE; i++) {
		*word(self->mem, i) = i * 7;
		want += i * 7;
	}
	EXPECT_EQ(want, walk(&self->vcpu, VT_PAYLOAD(backing_read), 0));
}

/* Read first, when nothing is there yet, then write: copy on write inside. */
TEST_F(backing, guest_reads_then_writes)
{
	if (!self->mem)
		SKIP(return, "%s", self->missing);
	EXPECT_EQ(0, walk(&self->vcpu, VT_PAYLOAD(backing_read), 0));
	walk(&self->vcpu, VT_PAYLOAD(backing_write), 5);
	EXPECT_EQ(5, *word(self->mem, 0));
	EXPECT_EQ(5 + SIZE / VT_PAGE - 1, *word(self->mem, SIZE / VT_PAGE - 1));
	/* What the host changes, the guest sees. */
	*word(self->mem, 0) = 1005;
	EXPECT_EQ(1000 + (5 + 5 + SIZE / VT_PAGE - 1) * (SIZE / VT_PAGE) / 2,
		  walk(&self->vcpu, VT_PAYLOAD(backing_read), 0));
}

/* Memory that is no memory: a device's pages, mapped by page frame number. */
VT_FIXTURE(device)

TEST_F(device, page_frames)
{
	int fd = open("/dev/mem", O_RDWR);
	uint64_t *vga;
	struct kvm_regs regs;

	if (fd < 0)
		SKIP(return, "no /dev/mem to map a device's memory from");
	vga = mmap(NULL, VT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0xb8000);
	if (vga == MAP_FAILED)
		SKIP(return, "cannot map the text buffer of a VGA");
	vga[1] = 0x0741074207430744;
	if (vga[1] != 0x0741074207430744)
		SKIP(return, "there is no VGA");
	vt_set_slot(&self->vm, 1, BASE, VT_PAGE, vga, 0);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(backing_read));
	vt_get_regs(&self->vcpu, &regs);
	regs.rsi = BASE + 8;
	regs.rcx = 1;
	vt_set_regs(&self->vcpu, &regs);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x0741074207430744, regs.rax);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(backing_write));
	regs.rip = VT_CODE;
	regs.rsi = BASE + 16;
	regs.rcx = 1;
	regs.rax = 0x0745074607470748;
	vt_set_regs(&self->vcpu, &regs);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0x0745074607470748, vga[2]);
}

TEST_HARNESS_MAIN
