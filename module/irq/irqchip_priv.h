/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the shared interrupt controllers know of each other.
 */
#ifndef VELLUM_IRQ_IRQCHIP_PRIV_H
#define VELLUM_IRQ_IRQCHIP_PRIV_H

#include "irqchip.h"

/* pic.c */

/** vlm_pic_create() - a PIC pair at its ports; vm->lock held. */
int vlm_pic_create(struct vlm_vm *vm);
/** vlm_pic_destroy() - off the bus and free; accepts a VM without one. */
void vlm_pic_destroy(struct vlm_vm *vm);
/** vlm_pic_get() - state of chip 0 or 1 as KVM's ABI has it. */
void vlm_pic_get(struct vlm_vm *vm, unsigned int chip, struct kvm_pic_state *out);
int vlm_pic_set(struct vlm_vm *vm, unsigned int chip, const struct kvm_pic_state *in);
/** vlm_pic_line() - as vlm_irq_set(), for one of 16 pins. */
int vlm_pic_line(struct vlm_vm *vm, u32 source, unsigned int pin, int level);

/* ioapic.c */

int vlm_ioapic_create(struct vlm_vm *vm);
void vlm_ioapic_destroy(struct vlm_vm *vm);
void vlm_ioapic_get(struct vlm_vm *vm, struct kvm_ioapic_state *out);
int vlm_ioapic_set(struct vlm_vm *vm, const struct kvm_ioapic_state *in);
int vlm_ioapic_line(struct vlm_vm *vm, u32 source, unsigned int pin, int level);
/** vlm_ioapic_scan() - compute vlm_irq.eoi_vectors afresh. */
void vlm_ioapic_scan(struct vlm_vm *vm);

/* pit.c */

/** vlm_pit_unmasked() - its line was unmasked: ticks before that are history. */
void vlm_pit_unmasked(struct vlm_vm *vm);

/* irqchip.c */

/** vlm_irq_unmasked() - a pin was unmasked; device locks may be held. */
void vlm_irq_unmasked(struct vlm_vm *vm, unsigned int chip, unsigned int pin);

/**
 * vlm_irq_acked() - tell who waits for it that a pin was acknowledged
 *
 * Context: as struct vlm_irq_ack says; no device lock held.
 */
void vlm_irq_acked(struct vlm_vm *vm, unsigned int chip, unsigned int pin);
/** vlm_irq_has_ack() - does somebody wait?  RCU read side. */
bool vlm_irq_has_ack(struct vlm_vm *vm, unsigned int chip, unsigned int pin);
/** vlm_irq_ack_add() - begin to wait; vlm_irq.lock held. */
void vlm_irq_ack_add(struct vlm_vm *vm, struct vlm_irq_ack *ack);
/** vlm_irq_ack_remove() - on return @ack is no longer used; may sleep. */
void vlm_irq_ack_remove(struct vlm_vm *vm, struct vlm_irq_ack *ack);

/**
 * vlm_line_update() - one source of a line changed
 * @sources: set of sources that pull at it
 *
 * Return: the line's level.
 */
static inline bool vlm_line_update(u8 *sources, u32 source, int level)
{
	if (level)
		*sources |= BIT(source);
	else
		*sources &= ~BIT(source);
	return *sources;
}

#endif /* VELLUM_IRQ_IRQCHIP_PRIV_H */
