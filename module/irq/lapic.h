/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC of a vCPU: SDM 3A, "Advanced Programmable Interrupt
 * Controller (APIC)".  Knows nothing of VMX.
 *
 * Who may touch what: interrupts arrive from anywhere, beside the registers;
 * these are the vCPU thread's own, under the vCPU mutex, and the CPU's while the
 * guest runs.
 */
#ifndef VELLUM_IRQ_LAPIC_H
#define VELLUM_IRQ_LAPIC_H

#include <linux/kvm.h>

#include "../core/types.h"
#include "irq.h"

struct vlm_lapic;

/** vlm_lapic_create() - give a new vCPU its APIC; 0 or -ENOMEM.  May sleep. */
int vlm_lapic_create(struct vlm_vcpu *vcpu);
/** vlm_lapic_destroy() - stops its timer; accepts a vCPU without one.  May sleep. */
void vlm_lapic_destroy(struct vlm_vcpu *vcpu);
/** vlm_lapic_reset() - as after power-up, or after INIT, which keeps the id. */
void vlm_lapic_reset(struct vlm_vcpu *vcpu, bool init);

/**
 * vlm_lapic_deliver() - an interrupt message to all local APICs of a VM
 * @vm: the VM
 * @src: the vCPU that sends it, or NULL for a device
 * @msg: the message
 *
 * Return: number of vCPUs that took it; 0 when each had it pending already; -1
 * when nobody is addressed, or nobody accepts it.  Context: any but NMI.
 */
int vlm_lapic_deliver(struct vlm_vm *vm, struct vlm_vcpu *src, const struct vlm_irq_msg *msg);

/**
 * struct vlm_ipi_set - vCPUs by APIC id, as KVM_HC_SEND_IPI names them
 * @bits: two words of the set
 * @width: bits of each word that count
 * @min: APIC id of the first bit
 */
struct vlm_ipi_set {
	u64 bits[2];
	unsigned int width;
	u32 min;
};

/**
 * vlm_lapic_send_ipis() - one IPI to many
 * @src: the vCPU that sends it
 * @set: to whom
 * @icr: low half of the interrupt command register, without destination
 *
 * Return: how many took it, or -KVM_EINVAL, -KVM_ENOSYS.  Context: any but NMI.
 */
long vlm_lapic_send_ipis(struct vlm_vcpu *src, const struct vlm_ipi_set *set, u64 icr);

/** vlm_lapic_find() - the vCPU with this APIC id, or NULL. */
struct vlm_vcpu *vlm_lapic_find(struct vlm_vm *vm, u32 id);

/** vlm_lapic_kick() - end its halt, the next one if it is not in one. */
void vlm_lapic_kick(struct vlm_vcpu *vcpu);

/** vlm_lapic_set_pv_eoi() - write MSR_KVM_PV_EOI_EN: 0, or 1 for #GP. */
int vlm_lapic_set_pv_eoi(struct vlm_vcpu *vcpu, u64 value);
/** vlm_lapic_pv_eoi_end() - a section ended: what lies in memory goes to ISR. */
void vlm_lapic_pv_eoi_end(struct vlm_vcpu *vcpu);

/** vlm_lapic_pic_changed() - the PIC's output rose: whom does LINT0 reach? */
void vlm_lapic_pic_changed(struct vlm_vm *vm);

/** vlm_lapic_claims() - is @gpa in this vCPU's APIC page? */
bool vlm_lapic_claims(struct vlm_vcpu *vcpu, gpa_t gpa);
void vlm_lapic_mmio_read(struct vlm_vcpu *vcpu, gpa_t gpa, unsigned int len, void *buf);
void vlm_lapic_mmio_write(struct vlm_vcpu *vcpu, gpa_t gpa, unsigned int len, const void *buf);

/* From APIC_BASE_MSR on: SDM 3A, "x2APIC Register Address Space". */
#define VLM_X2APIC_MSRS		0x100

/* Those and IA32_TSC_DEADLINE: 0, or 1 for #GP. */
int vlm_x2apic_read(struct vlm_vcpu *vcpu, u32 msr, u64 *value);
int vlm_x2apic_write(struct vlm_vcpu *vcpu, u32 msr, u64 value);
u64 vlm_lapic_deadline(struct vlm_vcpu *vcpu);
void vlm_lapic_set_deadline(struct vlm_vcpu *vcpu, u64 tsc);

/**
 * vlm_lapic_timer_poll() - if the timer is due, make its interrupt pending
 *
 * For one that the CPU watches, which only ends the guest's run.
 */
void vlm_lapic_timer_poll(struct vlm_vcpu *vcpu);
/** vlm_lapic_timer_sleep() - the vCPU's thread sleeps: let the host watch it. */
void vlm_lapic_timer_sleep(struct vlm_vcpu *vcpu);
/** vlm_lapic_timer_wake() - and does no more. */
void vlm_lapic_timer_wake(struct vlm_vcpu *vcpu);

/** vlm_lapic_tsc_changed() - the guest's TSC moved: so did its deadline. */
void vlm_lapic_tsc_changed(struct vlm_vcpu *vcpu);

/** vlm_lapic_base_changed() - IA32_APIC_BASE was written, from @old. */
void vlm_lapic_base_changed(struct vlm_vcpu *vcpu, u64 old);

/* CR8, wherever it is kept. */
u64 vlm_get_cr8(struct vlm_vcpu *vcpu);
void vlm_set_cr8(struct vlm_vcpu *vcpu, u64 cr8);

/** vlm_in_x2apic() - is the vCPU's APIC in x2APIC mode? */
bool vlm_in_x2apic(struct vlm_vcpu *vcpu);
/** vlm_lapic_requested() - the highest vector in IRR once all that arrived is, or -1. */
int vlm_lapic_requested(struct vlm_vcpu *vcpu);
/** vlm_lapic_in_service() - the highest vector in ISR, or -1; after the other. */
int vlm_lapic_in_service(struct vlm_vcpu *vcpu);
/** vlm_lapic_eoi_done() - the CPU did an EOI of a vector that others wait for. */
void vlm_lapic_eoi_done(struct vlm_vcpu *vcpu, u8 vector);
/** vlm_lapic_written() - the CPU stored into a register, and the rest is ours. */
void vlm_lapic_written(struct vlm_vcpu *vcpu, unsigned int offset);

/** vlm_lapic_takes_pic() - does a PIC's output reach this vCPU? */
bool vlm_lapic_takes_pic(struct vlm_vcpu *vcpu);
/** vlm_extint_waits() - does the PIC have an interrupt for this vCPU? */
bool vlm_extint_waits(struct vlm_vcpu *vcpu);
/** vlm_irq_peek() - the interrupt that would be delivered next, or -1. */
int vlm_irq_peek(struct vlm_vcpu *vcpu);
/** vlm_irq_ack() - take it: its vector, or -1. */
int vlm_irq_ack(struct vlm_vcpu *vcpu);

/**
 * vlm_lapic_init_sipi() - do what INIT and SIPI messages ask for
 *
 * Context: outside the section, may sleep.
 */
void vlm_lapic_init_sipi(struct vlm_vcpu *vcpu);
bool vlm_lapic_init_sipi_pending(struct vlm_vcpu *vcpu);

/** vlm_lapic_set_sipi_vector() - of the SIPI that user space restores. */
void vlm_lapic_set_sipi_vector(struct vlm_vcpu *vcpu, u8 vector);
/** vlm_lapic_restore_sipi() - make a SIPI with that vector pending. */
void vlm_lapic_restore_sipi(struct vlm_vcpu *vcpu);

/** vlm_lapic_take_nmis() - how many NMIs arrived since the last call. */
unsigned int vlm_lapic_take_nmis(struct vlm_vcpu *vcpu);
bool vlm_lapic_nmi_pending(struct vlm_vcpu *vcpu);

/** vlm_lapic_take_split_eoi() - vector for KVM_EXIT_IOAPIC_EOI, or -1. */
int vlm_lapic_take_split_eoi(struct vlm_vcpu *vcpu);

/* KVM_GET_LAPIC, KVM_SET_LAPIC; -EINVAL without one. */
long vlm_get_lapic(struct vlm_vcpu *vcpu, struct kvm_lapic_state *out);
long vlm_set_lapic(struct vlm_vcpu *vcpu, const struct kvm_lapic_state *in);

/** vlm_vapic_set() - KVM_SET_VAPIC_ADDR; 0 or -EINVAL.  May sleep. */
long vlm_vapic_set(struct vlm_vcpu *vcpu, u64 gpa);
/** vlm_vapic_on() - is an address set?  Then every exit must end the section. */
bool vlm_vapic_on(struct vlm_vcpu *vcpu);
/* After and before a section; may sleep. */
void vlm_vapic_read(struct vlm_vcpu *vcpu);
void vlm_vapic_write(struct vlm_vcpu *vcpu);

#endif /* VELLUM_IRQ_LAPIC_H */
