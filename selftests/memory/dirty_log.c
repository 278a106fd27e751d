// SPDX-License-Identifier: GPL-2.0-only
/* KVM_GET_DIRTY_LOG and KVM_CLEAR_DIRTY_LOG against a known pattern of writes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "vt_fixture.h"

#define BASE	0x40000000ul
#define PAGES	1024u			/* two huge pages */
#define SIZE	(PAGES * VT_PAGE)
#define WORDS	(PAGES / 64)

FIXTURE(dirty_log)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	uint8_t *mem;
	uint64_t log[WORDS];
};

/* In: RSI first page, RCX how many, RDX distance. Writes one word in each. */
VT_GUEST(dirty_write, 64,
	 "1: incq (%rsi); add %rdx, %rsi; dec %rcx; jnz 1b; hlt");
VT_GUEST(dirty_read, 64,
	 "1: mov (%rsi), %rax; add %rdx, %rsi; dec %rcx; jnz 1b; hlt");

FIXTURE_SETUP(dirty_log)
{
	uintptr_t raw = (uintptr_t)vt_anon(SIZE + 2 * VT_MIB);

	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	self->mem = (uint8_t *)((raw + 2 * VT_MIB - 1) & ~(2 * VT_MIB - 1));
	madvise(self->mem, SIZE, MADV_HUGEPAGE);
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
}

FIXTURE_TEARDOWN(dirty_log)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static void guest(struct vt_vcpu *vcpu, struct vt_payload code, unsigned int first,
		  unsigned int count, unsigned int step)
{
	struct kvm_regs regs;

	vt_start(vcpu, VT_LONG, code);
	vt_get_regs(vcpu, &regs);
	regs.rsi = BASE + first * VT_PAGE;
	regs.rcx = count;
	regs.rdx = step * VT_PAGE;
	vt_set_regs(vcpu, &regs);
	vt_run_to(vcpu, KVM_EXIT_HLT);
}

static void log_on(struct vt_vm *vm, const void *mem)
{
	vt_set_slot(vm, 1, BASE, SIZE, mem, KVM_MEM_LOG_DIRTY_PAGES);
}

static long get_log(struct vt_vm *vm, unsigned int slot, uint64_t *log)
{
	struct kvm_dirty_log arg = { .slot = slot, .dirty_bitmap = log };

	return VT_IOCTL(vm->fd, KVM_GET_DIRTY_LOG, &arg);
}

static void expect_pages(struct __test_metadata *_metadata, const uint64_t *log,
			 unsigned int first, unsigned int count, unsigned int step)
{
	for (unsigned int page = 0; page < PAGES; page++) {
		bool want = page >= first && (page - first) % step == 0 &&
			    (page - first) / step < count;
		bool seen = log[page / 64] >> page % 64 & 1;

		ASSERT_EQ(want, seen)
			TH_LOG("page %u", page);
	}
}

TEST_F(dirty_log, pattern)
{
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 0, PAGES, 1);
	log_on(&self->vm, self->mem);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	for (unsigned int step = 1; step < 40; step += 13) {
		guest(&self->vcpu, VT_PAYLOAD(dirty_write), 3, 25, step);
		memset(self->log, 0xff, sizeof(self->log));
		ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
		expect_pages(_metadata, self->log, 3, 25, step);
		/* Asked again: clean. */
		ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
		expect_pages(_metadata, self->log, 0, 0, 1);
	}
}

TEST_F(dirty_log, reading_is_not_writing)
{
	log_on(&self->vm, self->mem);
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 0, PAGES, 1);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	guest(&self->vcpu, VT_PAYLOAD(dirty_read), 0, PAGES, 1);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 0, 0, 1);
}

/* Log on before anything was ever touched. */
TEST_F(dirty_log, from_the_start)
{
	log_on(&self->vm, self->mem);
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 7, 11, 64);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 7, 11, 64);
}

TEST_F(dirty_log, off_and_on_again)
{
	log_on(&self->vm, self->mem);
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 0, PAGES, 1);
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
	EXPECT_EQ(-ENOENT, get_log(&self->vm, 1, self->log));
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 0, PAGES, 1);
	log_on(&self->vm, self->mem);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 0, 0, 1);
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 100, 3, 5);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 100, 3, 5);
	/* Every write arrived: three rounds on page 100, two on page 101. */
	EXPECT_EQ(3, *(uint64_t *)(self->mem + 100 * VT_PAGE));
	EXPECT_EQ(2, *(uint64_t *)(self->mem + 101 * VT_PAGE));
}

/* The process's own writes are not the guest's. */
TEST_F(dirty_log, host_writes)
{
	log_on(&self->vm, self->mem);
	memset(self->mem, 1, SIZE);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 0, 0, 1);
}

TEST_F(dirty_log, refused)
{
	struct kvm_dirty_log arg = { .slot = 1, .dirty_bitmap = (void *)8 };

	EXPECT_EQ(-ENOENT, get_log(&self->vm, 1, self->log));
	EXPECT_EQ(-ENOENT, get_log(&self->vm, 5, self->log));
	EXPECT_EQ(-EINVAL, get_log(&self->vm, 0x70001, self->log));
	log_on(&self->vm, self->mem);
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 0, 1, 1);
	EXPECT_EQ(-EFAULT, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &arg));
}

static long clear_log(struct vt_vm *vm, uint64_t first, uint32_t pages, uint64_t *log)
{
	struct kvm_clear_dirty_log arg = {
		.slot = 1, .first_page = first, .num_pages = pages, .dirty_bitmap = log,
	};

	return VT_IOCTL(vm->fd, KVM_CLEAR_DIRTY_LOG, &arg);
}

static long manual(struct vt_vm *vm, uint64_t flags)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .args = { flags },
	};

	return VT_IOCTL(vm->fd, KVM_ENABLE_CAP, &cap);
}

/* Getting the log and clearing it, each on its own. */
TEST_F(dirty_log, manual_protect)
{
	uint64_t none[WORDS] = { 0 }, some[WORDS] = { 0 };

	VT_NEED_CAP(KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2);
	ASSERT_EQ(0, manual(&self->vm, KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE));
	log_on(&self->vm, self->mem);
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 0, 8, 2);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 0, 8, 2);
	/* Nothing was cleared by asking. */
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 0, 8, 2);
	EXPECT_EQ(0, clear_log(&self->vm, 0, PAGES, none));
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 0, 8, 2);

	/* Clear all but the first. */
	memcpy(some, self->log, sizeof(some));
	some[0] &= ~1ull;
	EXPECT_EQ(0, clear_log(&self->vm, 0, 64, some));
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 0, 1, 2);

	/* What was cleared is caught again. */
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 4, 1, 1);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 0, 2, 4);

	EXPECT_EQ(-EINVAL, clear_log(&self->vm, 3, 64, some));
	EXPECT_EQ(-EINVAL, clear_log(&self->vm, 0, 63, some));
	EXPECT_EQ(-EINVAL, clear_log(&self->vm, 64, PAGES, some));
}

/* All pages count as written at the start, so nothing is write-protected yet. */
TEST_F(dirty_log, initially_all_set)
{
	int flags = vt_cap(self->vm.dev, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2);

	if (!(flags & KVM_DIRTY_LOG_INITIALLY_SET))
		SKIP(return, "KVM_DIRTY_LOG_INITIALLY_SET is not offered");
	ASSERT_EQ(0, manual(&self->vm, KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE |
				       KVM_DIRTY_LOG_INITIALLY_SET));
	log_on(&self->vm, self->mem);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 0, PAGES, 1);
	EXPECT_EQ(0, clear_log(&self->vm, 0, PAGES, self->log));
	guest(&self->vcpu, VT_PAYLOAD(dirty_write), 9, 4, 100);
	ASSERT_EQ(0, get_log(&self->vm, 1, self->log));
	expect_pages(_metadata, self->log, 9, 4, 100);
}

TEST_HARNESS_MAIN
