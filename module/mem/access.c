// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to guest memory through the owner's mapping of it: what the owner may
 * do, the guest's memory may have done to it.
 */
#include "../vellum.h"

#include <linux/mm.h>
#include <linux/uaccess.h>

#include "../core/vm.h"
#include "mem_priv.h"

/* How much of @len from @gpa on is in @slot, and where it is in the process. */
static size_t slot_piece(const struct vlm_slot *slot, gpa_t gpa, size_t len, hva_t *hva)
{
	*hva = vlm_slot_hva(slot, gpa_to_gfn(gpa)) + offset_in_page(gpa);
	return min_t(u64, len, gfn_to_gpa(vlm_slot_end(slot)) - gpa);
}

static int read_slots(struct vlm_vm *vm, gpa_t gpa, void *buf, size_t len)
{
	while (len) {
		struct vlm_slot *slot = vlm_slot_find(vm, gpa_to_gfn(gpa));
		hva_t hva;
		size_t n;

		if (!slot)
			return -EFAULT;
		n = slot_piece(slot, gpa, len, &hva);
		if (copy_from_user(buf, (void __user *)hva, n))
			return -EFAULT;
		gpa += n;
		buf += n;
		len -= n;
	}
	return 0;
}

int vlm_mem_read(struct vlm_vm *vm, gpa_t gpa, void *buf, size_t len)
{
	int idx = vlm_mem_lock(vm);
	int ret = read_slots(vm, gpa, buf, len);

	vlm_mem_unlock(vm, idx);
	return ret;
}

int vlm_mem_read_entry(struct vlm_vm *vm, gpa_t gpa, void *entry, unsigned int size)
{
	struct vlm_slot *slot = vlm_slot_find(vm, gpa_to_gfn(gpa));
	hva_t hva;

	if (!slot)
		return -EFAULT;
	hva = vlm_slot_hva(slot, gpa_to_gfn(gpa)) + offset_in_page(gpa);
	if (size == sizeof(u32))
		return get_user(*(u32 *)entry, (u32 __user *)hva);
	return get_user(*(u64 *)entry, (u64 __user *)hva);
}

static struct vlm_slot *find_writable(struct vlm_vm *vm, gfn_t gfn)
{
	struct vlm_slot *slot = vlm_slot_find(vm, gfn);

	return slot && !(slot->flags & KVM_MEM_READONLY) ? slot : NULL;
}

/* A page at a time: the dirty log has to match what was written. */
static int write_slots(struct vlm_vm *vm, gpa_t gpa, const void *buf, size_t len)
{
	while (len) {
		struct vlm_slot *slot = find_writable(vm, gpa_to_gfn(gpa));
		size_t n = min_t(size_t, len, PAGE_SIZE - offset_in_page(gpa));
		unsigned long left;
		hva_t hva;

		if (!slot)
			return -EFAULT;
		n = slot_piece(slot, gpa, n, &hva);
		left = copy_to_user((void __user *)hva, buf, n);
		if (left < n)
			vlm_slot_mark_dirty(slot, gpa_to_gfn(gpa));
		if (left)
			return -EFAULT;
		gpa += n;
		buf += n;
		len -= n;
	}
	return 0;
}

int vlm_mem_write(struct vlm_vm *vm, gpa_t gpa, const void *buf, size_t len)
{
	int idx = vlm_mem_lock(vm);
	int ret = write_slots(vm, gpa, buf, len);

	vlm_mem_unlock(vm, idx);
	return ret;
}

int vlm_mem_read_nofault(struct vlm_vm *vm, gpa_t gpa, void *buf, size_t len)
{
	int idx = vlm_mem_lock(vm), ret = -EFAULT;
	struct vlm_slot *slot = vlm_slot_find(vm, gpa_to_gfn(gpa));
	hva_t hva;

	if (slot) {
		slot_piece(slot, gpa, len, &hva);
		ret = copy_from_user_nofault(buf, (void __user *)hva, len);
	}
	vlm_mem_unlock(vm, idx);
	return ret;
}

int vlm_mem_write_nofault(struct vlm_vm *vm, gpa_t gpa, const void *buf, size_t len)
{
	int idx = vlm_mem_lock(vm), ret = -EFAULT;
	struct vlm_slot *slot = find_writable(vm, gpa_to_gfn(gpa));
	hva_t hva;

	if (slot) {
		slot_piece(slot, gpa, len, &hva);
		ret = copy_to_user_nofault((void __user *)hva, buf, len);
		if (!ret)
			vlm_slot_mark_dirty(slot, gpa_to_gfn(gpa));
	}
	vlm_mem_unlock(vm, idx);
	return ret;
}

/* access_ok() was asked for all of a slot when it was made. */
bool vlm_mem_is_still(const struct vlm_word *words, unsigned int n)
{
	bool same = false;
	u64 value, diff = 0;

	pagefault_disable();
	__uaccess_begin_nospec();
	for (; n; n--, words++) {
		unsafe_get_user(value, (u64 __user *)words->hva, fault);
		diff |= (value ^ words->value) & words->mask;
	}
	same = !diff;
fault:
	__uaccess_end();
	pagefault_enable();
	return same;
}

bool vlm_mem_has(struct vlm_vm *vm, gpa_t gpa)
{
	int idx = vlm_mem_lock(vm);
	bool has = vlm_slot_find(vm, gpa_to_gfn(gpa));

	vlm_mem_unlock(vm, idx);
	return has;
}

#define DEFINE_CMPXCHG(bits)							\
int vlm_mem_cmpxchg##bits(struct vlm_vm *vm, gpa_t gpa, u##bits old, u##bits new) \
{										\
	int idx, ret = -EFAULT;							\
	struct vlm_slot *slot;							\
	hva_t hva;								\
										\
	if (!IS_ALIGNED(gpa, sizeof(old)))					\
		return -EINVAL;							\
	idx = vlm_mem_lock(vm);							\
	slot = find_writable(vm, gpa_to_gfn(gpa));				\
	if (slot) {								\
		slot_piece(slot, gpa, sizeof(old), &hva);			\
		/* access_ok() was asked when the slot was made. */		\
		ret = __try_cmpxchg_user((u##bits __user *)hva, &old, new, fault); \
	}									\
	if (!ret)								\
		vlm_slot_mark_dirty(slot, gpa_to_gfn(gpa));			\
	vlm_mem_unlock(vm, idx);						\
	return ret > 0 ? -EAGAIN : ret;						\
}

DEFINE_CMPXCHG(32)
DEFINE_CMPXCHG(64)
