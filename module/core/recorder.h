/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorder of a vCPU, and its part of the VM's ledger.
 */
#ifndef VELLUM_CORE_RECORDER_H
#define VELLUM_CORE_RECORDER_H

#include <linux/mm_types.h>
#include <vellum.h>

#include "../exits/exit.h"

#define VLM_LEDGER_SLOTS	1024

/**
 * struct vlm_ledger_slot - exits of one reason and cause
 * @cause: see vlm_exit_cause()
 * @reason: basic exit reason
 * @count: 0: the slot is free
 * @host: ticks
 */
struct vlm_ledger_slot {
	u64 cause;
	u64 reason;
	u64 count;
	u64 host;
};

/**
 * struct vlm_recorder - what a vCPU records; written by its thread
 * @on: VELLUM_RECORD_* in force, written by anyone
 * @ring: mapped by user space to be read: struct vellum_ring, then records
 * @records: in @ring
 * @slots: the ledger; EPT violations have the upper half for themselves
 * @rest: by reason, what found no slot
 */
struct vlm_recorder {
	u32 on;
	struct vellum_ring *ring;
	struct vellum_exit *records;
	struct vlm_ledger_slot slots[VLM_LEDGER_SLOTS];
	struct vlm_ledger_slot rest[VLM_EXIT_ROWS + 1];
};

/** vlm_record() - VELLUM_RECORD.  May sleep. */
long vlm_record(struct vlm_vm *vm, unsigned long what);

/** vlm_record_vcpu() - a vCPU joins a VM that records.  Context: vm->lock. */
int vlm_record_vcpu(struct vlm_vcpu *vcpu);

/** vlm_record_end() - the VM goes. */
void vlm_record_end(struct vlm_vm *vm);

void vlm_recorder_free(struct vlm_vcpu *vcpu);

/** vlm_recorder_page() - page @n of the ring, NULL: there is none. */
struct page *vlm_recorder_page(struct vlm_vcpu *vcpu, unsigned long n);

/** vlm_record_exit() - in the section, after an exit. */
void vlm_record_exit(struct vlm_vcpu *vcpu, struct vlm_recorder *r, const struct vlm_exit *exit,
		     u32 reads);

/** vlm_record_entry() - before the entry that follows, @host ticks later. */
void vlm_record_entry(struct vlm_vcpu *vcpu, struct vlm_recorder *r, u64 host);

/** vlm_recorder_freeze() - KVM_RUN returns: keep the ring if the guest died. */
void vlm_recorder_freeze(struct vlm_vcpu *vcpu, struct vlm_recorder *r);

/** vlm_recorder_wants_df() - does a double fault have to be seen? */
bool vlm_recorder_wants_df(const struct vlm_vcpu *vcpu);

/** vlm_ledger_fd() - VELLUM_GET_LEDGER_FD: a descriptor, or errno.  May sleep. */
long vlm_ledger_fd(struct vlm_vm *vm);

#endif /* VELLUM_CORE_RECORDER_H */
