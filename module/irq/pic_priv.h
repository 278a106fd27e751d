/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the chips and their ports share.
 */
#ifndef VELLUM_IRQ_PIC_PRIV_H
#define VELLUM_IRQ_PIC_PRIV_H

#include <linux/bits.h>

#include "../core/vcpu.h"
#include "irqchip_priv.h"

enum { PIC_MASTER, PIC_SLAVE };

#define PIC_CASCADE	2	/* input of the master that the slave drives */
#define PIC_NO_LEVEL	8
#define PIC_PLACES	3	/* on the bus: master, slave, ELCR */

/* What the data port takes next. */
enum { AT_IMR, AT_ICW2, AT_ICW3, AT_ICW4 };

/**
 * struct vlm_pic - the pair
 * @lock: guards all of it; taken with interrupts off
 * @vm: [I] the VM
 * @chip: registers, in the form of KVM's ABI: master, slave
 * @sources: who pulls at each pin
 * @output: INTR to the processor; read without the lock
 * @ports: [I] its places on the bus
 */
struct vlm_pic {
	spinlock_t lock;
	struct vlm_vm *vm;
	struct kvm_pic_state chip[2];
	u8 sources[VLM_PIC_PINS];
	bool output;
	struct vlm_iodev ports[PIC_PLACES];
};

/** pic_first() - place of the first of @levels by priority, or PIC_NO_LEVEL. */
unsigned int pic_first(const struct kvm_pic_state *c, u8 levels);
/** pic_wanted() - the input that chip @n would have served now, or -1. */
int pic_wanted(const struct vlm_pic *pic, unsigned int n);
/** pic_take() - a chip's part in an INTA cycle; pins whose service ended. */
u16 pic_take(struct vlm_pic *pic, unsigned int n, unsigned int level);
/** pic_end() - end the service of a level; its pin, as a bit. */
u16 pic_end(struct vlm_pic *pic, unsigned int n, unsigned int level);
/** pic_settle() - after a change that ended interrupts at the pins @acked. */
void pic_settle(struct vlm_pic *pic, u16 acked);

/** pic_ports_plug() - put the chips on the bus; vm->lock held. */
int pic_ports_plug(struct vlm_pic *pic);
void pic_ports_unplug(struct vlm_pic *pic);

#endif /* VELLUM_IRQ_PIC_PRIV_H */
