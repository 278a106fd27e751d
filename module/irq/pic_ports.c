// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ports of the PIC pair: command words in, registers out.
 */
#include "../vellum.h"

#include <linux/bitops.h>
#include <linux/kernel.h>

#include "pic_priv.h"

/* Initialization command words. */
#define ICW1_IC4	BIT(0)
#define ICW1		BIT(4)
#define ICW4_AEOI	BIT(1)
#define ICW4_SFNM	BIT(4)

/* Operation command words. */
#define OCW2_LEVEL	0x07
#define OCW3		BIT(3)
#define OCW3_RIS	BIT(0)
#define OCW3_RR		BIT(1)
#define OCW3_POLL	BIT(2)
#define OCW3_SMM	BIT(5)
#define OCW3_ESMM	BIT(6)

#define POLL_PENDING	BIT(7)

/* ICW1 begins again; what was under way ends. */
static u16 initialize(struct vlm_pic *pic, unsigned int n, u8 value)
{
	struct kvm_pic_state *c = &pic->chip[n];
	u16 ended = c->isr | (c->irr & ~c->elcr);

	c->last_irr = 0;
	c->irr &= c->elcr;
	c->imr = 0;
	c->isr = 0;
	c->priority_add = 0;
	c->special_mask = 0;
	c->read_reg_select = 0;
	c->poll = 0;
	c->init4 = value & ICW1_IC4;
	if (!c->init4) {
		c->special_fully_nested_mode = 0;
		c->auto_eoi = 0;
	}
	c->init_state = AT_ICW2;
	return ended << (n == PIC_SLAVE ? 8 : 0);
}

static u16 write_ocw2(struct vlm_pic *pic, unsigned int n, u8 value)
{
	struct kvm_pic_state *c = &pic->chip[n];
	unsigned int level = value & OCW2_LEVEL;
	unsigned int place;

	switch (value >> 5) {
	case 0:	/* rotate in automatic EOI mode: clear */
	case 4:	/* set */
		c->rotate_on_auto_eoi = !!(value & BIT(7));
		return 0;
	case 1:	/* EOI, of the highest level in service */
	case 5:	/* the same, and it becomes the lowest */
		place = pic_first(c, c->isr);
		if (place == PIC_NO_LEVEL)
			return 0;
		level = (place + c->priority_add) & 7;
		if (value & BIT(7))
			c->priority_add = (level + 1) & 7;
		return pic_end(pic, n, level);
	case 7:	/* EOI of one level, which becomes the lowest */
		c->priority_add = (level + 1) & 7;
		fallthrough;
	case 3:	/* EOI of one level */
		return pic_end(pic, n, level);
	case 6:	/* a level becomes the lowest */
		c->priority_add = (level + 1) & 7;
		return 0;
	}
	return 0;
}

static u16 write_command(struct vlm_pic *pic, unsigned int n, u8 value)
{
	struct kvm_pic_state *c = &pic->chip[n];

	if (value & ICW1)
		return initialize(pic, n, value);
	if (!(value & OCW3))
		return write_ocw2(pic, n, value);
	if (value & OCW3_POLL)
		c->poll = 1;
	if (value & OCW3_RR)
		c->read_reg_select = value & OCW3_RIS;
	if (value & OCW3_ESMM)
		c->special_mask = !!(value & OCW3_SMM);
	return 0;
}

static void write_mask(struct vlm_pic *pic, unsigned int n, u8 value)
{
	unsigned long opened = pic->chip[n].imr & ~value;
	unsigned int level;

	pic->chip[n].imr = value;
	for_each_set_bit(level, &opened, 8)
		vlm_irq_unmasked(pic->vm, KVM_IRQCHIP_PIC_MASTER, level + 8 * n);
}

static void write_data(struct vlm_pic *pic, unsigned int n, u8 value)
{
	struct kvm_pic_state *c = &pic->chip[n];

	switch (c->init_state) {
	case AT_IMR:
		write_mask(pic, n, value);
		break;
	case AT_ICW2:
		c->irq_base = value & 0xf8;
		c->init_state = AT_ICW3;
		break;
	case AT_ICW3:	/* how the chips are wired does not change */
		c->init_state = c->init4 ? AT_ICW4 : AT_IMR;
		break;
	case AT_ICW4:
		c->special_fully_nested_mode = !!(value & ICW4_SFNM);
		c->auto_eoi = !!(value & ICW4_AEOI);
		c->init_state = AT_IMR;
		break;
	}
}

/* A poll is an INTA cycle by way of a read. */
static u8 poll(struct vlm_pic *pic, unsigned int n, u16 *acked)
{
	int level = pic_wanted(pic, n);

	pic->chip[n].poll = 0;
	if (n == PIC_SLAVE)
		pic->chip[PIC_MASTER].irr &= ~BIT(PIC_CASCADE);
	else
		WRITE_ONCE(pic->output, false);
	if (level < 0)
		return 0;
	*acked = pic_take(pic, n, level);
	return POLL_PENDING | level;
}

static u8 read_register(const struct kvm_pic_state *c, bool data)
{
	if (data)
		return READ_ONCE(c->imr);
	return READ_ONCE(c->read_reg_select) ? READ_ONCE(c->isr) : READ_ONCE(c->irr);
}

static noinline u8 read_polled(struct vlm_pic *pic, unsigned int n, bool data)
{
	const struct kvm_pic_state *c = &pic->chip[n];
	unsigned long flags;
	u16 acked = 0;
	u8 value;

	spin_lock_irqsave(&pic->lock, flags);
	value = c->poll ? poll(pic, n, &acked) : read_register(c, data);
	spin_unlock_irqrestore(&pic->lock, flags);
	pic_settle(pic, acked);
	return value;
}

/* An 8-bit device: the chip set makes single cycles of a wider access. */
static int pic_read(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
		    void *data)
{
	struct vlm_pic *pic = vcpu->vm->irq.pic;
	unsigned int n = dev == &pic->ports[PIC_SLAVE] ? PIC_SLAVE : PIC_MASTER;
	const struct kvm_pic_state *c = &pic->chip[n];
	u8 *byte = data;

	/* To read a register changes nothing, and needs no lock. */
	for (; len; len--, addr++)
		*byte++ = READ_ONCE(c->poll) ? read_polled(pic, n, addr & 1) :
					       read_register(c, addr & 1);
	return BUS_HANDLED;
}

static int pic_write(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
		     const void *data)
{
	struct vlm_pic *pic = vcpu->vm->irq.pic;
	unsigned int n = dev == &pic->ports[PIC_SLAVE] ? PIC_SLAVE : PIC_MASTER;
	const u8 *byte = data;
	unsigned long flags;
	u16 acked;

	for (; len; len--, addr++, byte++) {
		acked = 0;
		spin_lock_irqsave(&pic->lock, flags);
		if (addr & 1)
			write_data(pic, n, *byte);
		else
			acked = write_command(pic, n, *byte);
		spin_unlock_irqrestore(&pic->lock, flags);
		pic_settle(pic, acked);
	}
	return BUS_HANDLED;
}

static const struct vlm_iodev_ops pic_ops = { .read = pic_read, .write = pic_write };

static int elcr_read(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
		     void *data)
{
	struct vlm_pic *pic = vcpu->vm->irq.pic;
	u8 *byte = data;

	for (; len; len--, addr++)
		*byte++ = READ_ONCE(pic->chip[addr & 1].elcr);
	return BUS_HANDLED;
}

static int elcr_write(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
		      const void *data)
{
	struct vlm_pic *pic = vcpu->vm->irq.pic;
	const u8 *byte = data;
	unsigned long flags;

	spin_lock_irqsave(&pic->lock, flags);
	for (; len; len--, addr++)
		pic->chip[addr & 1].elcr = *byte++ & pic->chip[addr & 1].elcr_mask;
	spin_unlock_irqrestore(&pic->lock, flags);
	return BUS_HANDLED;
}

static const struct vlm_iodev_ops elcr_ops = { .read = elcr_read, .write = elcr_write };

static const struct {
	gpa_t start;
	const struct vlm_iodev_ops *ops;
} places[PIC_PLACES] = {
	[PIC_MASTER] = { 0x20, &pic_ops },
	[PIC_SLAVE] = { 0xa0, &pic_ops },
	{ 0x4d0, &elcr_ops },
};

int pic_ports_plug(struct vlm_pic *pic)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < PIC_PLACES; i++) {
		pic->ports[i].ops = places[i].ops;
		pic->ports[i].start = places[i].start;
		pic->ports[i].end = places[i].start + 1;
		err = vlm_bus_add(pic->vm, BUS_PIO, &pic->ports[i]);
	}
	return err;
}

void pic_ports_unplug(struct vlm_pic *pic)
{
	unsigned int i;

	for (i = 0; i < PIC_PLACES; i++)
		vlm_bus_remove(pic->vm, BUS_PIO, &pic->ports[i]);
}
