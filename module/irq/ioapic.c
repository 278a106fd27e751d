// SPDX-License-Identifier: GPL-2.0-only
/*
 * The I/O APIC.  Datasheet "82093AA I/O Advanced Programmable Interrupt
 * Controller (IOAPIC)".
 */
#include "../vellum.h"

#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../core/vcpu.h"
#include "irqchip_priv.h"
#include "lapic.h"

#define IOAPIC_BASE	0xfec00000
#define IOAPIC_SIZE	0x100

/* In memory: a register is selected, then accessed by way of the window. */
#define IOREGSEL	0x00
#define IOWIN		0x10

/* Registers by number; entries have two each. */
#define REG_ID		0x00
#define REG_VERSION	0x01
#define REG_ARBITRATION	0x02
#define REG_ENTRIES	0x10

#define VERSION		(0x11 | (VLM_IOAPIC_PINS - 1) << 16)
#define ID_SHIFT	24
#define ID_MASK		0xf

/* Redirection table entry. */
#define ENTRY_VECTOR(e)		((u8)(e))
#define ENTRY_MODE(e)		((e) >> 8 & 7)
#define ENTRY_LOGICAL		BIT_ULL(11)
#define ENTRY_PENDING		BIT_ULL(12)	/* delivery status */
#define ENTRY_REMOTE_IRR	BIT_ULL(14)
#define ENTRY_LEVEL		BIT_ULL(15)
#define ENTRY_MASKED		BIT_ULL(16)
#define ENTRY_DEST(e)		((e) >> 56)
#define ENTRY_WRITABLE		(0xff0000000001ffffULL & ~(ENTRY_PENDING | ENTRY_REMOTE_IRR))

/**
 * struct vlm_ioapic - the I/O APIC
 * @lock: guards all of it; taken with interrupts off
 * @id: its APIC id
 * @select: register in the window
 * @irr: pins that are high
 * @delivered: of those, the edge-triggered ones that were sent
 * @entry: the redirection table
 * @sources: who pulls at each pin
 * @dev: [I] its place on the bus
 *
 * Messages arrive at once, so the delivery status is always idle.
 */
struct vlm_ioapic {
	spinlock_t lock;
	u32 id;
	u32 select;
	u32 irr;
	u32 delivered;
	u64 entry[VLM_IOAPIC_PINS];
	u8 sources[VLM_IOAPIC_PINS];
	struct vlm_iodev dev;
};

static bool is_level(const struct vlm_ioapic *io, unsigned int pin)
{
	return io->entry[pin] & ENTRY_LEVEL;
}

/* Sends a pin's message if its entry lets it through; as vlm_irq_set(). */
static int service(struct vlm_vm *vm, struct vlm_ioapic *io, unsigned int pin)
{
	u64 e = io->entry[pin];
	struct vlm_irq_msg msg = {
		.dest = ENTRY_DEST(e),
		.logical = e & ENTRY_LOGICAL,
		.level = e & ENTRY_LEVEL,
		.assert = true,
		.mode = ENTRY_MODE(e),
		.vector = ENTRY_VECTOR(e),
	};
	int ret;

	if (e & ENTRY_MASKED)
		return -1;
	if (is_level(io, pin) && (e & ENTRY_REMOTE_IRR))
		return -1;
	if (!is_level(io, pin))
		io->delivered |= BIT(pin);

	ret = vlm_lapic_deliver(vm, NULL, &msg);
	/*
	 * Only an APIC that took the message will send an EOI for it, and only
	 * if it has a vector.
	 */
	if (ret >= 0 && is_level(io, pin) && msg.mode <= IRQ_MODE_LOWEST)
		io->entry[pin] |= ENTRY_REMOTE_IRR;
	return ret;
}

static int set_pin(struct vlm_vm *vm, struct vlm_ioapic *io, unsigned int pin, bool high)
{
	bool was_high = io->irr & BIT(pin);

	if (!high) {
		io->irr &= ~BIT(pin);
		io->delivered &= ~BIT(pin);
		return 1;
	}
	io->irr |= BIT(pin);
	if (!is_level(io, pin) && was_high)
		return 0;
	return service(vm, io, pin);
}

int vlm_ioapic_line(struct vlm_vm *vm, u32 source, unsigned int pin, int level)
{
	struct vlm_ioapic *io = vm->irq.ioapic;
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&io->lock, flags);
	ret = set_pin(vm, io, pin, vlm_line_update(&io->sources[pin], source, level));
	spin_unlock_irqrestore(&io->lock, flags);
	return ret;
}

/* Readers take no lock, and may see any mixture of before and after. */
static void scan(struct vlm_vm *vm, struct vlm_ioapic *io)
{
	DECLARE_BITMAP(vectors, 256) = { };
	unsigned int pin;

	rcu_read_lock();
	for (pin = 0; pin < VLM_IOAPIC_PINS; pin++) {
		if (is_level(io, pin) || vlm_irq_has_ack(vm, KVM_IRQCHIP_IOAPIC, pin))
			__set_bit(ENTRY_VECTOR(io->entry[pin]), vectors);
	}
	rcu_read_unlock();
	vlm_irq_set_eoi_vectors(vm, vectors);
}

void vlm_ioapic_scan(struct vlm_vm *vm)
{
	struct vlm_ioapic *io = vm->irq.ioapic;
	unsigned long flags;

	spin_lock_irqsave(&io->lock, flags);
	scan(vm, io);
	spin_unlock_irqrestore(&io->lock, flags);
}

/* Does an EOI of @vector concern this pin? */
static bool awaits_eoi(const struct vlm_ioapic *io, unsigned int pin, u8 vector)
{
	u64 e = io->entry[pin];

	return ENTRY_VECTOR(e) == vector && (!(e & ENTRY_LEVEL) || (e & ENTRY_REMOTE_IRR));
}

void vlm_ioapic_eoi(struct vlm_vm *vm, u8 vector)
{
	struct vlm_ioapic *io = vm->irq.ioapic;
	unsigned long flags, pins = 0;
	unsigned int pin;

	if (vlm_irq_mode(vm) != IRQCHIP_KERNEL)
		return;

	spin_lock_irqsave(&io->lock, flags);
	for (pin = 0; pin < VLM_IOAPIC_PINS; pin++) {
		if (awaits_eoi(io, pin, vector))
			__set_bit(pin, &pins);
	}
	spin_unlock_irqrestore(&io->lock, flags);

	/* Remote IRR holds the pin back until those who pull at it know. */
	for_each_set_bit(pin, &pins, VLM_IOAPIC_PINS)
		vlm_irq_acked(vm, KVM_IRQCHIP_IOAPIC, pin);

	spin_lock_irqsave(&io->lock, flags);
	for_each_set_bit(pin, &pins, VLM_IOAPIC_PINS) {
		if (!is_level(io, pin) || !awaits_eoi(io, pin, vector))
			continue;
		io->entry[pin] &= ~ENTRY_REMOTE_IRR;
		if (io->irr & BIT(pin))
			service(vm, io, pin);
	}
	spin_unlock_irqrestore(&io->lock, flags);
}

bool vlm_ioapic_handles(struct vlm_vm *vm, u8 vector)
{
	return test_bit(vector, vm->irq.eoi_vectors);
}

static u64 *select_entry(struct vlm_ioapic *io)
{
	unsigned int pin = (io->select - REG_ENTRIES) / 2;

	if (io->select < REG_ENTRIES || pin >= VLM_IOAPIC_PINS)
		return NULL;
	return &io->entry[array_index_nospec(pin, VLM_IOAPIC_PINS)];
}

static u32 read_register(struct vlm_ioapic *io)
{
	u64 *entry = select_entry(io);

	switch (io->select) {
	case REG_ID:
	case REG_ARBITRATION:
		return io->id << ID_SHIFT;
	case REG_VERSION:
		return VERSION;
	}
	if (entry)
		return io->select & 1 ? *entry >> 32 : *entry;
	return io->select < REG_ENTRIES ? 0 : ~0;
}

static void write_entry(struct vlm_vm *vm, struct vlm_ioapic *io, u64 *entry, u32 value)
{
	unsigned int pin = entry - io->entry;
	u64 before = *entry, written;

	if (io->select & 1)
		written = (u64)value << 32 | (u32)*entry;
	else
		written = (*entry & ~0xffffffffULL) | value;
	*entry = (written & ENTRY_WRITABLE) | (before & ENTRY_REMOTE_IRR);

	/*
	 * An I/O APIC of this version has no EOI register; software that needs
	 * one makes the entry edge-triggered and level-triggered again.
	 */
	if (!is_level(io, pin))
		*entry &= ~ENTRY_REMOTE_IRR;
	scan(vm, io);
	if (before & ~*entry & ENTRY_MASKED)
		vlm_irq_unmasked(vm, KVM_IRQCHIP_IOAPIC, pin);
	/* An edge that came while the entry was masked is lost, a level is not. */
	if (is_level(io, pin) && (io->irr & BIT(pin)))
		service(vm, io, pin);
}

static void write_register(struct vlm_vm *vm, struct vlm_ioapic *io, u32 value)
{
	u64 *entry = select_entry(io);

	if (io->select == REG_ID)
		io->id = value >> ID_SHIFT & ID_MASK;
	else if (entry)
		write_entry(vm, io, entry, value);
}

static int ioapic_read(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
		       void *data)
{
	struct vlm_ioapic *io = container_of(dev, struct vlm_ioapic, dev);
	unsigned long flags;
	u64 value = 0;

	spin_lock_irqsave(&io->lock, flags);
	if (addr - dev->start == IOREGSEL)
		value = io->select;
	else if (addr - dev->start == IOWIN)
		value = read_register(io);
	spin_unlock_irqrestore(&io->lock, flags);
	memcpy(data, &value, len);
	return BUS_HANDLED;
}

static int ioapic_write(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
			const void *data)
{
	struct vlm_ioapic *io = container_of(dev, struct vlm_ioapic, dev);
	unsigned long flags;
	u32 value = 0;

	memcpy(&value, data, min_t(int, len, sizeof(value)));
	spin_lock_irqsave(&io->lock, flags);
	if (addr - dev->start == IOREGSEL)
		io->select = value & 0xff;
	else if (addr - dev->start == IOWIN)
		write_register(vcpu->vm, io, value);
	spin_unlock_irqrestore(&io->lock, flags);
	return BUS_HANDLED;
}

static const struct vlm_iodev_ops ioapic_ops = { .read = ioapic_read, .write = ioapic_write };

void vlm_ioapic_get(struct vlm_vm *vm, struct kvm_ioapic_state *out)
{
	struct vlm_ioapic *io = vm->irq.ioapic;
	unsigned long flags;
	unsigned int pin;

	spin_lock_irqsave(&io->lock, flags);
	out->base_address = IOAPIC_BASE;
	out->ioregsel = io->select;
	out->id = io->id;
	/* An edge that was sent must not be sent again by who restores this. */
	out->irr = io->irr & ~io->delivered;
	for (pin = 0; pin < VLM_IOAPIC_PINS; pin++)
		out->redirtbl[pin].bits = io->entry[pin];
	spin_unlock_irqrestore(&io->lock, flags);
}

int vlm_ioapic_set(struct vlm_vm *vm, const struct kvm_ioapic_state *in)
{
	struct vlm_ioapic *io = vm->irq.ioapic;
	unsigned long flags, irr;
	unsigned int pin;

	/* It does not move. */
	if (in->base_address != IOAPIC_BASE)
		return -EINVAL;
	if (in->ioregsel > 0xff || in->id > ID_MASK || in->irr >= BIT(VLM_IOAPIC_PINS))
		return -EINVAL;

	irr = in->irr;
	spin_lock_irqsave(&io->lock, flags);
	io->select = in->ioregsel;
	io->id = in->id;
	io->irr = 0;
	io->delivered = 0;
	for (pin = 0; pin < VLM_IOAPIC_PINS; pin++)
		io->entry[pin] = in->redirtbl[pin].bits & (ENTRY_WRITABLE | ENTRY_REMOTE_IRR);
	scan(vm, io);
	for_each_set_bit(pin, &irr, VLM_IOAPIC_PINS)
		set_pin(vm, io, pin, true);
	spin_unlock_irqrestore(&io->lock, flags);
	return 0;
}

int vlm_ioapic_create(struct vlm_vm *vm)
{
	struct vlm_ioapic *io;
	unsigned int pin;

	io = kzalloc(sizeof(*io), GFP_KERNEL_ACCOUNT);
	if (!io)
		return -ENOMEM;
	spin_lock_init(&io->lock);
	for (pin = 0; pin < VLM_IOAPIC_PINS; pin++)
		io->entry[pin] = ENTRY_MASKED;
	io->dev.ops = &ioapic_ops;
	io->dev.start = IOAPIC_BASE;
	io->dev.end = IOAPIC_BASE + IOAPIC_SIZE - 1;
	vm->irq.ioapic = io;
	return vlm_bus_add(vm, BUS_MMIO, &io->dev);
}

void vlm_ioapic_destroy(struct vlm_vm *vm)
{
	struct vlm_ioapic *io = vm->irq.ioapic;

	if (!io)
		return;
	vlm_bus_remove(vm, BUS_MMIO, &io->dev);
	vm->irq.ioapic = NULL;
	kfree(io);
}
