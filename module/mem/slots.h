/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A slot, and a snapshot of all slots in two sorted orders.  Pure: builds in
 * user space too, for selftests/unit.
 */
#ifndef VELLUM_MEM_SLOTS_H
#define VELLUM_MEM_SLOTS_H

#include "../core/types.h"

/* Slot numbers are below this; KVM_CAP_NR_MEMSLOTS. */
#define VLM_MAX_SLOTS	4096

/**
 * struct vlm_slot - a range of guest frames; immutable once published
 * @base_gfn: first guest frame
 * @npages: number of frames, not 0
 * @hva: where the first frame is in the owner's address space
 * @dirty: one bit a page, set atomically; NULL without a dirty log
 * @flags: KVM_MEM_*
 * @id: slot number
 */
struct vlm_slot {
	gfn_t base_gfn;
	u64 npages;
	hva_t hva;
	unsigned long *dirty;
	u32 flags;
	u32 id;
};

/**
 * struct vlm_hva_entry - a slot in the order of host addresses
 * @start: the slot's first host address
 * @max_end: the highest end of any slot up to this entry
 * @slot: the slot
 */
struct vlm_hva_entry {
	hva_t start;
	hva_t max_end;
	struct vlm_slot *slot;
};

/**
 * struct vlm_slots - all slots at one moment
 * @nr: how many
 * @hint: index in @by_gfn of the last one found; a guess, raced for freely
 * @generation: no other snapshot of the VM has the same
 * @by_gfn: in the order of guest frames; they do not overlap
 * @by_hva: in the order of host addresses; they may overlap
 */
struct vlm_slots {
	unsigned int nr;
	unsigned int hint;
	u64 generation;
	struct vlm_slot **by_gfn;
	struct vlm_hva_entry *by_hva;
};

static inline hva_t vlm_slot_hva(const struct vlm_slot *slot, gfn_t gfn)
{
	return slot->hva + ((gfn - slot->base_gfn) << 12);
}

static inline hva_t vlm_slot_hva_end(const struct vlm_slot *slot)
{
	return slot->hva + (slot->npages << 12);
}

static inline gfn_t vlm_slot_end(const struct vlm_slot *slot)
{
	return slot->base_gfn + slot->npages;
}

static inline bool vlm_slot_has(const struct vlm_slot *slot, gfn_t gfn)
{
	return gfn - slot->base_gfn < slot->npages;
}

/** vlm_slots_lower() - first index in by_gfn whose slot ends above @gfn. */
unsigned int vlm_slots_lower(const struct vlm_slots *slots, gfn_t gfn);

/** vlm_slots_search() - the slot that holds @gfn, or NULL. */
struct vlm_slot *vlm_slots_search(struct vlm_slots *slots, gfn_t gfn);

/** vlm_slots_overlap() - does a slot other than @but share frames with it? */
bool vlm_slots_overlap(const struct vlm_slots *slots, gfn_t base, u64 npages,
		       const struct vlm_slot *but);

/**
 * vlm_slots_fill() - build @to from @from, less @del, plus @add
 * @to: has room for the result in both orders
 * @from: the snapshot to start from
 * @del: a slot of @from to leave out, or NULL
 * @add: a slot to put in, or NULL; must not overlap what stays
 */
void vlm_slots_fill(struct vlm_slots *to, const struct vlm_slots *from,
		    const struct vlm_slot *del, struct vlm_slot *add);

/**
 * vlm_slots_hva_top() - where to start looking for slots below @end
 *
 * Return: the number of entries of by_hva that start below @end.  Walk down
 * from there with vlm_slots_hva_prev().
 */
unsigned int vlm_slots_hva_top(const struct vlm_slots *slots, hva_t end);

/**
 * vlm_slots_hva_prev() - the next slot that overlaps, walking down
 * @slots: the snapshot
 * @pos: position, from vlm_slots_hva_top(); moved
 * @start: lowest host address of interest
 *
 * Return: a slot that ends above @start, or NULL when there is no more.
 */
struct vlm_slot *vlm_slots_hva_prev(const struct vlm_slots *slots, unsigned int *pos,
				    hva_t start);

#endif /* VELLUM_MEM_SLOTS_H */
