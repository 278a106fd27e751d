// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a VM's memory, and finding slots in it.
 */
#include "../vellum.h"

#include <linux/mm.h>
#include <linux/slab.h>

#include "../core/vm.h"
#include "mem_priv.h"

int vlm_mem_init(struct vlm_vm *vm)
{
	struct vlm_mem *mem = &vm->mem;
	struct vlm_slots *slots;
	int ret;

	mutex_init(&mem->lock);
	spin_lock_init(&mem->inval.lock);
	ret = init_srcu_struct(&mem->srcu);
	if (ret)
		return ret;
	mem->srcu_ready = true;

	slots = mem_slots_alloc(0);
	if (!slots)
		return -ENOMEM;
	RCU_INIT_POINTER(mem->slots, slots);

	mem->notifier.ops = &mem_notifier_ops;
	ret = mmu_notifier_register(&mem->notifier, vm->mm);
	mem->registered = !ret;
	return ret;
}

void vlm_mem_destroy(struct vlm_vm *vm)
{
	struct vlm_mem *mem = &vm->mem;
	struct vlm_slots *slots;
	unsigned int n;

	/* Unmaps everything, if the address space did not go before us. */
	if (mem->registered)
		mmu_notifier_unregister(&mem->notifier, vm->mm);
	mem->registered = false;

	slots = rcu_dereference_protected(mem->slots, true);
	for (n = 0; slots && n < slots->nr; n++)
		mem_slot_free(slots->by_gfn[n]);
	kvfree(slots);
	RCU_INIT_POINTER(mem->slots, NULL);

	if (mem->srcu_ready)
		cleanup_srcu_struct(&mem->srcu);
	mem->srcu_ready = false;
}

int vlm_mem_lock(struct vlm_vm *vm)
	__acquires(&vm->mem.srcu)
{
	return srcu_read_lock(&vm->mem.srcu);
}

void vlm_mem_unlock(struct vlm_vm *vm, int idx)
	__releases(&vm->mem.srcu)
{
	srcu_read_unlock(&vm->mem.srcu, idx);
}

u64 vlm_slots_generation(struct vlm_vm *vm)
{
	return srcu_dereference(vm->mem.slots, &vm->mem.srcu)->generation;
}

struct vlm_slot *vlm_slot_find(struct vlm_vm *vm, gfn_t gfn)
{
	return vlm_slots_search(srcu_dereference(vm->mem.slots, &vm->mem.srcu), gfn);
}
