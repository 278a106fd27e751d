// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making writes show for the dirty log, and large pages return after it.
 */
#include "../vellum.h"

#include <linux/bitops.h>
#include <linux/mm.h>

#include "../core/vm.h"
#include "ept_priv.h"

/* What becomes of a leaf whose next write must show. */
static u64 rearm(u64 entry, int level)
{
	if (level == EPT_LEVEL_4K && ept_config.caps.pml)
		return entry & ~EPT_DIRTY;
	return entry & ~EPT_WRITE;
}

static void rearm_entry(struct vlm_vm *vm, struct vlm_ept_batch *batch, const struct ept_iter *it)
{
	u64 old = *it->entry;

	if (ept_is_leaf(old, it->level) && rearm(old, it->level) != old)
		ept_set(vm, batch, it->entry, it->level, rearm(old, it->level));
}

void vlm_ept_log_range(struct vlm_vm *vm, gfn_t start, gfn_t end)
{
	struct vlm_ept_batch batch;
	struct ept_iter it;

	vlm_ept_begin(vm, &batch);
	ept_for_each(&it, vm->ept.root, start, end) {
		ept_yield(vm, &batch, &it);
		rearm_entry(vm, &batch, &it);
	}
	vlm_ept_end(vm, &batch);
	vlm_ept_sync(vm, &batch);
}

void vlm_ept_log_mask(struct vlm_vm *vm, struct vlm_ept_batch *batch, gfn_t gfn,
		      unsigned long mask)
{
	struct ept_iter it;

	ept_for_each(&it, vm->ept.root, gfn + __ffs(mask), gfn + __fls(mask) + 1) {
		if (it.level > EPT_LEVEL_4K || mask & BIT(it.gfn - gfn))
			rearm_entry(vm, batch, &it);
	}
}

/* Could one larger page take the place of the table that @it is at? */
static bool can_merge(struct vlm_vm *vm, const struct ept_iter *it, const struct vlm_slot *slot)
{
	struct ept_host_page host;
	hva_t hva;

	if (it->level == EPT_LEVEL_ROOT || !ept_is_table(*it->entry, it->level) ||
	    !ept_iter_covers(it))
		return false;
	hva = vlm_slot_hva(slot, it->gfn);
	return !((hva >> PAGE_SHIFT) & (ept_frames(it->level) - 1)) &&
	       ept_host_lookup(vm->mm, hva, &host) && host.level >= it->level;
}

void vlm_ept_merge_slot(struct vlm_vm *vm, const struct vlm_slot *slot)
{
	struct vlm_ept_batch batch;
	struct ept_iter it;

	vlm_ept_begin(vm, &batch);
	ept_for_each(&it, vm->ept.root, slot->base_gfn, vlm_slot_end(slot)) {
		ept_yield(vm, &batch, &it);
		if (can_merge(vm, &it, slot))
			ept_set(vm, &batch, it.entry, it.level, 0);
	}
	vlm_ept_end(vm, &batch);
	vlm_ept_sync(vm, &batch);
}
