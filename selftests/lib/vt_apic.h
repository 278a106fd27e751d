/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the local APIC, by way of the guest of vt_irq.h: through their
 * page or as x2APIC MSRs, whichever mode the vCPU is in.
 */
#ifndef VT_APIC_H
#define VT_APIC_H

#include "vt_irq.h"

/* Offsets in the page. SDM 3A, "Local APIC Register Address Map". */
#define APIC_ID		0x20
#define APIC_VERSION	0x30
#define APIC_TPR	0x80
#define APIC_PPR	0xa0
#define APIC_EOI	0xb0
#define APIC_LDR	0xd0
#define APIC_DFR	0xe0
#define APIC_SPIV	0xf0
#define APIC_ISR	0x100
#define APIC_TMR	0x180
#define APIC_IRR	0x200
#define APIC_ESR	0x280
#define APIC_ICR	0x300
#define APIC_ICR2	0x310
#define APIC_LVTT	0x320
#define APIC_LVTTHMR	0x330
#define APIC_LVTPC	0x340
#define APIC_LVT0	0x350
#define APIC_LVT1	0x360
#define APIC_LVTERR	0x370
#define APIC_TMICT	0x380
#define APIC_TMCCT	0x390
#define APIC_TDCR	0x3e0

#define MSR_APIC_BASE		0x1b
#define MSR_TSC_DEADLINE	0x6e0
#define MSR_X2APIC(offset)	(0x800 + (offset) / 16)
#define MSR_SELF_IPI		0x83f

#define BASE_BSP	(1u << 8)
#define BASE_X2APIC	(1u << 10)
#define BASE_ENABLE	(1u << 11)

/* Interrupt command register. */
#define ICR_LOWEST	(1u << 8)
#define ICR_NMI		(4u << 8)
#define ICR_INIT	(5u << 8)
#define ICR_SIPI	(6u << 8)
#define ICR_LOGICAL	(1u << 11)
#define ICR_ASSERT	(1u << 14)
#define ICR_LEVEL	(1u << 15)
#define ICR_SELF	(1u << 18)
#define ICR_ALL		(2u << 18)
#define ICR_OTHERS	(3u << 18)

#define LVT_MASKED	(1u << 16)
#define LVT_PERIODIC	(1u << 17)
#define LVT_DEADLINE	(2u << 17)

/* Is the vCPU in x2APIC mode?  As of its last KVM_RUN. */
bool vt_in_x2apic(const struct vt_vcpu *vcpu);
void vt_enable_x2apic(struct vt_vcpu *vcpu);

uint32_t vt_apic_read(struct vt_vcpu *vcpu, unsigned int offset);
void vt_apic_write(struct vt_vcpu *vcpu, unsigned int offset, uint32_t value);

/* One vector's bit in ISR, TMR or IRR. */
bool vt_apic_bit(struct vt_vcpu *vcpu, unsigned int base, uint8_t vector);

/* Send an IPI; dest is an APIC id or a set of logical ones, unshifted. */
void vt_ipi(struct vt_vcpu *vcpu, uint32_t low, uint32_t dest);

void vt_get_lapic(struct vt_vcpu *vcpu, struct kvm_lapic_state *state);
uint32_t vt_lapic_reg(const struct kvm_lapic_state *state, unsigned int offset);
void vt_set_lapic_reg(struct kvm_lapic_state *state, unsigned int offset, uint32_t value);

uint32_t vt_mp_state(struct vt_vcpu *vcpu);
void vt_set_mp_state(struct vt_vcpu *vcpu, uint32_t state);

/* KVM_SIGNAL_MSI with an address of the first 256 APIC ids. */
long vt_msi(struct vt_vm *vm, uint32_t address, uint32_t data);

#endif
