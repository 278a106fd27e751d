// SPDX-License-Identifier: GPL-2.0-only
/*
 * The I/O bus.
 */
#include "../vellum.h"

#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "iobus.h"
#include "vcpu.h"

/**
 * struct vlm_bus_range - one device in a table
 * @start: its first address
 * @reach: the highest last address of this and all before it
 * @dev: the device; NULL once it was removed
 *
 * With @reach a search backwards knows when no earlier range can contain the
 * address, even if ranges overlap.
 */
struct vlm_bus_range {
	gpa_t start;
	gpa_t reach;
	struct vlm_iodev *dev;
};

/**
 * struct vlm_bus_table - what is on a bus; immutable but for removals
 * @rcu: for freeing it
 * @count: ranges
 * @ranges: by first address; of equal ones, the newest last
 */
struct vlm_bus_table {
	struct rcu_head rcu;
	unsigned int count;
	struct vlm_bus_range ranges[];
};

/* At the VM's end nobody else is left. */
static struct vlm_bus_table *bus_table(struct vlm_vm *vm, enum vlm_bus_id id)
{
	return rcu_dereference_protected(vm->bus[id].table,
					 lockdep_is_held(&vm->lock) || !refcount_read(&vm->refs));
}

/* All that is left of @old, and @dev at its place. */
static void build(struct vlm_bus_table *table, const struct vlm_bus_table *old,
		  struct vlm_iodev *dev)
{
	unsigned int i, n = 0;
	bool placed = false;
	gpa_t reach = 0;

	for (i = 0; old && i < old->count; i++) {
		if (!old->ranges[i].dev)
			continue;
		if (!placed && old->ranges[i].start > dev->start) {
			table->ranges[n++].dev = dev;
			placed = true;
		}
		table->ranges[n++].dev = old->ranges[i].dev;
	}
	if (!placed)
		table->ranges[n++].dev = dev;
	table->count = n;

	for (i = 0; i < n; i++) {
		reach = max(reach, table->ranges[i].dev->end);
		table->ranges[i].start = table->ranges[i].dev->start;
		table->ranges[i].reach = reach;
	}
}

int vlm_bus_add(struct vlm_vm *vm, enum vlm_bus_id id, struct vlm_iodev *dev)
{
	struct vlm_bus_table *old = bus_table(vm, id), *table;
	unsigned int i, used = 0;

	for (i = 0; old && i < old->count; i++)
		used += !!old->ranges[i].dev;
	if (used >= VLM_MAX_IODEVS)
		return -ENOSPC;

	table = kvzalloc(struct_size(table, ranges, used + 1), GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	build(table, old, dev);
	rcu_assign_pointer(vm->bus[id].table, table);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/*
 * Removal must not fail for want of memory, so the table stays and the place
 * of the device is left empty; the next device that is added closes the gap.
 */
void vlm_bus_remove(struct vlm_vm *vm, enum vlm_bus_id id, struct vlm_iodev *dev)
{
	struct vlm_bus_table *table = bus_table(vm, id);
	unsigned int i;

	for (i = 0; table && i < table->count; i++) {
		if (table->ranges[i].dev != dev)
			continue;
		WRITE_ONCE(table->ranges[i].dev, NULL);
		synchronize_rcu();
		return;
	}
}

void vlm_bus_destroy(struct vlm_vm *vm)
{
	enum vlm_bus_id id;

	/* Nobody is left who could read it; but devices will still be taken off. */
	for (id = 0; id < NR_BUSES; id++) {
		kvfree(rcu_dereference_protected(vm->bus[id].table, true));
		RCU_INIT_POINTER(vm->bus[id].table, NULL);
	}
}

/* Number of ranges that begin at @addr or before it. */
static unsigned int upper_bound(const struct vlm_bus_table *table, gpa_t addr)
{
	unsigned int low = 0, high = table->count;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (table->ranges[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool answers(const struct vlm_iodev *dev, gpa_t addr, int len)
{
	return dev && addr <= dev->end && (dev->any_len || dev->end - addr >= len - 1);
}

static int ask(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
	       void *data, bool write)
{
	if (write)
		return dev->ops->write ? dev->ops->write(dev, vcpu, addr, len, data) :
					 BUS_UNHANDLED;
	return dev->ops->read ? dev->ops->read(dev, vcpu, addr, len, data) : BUS_UNHANDLED;
}

static noinline int search(struct vlm_vcpu *vcpu, enum vlm_bus_id id, gpa_t addr, int len,
			   void *data, bool write)
{
	const struct vlm_bus_table *table;
	struct vlm_iodev *dev;
	int ret = BUS_UNHANDLED;
	unsigned int i;

	rcu_read_lock();
	table = rcu_dereference(vcpu->vm->bus[id].table);
	for (i = upper_bound(table, addr); i && ret == BUS_UNHANDLED; i--) {
		if (table->ranges[i - 1].reach < addr)
			break;
		dev = READ_ONCE(table->ranges[i - 1].dev);
		if (answers(dev, addr, len))
			ret = ask(dev, vcpu, addr, len, data, write);
	}
	rcu_read_unlock();
	return ret;
}

int vlm_bus_access(struct vlm_vcpu *vcpu, enum vlm_bus_id id, gpa_t addr, int len,
		   void *data, bool write)
{
	/* Once there is a table there is one until the VM's end. */
	if (!rcu_access_pointer(vcpu->vm->bus[id].table))
		return BUS_UNHANDLED;
	return search(vcpu, id, addr, len, data, write);
}
