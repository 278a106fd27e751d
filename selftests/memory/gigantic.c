// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page of 1 GiB: mapped as one, split by the dirty log, and whole again after
 * it. What the hypervisor maps shows in how many table pages it takes for it,
 * which the host counts as SecPageTables.
 *
 * The page comes from hugetlbfs, best from boot on: hugepagesz=1G hugepages=1.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt_fixture.h"

#define BASE	0x40000000ul
#define SIZE	(1024 * VT_MIB)
#define LARGE	(2 * VT_MIB)
#define POOL	"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"

#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB	(30 << 26)
#endif

FIXTURE(gigantic)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	struct vt_thread thread;
	uint8_t *mem;
	const char *missing;	/* why there is none */
	long before;		/* table pages for low memory alone */
	uint64_t log[SIZE / VT_PAGE / 64];
};

static bool cpu_has_1g(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && edx & 1u << 26;
}

/* A page that was set aside at boot must be there. */
static bool set_aside(void)
{
	char line[2048];

	return vt_read_line("/proc/cmdline", line, sizeof(line)) &&
	       strstr(line, "hugepagesz=1G");
}

/* The pool may be empty, and the kernel still able to fill it. */
static void *gigantic_page(const char **why)
{
	FILE *pool = fopen(POOL, "r+");
	unsigned int pages = 0;
	void *mem;

	if (!cpu_has_1g()) {
		*why = "this CPU has no pages of 1 GiB";
		return NULL;
	}

	if (pool && fscanf(pool, "%u", &pages) == 1 && !pages) {
		rewind(pool);
		fputs("1", pool);
	}
	if (pool)
		fclose(pool);
	mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB, -1, 0);
	if (mem != MAP_FAILED)
		return mem;
	if (set_aside())
		vt_die("the page of 1 GiB cannot be had: %s", strerror(errno));
	*why = "no page of 1 GiB: boot with hugepagesz=1G hugepages=1";
	return NULL;
}

/* Pages that secondary page tables are made of, now. */
static long tables(void)
{
	char line[16];

	/* Each CPU counts for itself; this adds it up. */
	vt_read_line("/proc/sys/vm/stat_refresh", line, sizeof(line));
	return vt_meminfo_kib("SecPageTables") / 4;
}

/* In: RSI first address, RCX how many, RDX distance; RAX = sum of what was read. */
VT_GUEST(gigantic_read, 64,
	 "sti; xor %eax, %eax; 1: add (%rsi), %rax; add %rdx, %rsi; dec %rcx; jnz 1b; hlt");
VT_GUEST(gigantic_write, 64,
	 "sti; 1: incq (%rsi); add %rdx, %rsi; dec %rcx; jnz 1b; hlt");

static uint64_t guest(struct vt_vcpu *vcpu, struct vt_payload code, uint64_t offset,
		      unsigned int count, uint64_t distance)
{
	struct kvm_regs regs;

	vt_start(vcpu, VT_LONG, code);
	vt_get_regs(vcpu, &regs);
	regs.rsi = BASE + offset;
	regs.rcx = count;
	regs.rdx = distance;
	vt_set_regs(vcpu, &regs);
	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

FIXTURE_SETUP(gigantic)
{
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	self->mem = gigantic_page(&self->missing);
	if (!self->mem)
		return;
	/* So that the tables for low memory, code and stack are there. */
	guest(&self->vcpu, VT_PAYLOAD(gigantic_read), VT_DATA - BASE, 1, 0);
	self->before = tables();
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
}

FIXTURE_TEARDOWN(gigantic)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
	if (self->mem)
		munmap(self->mem, SIZE);
}

#define NEED_1G() do {							\
	if (!self->mem)							\
		SKIP(return, "%s", self->missing);			\
} while (0)

/* Every 2 MiB of it is used, and no table was needed for that. */
TEST_F_TIMEOUT(gigantic, mapped_as_one, 120)
{
	NEED_1G();
	for (unsigned int i = 0; i < SIZE / LARGE; i++)
		*(uint64_t *)(self->mem + i * LARGE) = i;
	EXPECT_EQ(511 * 512 / 2, guest(&self->vcpu, VT_PAYLOAD(gigantic_read), 0,
				       SIZE / LARGE, LARGE));
	guest(&self->vcpu, VT_PAYLOAD(gigantic_write), 0, SIZE / LARGE, LARGE);
	for (unsigned int i = 0; i < SIZE / LARGE; i++)
		ASSERT_EQ(i + 1, *(uint64_t *)(self->mem + i * LARGE));
	EXPECT_EQ(self->before, tables());
}

/* Half of it is another slot's: then it cannot be mapped as one. */
TEST_F_TIMEOUT(gigantic, half_a_page, 120)
{
	NEED_1G();
	vt_set_slot(&self->vm, 1, BASE, 0, self->mem, 0);
	vt_set_slot(&self->vm, 1, BASE, SIZE / 2, self->mem, 0);
	guest(&self->vcpu, VT_PAYLOAD(gigantic_write), 0, SIZE / LARGE / 2, LARGE);
	/* One table of pages of 2 MiB. */
	EXPECT_EQ(self->before + 1, tables());
}

static long get_log(struct vt_vm *vm, uint64_t *log)
{
	struct kvm_dirty_log arg = { .slot = 1, .dirty_bitmap = log };

	return VT_IOCTL(vm->fd, KVM_GET_DIRTY_LOG, &arg);
}

static unsigned int count_bits(const uint64_t *log)
{
	unsigned int bits = 0;

	for (unsigned int i = 0; i < SIZE / VT_PAGE / 64; i++)
		bits += __builtin_popcountll(log[i]);
	return bits;
}

static bool logged(const uint64_t *log, uint64_t offset)
{
	return log[offset / VT_PAGE / 64] >> offset / VT_PAGE % 64 & 1;
}

TEST_F_TIMEOUT(gigantic, split_by_the_dirty_log, 120)
{
	const uint64_t far = 300 * LARGE + 17 * VT_PAGE;

	NEED_1G();
	guest(&self->vcpu, VT_PAYLOAD(gigantic_write), 0, SIZE / LARGE, LARGE);
	ASSERT_EQ(self->before, tables());

	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, KVM_MEM_LOG_DIRTY_PAGES);
	guest(&self->vcpu, VT_PAYLOAD(gigantic_write), far, 1, 0);
	ASSERT_EQ(0, get_log(&self->vm, self->log));
	EXPECT_EQ(1, count_bits(self->log));
	EXPECT_TRUE(logged(self->log, far));
	/*
	 * A table of 2 MiB pages, and one of 4 KiB pages where the write was. KVM
	 * splits all of it at once.
	 */
	EXPECT_GE(tables(), self->before + 2);
	if (!vt_on_kvm()) {
		EXPECT_EQ(self->before + 2, tables());
	}

	guest(&self->vcpu, VT_PAYLOAD(gigantic_write), 5 * VT_PAGE, 100, 5 * LARGE);
	ASSERT_EQ(0, get_log(&self->vm, self->log));
	EXPECT_EQ(100, count_bits(self->log));
	for (unsigned int i = 0; i < 100; i++)
		ASSERT_TRUE(logged(self->log, 5 * VT_PAGE + i * 5 * LARGE));

	/* Whole again once the log has ended. */
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
	guest(&self->vcpu, VT_PAYLOAD(gigantic_write), 0, SIZE / LARGE, LARGE);
	EXPECT_EQ(self->before, tables());
	EXPECT_EQ(2, *(uint64_t *)(self->mem + 3 * LARGE));
	EXPECT_EQ(1, *(uint64_t *)(self->mem + far));
}

TEST_HARNESS_MAIN
