// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the system call that takes a page away returns, no vCPU uses it any
 * more: not even one that is in the guest, on another CPU, with the page in its
 * TLB.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt_fixture.h"

#define BASE	0x40000000ul
#define ROUNDS	40

FIXTURE(stale)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	struct vt_thread thread;
	volatile uint64_t *page;	/* what the guest counts in */
	volatile uint64_t *pulse;	/* and a page that stays */
};

/* The loop is short: the guest leaves it only when it is made to. */
VT_GUEST(two_counts, 64, "sti; 1: incq 0x40000000; incq 0x20000; jmp 1b");

FIXTURE_SETUP(stale)
{
	void *page = vt_anon(VT_PAGE);

	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	vt_set_slot(&self->vm, 1, BASE, VT_PAGE, page, 0);
	self->page = page;
	self->pulse = (uint64_t *)(self->vm.mem + VT_DATA);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(two_counts));
}

FIXTURE_TEARDOWN(stale)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
	munmap((void *)self->page, VT_PAGE);
}

/* Until the guest has gone round at least once from now on, without a rest. */
static bool goes_round(const struct vt_thread *thread, volatile uint64_t *pulse)
{
	uint64_t now = *pulse;

	while (*pulse < now + 2)
		if (thread->done)
			return false;
	return true;
}

TEST_F_TIMEOUT(stale, page_given_back, 60)
{
	vt_thread_start(&self->thread, &self->vcpu);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(goes_round(&self->thread, self->pulse));
		ASSERT_EQ(0, madvise((void *)self->page, VT_PAGE, MADV_DONTNEED));
		ASSERT_TRUE(goes_round(&self->thread, self->pulse));
		/* It counted in the page that is there now, from 0 on. */
		EXPECT_NE(0, *self->page)
			TH_LOG("round %u: the guest writes to a page that is gone", i);
	}
	EXPECT_EQ(VT_STOPPED, vt_thread_end(&self->thread, 0));
}

TEST_F_TIMEOUT(stale, right_to_write_taken, 60)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t seen;

		vt_thread_start(&self->thread, &self->vcpu);
		ASSERT_TRUE(goes_round(&self->thread, self->pulse));
		ASSERT_EQ(0, mprotect((void *)self->page, VT_PAGE, PROT_READ));
		seen = *self->page;
		EXPECT_EQ(-EFAULT, vt_thread_end(&self->thread, 5000));
		EXPECT_EQ(seen, *self->page)
			TH_LOG("round %u: the guest wrote to a page made read-only", i);
		ASSERT_EQ(0, mprotect((void *)self->page, VT_PAGE, PROT_READ | PROT_WRITE));
	}
}

/* The dirty log was asked for: a write from now on is to show in the next. */
TEST_F_TIMEOUT(stale, logged_again, 60)
{
	uint64_t log = 0;
	struct kvm_dirty_log arg = { .slot = 1, .dirty_bitmap = &log };

	vt_set_slot(&self->vm, 1, BASE, VT_PAGE, (void *)self->page, KVM_MEM_LOG_DIRTY_PAGES);
	vt_thread_start(&self->thread, &self->vcpu);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(goes_round(&self->thread, self->pulse));
		ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &arg));
		ASSERT_TRUE(goes_round(&self->thread, self->pulse));
		ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &arg));
		EXPECT_EQ(1, log)
			TH_LOG("round %u: a write was not logged", i);
	}
	EXPECT_EQ(VT_STOPPED, vt_thread_end(&self->thread, 0));
}

TEST_HARNESS_MAIN
