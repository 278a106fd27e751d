// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table that routes interrupt lines, and what goes through it.
 */
#include "../vellum.h"

#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../core/vm.h"
#include "../trace_irq.h"
#include "irqchip_priv.h"
#include "lapic.h"
#include "routing.h"

/* MSI address and data.  SDM 3A, "Message Signalled Interrupts". */
#define MSI_DEST(address)	((address) >> 12 & 0xff)
#define MSI_DEST_HIGH		0xffffff00	/* of the high half: KVM_CAP_X2APIC_API */
#define MSI_LOGICAL		BIT(2)
#define MSI_REDIRECT		BIT(3)
#define MSI_VECTOR(data)	((u8)(data))
#define MSI_MODE(data)		((data) >> 8 & 7)
#define MSI_LEVEL		BIT(15)

#define NO_PIN		0xff
#define NO_GSI		(-1)

/**
 * struct route - what one line goes to
 * @pic: pin of the PIC pair, or NO_PIN
 * @ioapic: pin of the I/O APIC, or NO_PIN
 * @msi: the line stands for a message, of @address and @data
 * @address: low half
 * @address_hi: high half; used when user space has 32-bit APIC ids
 * @data: its data
 */
struct route {
	u8 pic;
	u8 ioapic;
	bool msi;
	u32 address;
	u32 address_hi;
	u32 data;
};

/**
 * struct vlm_routing - the table; immutable
 * @rcu: for freeing it
 * @pic_gsi: line of each PIC pin, or NO_GSI
 * @ioapic_gsi: line of each I/O APIC pin, or NO_GSI
 * @count: lines
 * @route: by line
 */
struct vlm_routing {
	struct rcu_head rcu;
	int pic_gsi[VLM_PIC_PINS];
	int ioapic_gsi[VLM_IOAPIC_PINS];
	u32 count;
	struct route route[];
};

static bool wide_ids(struct vlm_vm *vm)
{
	return READ_ONCE(vm->irq.x2apic_api) & KVM_X2APIC_API_USE_32BIT_IDS;
}

static bool valid_high(struct vlm_vm *vm, u32 address_hi)
{
	return !wide_ids(vm) || !(address_hi & ~MSI_DEST_HIGH);
}

static int send_msi(struct vlm_vm *vm, u32 address, u32 address_hi, u32 data)
{
	struct vlm_irq_msg msg = {
		.dest = MSI_DEST(address) | (wide_ids(vm) ? address_hi & MSI_DEST_HIGH : 0),
		.logical = address & MSI_LOGICAL,
		.level = data & MSI_LEVEL,
		.assert = true,
		.mode = MSI_MODE(data),
		.vector = MSI_VECTOR(data),
	};
	int ret;

	/* The hint asks for one processor of those that are addressed. */
	if ((address & MSI_REDIRECT) && msg.mode == IRQ_MODE_FIXED)
		msg.mode = IRQ_MODE_LOWEST;
	ret = vlm_lapic_deliver(vm, NULL, &msg);
	trace_msi(vm, (u64)address_hi << 32 | address, data, ret);
	return ret;
}

int vlm_msi_send(struct vlm_vm *vm, const struct kvm_msi *msi)
{
	if (vlm_irq_mode(vm) == IRQCHIP_NONE || msi->flags || !valid_high(vm, msi->address_hi))
		return -EINVAL;
	/* "0 if the guest blocked the MSI", which is what nobody there amounts to. */
	return max(send_msi(vm, msi->address_lo, msi->address_hi, msi->data), 0);
}

static int add_result(int sum, int ret)
{
	if (ret < 0)
		return sum;
	return sum < 0 ? ret : sum + ret;
}

int vlm_irq_set(struct vlm_vm *vm, u32 source, u32 gsi, int level)
{
	const struct vlm_routing *table;
	const struct route *route;
	int ret = -1;

	/* The table is freed after a grace period, whoever still walks it. */
	rcu_read_lock();
	table = rcu_dereference(vm->irq.routing);
	if (table && gsi < table->count) {
		route = &table->route[array_index_nospec(gsi, table->count)];
		if (route->msi && level)
			ret = send_msi(vm, route->address, route->address_hi, route->data);
		if (route->pic != NO_PIN)
			ret = add_result(ret, vlm_pic_line(vm, source, route->pic, level));
		if (route->ioapic != NO_PIN)
			ret = add_result(ret, vlm_ioapic_line(vm, source, route->ioapic, level));
	}
	rcu_read_unlock();
	trace_irq_set(vm, source, gsi, level, ret);
	return ret;
}

int vlm_routing_gsi(struct vlm_vm *vm, unsigned int chip, unsigned int pin)
{
	const struct vlm_routing *table = rcu_dereference(vm->irq.routing);

	if (!table)
		return NO_GSI;
	return chip == KVM_IRQCHIP_IOAPIC ? table->ioapic_gsi[pin] : table->pic_gsi[pin];
}

/* The caller keeps its I/O APIC's entries as the routes of its pins. */
void vlm_routing_scan(struct vlm_vm *vm)
{
	const struct vlm_routing *table;
	DECLARE_BITMAP(vectors, 256) = { };
	u32 gsi;

	table = rcu_dereference_protected(vm->irq.routing, lockdep_is_held(&vm->irq.lock));
	for (gsi = 0; gsi < min(table->count, vm->irq.split_pins); gsi++) {
		const struct route *route = &table->route[gsi];

		if (route->msi && (route->data & MSI_LEVEL))
			__set_bit(MSI_VECTOR(route->data), vectors);
	}
	vlm_irq_set_eoi_vectors(vm, vectors);
}

bool vlm_split_eoi(struct vlm_vm *vm, u8 vector)
{
	return vlm_irq_mode(vm) == IRQCHIP_SPLIT && test_bit(vector, vm->irq.eoi_vectors);
}

static struct vlm_routing *routing_alloc(u32 count)
{
	struct vlm_routing *table;
	u32 i;

	table = kvzalloc(struct_size(table, route, count), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	table->count = count;
	for (i = 0; i < count; i++)
		table->route[i] = (struct route) { .pic = NO_PIN, .ioapic = NO_PIN };
	for (i = 0; i < VLM_PIC_PINS; i++)
		table->pic_gsi[i] = NO_GSI;
	for (i = 0; i < VLM_IOAPIC_PINS; i++)
		table->ioapic_gsi[i] = NO_GSI;
	return table;
}

static void publish(struct vlm_vm *vm, struct vlm_routing *table)
{
	struct vlm_routing *old;

	old = rcu_replace_pointer(vm->irq.routing, table, lockdep_is_held(&vm->irq.lock));
	if (old)
		kvfree_rcu(old, rcu);
}

/* A line goes to one pin of each chip, or to one message. */
static int add_pin(struct vlm_routing *table, u32 gsi, u32 chip, u32 pin)
{
	struct route *route = &table->route[gsi];

	if (route->msi)
		return -EINVAL;
	switch (chip) {
	case KVM_IRQCHIP_PIC_SLAVE:
	case KVM_IRQCHIP_PIC_MASTER:
		if (pin >= VLM_PIC_PINS / 2 || route->pic != NO_PIN)
			return -EINVAL;
		if (chip == KVM_IRQCHIP_PIC_SLAVE)
			pin += VLM_PIC_PINS / 2;
		route->pic = pin;
		table->pic_gsi[pin] = gsi;
		return 0;
	case KVM_IRQCHIP_IOAPIC:
		if (pin >= VLM_IOAPIC_PINS || route->ioapic != NO_PIN)
			return -EINVAL;
		route->ioapic = pin;
		table->ioapic_gsi[pin] = gsi;
		return 0;
	}
	return -EINVAL;
}

static int add_entry(struct vlm_vm *vm, struct vlm_routing *table,
		     const struct kvm_irq_routing_entry *e)
{
	struct route *route = &table->route[e->gsi];

	if (e->flags)
		return -EINVAL;
	switch (e->type) {
	case KVM_IRQ_ROUTING_IRQCHIP:
		if (vlm_irq_mode(vm) == IRQCHIP_SPLIT)
			return -EINVAL;
		return add_pin(table, e->gsi, e->u.irqchip.irqchip, e->u.irqchip.pin);
	case KVM_IRQ_ROUTING_MSI:
		if (route->msi || route->pic != NO_PIN || route->ioapic != NO_PIN ||
		    !valid_high(vm, e->u.msi.address_hi))
			return -EINVAL;
		route->msi = true;
		route->address = e->u.msi.address_lo;
		route->address_hi = e->u.msi.address_hi;
		route->data = e->u.msi.data;
		return 0;
	}
	return -EINVAL;
}

int vlm_routing_set(struct vlm_vm *vm, const struct kvm_irq_routing_entry *entries, u32 nr)
{
	struct vlm_routing *table;
	u32 i, count = 0;
	int err = 0;

	for (i = 0; i < nr; i++) {
		if (entries[i].gsi >= VLM_MAX_ROUTES)
			return -EINVAL;
		count = max(count, entries[i].gsi + 1);
	}
	table = routing_alloc(count);
	if (!table)
		return -ENOMEM;
	for (i = 0; !err && i < nr; i++)
		err = add_entry(vm, table, &entries[i]);
	if (err) {
		kvfree(table);
		return err;
	}
	publish(vm, table);
	/* The lines whose EOI matters may be others now. */
	if (vlm_irq_mode(vm) == IRQCHIP_SPLIT)
		vlm_routing_scan(vm);
	else
		vlm_ioapic_scan(vm);
	return 0;
}

int vlm_routing_default(struct vlm_vm *vm)
{
	struct vlm_routing *table = routing_alloc(VLM_IOAPIC_PINS);
	u32 gsi;

	if (!table)
		return -ENOMEM;
	for (gsi = 0; gsi < VLM_IOAPIC_PINS; gsi++) {
		add_pin(table, gsi, KVM_IRQCHIP_IOAPIC, gsi);
		if (gsi < VLM_PIC_PINS)
			add_pin(table, gsi, gsi / 8, gsi % 8);
	}
	publish(vm, table);
	return 0;
}

int vlm_routing_empty(struct vlm_vm *vm)
{
	struct vlm_routing *table = routing_alloc(0);

	if (!table)
		return -ENOMEM;
	publish(vm, table);
	return 0;
}

void vlm_routing_destroy(struct vlm_vm *vm)
{
	kvfree(rcu_dereference_protected(vm->irq.routing, true));
	RCU_INIT_POINTER(vm->irq.routing, NULL);
}
