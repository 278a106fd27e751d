// SPDX-License-Identifier: GPL-2.0-only
/*
 * VELLUM_WALK_EPT: what the EPT says of an address is what the host's own page
 * table says, and what it says of itself fits. A call of Vellum's own: KVM has none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../uapi/vellum.h"
#include "vt_fixture.h"

#define PAGE_AT	0x40000000ul
#define ADDR	0x000ffffffffff000ull

FIXTURE(walk_ept)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	volatile uint64_t *page;
};

VT_GUEST(write_one, 64, "incq 0x40000000; hlt");

FIXTURE_SETUP(walk_ept)
{
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	self->page = vt_anon(VT_PAGE);
	vt_set_slot(&self->vm, 1, PAGE_AT, VT_PAGE, (void *)self->page, 0);
}

FIXTURE_TEARDOWN(walk_ept)
{
	vt_vcpu_destroy(&self->vcpu);
	munmap((void *)self->page, VT_PAGE);
	vt_vm_destroy(&self->vm);
}

#define NEED_WALK() do {						\
	if (vt_on_kvm())						\
		SKIP(return, "KVM does not tell of its EPT");		\
} while (0)

static uint64_t host_frame(volatile const void *page)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (pread(fd, &entry, 8, (uintptr_t)page / 4096 * 8) != 8)
		entry = 0;
	close(fd);
	return entry & ((1ull << 55) - 1);
}

TEST_F(walk_ept, follows_the_guest)
{
	struct vellum_ept_walk walk = { .gpa = PAGE_AT + 0x123 };
	unsigned int i;

	NEED_WALK();
	/* Nothing is mapped before the first access. */
	ASSERT_EQ(0, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
	ASSERT_GE(walk.levels, 1);
	EXPECT_EQ(0, walk.level[walk.levels - 1].entry & 7);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(write_one));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(1, *self->page);
	ASSERT_EQ(0, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
	ASSERT_EQ(4, walk.levels);
	EXPECT_EQ(walk.eptp & ADDR, walk.level[0].table);
	for (i = 1; i < 4; i++)
		EXPECT_EQ(walk.level[i - 1].entry & ADDR, walk.level[i].table);
	EXPECT_EQ(3, walk.level[3].entry & 3);
	EXPECT_EQ(host_frame(self->page), (walk.level[3].entry & ADDR) >> 12);

	/* What the host takes away, the table no longer has. */
	ASSERT_EQ(0, madvise((void *)self->page, VT_PAGE, MADV_DONTNEED));
	ASSERT_EQ(0, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
	EXPECT_EQ(0, walk.level[walk.levels - 1].entry & 7);
}

TEST_F(walk_ept, refuses)
{
	struct vellum_ept_walk walk = { .gpa = 1ull << 48 };

	NEED_WALK();
	EXPECT_EQ(-1, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
	EXPECT_EQ(EINVAL, errno);
	walk = (struct vellum_ept_walk){ .gpa = 0, .pad = 1 };
	EXPECT_EQ(-1, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->vm.fd, VELLUM_WALK_EPT, (void *)8));
	EXPECT_EQ(EFAULT, errno);
	walk = (struct vellum_ept_walk){ .gpa = (1ull << 48) - 1 };
	EXPECT_EQ(0, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
	EXPECT_EQ(1, walk.levels);
}

/* Where physical memory is, is for the administrator to know. */
TEST_F(walk_ept, refuses_who_is_not_root)
{
	struct vellum_ept_walk walk = { .gpa = 0 };

	NEED_WALK();
	ASSERT_EQ(0, seteuid(65534));
	EXPECT_EQ(-1, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, walk.levels);
	ASSERT_EQ(0, seteuid(0));
}

#define HUGE	(2 * VT_MIB)
#define LARGE	(1ull << 7)
#define EXEC	(1ull << 2)

/* Writes to a page of 2 MiB, then calls what is in it. */
VT_GUEST(write_and_call, 64, "mov $0x48000000, %eax; movb $0xc3, (%rax); hlt; call *%rax; hlt");

static bool host_has_bug(const char *name)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	bool found = false;
	char line[1024];

	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, "bugs", 4) && strstr(line, name);
	if (file)
		fclose(file);
	return found;
}

/* ITLB multihit: a large page from which code runs would stop such a CPU. */
TEST_F(walk_ept, no_code_in_large_pages)
{
	struct vellum_ept_walk walk = { .gpa = 0x48000000 };
	bool affected = host_has_bug("itlb_multihit");
	uint8_t *mem = vt_anon(2 * HUGE);

	NEED_WALK();
	mem = (uint8_t *)(((uintptr_t)mem + HUGE - 1) & ~(HUGE - 1));
	if (madvise(mem, HUGE, MADV_HUGEPAGE))
		SKIP(return, "this kernel has no large pages");
	vt_set_slot(&self->vm, 2, walk.gpa, HUGE, mem, 0);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(write_and_call));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(0, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
	if (walk.levels != 3 || !(walk.level[2].entry & LARGE))
		SKIP(return, "no large page was to be had");
	EXPECT_EQ(affected ? 0 : EXEC, walk.level[2].entry & EXEC);

	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(0, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
	ASSERT_EQ(affected ? 4 : 3, walk.levels);
	EXPECT_EQ(EXEC, walk.level[walk.levels - 1].entry & EXEC);
	if (affected) {
		/* The rest of it is small pages as well, with code or without. */
		walk.gpa += 7 * VT_PAGE;
		ASSERT_EQ(0, ioctl(self->vm.fd, VELLUM_WALK_EPT, &walk));
		EXPECT_EQ(4, walk.levels);
	}
}

TEST_HARNESS_MAIN
