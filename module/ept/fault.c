// SPDX-License-Identifier: GPL-2.0-only
/*
 * EPT violations: from a guest address to a slot, to a host page, to an entry.
 */
#include "../vellum.h"

#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "../core/vcpu.h"
#include "../core/vm.h"
#include "ept_priv.h"

/**
 * struct ept_fault - one violation on its way
 * @gfn: guest frame
 * @access: EPT_READ, EPT_WRITE, EPT_EXEC
 * @slot: where @gfn is, while the slots are locked
 * @hva: where @gfn is in the owner's process
 * @host: what the owner's page table says
 * @level: size to map
 */
struct ept_fault {
	gfn_t gfn;
	u32 access;
	struct vlm_slot *slot;
	hva_t hva;
	struct ept_host_page host;
	int level;
};

/* How one attempt ended, where it is not 0 or an error. */
enum { FAULT_NO_MEMORY = 1, FAULT_BRING_IN, FAULT_AGAIN };

static bool level_offered(int level)
{
	switch (level) {
	case EPT_LEVEL_1G:
		return ept_config.caps.page_1g;
	case EPT_LEVEL_2M:
		return ept_config.caps.page_2m;
	default:
		return true;
	}
}

/* The largest page of which all is in one slot and one host page. */
static int choose_level(const struct ept_fault *f)
{
	const struct vlm_slot *slot = f->slot;
	int level = f->host.level;

	/* The log counts in 4K pages, and fetches on some CPUs need them. */
	if (slot->dirty || (ept_config.nx_huge && f->access & EPT_EXEC))
		return EPT_LEVEL_4K;
	for (; level > EPT_LEVEL_4K; level--) {
		gfn_t first = ept_align(f->gfn, level);

		if (level_offered(level) &&
		    !((f->gfn ^ (f->hva >> PAGE_SHIFT)) & (ept_frames(level) - 1)) &&
		    first >= slot->base_gfn && first + ept_frames(level) <= vlm_slot_end(slot))
			break;
	}
	return level;
}

/*
 * Rights beyond those asked for spare a violation later; but a write that has
 * to show in the dirty log must either fault or be logged by the CPU.
 *
 * Type: RAM is write-back whatever the guest's PAT says.  The host uses the
 * same memory write-back, and no device reads it behind the caches' back, so
 * a guest's wish for another type could only cost speed or coherence.  For
 * all else the type is UC with the guest's PAT respected, as under an MTRR
 * that says UC: UC, or WC if the guest asks for it.  SDM 3C, "EPT and Memory
 * Typing".
 */
static u64 make_entry(const struct ept_fault *f)
{
	u64 rights = EPT_READ, state = 0, type;
	bool write = f->access & EPT_WRITE;
	bool logged = f->slot->dirty;

	if (f->level == EPT_LEVEL_4K || !ept_config.nx_huge)
		rights |= EPT_EXEC;
	if (f->host.writable && !(f->slot->flags & KVM_MEM_READONLY) &&
	    (!logged || write || ept_config.caps.pml))
		rights |= EPT_WRITE;
	if (ept_config.caps.ad) {
		state = EPT_ACCESSED;
		/* Dirty already, unless PML is to see the first write. */
		if (rights & EPT_WRITE && (!logged || write))
			state |= EPT_DIRTY;
	}
	type = f->host.ram ? EPT_TYPE_WB | EPT_IGNORE_PAT : EPT_TYPE_UC;
	return ept_make_leaf(f->host.pfn, f->level, rights, type, state);
}

/*
 * Go down to the entry to write, making and splitting tables on the way.
 * NULL when the access is allowed already.  Lowers f->level where a table that
 * maps something is in the place of a large page: it was split for a reason.
 */
static u64 *reach_entry(struct vlm_vcpu *vcpu, struct vlm_ept_batch *batch, struct ept_fault *f)
{
	u64 *table = vcpu->vm->ept.root;
	int level = EPT_LEVEL_ROOT;

	for (;;) {
		u64 *entry = table + ept_index(f->gfn, level);
		u64 old = *entry;

		if (ept_is_leaf(old, level) && !(f->access & ~old))
			return NULL;
		if (level == f->level) {
			if (!ept_is_table(old, level) ||
			    !ept_table_used(__va(ept_addr(old))))
				return entry;
			f->level--;
		} else if (!ept_present(old)) {
			ept_add_table(vcpu->vm, batch, entry, level, ept_vcpu_take(vcpu));
		} else if (ept_is_leaf(old, level)) {
			ept_split(vcpu->vm, batch, entry, level, ept_vcpu_take(vcpu));
		}
		table = __va(ept_addr(*entry));
		level--;
	}
}

static void map_page(struct vlm_vcpu *vcpu, struct vlm_ept_batch *batch, struct ept_fault *f,
		     struct vlm_ept_result *out)
{
	u64 *entry = reach_entry(vcpu, batch, f);
	u64 new;

	if (!entry)
		return;
	new = make_entry(f);
	ept_set(vcpu->vm, batch, entry, f->level, new);
	out->level = f->level;
	if (!(new & EPT_WRITE))
		return;
	/*
	 * The host must know that the page may change.  Once is enough: before it
	 * takes the page for clean again it revokes the owner's right to write,
	 * and ours with it.  The page is there: to unmap it, the host's thread
	 * must get past the lock that is held here.
	 */
	if (f->host.page)
		set_page_dirty(f->host.page);
	if (f->access & EPT_WRITE)
		vlm_slot_mark_dirty(f->slot, f->gfn);
}

/* A slot that is about to come drops the page first: no slot was there, so far. */
static int map_own(struct vlm_vcpu *vcpu, struct ept_fault *f, struct vlm_ept_result *out)
{
	u64 state = ept_config.caps.ad ? EPT_ACCESSED | EPT_DIRTY : 0;
	struct vlm_vm *vm = vcpu->vm;
	struct vlm_ept_batch batch;
	u64 *entry;
	bool there;

	if (f->gfn != VLM_EPT_OWN_GFN || (f->access & EPT_EXEC) || !vlm_ept_own(vm))
		return FAULT_NO_MEMORY;
	f->level = EPT_LEVEL_4K;
	vlm_ept_begin(vm, &batch);
	there = vlm_ept_own(vm);
	entry = there ? reach_entry(vcpu, &batch, f) : NULL;
	if (entry) {
		ept_set(vm, &batch, entry, EPT_LEVEL_4K,
			ept_make_leaf(vm->ept.own >> PAGE_SHIFT, EPT_LEVEL_4K,
				      EPT_READ | EPT_WRITE, EPT_TYPE_WB | EPT_IGNORE_PAT, state));
		out->level = EPT_LEVEL_4K;
	}
	vlm_ept_end(vm, &batch);
	if (batch.flush)
		vlm_ept_sync(vm, &batch);
	return there ? 0 : FAULT_NO_MEMORY;
}

/* One attempt, with the slots locked.  Does not sleep. */
static int try_fault(struct vlm_vcpu *vcpu, struct ept_fault *f, struct vlm_ept_result *out)
{
	struct vlm_vm *vm = vcpu->vm;
	struct vlm_ept_batch batch;
	hva_t first, size;
	bool retry;
	u64 seq;

	f->slot = vlm_slot_find(vm, f->gfn);
	if (!f->slot)
		return map_own(vcpu, f, out);
	if (f->access & EPT_WRITE && f->slot->flags & KVM_MEM_READONLY)
		return FAULT_NO_MEMORY;
	f->hva = vlm_slot_hva(f->slot, f->gfn);

	seq = vlm_inval_seq(vm);
	if (!ept_host_lookup(vm->mm, f->hva, &f->host) ||
	    (f->access & EPT_WRITE && !f->host.writable))
		return FAULT_BRING_IN;
	f->level = choose_level(f);
	size = ept_frames(f->level) << PAGE_SHIFT;
	first = f->hva & ~(size - 1);

	vlm_ept_begin(vm, &batch);
	retry = vlm_inval_retry(vm, seq, first, first + size);
	if (!retry)
		map_page(vcpu, &batch, f, out);
	vlm_ept_end(vm, &batch);
	if (batch.flush)
		vlm_ept_sync(vm, &batch);
	return retry ? FAULT_AGAIN : 0;
}

static int try_locked(struct vlm_vcpu *vcpu, struct ept_fault *f, struct vlm_ept_result *out)
{
	int idx = vlm_mem_lock(vcpu->vm);
	int ret = try_fault(vcpu, f, out);

	vlm_mem_unlock(vcpu->vm, idx);
	return ret;
}

/* The slots are not locked while the host brings in the page: that may take long. */
static int fault_slow(struct vlm_vcpu *vcpu, struct ept_fault *f, struct vlm_ept_result *out)
{
	int ret;

	for (;;) {
		ret = ept_vcpu_top_up(vcpu);
		if (ret)
			return ret;
		ret = try_locked(vcpu, f, out);
		if (ret != FAULT_BRING_IN)
			break;
		ret = ept_host_fault_in(vcpu->vm->mm, f->hva, f->access & EPT_WRITE);
		if (ret)
			return ret;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	if (ret == FAULT_AGAIN) {
		/* The guest asks again, after whatever else the vCPU is asked to do. */
		cond_resched();
		return 0;
	}
	return ret;
}

int vlm_ept_fault(struct vlm_vcpu *vcpu, gpa_t gpa, u32 access, bool atomic,
		  struct vlm_ept_result *out)
{
	struct ept_fault f = { .gfn = gpa_to_gfn(gpa), .access = access };
	int ret;

	*out = (struct vlm_ept_result) {
		.gpa = gfn_to_gpa(f.gfn),
		.size = PAGE_SIZE,
	};
	if (!atomic)
		return fault_slow(vcpu, &f, out);
	/* Three levels may be missing below the root. */
	if (vcpu->ept.nr < EPT_LEVEL_ROOT - 1)
		return -EAGAIN;
	ret = try_locked(vcpu, &f, out);
	return ret > FAULT_NO_MEMORY ? -EAGAIN : ret;
}
