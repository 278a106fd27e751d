/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt controllers and timers that all vCPUs of a VM share: PIC, I/O APIC,
 * PIT, and the table that routes interrupt lines to them.
 *
 * Lock order, outermost first: vm->lock, vlm_irq.lock, the lock of PIC or I/O
 * APIC, then the PIT's or what the local APICs take.  The device locks are
 * spinlocks taken with interrupts off.  Nothing here is called with a local
 * APIC's lock held.
 */
#ifndef VELLUM_IRQ_IRQCHIP_H
#define VELLUM_IRQ_IRQCHIP_H

#include <linux/bitmap.h>
#include <linux/kvm.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "../core/types.h"
#include "irq.h"

enum vlm_irqchip {
	IRQCHIP_NONE,	/* the caller has its own, local APICs too */
	IRQCHIP_KERNEL,	/* all of it is here */
	IRQCHIP_SPLIT,	/* local APICs are here, PIC and I/O APIC the caller's */
};

/* Who pulls at a line: it is high as long as one of them does. */
enum vlm_irq_source {
	IRQ_SOURCE_USER,	/* KVM_IRQ_LINE and irqfds without resampling */
	IRQ_SOURCE_RESAMPLE,	/* irqfds with resampling */
	IRQ_SOURCE_PIT,
};

#define VLM_PIC_PINS	16
#define VLM_IOAPIC_PINS	24
#define VLM_MAX_ROUTES	4096

/* Flags of KVM_CAP_X2APIC_API. */
#define VLM_X2APIC_API	(KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK)

struct vlm_pic;
struct vlm_ioapic;
struct vlm_pit;
struct vlm_routing;

/**
 * struct vlm_irq_ack - somebody wants to know when a line is acknowledged
 * @node: in vlm_irq.acks
 * @gsi: the line
 * @acked: called at the EOI; RCU read side, interrupts on or off, no lock held
 *
 * Acknowledged means: EOI, by way of the controller that the line is routed to.
 */
struct vlm_irq_ack {
	struct hlist_node node;
	u32 gsi;
	void (*acked)(struct vlm_irq_ack *ack);
};

/**
 * struct vlm_irq - the interrupt controllers of a VM
 * @mode: [l] enum vlm_irqchip, set once; read with vlm_irq_mode()
 * @split_pins: [l] lines that the caller's I/O APIC has, in split mode
 * @pic: [l] valid once @mode says so
 * @ioapic: [l] likewise
 * @pit: [l] or NULL; set once
 * @routing: [k] RCU readers; NULL without irqchip
 * @lock: mutex, guards changes of what user space plugs in
 * @acks: [k] RCU readers
 * @irqfds: [f] struct irqfd
 * @irqfd_lock: guards @irqfds; taken with interrupts off
 * @resamplers: [k] struct resampler, one a line
 * @ioeventfds: [l] struct ioeventfd
 * @zones: [l] coalesced zones
 * @ring: [I] page of struct kvm_coalesced_mmio_ring, mapped by every vCPU
 * @ring_lock: guards writes to @ring
 * @x2apic_api: [a] KVM_X2APIC_API_* that user space asked for
 * @eoi_vectors: [a] vectors whose EOI the I/O APIC, or the caller's, must see
 *
 * Letters: [I] immutable after creation, [a] atomic, [l] under vm->lock,
 * [k] under @lock, [f] under @irqfd_lock.
 */
struct vlm_irq {
	int mode;
	u32 split_pins;
	struct vlm_pic *pic;
	struct vlm_ioapic *ioapic;
	struct vlm_pit *pit;
	struct vlm_routing __rcu *routing;
	struct mutex lock;
	struct hlist_head acks;
	struct list_head irqfds;
	spinlock_t irqfd_lock;
	struct list_head resamplers;
	struct list_head ioeventfds;
	struct list_head zones;
	void *ring;
	spinlock_t ring_lock;
	u32 x2apic_api;
	DECLARE_BITMAP(eoi_vectors, 256);
};

/** vlm_irq_init() - part of the creation of a VM. */
int vlm_irq_init(struct vlm_vm *vm);

/**
 * vlm_irq_destroy() - free all of it, half-built or whole
 *
 * The first step of the VM's end: when it returns no timer and no eventfd
 * sends interrupts any more.  May sleep.
 */
void vlm_irq_destroy(struct vlm_vm *vm);

/** vlm_irq_mode() - enum vlm_irqchip; what belongs to the mode is there. */
#define vlm_irq_mode(vm)	smp_load_acquire(&(vm)->irq.mode)

/** vlm_irq_create() - KVM_CREATE_IRQCHIP.  0, -EEXIST, -EINVAL, -ENOMEM. */
int vlm_irq_create(struct vlm_vm *vm);

/** vlm_irq_split() - KVM_CAP_SPLIT_IRQCHIP with @pins lines for the caller. */
int vlm_irq_split(struct vlm_vm *vm, u64 pins);

/** vlm_irq_get_chip() - KVM_GET_IRQCHIP. */
int vlm_irq_get_chip(struct vlm_vm *vm, struct kvm_irqchip *chip);

/** vlm_irq_set_chip() - KVM_SET_IRQCHIP. */
int vlm_irq_set_chip(struct vlm_vm *vm, const struct kvm_irqchip *chip);

/**
 * vlm_irq_set() - a line rises or falls
 * @vm: the VM, which has an irqchip
 * @source: enum vlm_irq_source
 * @gsi: the line
 * @level: 0 or 1
 *
 * Return: vCPUs reached, summed over all that the line is routed to; 0 when
 * the interrupt merged with one before it; -1 when it is masked or goes
 * nowhere.  Context: any that may take spinlocks.
 */
int vlm_irq_set(struct vlm_vm *vm, u32 source, u32 gsi, int level);

/**
 * vlm_msi_send() - KVM_SIGNAL_MSI
 *
 * Return: vCPUs reached, 0 when blocked, or -EINVAL.  Context: any that may
 * take spinlocks.
 */
int vlm_msi_send(struct vlm_vm *vm, const struct kvm_msi *msi);

/* For the local APICs */

/** vlm_pic_pending() - the PIC's INTR output.  Takes no lock. */
bool vlm_pic_pending(struct vlm_vm *vm);

/**
 * vlm_pic_ack() - the processor's INTA cycle
 *
 * Return: the vector; that of IR7 when the interrupt went away meanwhile, as
 * the chip does; -1 without a PIC.  Context: any that may take spinlocks.
 */
int vlm_pic_ack(struct vlm_vm *vm);

/**
 * vlm_ioapic_handles() - must an EOI of @vector be broadcast?
 *
 * True for the vector of an entry that is level-triggered, or whose EOI
 * somebody waits for.  Belongs in the EOI-exit bitmap.  In split mode the
 * entries are the routes of the caller's pins.  Takes no lock.
 */
bool vlm_ioapic_handles(struct vlm_vm *vm, u8 vector);

/**
 * vlm_ioapic_eoi() - an EOI message; nothing happens in split mode
 *
 * For each vector that vlm_ioapic_handles(), whatever its trigger mode, unless
 * the local APIC suppresses broadcasts.  Context: any that may take spinlocks;
 * it may call vlm_lapic_deliver().
 */
void vlm_ioapic_eoi(struct vlm_vm *vm, u8 vector);

/** vlm_irq_set_eoi_vectors() - what vlm_ioapic_handles() says from now on. */
void vlm_irq_set_eoi_vectors(struct vlm_vm *vm, const unsigned long *vectors);

/** vlm_split_eoi() - must this EOI become KVM_EXIT_IOAPIC_EOI? */
bool vlm_split_eoi(struct vlm_vm *vm, u8 vector);

#endif /* VELLUM_IRQ_IRQCHIP_H */
