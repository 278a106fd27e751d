/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested page tables: what the rest of the module may ask of them.
 *
 * One table a VM, four levels, shared by its vCPUs.  See docs/locking.md and
 * docs/life-of-a-page.md.
 */
#ifndef VELLUM_EPT_EPT_H
#define VELLUM_EPT_EPT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "../core/types.h"
#include "pte.h"

struct vellum_ept_walk;

/**
 * struct vlm_ept_caps - what this CPU's EPT offers
 * @ad: accessed and dirty flags
 * @pml: page-modification logging; needs @ad, and is on in every VMCS of a VM
 *       while vlm_mem_is_logged()
 * @page_2m: 2M pages
 * @page_1g: 1G pages
 */
struct vlm_ept_caps {
	bool ad;
	bool pml;
	bool page_2m;
	bool page_1g;
};

/**
 * struct vlm_ept - the nested page table of a VM
 * @lock: guards every entry of the table, and the members marked [e]; taken
 *        with interrupts on, never held while sleeping
 * @root: [I] top-level table
 * @gen: [e] grows with each change that a TLB must not miss; read without
 * @synced: [a] the last @gen that no vCPU in the guest can have missed
 * @own: [e] host address of the page of ours, see vlm_ept_own_set(); read without
 * @flushed: [c] the @gen at the last flush on a CPU, 0 for never
 * @pages: [e] mappings by level: 4K, 2M, 1G; read without, for statistics
 * @tables: [e] table pages in use; likewise
 *
 * Letters: [I] immutable after creation, [e] under @lock, [a] atomic, [c] per
 * CPU, used with interrupts off.
 */
struct vlm_ept {
	spinlock_t lock;
	u64 *root;
	u64 gen;
	atomic64_t synced;
	hpa_t own;
	u64 __percpu *flushed;
	u64 pages[EPT_LEAF_LEVELS];
	u64 tables;
};

/* What one fault may need: a split 1G page, or three missing levels. */
#define VLM_EPT_CACHE_PAGES	4

/**
 * struct vlm_ept_vcpu - a vCPU's part, used by its own thread
 * @nr: zeroed pages in @page
 * @page: pages for tables, so that none is allocated under the lock
 */
struct vlm_ept_vcpu {
	unsigned int nr;
	void *page[VLM_EPT_CACHE_PAGES];
};

/**
 * struct vlm_ept_result - what vlm_ept_fault() found
 * @gpa: first address of the page that could not be brought in
 * @size: its size
 * @flags: KVM_MEMORY_EXIT_FLAG_*, 0 so far
 * @level: 1, 2 or 3 for the size of what was mapped; 0 when nothing had to be
 */
struct vlm_ept_result {
	gpa_t gpa;
	u64 size;
	u64 flags;
	int level;
};

/**
 * struct vlm_ept_batch - changes made under one hold of the lock
 * @flush: TLBs may hold rights that are gone from the table
 * @free: table pages, taken out, to be freed after the flush
 */
struct vlm_ept_batch {
	bool flush;
	struct list_head free;
};

/** vlm_ept_setup() - once at load, before the first VM. */
void vlm_ept_setup(const struct vlm_ept_caps *caps);

/** vlm_ept_init() - an empty table; 0 or -ENOMEM.  May sleep. */
int vlm_ept_init(struct vlm_vm *vm);

/**
 * vlm_ept_destroy() - free the table; accepts half-built and zeroed
 *
 * Context: may sleep; no vCPU is left, and vlm_mem_destroy() was called.
 */
void vlm_ept_destroy(struct vlm_vm *vm);

/** vlm_ept_vcpu_init() - of a zeroed struct; takes no memory yet. */
void vlm_ept_vcpu_init(struct vlm_vcpu *vcpu);
void vlm_ept_vcpu_destroy(struct vlm_vcpu *vcpu);

/* The one frame that a page of ours may back: where local APICs are after reset. */
#define VLM_EPT_OWN_GFN		0xfee00

/**
 * vlm_ept_own_set() - let the page at @hpa back VLM_EPT_OWN_GFN
 *
 * Where no slot is, and until vlm_ept_own_drop(): calls after that do nothing.
 */
void vlm_ept_own_set(struct vlm_vm *vm, hpa_t hpa);
/** vlm_ept_own() - is it there? */
bool vlm_ept_own(const struct vlm_vm *vm);
/** vlm_ept_own_drop() - unmap it for good, from every TLB too.  May sleep. */
void vlm_ept_own_drop(struct vlm_vm *vm);

/** vlm_ept_pointer() - the EPTP for the VMCS and for INVEPT; never changes. */
u64 vlm_ept_pointer(const struct vlm_vm *vm);

/**
 * vlm_ept_need_flush() - must this CPU do an INVEPT before it enters @vm?
 *
 * Asked after VLM_REQ_TLB was looked at, and whenever a vCPU comes to a CPU;
 * cheap enough for every entry.  When it says yes, the caller does a
 * single-context INVEPT of vlm_ept_pointer() at once: it is not told twice.
 *
 * Context: interrupts off.
 */
bool vlm_ept_need_flush(struct vlm_vm *vm);

/**
 * vlm_ept_fault() - bring in the page for a guest access
 * @vcpu: the vCPU, in its own thread
 * @gpa: where
 * @access: EPT_READ, EPT_WRITE, EPT_EXEC of the access
 * @atomic: do not sleep
 * @out: filled in
 *
 * Return: 0 when the access can be tried again; 1 when there is no memory here,
 * or a write hit a read-only slot; -EAGAIN, only with @atomic: call again
 * without; -EFAULT: the slot's host page cannot be had, see @out; -EINTR: a
 * signal is pending; -ENOMEM.
 *
 * Context: interrupts on.  With @atomic preemption may be off; without, may
 * sleep.  current->mm is vm->mm.
 */
int vlm_ept_fault(struct vlm_vcpu *vcpu, gpa_t gpa, u32 access, bool atomic,
		  struct vlm_ept_result *out);

/**
 * vlm_ept_zap_range() - unmap guest frames, from every TLB too
 * @vm: the VM
 * @start: first frame
 * @end: first frame that stays
 * @may_sleep: may reschedule in between
 *
 * The caller has made sure that they are not mapped again behind its back.
 */
void vlm_ept_zap_range(struct vlm_vm *vm, gfn_t start, gfn_t end, bool may_sleep);

/**
 * vlm_ept_age_range() - was one of the frames accessed?  And forget it.
 * @vm: the VM
 * @start: first frame
 * @end: first frame after
 * @clear: forget it
 *
 * Without accessed flags a frame was accessed when it is mapped, and to forget
 * it means to unmap it.  Context: does not sleep.
 */
bool vlm_ept_age_range(struct vlm_vm *vm, gfn_t start, gfn_t end, bool clear);

/**
 * vlm_ept_log_range() - from now on, writes to these frames show again
 *
 * A huge page becomes read-only, and is split at the first write.  A 4K page
 * becomes read-only, or clean where PML logs the next write.  May sleep.
 */
void vlm_ept_log_range(struct vlm_vm *vm, gfn_t start, gfn_t end);

/**
 * vlm_ept_log_mask() - likewise for the frames @gfn + n for each bit n of @mask
 *
 * Context: between vlm_ept_begin() and vlm_ept_end().
 */
void vlm_ept_log_mask(struct vlm_vm *vm, struct vlm_ept_batch *batch, gfn_t gfn,
		      unsigned long mask);

/**
 * vlm_ept_merge_slot() - unmap what can be mapped with larger pages again
 *
 * For a slot whose dirty log ended.  Context: may sleep, vm->mem.lock held.
 */
void vlm_ept_merge_slot(struct vlm_vm *vm, const struct vlm_slot *slot);

/**
 * vlm_ept_walk() - VELLUM_WALK_EPT: the entries for an address
 *
 * Return: 0, -EPERM or -EINVAL.  Context: may sleep.
 */
long vlm_ept_walk(struct vlm_vm *vm, struct vellum_ept_walk *walk);

/** vlm_ept_has_pml() - does the CPU log writes, so that pages need not be read-only? */
bool vlm_ept_has_pml(void);

/** vlm_ept_begin() - take the lock and start a batch. */
void vlm_ept_begin(struct vlm_vm *vm, struct vlm_ept_batch *batch);

/**
 * vlm_ept_end() - drop the lock
 *
 * TLBs may hold what was taken away until vlm_ept_sync(), which has to follow
 * when @batch->flush is set.
 */
void vlm_ept_end(struct vlm_vm *vm, struct vlm_ept_batch *batch);

/**
 * vlm_ept_sync() - make sure that no vCPU uses what the table no longer says
 *
 * Covers everything done under the lock so far, by whomever.  Costs nothing
 * when nothing is left to do.  Frees the batch's tables.  Context: interrupts
 * on, may be called under spinlocks other than the EPT lock.
 */
void vlm_ept_sync(struct vlm_vm *vm, struct vlm_ept_batch *batch);

#endif /* VELLUM_EPT_EPT_H */
