/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From an interrupt line to the pins and messages behind it.
 */
#ifndef VELLUM_IRQ_ROUTING_H
#define VELLUM_IRQ_ROUTING_H

#include "irqchip.h"

struct vlm_routing;

/**
 * vlm_routing_default() - lines 0 to 15 to PIC and I/O APIC, to 23 to the latter
 *
 * Context: vlm_irq.lock held, may sleep.
 */
int vlm_routing_default(struct vlm_vm *vm);

/** vlm_routing_empty() - no line goes anywhere. */
int vlm_routing_empty(struct vlm_vm *vm);

/**
 * vlm_routing_set() - KVM_SET_GSI_ROUTING
 * @vm: the VM
 * @entries: the new table, checked here
 * @nr: number of @entries
 *
 * All or nothing.  Return: 0, -EINVAL, -ENOMEM.  Context: vlm_irq.lock held,
 * may sleep.
 */
int vlm_routing_set(struct vlm_vm *vm, const struct kvm_irq_routing_entry *entries, u32 nr);

/** vlm_routing_destroy() - free the table; nobody uses it any more. */
void vlm_routing_destroy(struct vlm_vm *vm);

/**
 * vlm_routing_gsi() - the line that goes to a pin
 *
 * Return: the line or -1.  Context: RCU read side.
 */
int vlm_routing_gsi(struct vlm_vm *vm, unsigned int chip, unsigned int pin);

/** vlm_routing_scan() - in split mode, compute vlm_irq.eoi_vectors afresh. */
void vlm_routing_scan(struct vlm_vm *vm);

#endif /* VELLUM_IRQ_ROUTING_H */
