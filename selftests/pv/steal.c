// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steal time: a vCPU that shares its CPU with another thread is told how long it
 * waited, that it waits, and takes the word that is left for it meanwhile.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt_pv.h"

#define PAGE	0x100000u
#define SEEN	0x101000u	/* what the guest reads at GVA */
#define GVA	0x8000000000ull
#define FIRST	0x102000u	/* two pages for that address */
#define SECOND	0x103000u

FIXTURE(steal) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	volatile struct kvm_steal_time *st;
};

FIXTURE_SETUP(steal)
{
	/* One CPU for all threads of the test. */
	vt_stay_on(0);
	vt_irq_create(&self->vm, &self->vcpu);
	self->st = (void *)(self->vm.mem + PAGE);
}

FIXTURE_TEARDOWN(steal)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

TEST_F(steal, msr)
{
	for (unsigned int bit = 1; bit < 6; bit++)
		EXPECT_FALSE(vt_try_wrmsr(&self->vcpu, MSR_KVM_STEAL_TIME, PAGE | 1 | 1 << bit));
	EXPECT_EQ(0, vt_set_msr(&self->vcpu, MSR_KVM_STEAL_TIME, PAGE | 3));
	EXPECT_EQ(0, vt_get_msr(&self->vcpu, MSR_KVM_STEAL_TIME));
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_STEAL_TIME, PAGE | 1));
	EXPECT_EQ(PAGE | 1, vt_get_msr(&self->vcpu, MSR_KVM_STEAL_TIME));
	EXPECT_NE(0, self->st->version);
	EXPECT_EQ(0, self->st->version & 1);
	EXPECT_EQ(0, self->st->preempted);
}

/* No memory, or none any more: the guest goes on. */
TEST_F(steal, bad_addresses)
{
	uint8_t *mem = vt_anon(VT_PAGE);

	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_STEAL_TIME, 1ull << 40 | 1));
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_STEAL_TIME, (~0ull << 6) | 1));
	memset(mem, 0x5a, VT_PAGE);
	vt_set_slot(&self->vm, 1, 0x10000000, VT_PAGE, mem, KVM_MEM_READONLY);
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_STEAL_TIME, 0x10000001));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	for (unsigned int i = 0; i < VT_PAGE; i++)
		ASSERT_EQ(0x5a, mem[i]);
}

VT_GUEST(steal_loop, 64, "1: mov (%rdi), %rax; mov %rax, (%rsi); jmp 1b");

/* The entry of GVA's 4 KiB page. SDM 3A, "4-Level Paging". */
static volatile uint64_t *pte_of(struct vt_vm *vm, uint64_t table, uint64_t gva)
{
	volatile uint64_t *entry;

	for (int shift = 39;; shift -= 9) {
		entry = (void *)(vm->mem + table + ((gva >> shift & 511) * 8));
		if (shift == 12)
			return entry;
		table = *entry & 0xffffff000ull;
	}
}

static void start(struct vt_vcpu *vcpu, struct vt_thread *thread)
{
	struct kvm_regs regs = {
		.rip = VT_DATA, .rsp = VT_STACK_TOP, .rflags = 0x202, .rdi = GVA, .rsi = SEEN,
	};
	struct vt_payload code = VT_PAYLOAD(steal_loop);

	memcpy(vcpu->vm->mem + VT_DATA, code.start, code.end - code.start);
	vt_map_long(vcpu->vm, GVA, FIRST, VT_PAGE, 3);
	*(uint64_t *)(vcpu->vm->mem + FIRST) = 1;
	*(uint64_t *)(vcpu->vm->mem + SECOND) = 2;
	vt_set_regs(vcpu, &regs);
	vt_thread_start(thread, vcpu);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

/* Busy, on the CPU that the vCPU needs, until the byte is this. */
static bool spin_until(volatile uint8_t *byte, uint8_t value, unsigned int ms)
{
	uint64_t end = now_ms() + ms;

	while (*byte != value)
		if (now_ms() > end)
			return false;
	return true;
}

TEST_F_TIMEOUT(steal, time, 60)
{
	struct vt_thread thread;
	uint64_t before;

	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_STEAL_TIME, PAGE | 1));
	before = self->st->steal;
	start(&self->vcpu, &thread);
	EXPECT_TRUE(spin_until(&self->st->preempted, KVM_VCPU_PREEMPTED, 10000));
	for (uint64_t end = now_ms() + 200; now_ms() < end;)
		;
	vt_thread_end(&thread, 100);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, self->st->preempted);
	EXPECT_EQ(0, self->st->version & 1);
	/* Half of the time that both wanted the CPU, about. */
	EXPECT_LT(before + 20000000, self->st->steal);
	EXPECT_GT(before + 60000000000ull, self->st->steal);
}

/* KVM_VCPU_FLUSH_TLB, as another vCPU does: new tables, then the word. */
TEST_F_TIMEOUT(steal, flush_tlb, 120)
{
	volatile uint8_t *preempted = &self->st->preempted;
	volatile uint64_t *seen = (void *)(self->vm.mem + SEEN), *pte;
	struct vt_thread thread;
	struct kvm_sregs sregs;

	vt_get_sregs(&self->vcpu, &sregs);
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_STEAL_TIME, PAGE | 1));
	start(&self->vcpu, &thread);
	pte = pte_of(&self->vm, sregs.cr3, GVA);
	ASSERT_EQ(FIRST, *pte & 0xffffff000ull);
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t page = i & 1 ? FIRST : SECOND;
		uint8_t old = KVM_VCPU_PREEMPTED;

		ASSERT_TRUE(spin_until(preempted, KVM_VCPU_PREEMPTED, 10000));
		*pte = page | 0x63;
		if (!__atomic_compare_exchange_n((uint8_t *)preempted, &old,
						 KVM_VCPU_PREEMPTED | KVM_VCPU_FLUSH_TLB, false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
			/* It runs again: this would take an interrupt. Try once more. */
			i--;
			continue;
		}
		while (*preempted & KVM_VCPU_FLUSH_TLB)
			sched_yield();
		for (uint64_t end = now_ms() + 2000; *seen != 2 - (i & 1) && now_ms() < end;)
			sched_yield();
		ASSERT_EQ(2 - (i & 1), *seen);
	}
	EXPECT_EQ(VT_STOPPED, vt_thread_end(&thread, 0));
}

TEST_F(steal, dirty_log)
{
	uint64_t bits = 0;
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = &bits };
	uint8_t *mem = vt_anon(2 * VT_PAGE);

	vt_set_slot(&self->vm, 1, 0x10000000, 2 * VT_PAGE, mem, KVM_MEM_LOG_DIRTY_PAGES);
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_STEAL_TIME, 0x10001001));
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &log));
	EXPECT_EQ(2, bits);
}

/* Saved and restored, it goes on from what the page says. */
TEST_F(steal, restored)
{
	self->st->steal = 1000000000000ull;
	self->st->version = 8;
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_KVM_STEAL_TIME, PAGE | 1));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_LE(1000000000000ull, self->st->steal);
	EXPECT_LT(8, self->st->version);
}

TEST_HARNESS_MAIN
