/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The I/O bus: which device of the kernel answers an access to a port or to a
 * guest-physical address.
 *
 * Lookups take no lock and never sleep, so that the exit path can ask with
 * interrupts off.
 */
#ifndef VELLUM_CORE_IOBUS_H
#define VELLUM_CORE_IOBUS_H

#include <linux/rcupdate.h>

#include "../irq/lapic.h"
#include "types.h"

enum vlm_bus_id { BUS_PIO, BUS_MMIO, NR_BUSES };

/* Devices on one bus; each ioeventfd and each coalesced zone is one. */
#define VLM_MAX_IODEVS	4096

enum vlm_bus_answer { BUS_HANDLED = 0, BUS_UNHANDLED = 1 };

struct vlm_iodev;

/**
 * struct vlm_iodev_ops - what a device does when it is accessed
 * @read: fill @data, or say BUS_UNHANDLED; NULL leaves reads to others
 * @write: likewise
 *
 * @vcpu may be any vCPU of the VM; @len is 1 to 8.  Context: atomic, interrupts
 * on or off, RCU read side.
 */
struct vlm_iodev_ops {
	int (*read)(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
		    void *data);
	int (*write)(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
		     const void *data);
};

/**
 * struct vlm_iodev - one device, embedded in the device's own structure
 * @ops: what it does
 * @start: first address
 * @end: last address
 * @any_len: asked for every access that begins in the range, even if the
 *           access goes beyond it
 *
 * All set before vlm_bus_add() and unchanged until vlm_bus_remove() is done.
 */
struct vlm_iodev {
	const struct vlm_iodev_ops *ops;
	gpa_t start;
	gpa_t end;
	bool any_len;
};

struct vlm_bus_table;

/**
 * struct vlm_bus - one of the VM's two buses
 * @table: [l] sorted by address, RCU readers; NULL when there is no device
 */
struct vlm_bus {
	struct vlm_bus_table __rcu *table;
};

/**
 * vlm_bus_add() - let @dev answer
 *
 * Where ranges overlap, a device that came later is asked first; the next is
 * asked when it says BUS_UNHANDLED.
 *
 * Return: 0, -ENOSPC, -ENOMEM.  Context: vm->lock held, may sleep.
 */
int vlm_bus_add(struct vlm_vm *vm, enum vlm_bus_id id, struct vlm_iodev *dev);

/**
 * vlm_bus_remove() - @dev answers no more
 *
 * A device that was never added is left alone.  On return nobody uses @dev.
 * Context: vm->lock held, may sleep for an RCU grace period.
 */
void vlm_bus_remove(struct vlm_vm *vm, enum vlm_bus_id id, struct vlm_iodev *dev);

/** vlm_bus_destroy() - free both buses; the devices are their owners'. */
void vlm_bus_destroy(struct vlm_vm *vm);

/* What vlm_bus_read() and vlm_bus_write() have in common. */
int vlm_bus_access(struct vlm_vcpu *vcpu, enum vlm_bus_id id, gpa_t addr, int len,
		   void *data, bool write);

/**
 * vlm_bus_read() - ask the devices of a bus
 * @vcpu: who accesses
 * @id: which bus
 * @addr: where
 * @len: bytes, 1 to 8
 * @data: takes them
 *
 * Return: enum vlm_bus_answer.  Context: any that may take spinlocks.
 */
static inline int vlm_bus_read(struct vlm_vcpu *vcpu, enum vlm_bus_id id, gpa_t addr, int len,
			       void *data)
{
	/* Each vCPU sees its own local APIC at the address. */
	if (id == BUS_MMIO && vlm_lapic_claims(vcpu, addr)) {
		vlm_lapic_mmio_read(vcpu, addr, len, data);
		return BUS_HANDLED;
	}
	return vlm_bus_access(vcpu, id, addr, len, data, false);
}

/** vlm_bus_write() - the same for a write. */
static inline int vlm_bus_write(struct vlm_vcpu *vcpu, enum vlm_bus_id id, gpa_t addr, int len,
				const void *data)
{
	if (id == BUS_MMIO && vlm_lapic_claims(vcpu, addr)) {
		vlm_lapic_mmio_write(vcpu, addr, len, data);
		return BUS_HANDLED;
	}
	return vlm_bus_access(vcpu, id, addr, len, (void *)data, true);
}

#endif /* VELLUM_CORE_IOBUS_H */
