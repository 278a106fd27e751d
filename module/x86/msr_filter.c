// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MSR filter.
 */
#include "../vellum.h"

#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../core/ioctl.h"
#include "../core/vcpu.h"
#include "msr_filter.h"

#define ACCESS_BITS	(KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE)

/* The local APIC's registers: filtering some would break its virtualization. */
#define X2APIC_FIRST	0x800
#define X2APIC_LAST	0x8ff

struct vlm_msr_ranges {
	struct rcu_head rcu;
	bool deny;
	unsigned int count;
	struct {
		u32 access;
		u32 base;
		u32 nmsrs;
		unsigned long *allowed;
	} range[KVM_MSR_FILTER_MAX_RANGES];
};

static void free_ranges(struct vlm_msr_ranges *r)
{
	unsigned int i;

	for (i = 0; r && i < r->count; i++)
		kvfree(r->range[i].allowed);
	kfree(r);
}

static bool allowed(const struct vlm_msr_ranges *r, u32 index, u32 access)
{
	unsigned int i;

	for (i = 0; i < r->count; i++) {
		u32 offset = index - r->range[i].base;

		/* A range ends at the last number, and does not go on at 0. */
		if (index >= r->range[i].base && offset < r->range[i].nmsrs &&
		    (r->range[i].access & access))
			return test_bit(offset, r->range[i].allowed);
	}
	return !r->deny;
}

bool vlm_msr_allowed(struct vlm_vm *vm, u32 index, u32 access)
{
	const struct vlm_msr_ranges *r;
	bool ok = true;

	if (index >= X2APIC_FIRST && index <= X2APIC_LAST)
		return true;
	rcu_read_lock();
	r = rcu_dereference(vm->msr_filter.ranges);
	if (unlikely(r))
		ok = allowed(r, index, access);
	rcu_read_unlock();
	return ok;
}

static int take_range(struct vlm_msr_ranges *r, const struct kvm_msr_filter_range *in)
{
	size_t size = BITS_TO_LONGS((size_t)in->nmsrs) * sizeof(long);
	unsigned long *bits;

	if (!in->nmsrs)
		return 0;
	if (!in->flags || (in->flags & ~ACCESS_BITS) || size > KVM_MSR_FILTER_MAX_BITMAP_SIZE)
		return -EINVAL;
	bits = vlm_copy_in((const void __user *)in->bitmap, size);
	if (IS_ERR(bits))
		return PTR_ERR(bits);

	r->range[r->count].access = in->flags;
	r->range[r->count].base = in->base;
	r->range[r->count].nmsrs = in->nmsrs;
	r->range[r->count].allowed = bits;
	r->count++;
	return 0;
}

static struct vlm_msr_ranges *build(const struct kvm_msr_filter *in)
{
	struct vlm_msr_ranges *r;
	int i, err = 0;

	if (in->flags & ~KVM_MSR_FILTER_DEFAULT_DENY)
		return ERR_PTR(-EINVAL);
	r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		return ERR_PTR(-ENOMEM);
	r->deny = in->flags & KVM_MSR_FILTER_DEFAULT_DENY;
	for (i = 0; !err && i < KVM_MSR_FILTER_MAX_RANGES; i++)
		err = take_range(r, &in->ranges[i]);
	/* A filter that denies all and allows nothing is a mistake. */
	if (!err && r->deny && !r->count)
		err = -EINVAL;
	if (err) {
		free_ranges(r);
		return ERR_PTR(err);
	}
	return r;
}

static void publish(struct vlm_vm *vm, struct vlm_msr_ranges *r)
{
	struct vlm_msr_ranges *old;
	struct vlm_vcpu *vcpu;
	unsigned long index;

	mutex_lock(&vm->lock);
	old = rcu_replace_pointer(vm->msr_filter.ranges, r, lockdep_is_held(&vm->lock));
	/* What passed through must exit now, and the other way round. */
	vlm_vm_for_each_vcpu(vm, index, vcpu)
		vmx_msr_filter_changed(vcpu);
	mutex_unlock(&vm->lock);

	synchronize_rcu();
	free_ranges(old);
}

long vlm_set_msr_filter(struct vlm_vm *vm, const struct kvm_msr_filter *in)
{
	struct vlm_msr_ranges *r = build(in);

	if (IS_ERR(r))
		return PTR_ERR(r);
	/* Nothing denied and no range: no filter. */
	if (!r->deny && !r->count) {
		free_ranges(r);
		r = NULL;
	}
	publish(vm, r);
	return 0;
}

void vlm_msr_filter_destroy(struct vlm_vm *vm)
{
	free_ranges(rcu_dereference_protected(vm->msr_filter.ranges, true));
}

long vlm_set_msr_exits(struct vlm_vm *vm, u64 reasons)
{
	if (reasons & ~(u64)VLM_MSR_EXIT_REASONS)
		return -EINVAL;
	WRITE_ONCE(vm->msr_filter.exits, reasons);
	return 0;
}
