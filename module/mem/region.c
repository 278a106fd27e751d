// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_SET_USER_MEMORY_REGION: check a request once, build what it asks for,
 * publish it.
 */
#include "../vellum.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/processor.h>

#include "../core/request.h"
#include "../core/vm.h"
#include "mem_priv.h"

/* What KVM takes; a page's number in a slot then fits an int. */
#define MAX_SLOT_PAGES	((1UL << 31) - 1)
/* Nothing is asked for that is not so already. */
#define SAME_SLOT	1
#define REGION_FLAGS	(KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY)

gfn_t vlm_mem_max_gfn(void)
{
	u64 frames = 1ULL << (boot_cpu_data.x86_phys_bits - PAGE_SHIFT);

	/* An EPT entry holds no wider address, and no more levels are used. */
	return min_t(u64, frames, EPT_MAX_FRAMES) - 1;
}

struct vlm_slots *mem_slots_locked(struct vlm_vm *vm)
{
	return rcu_dereference_protected(vm->mem.slots, lockdep_is_held(&vm->mem.lock));
}

struct vlm_slots *mem_slots_alloc(unsigned int nr)
{
	struct vlm_slots *slots;

	slots = kvzalloc(sizeof(*slots) + nr * (sizeof(*slots->by_hva) + sizeof(*slots->by_gfn)),
			 GFP_KERNEL_ACCOUNT);
	if (slots) {
		slots->by_hva = (void *)(slots + 1);
		slots->by_gfn = (void *)(slots->by_hva + nr);
	}
	return slots;
}

struct vlm_slot *mem_slot_by_id(struct vlm_vm *vm, u32 id)
{
	struct vlm_slots *slots = mem_slots_locked(vm);
	unsigned int n;

	for (n = 0; n < slots->nr; n++) {
		if (slots->by_gfn[n]->id == id)
			return slots->by_gfn[n];
	}
	return NULL;
}

/*
 * PML has to be on in every VMCS before a page may count on it, and may go off
 * when no page does any more.
 */
static void start_logging(struct vlm_vm *vm)
{
	WRITE_ONCE(vm->mem.nr_logged, vm->mem.nr_logged + 1);
	if (vm->mem.nr_logged == 1 && vlm_ept_has_pml())
		vlm_vm_request_sync(vm, VLM_REQ_LEAVE);
}

static void stop_logging(struct vlm_vm *vm)
{
	WRITE_ONCE(vm->mem.nr_logged, vm->mem.nr_logged - 1);
}

/*
 * Replace @del by @add; either may be NULL.  On return no reader uses @del or
 * the old snapshot any more.  Nothing has changed when it fails.
 */
static int publish(struct vlm_vm *vm, struct vlm_slot *del, struct vlm_slot *add)
{
	struct vlm_mem *mem = &vm->mem;
	struct vlm_slots *old = mem_slots_locked(vm);
	struct vlm_slots *new;

	new = mem_slots_alloc(old->nr + 1);
	if (!new)
		return -ENOMEM;
	/* Memory goes before what is there without. */
	if (add && add->base_gfn <= VLM_EPT_OWN_GFN && vlm_slot_end(add) > VLM_EPT_OWN_GFN)
		vlm_ept_own_drop(vm);
	vlm_slots_fill(new, old, del, add);
	new->generation = old->generation + 1;
	if (add && add->dirty)
		start_logging(vm);
	rcu_assign_pointer(mem->slots, new);
	synchronize_srcu_expedited(&mem->srcu);
	kvfree(old);
	if (del && del->dirty)
		stop_logging(vm);
	return 0;
}

static int check_region(const struct kvm_userspace_memory_region *r)
{
	if (r->flags & ~REGION_FLAGS)
		return -EINVAL;
	/* The high 16 bits are an address space; there is only the first. */
	if (r->slot >= VLM_MAX_SLOTS)
		return -EINVAL;
	if ((r->memory_size | r->guest_phys_addr | r->userspace_addr) & ~PAGE_MASK)
		return -EINVAL;
	if (r->guest_phys_addr + r->memory_size < r->guest_phys_addr)
		return -EINVAL;
	if (r->memory_size >> PAGE_SHIFT > MAX_SLOT_PAGES)
		return -EINVAL;
	if (!access_ok((void __user *)(unsigned long)r->userspace_addr, r->memory_size))
		return -EINVAL;
	return 0;
}

/*
 * Take @old out, and put @add in if there is one.
 *
 * No fault may map a page of the slot after the zap, and as long as pages are
 * mapped the notifier must find the slot.  So the slot goes last; what keeps
 * faults away until then is what keeps them away while the host takes pages.
 */
static int replace_unmapped(struct vlm_vm *vm, struct vlm_slot *old, struct vlm_slot *add)
{
	int ret;

	mem_inval_begin(vm, old->hva, vlm_slot_hva_end(old));
	vlm_ept_zap_range(vm, old->base_gfn, vlm_slot_end(old), true);
	ret = publish(vm, old, add);
	mem_inval_end(vm);
	return ret;
}

static int delete_slot(struct vlm_vm *vm, struct vlm_slot *old)
{
	int ret;

	if (!old)
		return -EINVAL;
	ret = replace_unmapped(vm, old, NULL);
	if (!ret)
		mem_slot_free(old);
	return ret;
}

/* A slot's size, place in the process and writability never change. */
static int check_change(const struct vlm_slot *old, const struct vlm_slot *new)
{
	if (old->hva != new->hva || old->npages != new->npages ||
	    (old->flags ^ new->flags) & KVM_MEM_READONLY)
		return -EINVAL;
	return 0;
}

static int check_place(struct vlm_vm *vm, const struct vlm_slot *old, const struct vlm_slot *new)
{
	if (vlm_slot_end(new) - 1 > vlm_mem_max_gfn())
		return -EINVAL;
	if (vlm_slots_overlap(mem_slots_locked(vm), new->base_gfn, new->npages, old))
		return -EEXIST;
	return 0;
}

/* The new slot takes over the old one's dirty log where both have one. */
static int init_dirty(struct vlm_vm *vm, const struct vlm_slot *old, struct vlm_slot *new)
{
	if (!(new->flags & KVM_MEM_LOG_DIRTY_PAGES))
		return 0;
	new->dirty = old && old->dirty ? old->dirty : mem_dirty_alloc(vm, new->npages);
	return new->dirty ? 0 : -ENOMEM;
}

/* Put @new in the place of @old, with what that means for pages mapped already. */
static int replace_slot(struct vlm_vm *vm, struct vlm_slot *old, struct vlm_slot *new)
{
	int ret;

	if (old->base_gfn != new->base_gfn)
		return replace_unmapped(vm, old, new);
	ret = publish(vm, old, new);
	if (ret)
		return ret;
	if (!new->dirty)
		vlm_ept_merge_slot(vm, new);
	else if (!(vm->mem.dirty_caps & KVM_DIRTY_LOG_INITIALLY_SET))
		vlm_ept_log_range(vm, new->base_gfn, vlm_slot_end(new));
	return 0;
}

static int change_slot(struct vlm_vm *vm, struct vlm_slot *old, struct vlm_slot *new)
{
	int ret;

	ret = check_change(old, new);
	if (!ret && old->base_gfn != new->base_gfn)
		ret = check_place(vm, old, new);
	if (!ret)
		ret = init_dirty(vm, old, new);
	if (!ret)
		ret = replace_slot(vm, old, new);
	if (ret) {
		/* It is still the old one's. */
		if (new->dirty == old->dirty)
			new->dirty = NULL;
		return ret;
	}
	if (new->dirty == old->dirty)
		old->dirty = NULL;
	mem_slot_free(old);
	return 0;
}

static int create_slot(struct vlm_vm *vm, struct vlm_slot *new)
{
	int ret = check_place(vm, NULL, new);

	if (!ret)
		ret = init_dirty(vm, NULL, new);
	return ret ? ret : publish(vm, NULL, new);
}

static struct vlm_slot *new_slot(const struct kvm_userspace_memory_region *r)
{
	struct vlm_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL_ACCOUNT);

	if (!slot)
		return NULL;
	slot->base_gfn = gpa_to_gfn(r->guest_phys_addr);
	slot->npages = r->memory_size >> PAGE_SHIFT;
	slot->hva = r->userspace_addr;
	slot->flags = r->flags;
	slot->id = r->slot;
	return slot;
}

static int set_slot(struct vlm_vm *vm, const struct kvm_userspace_memory_region *r)
{
	struct vlm_slot *old = mem_slot_by_id(vm, r->slot);
	struct vlm_slot *new;
	int ret;

	if (!r->memory_size)
		return delete_slot(vm, old);
	new = new_slot(r);
	if (!new)
		return -ENOMEM;
	if (!old)
		ret = create_slot(vm, new);
	else if (old->base_gfn == new->base_gfn && old->flags == new->flags)
		ret = check_change(old, new) ?: SAME_SLOT;
	else
		ret = change_slot(vm, old, new);
	if (ret)
		mem_slot_free(new);
	return ret == SAME_SLOT ? 0 : ret;
}

long vlm_mem_set_region(struct vlm_vm *vm, const struct kvm_userspace_memory_region *region)
{
	int ret = check_region(region);

	if (ret)
		return ret;
	mutex_lock(&vm->mem.lock);
	ret = set_slot(vm, region);
	mutex_unlock(&vm->mem.lock);
	return ret;
}

void mem_slot_free(struct vlm_slot *slot)
{
	kvfree(slot->dirty);
	kfree(slot);
}
