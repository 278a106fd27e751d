// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots of slots, against a search that looks at every slot: many random
 * sets, made by adding and deleting, asked at and around every border.
 */
#include <stdlib.h>

#include "../../module/mem/slots.h"

#define MAX	40
#define SPACE	200	/* frames and host pages that slots are made in */

static struct vlm_slot *all[MAX];
static unsigned int nr;

static struct vlm_slots *alloc_slots(void)
{
	struct vlm_slots *slots = calloc(1, sizeof(*slots));

	slots->by_gfn = calloc(MAX, sizeof(*slots->by_gfn));
	slots->by_hva = calloc(MAX, sizeof(*slots->by_hva));
	return slots;
}

static void free_slots(struct vlm_slots *slots)
{
	free(slots->by_gfn);
	free(slots->by_hva);
	free(slots);
}

static struct vlm_slot *slow_search(gfn_t gfn)
{
	unsigned int n;

	for (n = 0; n < nr; n++) {
		if (vlm_slot_has(all[n], gfn))
			return all[n];
	}
	return NULL;
}

static bool slow_overlap(gfn_t base, u64 npages, const struct vlm_slot *but)
{
	gfn_t gfn;

	for (gfn = base; gfn < base + npages; gfn++) {
		if (slow_search(gfn) && slow_search(gfn) != but)
			return true;
	}
	return false;
}

static bool searches_agree(struct vlm_slots *slots)
{
	gfn_t gfn;

	for (gfn = 0; gfn < SPACE + 10; gfn++) {
		if (vlm_slots_search(slots, gfn) != slow_search(gfn))
			return false;
		/* And when the hint is of no use. */
		slots->hint = random32() % MAX;
		if (vlm_slots_search(slots, gfn) != slow_search(gfn))
			return false;
	}
	return true;
}

static bool overlaps_agree(const struct vlm_slots *slots)
{
	unsigned int n;

	for (n = 0; n < 100; n++) {
		gfn_t base = random32() % SPACE;
		u64 npages = 1 + random32() % 10;
		const struct vlm_slot *but = nr && n % 2 ? all[random32() % nr] : NULL;

		if (vlm_slots_overlap(slots, base, npages, but) !=
		    slow_overlap(base, npages, but))
			return false;
	}
	return true;
}

static unsigned int slow_hva_count(hva_t start, hva_t end)
{
	unsigned int n, count = 0;

	for (n = 0; n < nr; n++)
		count += all[n]->hva < end && vlm_slot_hva_end(all[n]) > start;
	return count;
}

/* As many as there are, each one once, each one overlapping. */
static bool hva_walk_agrees(const struct vlm_slots *slots, hva_t start, hva_t end)
{
	unsigned int pos = vlm_slots_hva_top(slots, end), last = pos + 1, count = 0;
	struct vlm_slot *slot;

	while ((slot = vlm_slots_hva_prev(slots, &pos, start))) {
		if (pos >= last || slot->hva >= end || vlm_slot_hva_end(slot) <= start)
			return false;
		last = pos;
		count++;
	}
	return count == slow_hva_count(start, end);
}

static bool hva_walks_agree(const struct vlm_slots *slots)
{
	unsigned int n;

	for (n = 0; n < 200; n++) {
		hva_t start = (hva_t)(random32() % SPACE) << 12;

		if (!hva_walk_agrees(slots, start, start + ((1 + random32() % 20) << 12)))
			return false;
	}
	return hva_walk_agrees(slots, 0, ~0UL) && hva_walk_agrees(slots, 5, 5);
}

/* A slot at random, or NULL when its place is taken. */
static struct vlm_slot *random_slot(const struct vlm_slots *slots)
{
	struct vlm_slot *slot = calloc(1, sizeof(*slot));

	slot->base_gfn = random32() % SPACE;
	slot->npages = 1 + random32() % 8;
	slot->hva = (hva_t)(random32() % SPACE) << 12;
	if (!vlm_slots_overlap(slots, slot->base_gfn, slot->npages, NULL))
		return slot;
	free(slot);
	return NULL;
}

static struct vlm_slots *change(struct vlm_slots *old)
{
	struct vlm_slot *add = nr < MAX ? random_slot(old) : NULL;
	struct vlm_slot *del = nr && random32() % 3 == 0 ? all[random32() % nr] : NULL;
	struct vlm_slots *new = alloc_slots();
	unsigned int n;

	vlm_slots_fill(new, old, del, add);
	for (n = 0; del && n < nr; n++) {
		if (all[n] == del) {
			all[n] = all[--nr];
			break;
		}
	}
	free(del);
	if (add)
		all[nr++] = add;
	free_slots(old);
	return new;
}

void test_slots(void)
{
	bool search = true, overlap = true, hva = true, count = true;
	struct vlm_slots *slots = alloc_slots();
	unsigned int n;

	ok(!vlm_slots_search(slots, 0));
	ok(!vlm_slots_overlap(slots, 0, ~0ULL >> 12, NULL));
	for (n = 0; n < 2000; n++) {
		slots = change(slots);
		count &= slots->nr == nr;
		search &= searches_agree(slots);
		overlap &= overlaps_agree(slots);
		hva &= hva_walks_agree(slots);
	}
	ok(count);
	ok(search);
	ok(overlap);
	ok(hva);
	while (nr)
		free(all[--nr]);
	free_slots(slots);
}
