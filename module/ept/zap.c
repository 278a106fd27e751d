// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking mappings away, and asking whether they were used.
 */
#include "../vellum.h"

#include "../core/vm.h"
#include "../trace.h"
#include "ept_priv.h"

/*
 * A large page that is only partly meant goes whole; the rest of it comes back
 * by the next violation.  Tables go with all that is in them, but not those of
 * 512 GiB: the cursor goes down into them, and can be interrupted there.
 */
static bool zap_this(const struct ept_iter *it)
{
	u64 entry = *it->entry;

	if (ept_is_table(entry, it->level))
		return it->level < EPT_LEVEL_ROOT && ept_iter_covers(it);
	return ept_present(entry);
}

void vlm_ept_zap_range(struct vlm_vm *vm, gfn_t start, gfn_t end, bool may_sleep)
{
	struct vlm_ept_batch batch;
	struct ept_iter it;

	trace_ept_invalidate(vm, gfn_to_gpa(start), gfn_to_gpa(end));
	vlm_ept_begin(vm, &batch);
	ept_for_each(&it, vm->ept.root, start, end) {
		if (may_sleep)
			ept_yield(vm, &batch, &it);
		if (zap_this(&it))
			ept_set(vm, &batch, it.entry, it.level, 0);
	}
	vlm_ept_end(vm, &batch);
	/* Even if nothing was found: another may have zapped and not yet flushed. */
	vlm_ept_sync(vm, &batch);
}

bool vlm_ept_age_range(struct vlm_vm *vm, gfn_t start, gfn_t end, bool clear)
{
	bool ad = ept_config.caps.ad, young = false;
	struct vlm_ept_batch batch;
	struct ept_iter it;

	vlm_ept_begin(vm, &batch);
	ept_for_each(&it, vm->ept.root, start, end) {
		u64 entry = *it.entry;

		if (!ept_is_leaf(entry, it.level) || (ad && !(entry & EPT_ACCESSED)))
			continue;
		young = true;
		if (clear)
			ept_set(vm, &batch, it.entry, it.level, ad ? entry & ~EPT_ACCESSED : 0);
	}
	/*
	 * Not synced: CPUs notice at their next entry.  Where a page was unmapped,
	 * whoever takes it away for good finds the sync still to be done.
	 */
	vlm_ept_end(vm, &batch);
	return young;
}
