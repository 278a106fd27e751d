/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 8254 timer of a PC, and port 61h that belongs to its channel 2.
 */
#ifndef VELLUM_IRQ_PIT_H
#define VELLUM_IRQ_PIT_H

#include <linux/kvm.h>

#include "../core/types.h"

#define VLM_PIT_GSI	0	/* the line that it drives */

/**
 * vlm_pit_create() - KVM_CREATE_PIT2
 * @vm: the VM
 * @flags: KVM_PIT_SPEAKER_DUMMY
 *
 * Return: 0; -EEXIST when there is one; -ENOENT without irqchip; -EINVAL;
 * -ENOMEM.  Context: may sleep.
 */
int vlm_pit_create(struct vlm_vm *vm, u32 flags);

/** vlm_pit_destroy() - accepts a VM without one.  May sleep. */
void vlm_pit_destroy(struct vlm_vm *vm);

/* KVM_GET_PIT2, KVM_SET_PIT2, KVM_REINJECT_CONTROL; -ENXIO without a PIT. */
int vlm_pit_get(struct vlm_vm *vm, struct kvm_pit_state2 *out);
int vlm_pit_set(struct vlm_vm *vm, const struct kvm_pit_state2 *in);
int vlm_pit_set_reinject(struct vlm_vm *vm, bool reinject);

#endif /* VELLUM_IRQ_PIT_H */
