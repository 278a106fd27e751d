/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest-physical memory: slots of the owner's address space.
 *
 * A slot maps guest frames to a range of the owner's virtual addresses.  The
 * set of slots is an immutable snapshot: changed by publishing another one,
 * read under SRCU.  See docs/locking.md.
 */
#ifndef VELLUM_MEM_MEM_H
#define VELLUM_MEM_MEM_H

#include <linux/kvm.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

#include "../core/types.h"
#include "slots.h"

/**
 * struct vlm_inval - host invalidations that are going on, and that ended
 * @lock: guards the rest; innermost, held for a few instructions
 * @count: [i] invalidations begun and not ended
 * @start: [i] lowest address of those, while @count is not 0
 * @end: [i] end of the highest
 * @seq: [i] invalidations that ended
 *
 * Letters: [i] under @lock.
 */
struct vlm_inval {
	spinlock_t lock;
	unsigned long count;
	hva_t start;
	hva_t end;
	u64 seq;
};

/**
 * struct vlm_mem - guest memory of a VM
 * @lock: guards changes of the slots and of the dirty log's settings
 * @srcu: protects @slots and every slot in it
 * @slots: [s] the current snapshot, never NULL between init and destroy
 * @nr_logged: [m] slots with a dirty log; read without the lock
 * @dirty_caps: [m] KVM_DIRTY_LOG_* that were enabled
 * @notifier: [I] tells us what happens to the owner's address space
 * @registered: [I] @notifier is registered
 * @srcu_ready: [I] @srcu is initialised
 * @inval: the notifier's handshake with page faults
 *
 * Letters: [I] immutable after creation, [m] under @lock, [s] published under
 * @lock, read under @srcu.
 */
struct vlm_mem {
	struct mutex lock;
	struct srcu_struct srcu;
	struct vlm_slots __rcu *slots;
	unsigned int nr_logged;
	u64 dirty_caps;
	struct mmu_notifier notifier;
	bool registered;
	bool srcu_ready;
	struct vlm_inval inval;
};

/**
 * struct vlm_word - eight bytes of guest memory
 * @hva: where
 * @value: what they held
 * @mask: bits that matter
 */
struct vlm_word {
	hva_t hva;
	u64 value;
	u64 mask;
};

/**
 * vlm_mem_init() - no slots yet; listen to the address space vm->mm
 *
 * vm->ept must be initialised before.
 *
 * Return: 0, -ENOMEM, -EINTR.  Context: may sleep, current->mm is vm->mm.  On
 * failure the caller calls vlm_mem_destroy().
 */
int vlm_mem_init(struct vlm_vm *vm);

/**
 * vlm_mem_destroy() - free all; accepts half-built and zeroed
 *
 * Comes before the vCPUs are freed, as notifiers may want to kick them until
 * this returns, and before vlm_ept_destroy().  Context: may sleep; no vCPU
 * runs; any process, as vm->mm may be gone.
 */
void vlm_mem_destroy(struct vlm_vm *vm);

/** vlm_mem_lock() - slots found from here on live until vlm_mem_unlock(). */
int vlm_mem_lock(struct vlm_vm *vm);
void vlm_mem_unlock(struct vlm_vm *vm, int idx);

/**
 * vlm_slots_generation() - another one after each change of the slots
 *
 * What was found out about frames and slots under one holds as long as it is the
 * same.  Context: any, under vlm_mem_lock().
 */
u64 vlm_slots_generation(struct vlm_vm *vm);

/**
 * vlm_slot_find() - the slot that holds @gfn, or NULL
 *
 * Context: any, under vlm_mem_lock().
 */
struct vlm_slot *vlm_slot_find(struct vlm_vm *vm, gfn_t gfn);

/**
 * vlm_mem_set_region() - KVM_SET_USER_MEMORY_REGION
 *
 * Return: 0; -EINVAL for a bad or impossible request; -EEXIST when it would
 * overlap another slot; -ENOMEM.  Context: may sleep.
 */
long vlm_mem_set_region(struct vlm_vm *vm, const struct kvm_userspace_memory_region *region);

/**
 * vlm_mem_max_gfn() - the last guest frame that a slot may hold
 */
gfn_t vlm_mem_max_gfn(void);

/**
 * vlm_mem_read() - copy from guest memory
 *
 * Return: 0, or -EFAULT when part of it is in no slot or cannot be read.
 * Context: may sleep; current->mm is vm->mm; the caller's PKRU is in force.
 */
int vlm_mem_read(struct vlm_vm *vm, gpa_t gpa, void *buf, size_t len);

/**
 * vlm_mem_read_entry() - read an entry of a table, 4 or 8 bytes, aligned
 *
 * Return: 0 or -EFAULT.  Context: as vlm_mem_read(), under vlm_mem_lock().
 */
int vlm_mem_read_entry(struct vlm_vm *vm, gpa_t gpa, void *entry, unsigned int size);

/**
 * vlm_mem_is_still() - do these words still hold what they did?
 * @words: each with its host address, from vlm_slot_hva() of the current slots
 * @n: how many
 *
 * Return: false also when the host would have to bring a page in.  Context: as
 * vlm_mem_read_nofault(), under vlm_mem_lock().
 */
bool vlm_mem_is_still(const struct vlm_word *words, unsigned int n);

/**
 * vlm_mem_write() - copy to guest memory, and mark it dirty
 *
 * Return: 0, or -EFAULT, also for a read-only slot; what comes before the bad
 * page is written then.  Context: as vlm_mem_read().
 */
int vlm_mem_write(struct vlm_vm *vm, gpa_t gpa, const void *buf, size_t len);

/**
 * vlm_mem_read_nofault() - the same, of what is at hand; and
 * vlm_mem_write_nofault()
 *
 * Return: 0; -EFAULT also when the host would have to bring the page in, or the
 * guest's PKRU denies it.  Context: any but NMI; does not sleep; current->mm is
 * vm->mm.  @len does not go beyond the page.
 */
int vlm_mem_read_nofault(struct vlm_vm *vm, gpa_t gpa, void *buf, size_t len);
int vlm_mem_write_nofault(struct vlm_vm *vm, gpa_t gpa, const void *buf, size_t len);

/** vlm_mem_has() - is there memory at @gpa?  Context: any but NMI. */
bool vlm_mem_has(struct vlm_vm *vm, gpa_t gpa);

/**
 * vlm_mem_cmpxchg32() - replace @old by @new in guest memory, atomically
 *
 * For accessed and dirty flags in guest page tables.
 *
 * Return: 0; -EAGAIN when the value was not @old; -EFAULT; -EINVAL when @gpa
 * is not aligned.  Context: as vlm_mem_read().
 */
int vlm_mem_cmpxchg32(struct vlm_vm *vm, gpa_t gpa, u32 old, u32 new);
int vlm_mem_cmpxchg64(struct vlm_vm *vm, gpa_t gpa, u64 old, u64 new);

/**
 * vlm_mem_mark_dirty() - note in the dirty log that @gfn was written
 *
 * For each address in the page-modification log too.  That log must be drained
 * after a VM exit before interrupts come on and before the vCPU counts as
 * outside, so that after vlm_vm_request_sync() nothing older is left in it.
 *
 * Context: any but NMI; does not sleep; interrupts may be off.
 */
void vlm_mem_mark_dirty(struct vlm_vm *vm, gfn_t gfn);

/** vlm_slot_mark_dirty() - likewise, for who has found the slot already. */
void vlm_slot_mark_dirty(const struct vlm_slot *slot, gfn_t gfn);

/**
 * vlm_mem_is_logged() - is there a dirty log?  Without one, PML is not needed.
 *
 * To be asked before entry to the section and after each VLM_REQ_LEAVE.
 */
bool vlm_mem_is_logged(const struct vlm_vm *vm);

/** vlm_mem_get_dirty_log() - KVM_GET_DIRTY_LOG.  May sleep. */
long vlm_mem_get_dirty_log(struct vlm_vm *vm, const struct kvm_dirty_log *log);

/** vlm_mem_clear_dirty_log() - KVM_CLEAR_DIRTY_LOG.  May sleep. */
long vlm_mem_clear_dirty_log(struct vlm_vm *vm, const struct kvm_clear_dirty_log *log);

/**
 * vlm_mem_set_dirty_caps() - KVM_ENABLE_CAP of KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2
 * @vm: the VM
 * @caps: args[0]
 *
 * KVM_CHECK_EXTENSION answers VLM_DIRTY_LOG_CAPS.
 *
 * Return: 0, or -EINVAL for bits that are not offered.
 */
long vlm_mem_set_dirty_caps(struct vlm_vm *vm, u64 caps);

#define VLM_DIRTY_LOG_CAPS \
	(KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET)

/*
 * For ept/ only: may the host's page table, looked up after vlm_inval_seq(),
 * have changed since in [start, end), or be about to?  Asked with the EPT lock
 * held.
 */
u64 vlm_inval_seq(struct vlm_vm *vm);
bool vlm_inval_retry(struct vlm_vm *vm, u64 seq, hva_t start, hva_t end);

#endif /* VELLUM_MEM_MEM_H */
