/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts from event file descriptors, guest writes to them, and guest
 * writes that are put by for later.
 */
#ifndef VELLUM_IRQ_EVENTFD_H
#define VELLUM_IRQ_EVENTFD_H

#include <linux/kvm.h>

#include "../core/types.h"

int vlm_irqfd_init(void);
void vlm_irqfd_exit(void);

/** vlm_irqfd() - KVM_IRQFD.  May sleep. */
int vlm_irqfd(struct vlm_vm *vm, const struct kvm_irqfd *args);

/** vlm_irqfd_destroy() - detach all; none sends anything any more.  May sleep. */
void vlm_irqfd_destroy(struct vlm_vm *vm);

/** vlm_ioeventfd() - KVM_IOEVENTFD.  May sleep. */
int vlm_ioeventfd(struct vlm_vm *vm, const struct kvm_ioeventfd *args);

/** vlm_ioeventfd_destroy() - detach all; the buses are gone already. */
void vlm_ioeventfd_destroy(struct vlm_vm *vm);

/** vlm_coalesced_add() - KVM_REGISTER_COALESCED_MMIO.  May sleep. */
int vlm_coalesced_add(struct vlm_vm *vm, const struct kvm_coalesced_mmio_zone *zone);

/** vlm_coalesced_remove() - KVM_UNREGISTER_COALESCED_MMIO.  May sleep. */
int vlm_coalesced_remove(struct vlm_vm *vm, const struct kvm_coalesced_mmio_zone *zone);

/** vlm_coalesced_destroy() - free all zones; the buses are gone already. */
void vlm_coalesced_destroy(struct vlm_vm *vm);

#endif /* VELLUM_IRQ_EVENTFD_H */
