/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that accesses devices on the test's behalf, and says which interrupt
 * reached it.
 *
 * Each call runs the vCPU for a few instructions with RFLAGS.IF clear, so that
 * interrupts wait; vt_irq_next() lets one through.
 */
#ifndef VT_IRQ_H
#define VT_IRQ_H

#include "vt.h"

/* The guest's handlers say by an OUT of one byte which vector came. */
#define VT_VECTOR_PORT	0xf5

#define VT_IOAPIC	0xfec00000u
#define VT_LAPIC	0xfee00000u

/* A VM with the kernel's irqchip and one vCPU, its local APIC enabled. */
void vt_irq_create(struct vt_vm *vm, struct vt_vcpu *vcpu);
/* Another vCPU of the same kind, or one of a VM that has no irqchip. */
void vt_irq_vcpu(struct vt_vm *vm, struct vt_vcpu *vcpu, unsigned int id);
void vt_irq_load(struct vt_vcpu *vcpu);

void vt_outb(struct vt_vcpu *vcpu, uint16_t port, uint8_t value);
uint8_t vt_inb(struct vt_vcpu *vcpu, uint16_t port);
void vt_write32(struct vt_vcpu *vcpu, uint64_t gpa, uint32_t value);
uint32_t vt_read32(struct vt_vcpu *vcpu, uint64_t gpa);

/*
 * The same, but the access may come out: true when it stopped at user space,
 * with the exit in vcpu->run. The next access drops what was left of it.
 */
bool vt_try_out(struct vt_vcpu *vcpu, uint16_t port, unsigned int size, uint32_t value);
bool vt_try_write(struct vt_vcpu *vcpu, uint64_t gpa, unsigned int size, uint64_t value);

/* Let the vCPU take one interrupt: its vector, or -1 when none is pending. */
int vt_irq_next(struct vt_vcpu *vcpu);
/* Wait for one, by the guest's own looping, for up to this many rounds. */
int vt_irq_wait(struct vt_vcpu *vcpu, unsigned int rounds);

/* HLT with interrupts on: the vector that ended it. */
int vt_irq_halt(struct vt_vcpu *vcpu);

/* The same for MSRs and CR8: false for #GP. */
bool vt_try_rdmsr(struct vt_vcpu *vcpu, uint32_t msr, uint64_t *value);
bool vt_try_wrmsr(struct vt_vcpu *vcpu, uint32_t msr, uint64_t value);
bool vt_try_cr8(struct vt_vcpu *vcpu, uint64_t value);
uint64_t vt_guest_cr8(struct vt_vcpu *vcpu);

/* Registers of the I/O APIC and of the local APIC, by way of the guest. */
uint32_t vt_ioapic_read(struct vt_vcpu *vcpu, uint8_t reg);
void vt_ioapic_write(struct vt_vcpu *vcpu, uint8_t reg, uint32_t value);
uint64_t vt_ioapic_entry(struct vt_vcpu *vcpu, unsigned int pin);
void vt_ioapic_set(struct vt_vcpu *vcpu, unsigned int pin, uint64_t entry);
void vt_eoi(struct vt_vcpu *vcpu);

/* KVM_IRQ_LINE; and KVM_IRQ_LINE_STATUS, with its status. */
void vt_line(struct vt_vm *vm, unsigned int gsi, int level);
int vt_line_status(struct vt_vm *vm, unsigned int gsi, int level);

void vt_get_chip(struct vt_vm *vm, unsigned int id, struct kvm_irqchip *chip);
void vt_set_chip(struct vt_vm *vm, const struct kvm_irqchip *chip);

/* Initialize the PIC pair as a PC does: vectors 20H and 28H, all unmasked. */
void vt_pic_init(struct vt_vcpu *vcpu);
#define VT_PIC_BASE	0x20

#endif
