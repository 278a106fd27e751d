// SPDX-License-Identifier: GPL-2.0-only
/* EPT faults, the dirty log, slots, and what the host takes back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <x86intrin.h>

#include "bench.h"

#define BASE	0x40000000ul
#define GIB	(1024 * VT_MIB)
#define HUGE	(2 * VT_MIB)
#define PAGES	256u		/* small pages of a run */
#define HUGES	8u		/* huge pages of a run */
#define SLOT	1
#define DIRTY	100		/* one page of these is dirty */

/* Write to R15 pages from BASE on. */
VT_GUEST(bench_touch_small, 64,
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, %r12; mov $0x40000000, %edi\n"
	 BENCH_BEGIN "\n1: mov %eax, (%rdi); add $0x1000, %rdi; dec %r15; jnz 1b\n" BENCH_END "\n"
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; sub %r12, %rax; 9: out %al, $0xf4; jmp 9b");
VT_GUEST(bench_touch_huge, 64,
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, %r12; mov $0x40000000, %edi\n"
	 "1: mov %eax, (%rdi); add $0x200000, %rdi; dec %r15; jnz 1b\n"
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; sub %r12, %rax; 9: out %al, $0xf4; jmp 9b");
/* One page of each hundred. */
VT_GUEST(bench_touch_some, 64,
	 "mov $0x40000000, %edi\n"
	 "1: mov %eax, (%rdi); add $(100 * 4096), %rdi; dec %r15; jnz 1b\n"
	 "9: out %al, $0xf4; jmp 9b");

struct memory {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	void *raw;
	uint8_t *mem;		/* aligned to a huge page */
	size_t size;
};

static void create(struct memory *m, size_t size, int advice)
{
	vt_vm_create(&m->vm);
	vt_vcpu_create(&m->vm, &m->vcpu, 0);
	vt_pass_cpuid(&m->vcpu);
	vt_enter_mode(&m->vcpu, VT_LONG);
	m->size = size;
	m->raw = vt_anon(size + HUGE);
	m->mem = (uint8_t *)(((uintptr_t)m->raw + HUGE - 1) & ~(HUGE - 1));
	madvise(m->mem, size, advice);
	vt_set_slot(&m->vm, SLOT, BASE, size, m->mem, 0);
}

static void destroy(struct memory *m)
{
	vt_vcpu_destroy(&m->vcpu);
	vt_vm_destroy(&m->vm);
	munmap(m->raw, m->size + HUGE);
}

static void take_back(struct memory *m)
{
	if (madvise(m->mem, m->size, MADV_DONTNEED))
		vt_die("madvise: %s", strerror(errno));
}

static void populate(struct memory *m)
{
	for (size_t at = 0; at < m->size; at += VT_PAGE)
		m->mem[at] = 1;
}

static void cold(struct memory *m)
{
	take_back(m);
}

static void backed(struct memory *m)
{
	take_back(m);
	populate(m);
}

static void set_log(struct memory *m, bool on)
{
	vt_set_slot(&m->vm, SLOT, BASE, m->size, m->mem, on ? KVM_MEM_LOG_DIRTY_PAGES : 0);
}

/* Ticks of KVM_GET_DIRTY_LOG. */
static uint64_t get_log(struct memory *m)
{
	struct kvm_dirty_log log = { .slot = SLOT };
	uint64_t start;

	log.dirty_bitmap = calloc(1, m->size / VT_PAGE / 8);
	start = __rdtsc();
	if (VT_IOCTL(m->vm.fd, KVM_GET_DIRTY_LOG, &log))
		vt_die("KVM_GET_DIRTY_LOG is refused");
	start = __rdtsc() - start;
	free(log.dirty_bitmap);
	return start;
}

/* Mapped, and protected by the log. */
static void logged(struct memory *m)
{
	get_log(m);
}

static void nothing(struct memory *m)
{
	(void)m;
}

static uint64_t touch(struct memory *m, void (*before)(struct memory *m),
		      struct vt_payload code, unsigned int pages)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < BENCH_TRIES; i++) {
		uint64_t ticks;

		before(m);
		ticks = bench_run(&m->vcpu, code, pages);
		if (ticks < least)
			least = ticks;
	}
	return (least + pages / 2) / pages;
}

static void touch_small(struct memory *m, const char *name, unsigned int goal,
			void (*before)(struct memory *m))
{
	if (bench_wanted("memory", name, PAGES))
		bench_report("memory", name, "ticks", goal,
			     touch(m, before, VT_PAYLOAD(bench_touch_small), PAGES));
}

static uint64_t invalidate(struct memory *m)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < BENCH_TRIES; i++) {
		uint64_t start;

		bench_run(&m->vcpu, VT_PAYLOAD(bench_touch_small), PAGES);
		start = __rdtsc();
		take_back(m);
		start = __rdtsc() - start;
		if (start < least)
			least = start;
	}
	return (least + PAGES / 2) / PAGES;
}

static void small_pages(void)
{
	struct memory m;

	create(&m, PAGES * VT_PAGE, MADV_NOHUGEPAGE);
	touch_small(&m, "EPT fault, 4K, backed", 50, backed);
	touch_small(&m, "EPT fault, 4K, cold", 100, cold);
	touch_small(&m, "page touched again", 100, nothing);
	bench_report("memory", "page taken back by the host", "ticks", 100, invalidate(&m));
	set_log(&m, true);
	touch_small(&m, "first write of a logged page", 50, logged);
	destroy(&m);
}

static void huge_pages(void)
{
	struct memory m;

	create(&m, HUGES * HUGE, MADV_HUGEPAGE);
	bench_report("memory", "EPT fault, 2M, backed", "ticks", 50,
		     touch(&m, backed, VT_PAYLOAD(bench_touch_huge), HUGES));
	bench_report("memory", "EPT fault, 2M, cold", "ticks", 100,
		     touch(&m, cold, VT_PAYLOAD(bench_touch_huge), HUGES));
	destroy(&m);
}

static void log_of_gib(void)
{
	uint64_t least = UINT64_MAX;
	struct memory m;

	create(&m, GIB, MADV_NOHUGEPAGE);
	set_log(&m, true);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t ticks;

		bench_run(&m.vcpu, VT_PAYLOAD(bench_touch_some), GIB / VT_PAGE / DIRTY);
		ticks = get_log(&m);
		if (ticks < least)
			least = ticks;
	}
	bench_report("memory", "KVM_GET_DIRTY_LOG, 1 GiB, 1% dirty", "ticks", 100, least);
	destroy(&m);
}

/* Kernel memory that a guest's mapping of a GiB in small pages takes, in KiB. */
static void mapped_gib(void)
{
	const size_t size = GIB / 4;
	struct memory m;
	long before;

	create(&m, size, MADV_NOHUGEPAGE);
	populate(&m);
	vt_set_slot(&m.vm, SLOT, BASE, 0, m.mem, 0);
	before = bench_free_pages();
	vt_set_slot(&m.vm, SLOT, BASE, size, m.mem, 0);
	bench_run(&m.vcpu, VT_PAYLOAD(bench_touch_small), size / VT_PAGE);
	bench_report("memory", "kernel memory for a GiB mapped in 4K", "KiB", 100,
		     (before - bench_free_pages()) * 4 * (VT_PAGE / 1024));
	destroy(&m);
}

static uint64_t slot(struct memory *m, uint64_t gpa, size_t size)
{
	uint64_t start = __rdtsc();

	vt_set_slot(&m->vm, SLOT + 1, gpa, size, m->mem, 0);
	return __rdtsc() - start;
}

static void slots(void)
{
	uint64_t made = UINT64_MAX, moved = UINT64_MAX, gone = UINT64_MAX;
	struct memory m;

	create(&m, 16 * VT_MIB, MADV_NOHUGEPAGE);
	for (unsigned int i = 0; i < BENCH_TRIES; i++) {
		uint64_t ticks;

		ticks = slot(&m, 2 * BASE, m.size);
		made = ticks < made ? ticks : made;
		ticks = slot(&m, 2 * BASE + GIB / 2, m.size);
		moved = ticks < moved ? ticks : moved;
		ticks = slot(&m, 2 * BASE + GIB / 2, 0);
		gone = ticks < gone ? ticks : gone;
	}
	bench_report("memory", "slot of 16 MiB made", "ticks", 100, made);
	bench_report("memory", "slot of 16 MiB moved", "ticks", 100, moved);
	bench_report("memory", "slot of 16 MiB deleted", "ticks", 100, gone);
	destroy(&m);
}

void bench_memory(void)
{
	small_pages();
	huge_pages();
	slots();
	mapped_gib();
	log_of_gib();
}
