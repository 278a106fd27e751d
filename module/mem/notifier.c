// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to the owner's address space happens to the guest: a page that
 * the host takes away leaves the EPT first.  The handshake with page faults is
 * in docs/locking.md.
 */
#include "../vellum.h"

#include <linux/mmu_notifier.h>

#include "../core/vm.h"
#include "mem_priv.h"

void mem_inval_begin(struct vlm_vm *vm, hva_t start, hva_t end)
{
	struct vlm_inval *inval = &vm->mem.inval;

	spin_lock(&inval->lock);
	if (!inval->count++) {
		inval->start = start;
		inval->end = end;
	} else {
		/* One range for all that overlap in time: faults may wait too often. */
		inval->start = min(inval->start, start);
		inval->end = max(inval->end, end);
	}
	spin_unlock(&inval->lock);
}

void mem_inval_end(struct vlm_vm *vm)
{
	struct vlm_inval *inval = &vm->mem.inval;

	spin_lock(&inval->lock);
	inval->count--;
	/* After what changed in the host's page table. */
	smp_store_release(&inval->seq, inval->seq + 1);
	spin_unlock(&inval->lock);
}

u64 vlm_inval_seq(struct vlm_vm *vm)
{
	/* Before the caller reads the host's page table. */
	return smp_load_acquire(&vm->mem.inval.seq);
}

bool vlm_inval_retry(struct vlm_vm *vm, u64 seq, hva_t start, hva_t end)
{
	struct vlm_inval *inval = &vm->mem.inval;
	bool retry;

	lockdep_assert_held(&vm->ept.lock);
	spin_lock(&inval->lock);
	retry = inval->seq != seq ||
		(inval->count && start < inval->end && end > inval->start);
	spin_unlock(&inval->lock);
	return retry;
}

/*
 * The frames of @slot that lie in [start, end), which it overlaps; pages that
 * are cut by the range count whole.
 */
static void slot_frames(const struct vlm_slot *slot, hva_t start, hva_t end,
			gfn_t *first, gfn_t *after)
{
	start = max(start, slot->hva);
	end = min(end, vlm_slot_hva_end(slot));
	*first = slot->base_gfn + ((start - slot->hva) >> PAGE_SHIFT);
	*after = slot->base_gfn + ((end - slot->hva + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static void unmap_hva_range(struct vlm_vm *vm, hva_t start, hva_t end, bool may_sleep)
{
	struct vlm_slots *slots;
	struct vlm_slot *slot;
	unsigned int pos;
	gfn_t first, after;
	int idx = vlm_mem_lock(vm);

	slots = srcu_dereference(vm->mem.slots, &vm->mem.srcu);
	pos = vlm_slots_hva_top(slots, end);
	while ((slot = vlm_slots_hva_prev(slots, &pos, start))) {
		slot_frames(slot, start, end, &first, &after);
		vlm_ept_zap_range(vm, first, after, may_sleep);
	}
	vlm_mem_unlock(vm, idx);
}

static bool age_hva_range(struct mmu_notifier *mn, hva_t start, hva_t end, bool clear)
{
	struct vlm_vm *vm = container_of(mn, struct vlm_vm, mem.notifier);
	struct vlm_slots *slots;
	struct vlm_slot *slot;
	unsigned int pos;
	gfn_t first, after;
	bool young = false;
	int idx = vlm_mem_lock(vm);

	slots = srcu_dereference(vm->mem.slots, &vm->mem.srcu);
	pos = vlm_slots_hva_top(slots, end);
	while ((slot = vlm_slots_hva_prev(slots, &pos, start))) {
		slot_frames(slot, start, end, &first, &after);
		young |= vlm_ept_age_range(vm, first, after, clear);
	}
	vlm_mem_unlock(vm, idx);
	return young;
}

static int invalidate_range_start(struct mmu_notifier *mn,
				  const struct mmu_notifier_range *range)
{
	struct vlm_vm *vm = container_of(mn, struct vlm_vm, mem.notifier);

	/*
	 * Begun before the slots are looked at: a slot that comes too late to
	 * be seen here finds the invalidation going on when it faults.
	 */
	mem_inval_begin(vm, range->start, range->end);
	unmap_hva_range(vm, range->start, range->end, mmu_notifier_range_blockable(range));
	return 0;
}

static void invalidate_range_end(struct mmu_notifier *mn,
				 const struct mmu_notifier_range *range)
{
	mem_inval_end(container_of(mn, struct vlm_vm, mem.notifier));
}

/*
 * No flush of other CPUs for these two: a TLB that still holds the page hides
 * its next use, and the price is a page that looks older than it is.
 */
static int clear_flush_young(struct mmu_notifier *mn, struct mm_struct *mm,
			     unsigned long start, unsigned long end)
{
	return age_hva_range(mn, start, end, true);
}

static int test_young(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long address)
{
	return age_hva_range(mn, address, address + PAGE_SIZE, false);
}

/*
 * The address space dies, or the notifier is unregistered.  No thread is left
 * that could run a vCPU: KVM_RUN works in this address space only.
 */
static void release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct vlm_vm *vm = container_of(mn, struct vlm_vm, mem.notifier);

	vlm_ept_zap_range(vm, 0, EPT_MAX_FRAMES, true);
}

const struct mmu_notifier_ops mem_notifier_ops = {
	.invalidate_range_start = invalidate_range_start,
	.invalidate_range_end = invalidate_range_end,
	.clear_flush_young = clear_flush_young,
	.clear_young = clear_flush_young,
	.test_young = test_young,
	.release = release,
};
