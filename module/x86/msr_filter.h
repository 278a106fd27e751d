/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which MSRs the guest may access at all: KVM_X86_SET_MSR_FILTER; and which
 * failed accesses user space wants to see: KVM_CAP_X86_USER_SPACE_MSR.
 */
#ifndef VELLUM_X86_MSR_FILTER_H
#define VELLUM_X86_MSR_FILTER_H

#include <linux/kvm.h>
#include <linux/rcupdate.h>

#include "../core/types.h"

/* What args[0] of KVM_CAP_X86_USER_SPACE_MSR may hold. */
#define VLM_MSR_EXIT_REASONS \
	(KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_FILTER)

struct vlm_msr_ranges;

/**
 * struct vlm_msr_filter - a VM's settings
 * @ranges: RCU readers; NULL: everything is allowed
 * @exits: KVM_MSR_EXIT_REASON_* that go to user space
 *
 * Changed under vm->lock.
 */
struct vlm_msr_filter {
	struct vlm_msr_ranges __rcu *ranges;
	u32 exits;
};

/**
 * vlm_msr_allowed() - does the filter let the guest access an MSR?
 * @vm: the VM
 * @index: the MSR
 * @access: KVM_MSR_FILTER_READ or KVM_MSR_FILTER_WRITE
 *
 * Context: any.
 */
bool vlm_msr_allowed(struct vlm_vm *vm, u32 index, u32 access);

/**
 * vlm_set_msr_filter() - KVM_X86_SET_MSR_FILTER
 *
 * Return: 0; -EINVAL for flags, sizes or an empty filter that denies; -EFAULT;
 * -ENOMEM.  Nothing changes on failure.  May sleep.
 */
long vlm_set_msr_filter(struct vlm_vm *vm, const struct kvm_msr_filter *in);
void vlm_msr_filter_destroy(struct vlm_vm *vm);

/** vlm_set_msr_exits() - KVM_CAP_X86_USER_SPACE_MSR; 0 or -EINVAL. */
long vlm_set_msr_exits(struct vlm_vm *vm, u64 reasons);

#endif /* VELLUM_X86_MSR_FILTER_H */
