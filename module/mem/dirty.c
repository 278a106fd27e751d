// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty log: one bit a page, set where the guest or Vellum wrote.
 *
 * A bit is set after the page became writable, and cleared before writes to
 * the page are made to show again, both under the EPT lock.  So a write is
 * either in the log that user space gets, or happened before user space reads
 * the page, or is in the next log.
 */
#include "../vellum.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../core/request.h"
#include "../core/vm.h"
#include "mem_priv.h"

/* Words of the log handled under one hold of the EPT lock: 4096 pages. */
#define CHUNK	64

unsigned long *mem_dirty_alloc(struct vlm_vm *vm, u64 npages)
{
	unsigned long *dirty;

	dirty = kvcalloc(BITS_TO_LONGS(npages), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (dirty && vm->mem.dirty_caps & KVM_DIRTY_LOG_INITIALLY_SET)
		bitmap_set(dirty, 0, npages);
	return dirty;
}

void vlm_slot_mark_dirty(const struct vlm_slot *slot, gfn_t gfn)
{
	/*
	 * Not tested first: the test could be done before the write to the page
	 * is seen by others, and find a bit that was about to be taken.
	 */
	if (slot->dirty)
		set_bit(gfn - slot->base_gfn, slot->dirty);
}

void vlm_mem_mark_dirty(struct vlm_vm *vm, gfn_t gfn)
{
	int idx = vlm_mem_lock(vm);
	struct vlm_slot *slot = vlm_slot_find(vm, gfn);

	if (slot)
		vlm_slot_mark_dirty(slot, gfn);
	vlm_mem_unlock(vm, idx);
}

bool vlm_mem_is_logged(const struct vlm_vm *vm)
{
	return READ_ONCE(vm->mem.nr_logged);
}

/* The slot with number @id that has a dirty log. */
static struct vlm_slot *find_logged(struct vlm_vm *vm, u32 id)
{
	struct vlm_slot *slot;

	if (id >= VLM_MAX_SLOTS)
		return ERR_PTR(-EINVAL);
	slot = mem_slot_by_id(vm, id);
	return slot && slot->dirty ? slot : ERR_PTR(-ENOENT);
}

/* Bring what the CPUs logged so far into the bitmap. */
static void collect_pml(struct vlm_vm *vm)
{
	if (vlm_ept_has_pml())
		vlm_vm_request_sync(vm, VLM_REQ_LEAVE);
}

/* Take bits of @slot's log, as far as @want has them, into @got. */
static void take_chunk(struct vlm_vm *vm, const struct vlm_slot *slot, u64 word,
		       unsigned int n, const unsigned long *want, unsigned long *got)
{
	struct vlm_ept_batch batch;
	unsigned int i;

	vlm_ept_begin(vm, &batch);
	for (i = 0; i < n; i++) {
		unsigned long *dirty = slot->dirty + word + i;
		unsigned long mask = want ? want[i] : ~0UL;

		got[i] = READ_ONCE(*dirty) & mask;
		if (!got[i])
			continue;
		got[i] = atomic_long_fetch_andnot(mask, (atomic_long_t *)dirty) & mask;
		vlm_ept_log_mask(vm, &batch, slot->base_gfn + (word + i) * BITS_PER_LONG, got[i]);
	}
	vlm_ept_end(vm, &batch);
}

static void put_back(const struct vlm_slot *slot, u64 word, unsigned int n,
		     const unsigned long *bits)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		atomic_long_or(bits[i], (atomic_long_t *)(slot->dirty + word + i));
}

static long get_log(struct vlm_vm *vm, const struct vlm_slot *slot, void __user *to)
{
	u64 word, words = BITS_TO_LONGS(slot->npages);
	unsigned long bits[CHUNK];

	for (word = 0; word < words; word += CHUNK) {
		unsigned int n = min_t(u64, CHUNK, words - word);

		take_chunk(vm, slot, word, n, NULL, bits);
		if (copy_to_user(to + word * sizeof(long), bits, n * sizeof(long))) {
			/* The caller did not get to know of these. */
			put_back(slot, word, n, bits);
			return -EFAULT;
		}
		cond_resched();
	}
	return 0;
}

/* Whatever user space was told, it may read the pages only after the flush. */
static long get_and_clear(struct vlm_vm *vm, const struct vlm_slot *slot, void __user *to)
{
	long ret = get_log(vm, slot, to);

	vlm_ept_sync(vm, NULL);
	return ret;
}

static long get_only(const struct vlm_slot *slot, void __user *to)
{
	size_t size = BITS_TO_LONGS(slot->npages) * sizeof(long);

	return copy_to_user(to, slot->dirty, size) ? -EFAULT : 0;
}

long vlm_mem_get_dirty_log(struct vlm_vm *vm, const struct kvm_dirty_log *log)
{
	struct vlm_slot *slot;
	long ret;

	mutex_lock(&vm->mem.lock);
	slot = find_logged(vm, log->slot);
	if (IS_ERR(slot)) {
		ret = PTR_ERR(slot);
	} else {
		collect_pml(vm);
		if (vm->mem.dirty_caps & KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE)
			ret = get_only(slot, log->dirty_bitmap);
		else
			ret = get_and_clear(vm, slot, log->dirty_bitmap);
	}
	mutex_unlock(&vm->mem.lock);
	return ret;
}

static long clear_log(struct vlm_vm *vm, const struct vlm_slot *slot, u64 first, u64 num,
		      const void __user *from)
{
	u64 word = first / BITS_PER_LONG, words = BITS_TO_LONGS(num), done;
	unsigned long want[CHUNK], bits[CHUNK];

	for (done = 0; done < words; done += CHUNK) {
		unsigned int n = min_t(u64, CHUNK, words - done);

		if (copy_from_user(want, from + done * sizeof(long), n * sizeof(long)))
			return -EFAULT;
		take_chunk(vm, slot, word + done, n, want, bits);
		cond_resched();
	}
	return 0;
}

/* A part must start and end at a multiple of 64 pages, but for the slot's end. */
static bool clear_range_ok(const struct vlm_slot *slot, u64 first, u64 num)
{
	if (first % 64 || first > slot->npages || num > slot->npages - first)
		return false;
	return num % 64 == 0 || num == slot->npages - first;
}

long vlm_mem_clear_dirty_log(struct vlm_vm *vm, const struct kvm_clear_dirty_log *log)
{
	struct vlm_slot *slot;
	long ret;

	mutex_lock(&vm->mem.lock);
	slot = find_logged(vm, log->slot);
	if (IS_ERR(slot)) {
		ret = PTR_ERR(slot);
	} else if (!clear_range_ok(slot, log->first_page, log->num_pages)) {
		ret = -EINVAL;
	} else {
		collect_pml(vm);
		ret = clear_log(vm, slot, log->first_page, log->num_pages, log->dirty_bitmap);
		vlm_ept_sync(vm, NULL);
	}
	mutex_unlock(&vm->mem.lock);
	return ret;
}

long vlm_mem_set_dirty_caps(struct vlm_vm *vm, u64 caps)
{
	u64 allowed = KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE;

	/* The second one means nothing without the first. */
	if (caps & KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE)
		allowed = VLM_DIRTY_LOG_CAPS;
	if (caps & ~allowed)
		return -EINVAL;
	mutex_lock(&vm->mem.lock);
	vm->mem.dirty_caps = caps;
	mutex_unlock(&vm->mem.lock);
	return 0;
}
