/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control registers: what the architecture allows.
 */
#ifndef VELLUM_X86_CTRLREGS_H
#define VELLUM_X86_CTRLREGS_H

#include "../core/types.h"

/* CR0 bits that there are; MOV to CR0 ignores the other ones below bit 32. */
#define VLM_CR0_DEFINED	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS |	\
			 X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM |	\
			 X86_CR0_NW | X86_CR0_CD | X86_CR0_PG)

/* Legality as the SDM has it; false means #GP. */
bool vlm_cr0_legal(struct vlm_vcpu *vcpu, u64 cr0);
bool vlm_cr4_legal(struct vlm_vcpu *vcpu, u64 cr4);
bool vlm_cr3_legal(struct vlm_vcpu *vcpu, u64 cr3);
bool vlm_efer_legal(struct vlm_vcpu *vcpu, u64 efer);
bool vlm_xcr0_legal(struct vlm_vcpu *vcpu, u64 xcr0);

/**
 * vlm_mov_to_cr0() - MOV to CR and XSETBV by the guest
 * @vcpu: the vCPU
 * @value: what it writes
 *
 * Return: 0; 1 for #GP; -EAGAIN, with nothing changed, when PDPTEs must be read
 * from guest memory but the guest's context is loaded: call again outside.
 * Only CR0, CR3 and CR4 ever answer -EAGAIN.
 */
int vlm_mov_to_cr0(struct vlm_vcpu *vcpu, u64 value);
int vlm_mov_to_cr3(struct vlm_vcpu *vcpu, u64 value);
int vlm_mov_to_cr4(struct vlm_vcpu *vcpu, u64 value);
int vlm_mov_to_cr8(struct vlm_vcpu *vcpu, u64 value);
int vlm_xsetbv(struct vlm_vcpu *vcpu, u32 index, u64 value);

/** vlm_set_xcr0() - take a legal value, into the CPU too when it is loaded. */
void vlm_set_xcr0(struct vlm_vcpu *vcpu, u64 xcr0);

/**
 * vlm_cr3_reserved() - address bits that CR3 must not have
 * @vcpu: the vCPU
 *
 * By the narrower of guest and host: a guest may be told of more bits than
 * there are, but VM entry would refuse them.
 */
u64 vlm_cr3_reserved(struct vlm_vcpu *vcpu);

/** vlm_pae_paging() - do these mean PAE paging, which has PDPTE registers? */
bool vlm_pae_paging(u64 cr0, u64 cr4, u64 efer);

/**
 * vlm_read_pdptes() - read the PDPTEs that CR3 points to
 * @vcpu: the vCPU
 * @cr3: where they are
 * @pdptes: out
 *
 * Return: 0; 1 when one of them is not legal; -EFAULT when they are not in
 * guest memory.  May sleep.
 */
int vlm_read_pdptes(struct vlm_vcpu *vcpu, u64 cr3, u64 pdptes[4]);

/** vlm_pdptes_legal() - none is present with a reserved bit set. */
bool vlm_pdptes_legal(struct vlm_vcpu *vcpu, const u64 pdptes[4]);

/** vlm_write_pdptes() - put legal PDPTEs into their registers. */
void vlm_write_pdptes(struct vlm_vcpu *vcpu, const u64 pdptes[4]);

/**
 * vlm_canonical() - is @addr sign-extended from bit @bits - 1?
 * @addr: a linear address
 * @bits: width of linear addresses
 *
 * MSRs are checked against the width that the CPU has (vlm_msr_width()), not
 * the one in use: SDM 1, "Canonical Addressing".
 */
bool vlm_canonical(u64 addr, unsigned int bits);
unsigned int vlm_msr_width(struct vlm_vcpu *vcpu);

#endif /* VELLUM_X86_CTRLREGS_H */
