// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches of changes, and TLBs.
 *
 * A change that takes something away raises ept.gen under the lock.  A CPU
 * that is about to enter the guest compares the value at its last INVEPT with
 * it.  vlm_ept_sync() makes the vCPUs that are in the guest come out, so that
 * they pass that comparison; ept.synced says which value of gen that was done
 * for, so that of several who wait for it only one does it.
 */
#include "../vellum.h"

#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "../core/request.h"
#include "../core/vm.h"
#include "ept_priv.h"

void vlm_ept_begin(struct vlm_vm *vm, struct vlm_ept_batch *batch)
	__acquires(&vm->ept.lock)
{
	/*
	 * With interrupts off a waiter would not take the IPI that the holder,
	 * or the next one, needs an answer to.
	 */
	lockdep_assert_irqs_enabled();
	batch->flush = false;
	INIT_LIST_HEAD(&batch->free);
	spin_lock(&vm->ept.lock);
}

void vlm_ept_end(struct vlm_vm *vm, struct vlm_ept_batch *batch)
	__releases(&vm->ept.lock)
{
	lockdep_assert_held(&vm->ept.lock);
	if (batch->flush) {
		/* Whoever sees the new value sees the entries. */
		smp_store_release(&vm->ept.gen, vm->ept.gen + 1);
	}
	spin_unlock(&vm->ept.lock);
}

static void free_tables(struct list_head *tables)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, tables, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

void vlm_ept_sync(struct vlm_vm *vm, struct vlm_ept_batch *batch)
{
	struct vlm_ept *ept = &vm->ept;
	/* Covers at least this thread's changes, made before. */
	u64 gen = smp_load_acquire(&ept->gen);
	s64 synced = atomic64_read_acquire(&ept->synced);

	if (synced < gen) {
		vlm_vm_request_sync(vm, VLM_REQ_TLB);
		while (synced < gen && !atomic64_try_cmpxchg(&ept->synced, &synced, gen))
			;
	}
	if (batch)
		free_tables(&batch->free);
}

void ept_yield(struct vlm_vm *vm, struct vlm_ept_batch *batch, struct ept_iter *it)
{
	gfn_t pos = ept_iter_pos(it);

	if (pos == it->yielded || !(need_resched() || spin_needbreak(&vm->ept.lock)))
		return;
	vlm_ept_end(vm, batch);
	vlm_ept_sync(vm, batch);
	cond_resched();
	vlm_ept_begin(vm, batch);
	ept_iter_start(it, vm->ept.root, pos, it->end);
}

bool vlm_ept_need_flush(struct vlm_vm *vm)
{
	u64 *flushed = this_cpu_ptr(vm->ept.flushed);
	u64 gen = READ_ONCE(vm->ept.gen);

	if (likely(*flushed == gen))
		return false;
	*flushed = gen;
	return true;
}
