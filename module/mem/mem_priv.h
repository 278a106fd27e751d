/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of mem/ share.
 */
#ifndef VELLUM_MEM_MEM_PRIV_H
#define VELLUM_MEM_MEM_PRIV_H

#include "../core/types.h"
#include "slots.h"

/** mem_slots_locked() - the snapshot, for the holder of mem.lock. */
struct vlm_slots *mem_slots_locked(struct vlm_vm *vm);

/** mem_slots_alloc() - an empty snapshot with room for @nr; NULL. */
struct vlm_slots *mem_slots_alloc(unsigned int nr);

/** mem_slot_by_id() - the slot with number @id or NULL; mem.lock held. */
struct vlm_slot *mem_slot_by_id(struct vlm_vm *vm, u32 id);

void mem_slot_free(struct vlm_slot *slot);

/** mem_dirty_alloc() - a dirty bitmap as vm->mem.dirty_caps want it; NULL. */
unsigned long *mem_dirty_alloc(struct vlm_vm *vm, u64 npages);

/**
 * mem_inval_begin() - no fault maps a page from [start, end) until mem_inval_end()
 *
 * A fault that was let through just before holds the EPT lock, so that a zap
 * after this call finds what it maps.
 */
void mem_inval_begin(struct vlm_vm *vm, hva_t start, hva_t end);
void mem_inval_end(struct vlm_vm *vm);

extern const struct mmu_notifier_ops mem_notifier_ops;

#endif /* VELLUM_MEM_MEM_PRIV_H */
