// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coalesced writes: put by in a ring that user space maps, and empties when it
 * has a reason of its own to look.
 */
#include "../vellum.h"

#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../core/vm.h"
#include "eventfd.h"
#include "irqchip_priv.h"

/**
 * struct coalesced_zone - a range whose writes are put by
 * @node: in vlm_irq.zones
 * @vm: [I] the VM
 * @bus: [I] which bus
 * @dev: [I] its place there
 */
struct coalesced_zone {
	struct list_head node;
	struct vlm_vm *vm;
	enum vlm_bus_id bus;
	struct vlm_iodev dev;
};

/*
 * User space owns @first and could write all the page: what is read from it is
 * only ever used as an index, after a check.
 */
static bool put_by(struct kvm_coalesced_mmio_ring *ring, bool pio, gpa_t addr, int len,
		   const void *data)
{
	u32 last = READ_ONCE(ring->last);
	struct kvm_coalesced_mmio *entry;
	u32 next;

	if (last >= KVM_COALESCED_MMIO_MAX)
		return false;
	last = array_index_nospec(last, KVM_COALESCED_MMIO_MAX);
	next = (last + 1) % KVM_COALESCED_MMIO_MAX;
	/* Full: this write goes to user space, which then empties the ring. */
	if (next == READ_ONCE(ring->first))
		return false;

	entry = &ring->coalesced_mmio[last];
	entry->phys_addr = addr;
	entry->len = len;
	entry->pio = pio;
	memcpy(entry->data, data, len);
	/* The entry first, then the index that shows it. */
	smp_store_release(&ring->last, next);
	return true;
}

static int zone_write(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
		      const void *data)
{
	struct coalesced_zone *zone = container_of(dev, struct coalesced_zone, dev);
	struct vlm_irq *irq = &zone->vm->irq;
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&irq->ring_lock, flags);
	done = put_by(irq->ring, zone->bus == BUS_PIO, addr, len, data);
	spin_unlock_irqrestore(&irq->ring_lock, flags);
	return done ? BUS_HANDLED : BUS_UNHANDLED;
}

static const struct vlm_iodev_ops zone_ops = { .write = zone_write };

static int check(const struct kvm_coalesced_mmio_zone *zone)
{
	if (zone->pio > 1 || !zone->size || zone->addr + zone->size < zone->addr)
		return -EINVAL;
	return 0;
}

int vlm_coalesced_add(struct vlm_vm *vm, const struct kvm_coalesced_mmio_zone *args)
{
	struct coalesced_zone *zone;
	int err;

	err = check(args);
	if (err)
		return err;
	zone = kzalloc(sizeof(*zone), GFP_KERNEL_ACCOUNT);
	if (!zone)
		return -ENOMEM;
	zone->vm = vm;
	zone->bus = args->pio ? BUS_PIO : BUS_MMIO;
	zone->dev.ops = &zone_ops;
	zone->dev.start = args->addr;
	zone->dev.end = args->addr + args->size - 1;

	mutex_lock(&vm->lock);
	err = vlm_bus_add(vm, zone->bus, &zone->dev);
	if (!err)
		list_add_tail(&zone->node, &vm->irq.zones);
	mutex_unlock(&vm->lock);
	if (err)
		kfree(zone);
	return err;
}

static void zone_free(struct coalesced_zone *zone)
{
	list_del(&zone->node);
	kfree(zone);
}

/* Every zone that covers the range goes; none is no error. */
int vlm_coalesced_remove(struct vlm_vm *vm, const struct kvm_coalesced_mmio_zone *args)
{
	enum vlm_bus_id bus = args->pio ? BUS_PIO : BUS_MMIO;
	struct coalesced_zone *zone, *next;
	int err;

	err = check(args);
	if (err)
		return err;
	mutex_lock(&vm->lock);
	list_for_each_entry_safe(zone, next, &vm->irq.zones, node) {
		if (zone->bus != bus || args->addr < zone->dev.start ||
		    args->addr + args->size - 1 > zone->dev.end)
			continue;
		vlm_bus_remove(vm, bus, &zone->dev);
		zone_free(zone);
	}
	mutex_unlock(&vm->lock);
	return 0;
}

void vlm_coalesced_destroy(struct vlm_vm *vm)
{
	struct coalesced_zone *zone, *next;

	list_for_each_entry_safe(zone, next, &vm->irq.zones, node)
		zone_free(zone);
}
