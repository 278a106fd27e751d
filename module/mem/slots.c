// SPDX-License-Identifier: GPL-2.0-only
/*
 * Searching and building snapshots of slots.  Pure: no locks, no allocation.
 */
#ifdef __KERNEL__
#include "../vellum.h"

#include <linux/compiler.h>
#endif

#include "slots.h"

unsigned int vlm_slots_lower(const struct vlm_slots *slots, gfn_t gfn)
{
	unsigned int lo = 0, hi = slots->nr;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (vlm_slot_end(slots->by_gfn[mid]) > gfn)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

struct vlm_slot *vlm_slots_search(struct vlm_slots *slots, gfn_t gfn)
{
	unsigned int n = READ_ONCE(slots->hint);

	/* The hint is one of ours or 0, but there may be no slot at all. */
	if (n < slots->nr && vlm_slot_has(slots->by_gfn[n], gfn))
		return slots->by_gfn[n];
	n = vlm_slots_lower(slots, gfn);
	if (n == slots->nr || !vlm_slot_has(slots->by_gfn[n], gfn))
		return NULL;
	WRITE_ONCE(slots->hint, n);
	return slots->by_gfn[n];
}

bool vlm_slots_overlap(const struct vlm_slots *slots, gfn_t base, u64 npages,
		       const struct vlm_slot *but)
{
	unsigned int n;

	for (n = vlm_slots_lower(slots, base); n < slots->nr; n++) {
		if (slots->by_gfn[n]->base_gfn >= base + npages)
			return false;
		if (slots->by_gfn[n] != but)
			return true;
	}
	return false;
}

static void fill_by_gfn(struct vlm_slots *to, const struct vlm_slots *from,
			const struct vlm_slot *del, struct vlm_slot *add)
{
	unsigned int n;

	to->nr = 0;
	for (n = 0; n < from->nr; n++) {
		struct vlm_slot *slot = from->by_gfn[n];

		if (slot == del)
			continue;
		if (add && add->base_gfn < slot->base_gfn) {
			to->by_gfn[to->nr++] = add;
			add = NULL;
		}
		to->by_gfn[to->nr++] = slot;
	}
	if (add)
		to->by_gfn[to->nr++] = add;
}

static void append_by_hva(struct vlm_slots *to, unsigned int n, struct vlm_slot *slot)
{
	hva_t end = vlm_slot_hva_end(slot);

	if (n && to->by_hva[n - 1].max_end > end)
		end = to->by_hva[n - 1].max_end;
	to->by_hva[n].start = slot->hva;
	to->by_hva[n].max_end = end;
	to->by_hva[n].slot = slot;
}

static void fill_by_hva(struct vlm_slots *to, const struct vlm_slots *from,
			const struct vlm_slot *del, struct vlm_slot *add)
{
	unsigned int n, nr = 0;

	for (n = 0; n < from->nr; n++) {
		struct vlm_slot *slot = from->by_hva[n].slot;

		if (slot == del)
			continue;
		if (add && add->hva < slot->hva) {
			append_by_hva(to, nr++, add);
			add = NULL;
		}
		append_by_hva(to, nr++, slot);
	}
	if (add)
		append_by_hva(to, nr, add);
}

void vlm_slots_fill(struct vlm_slots *to, const struct vlm_slots *from,
		    const struct vlm_slot *del, struct vlm_slot *add)
{
	to->hint = 0;
	fill_by_gfn(to, from, del, add);
	fill_by_hva(to, from, del, add);
}

unsigned int vlm_slots_hva_top(const struct vlm_slots *slots, hva_t end)
{
	unsigned int lo = 0, hi = slots->nr;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (slots->by_hva[mid].start < end)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct vlm_slot *vlm_slots_hva_prev(const struct vlm_slots *slots, unsigned int *pos,
				    hva_t start)
{
	while (*pos && slots->by_hva[*pos - 1].max_end > start) {
		struct vlm_slot *slot = slots->by_hva[--*pos].slot;

		if (vlm_slot_hva_end(slot) > start)
			return slot;
	}
	return NULL;
}
