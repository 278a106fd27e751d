// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pair of 8259A interrupt controllers of a PC, with the edge/level control
 * registers of its chip set.  Datasheet "8259A Programmable Interrupt
 * Controller"; for ELCR, "82371AB PCI-TO-ISA / IDE XCELERATOR (PIIX4)".
 */
#include "../vellum.h"

#include <linux/slab.h>
#include <linux/string.h>

#include "lapic.h"
#include "pic_priv.h"

#define SPURIOUS	7

/* Lines that ELCR cannot make level-triggered: timer, keyboard, cascade; RTC, FPU. */
#define ELCR_MASTER	0xf8
#define ELCR_SLAVE	0xde

/* Place of the first of @levels in the order of priority, or PIC_NO_LEVEL. */
unsigned int pic_first(const struct kvm_pic_state *c, u8 levels)
{
	levels = ror8(levels, c->priority_add);
	return levels ? __ffs(levels) : PIC_NO_LEVEL;
}

/* The input that a chip would have served now, or -1. */
int pic_wanted(const struct vlm_pic *pic, unsigned int n)
{
	const struct kvm_pic_state *c = &pic->chip[n];
	unsigned int place, busy, level;
	u8 isr = c->isr;

	place = pic_first(c, c->irr & ~c->imr);
	if (place == PIC_NO_LEVEL)
		return -1;
	/* In special mask mode a level that is masked inhibits nobody. */
	if (c->special_mask)
		isr &= ~c->imr;
	busy = pic_first(c, isr);
	level = (place + c->priority_add) & 7;
	if (place < busy)
		return level;
	/* In special fully nested mode the slave may interrupt its own. */
	if (place == busy && level == PIC_CASCADE && n == PIC_MASTER &&
	    c->special_fully_nested_mode)
		return level;
	return -1;
}

/* Follows a pin.  1: a new request, 0: merged with an old one, -1: masked. */
static int input(struct kvm_pic_state *c, unsigned int level, bool high)
{
	u8 bit = BIT(level);
	int ret = 1;

	if (high && ((c->elcr & bit) || !(c->last_irr & bit))) {
		ret = !(c->irr & bit);
		c->irr |= bit;
	} else if (!high && (c->elcr & bit)) {
		c->irr &= ~bit;
	}
	if (high)
		c->last_irr |= bit;
	else
		c->last_irr &= ~bit;
	return c->imr & bit ? -1 : ret;
}

/* Brings the output up to date.  True: the processor must look at it. */
static bool update(struct vlm_pic *pic)
{
	bool before = pic->output;

	if (pic_wanted(pic, PIC_SLAVE) >= 0)
		pic->chip[PIC_MASTER].irr |= BIT(PIC_CASCADE);
	WRITE_ONCE(pic->output, pic_wanted(pic, PIC_MASTER) >= 0);
	return pic->output && !before;
}

/* Ends the service of a level.  The pin it is, as a bit. */
u16 pic_end(struct vlm_pic *pic, unsigned int n, unsigned int level)
{
	pic->chip[n].isr &= ~BIT(level);
	return BIT(level) << (n == PIC_SLAVE ? 8 : 0);
}

/*
 * After a change that may have ended interrupts: first those who pull at the
 * lines hear of it and may let go, then the output is computed.  The other way
 * round, a line that goes down now would raise a spurious interrupt.
 */
void pic_settle(struct vlm_pic *pic, u16 acked)
{
	unsigned long flags, pins = acked;
	unsigned int pin;
	bool rose;

	for_each_set_bit(pin, &pins, VLM_PIC_PINS)
		vlm_irq_acked(pic->vm, KVM_IRQCHIP_PIC_MASTER, pin);

	spin_lock_irqsave(&pic->lock, flags);
	rose = update(pic);
	spin_unlock_irqrestore(&pic->lock, flags);
	if (rose)
		vlm_lapic_pic_changed(pic->vm);
}

int vlm_pic_line(struct vlm_vm *vm, u32 source, unsigned int pin, int level)
{
	struct vlm_pic *pic = vm->irq.pic;
	unsigned long flags;
	bool high, rose;
	int ret;

	spin_lock_irqsave(&pic->lock, flags);
	high = vlm_line_update(&pic->sources[pin], source, level);
	ret = input(&pic->chip[pin / 8], pin % 8, high);
	rose = update(pic);
	spin_unlock_irqrestore(&pic->lock, flags);
	if (rose)
		vlm_lapic_pic_changed(vm);
	return ret;
}

/* One chip's part in an INTA cycle.  Pins whose service ended at once. */
u16 pic_take(struct vlm_pic *pic, unsigned int n, unsigned int level)
{
	struct kvm_pic_state *c = &pic->chip[n];

	c->isr |= BIT(level);
	/* A level request stands as long as the line is high. */
	if (!(c->elcr & BIT(level)))
		c->irr &= ~BIT(level);
	if (!c->auto_eoi)
		return 0;
	if (c->rotate_on_auto_eoi)
		c->priority_add = (level + 1) & 7;
	return pic_end(pic, n, level);
}

int vlm_pic_ack(struct vlm_vm *vm)
{
	struct vlm_pic *pic = vm->irq.pic;
	unsigned long flags;
	int level, vector;
	u16 acked = 0;

	if (vlm_irq_mode(vm) != IRQCHIP_KERNEL)
		return -1;

	spin_lock_irqsave(&pic->lock, flags);
	WRITE_ONCE(pic->output, false);
	level = pic_wanted(pic, PIC_MASTER);
	if (level >= 0)
		acked = pic_take(pic, PIC_MASTER, level);
	else
		level = SPURIOUS;
	vector = pic->chip[PIC_MASTER].irq_base + level;
	/* The spurious level is not the cascade, so a slave is asked for a reason. */
	if (level == PIC_CASCADE) {
		level = pic_wanted(pic, PIC_SLAVE);
		if (level >= 0)
			acked |= pic_take(pic, PIC_SLAVE, level);
		else
			level = SPURIOUS;
		vector = pic->chip[PIC_SLAVE].irq_base + level;
	}
	spin_unlock_irqrestore(&pic->lock, flags);
	pic_settle(pic, acked);
	return vector;
}

bool vlm_pic_pending(struct vlm_vm *vm)
{
	return vlm_irq_mode(vm) == IRQCHIP_KERNEL && READ_ONCE(vm->irq.pic->output);
}

void vlm_pic_get(struct vlm_vm *vm, unsigned int chip, struct kvm_pic_state *out)
{
	struct vlm_pic *pic = vm->irq.pic;
	unsigned long flags;

	spin_lock_irqsave(&pic->lock, flags);
	*out = pic->chip[chip];
	spin_unlock_irqrestore(&pic->lock, flags);
}

int vlm_pic_set(struct vlm_vm *vm, unsigned int chip, const struct kvm_pic_state *in)
{
	struct vlm_pic *pic = vm->irq.pic;
	struct kvm_pic_state *c = &pic->chip[chip];
	unsigned long flags;

	if (in->priority_add > 7 || in->init_state > AT_ICW4)
		return -EINVAL;

	spin_lock_irqsave(&pic->lock, flags);
	*c = *in;
	c->irq_base &= 0xf8;
	c->elcr_mask = chip == PIC_SLAVE ? ELCR_SLAVE : ELCR_MASTER;
	c->elcr &= c->elcr_mask;
	/* The processor is told again, whatever it knew. */
	WRITE_ONCE(pic->output, false);
	spin_unlock_irqrestore(&pic->lock, flags);
	pic_settle(pic, 0);
	return 0;
}

int vlm_pic_create(struct vlm_vm *vm)
{
	struct vlm_pic *pic;

	pic = kzalloc(sizeof(*pic), GFP_KERNEL_ACCOUNT);
	if (!pic)
		return -ENOMEM;
	spin_lock_init(&pic->lock);
	pic->vm = vm;
	pic->chip[PIC_MASTER].elcr_mask = ELCR_MASTER;
	pic->chip[PIC_SLAVE].elcr_mask = ELCR_SLAVE;
	vm->irq.pic = pic;
	return pic_ports_plug(pic);
}

void vlm_pic_destroy(struct vlm_vm *vm)
{
	struct vlm_pic *pic = vm->irq.pic;

	if (!pic)
		return;
	pic_ports_unplug(pic);
	vm->irq.pic = NULL;
	kfree(pic);
}
