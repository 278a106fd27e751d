// SPDX-License-Identifier: GPL-2.0-only
/* KVM_RUN, for hard/faults: what a guest makes the host allocate. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "faults.h"
#include "vellum.h"

#define LARGE	0x40000000u		/* a slot of large pages */
#define SIZE	(16 * VT_MIB)		/* of more of them than there are tables in reserve */

/* Eight pages, one after the other; then it says so. */
VT_GUEST(faults_touch, 64, "mov $0x100000, %edi; 1: incb (%rdi); add $4096, %rdi;"
			   "cmp $0x108000, %rdi; jb 1b; out %al, $0xf4; jmp 1b");
/* From a device into memory. */
VT_GUEST(faults_mmio, 64, "mov $0xd0000000, %esi; mov $0x20000, %edi; mov $64, %ecx;"
			  "rep movsb; out %al, $0xf4");
VT_GUEST(faults_large, 64, "mov $0x40000000, %edi; 1: incb (%rdi); add $0x200000, %rdi;"
			   "cmp $0x41000000, %rdi; jb 1b; out %al, $0xf4");

struct vt_payload faults_guest(void)
{
	return VT_PAYLOAD(faults_touch);
}

static long run(struct world *w)
{
	return vt_ioctl(w->vcpu.fd, KVM_RUN, 0);
}

/* To the beginning, and its pages are gone: the host's and the way to them. */
static void rewind_guest(struct world *w)
{
	struct kvm_regs regs;

	madvise(w->vm.mem + VT_FREE, 0x8000, MADV_DONTNEED);
	vt_get_regs(&w->vcpu, &regs);
	regs.rip = VT_CODE;
	vt_set_regs(&w->vcpu, &regs);
}

static void log_writes(struct world *w)
{
	vt_set_slot(&w->vm, 0, 0, w->vm.mem_size, w->vm.mem, KVM_MEM_LOG_DIRTY_PAGES);
	rewind_guest(w);
}

static void touch_device(struct world *w)
{
	vt_load(&w->vcpu, VT_PAYLOAD(faults_mmio));
}

static void recorded(struct world *w)
{
	vt_ioctl(w->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING | VELLUM_RECORD_LEDGER);
	touch_device(w);
}

static void examined(struct world *w)
{
	struct kvm_enable_cap cap = { .cap = VELLUM_CAP_DOCTOR, .args = { 1 } };

	VT_IOCTL(w->vm.fd, KVM_ENABLE_CAP, &cap);
}

/* Mapped by large pages, and then logged: the next write splits one. */
static uint8_t *large;

static void split_large(struct world *w)
{
	uintptr_t at;

	large = vt_anon(SIZE + 2 * VT_MIB);
	at = ((uintptr_t)large + 2 * VT_MIB - 1) & ~(2 * VT_MIB - 1);
	madvise((void *)at, SIZE, MADV_HUGEPAGE);
	vt_set_slot(&w->vm, 1, LARGE, SIZE, (void *)at, 0);
	vt_load(&w->vcpu, VT_PAYLOAD(faults_large));
	run(w);
	vt_set_slot(&w->vm, 1, LARGE, SIZE, (void *)at, KVM_MEM_LOG_DIRTY_PAGES);
	rewind_guest(w);
}

static void drop_large(struct world *w)
{
	vt_try_slot(w->vm.fd, 1, LARGE, 0, NULL, 0);
	munmap(large, SIZE + 2 * VT_MIB);
}

const struct step faults_run[] = {
	{ "KVM_RUN", FULL, run, rewind_guest, NULL },
	{ "KVM_RUN of a new vCPU", NEW, run, NULL, NULL },
	{ "KVM_RUN while writes are logged", FULL, run, log_writes, NULL },
	{ "KVM_RUN up to a device", NEW, run, touch_device, NULL },
	{ "KVM_RUN that is recorded", NEW, run, recorded, NULL },
	{ "KVM_RUN that is examined", NEW, run, examined, NULL },
	{ "KVM_RUN that splits a page", NEW, run, split_large, drop_large },
	{ }
};
