/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The emulator on a vCPU.
 */
#ifndef VELLUM_EMUL_GLUE_H
#define VELLUM_EMUL_GLUE_H

#include "../core/types.h"

struct vlm_emul_state;

/**
 * struct vlm_emul - the emulator's part of a vCPU, under the vCPU mutex
 * @state: allocated with the first instruction that is emulated
 */
struct vlm_emul {
	struct vlm_emul_state *state;
};

/** vlm_emul_destroy() - accepts a vCPU that never used it. */
void vlm_emul_destroy(struct vlm_vcpu *vcpu);

/**
 * struct vlm_translated - a translation that the CPU made for an access
 * @linear: linear address
 * @gpa: where it leads
 * @write: for a write, else for a read
 * @by_offset: all that is known of @linear is the offset in its page
 */
struct vlm_translated {
	u64 linear;
	gpa_t gpa;
	bool write;
	bool by_offset;
};

/**
 * vlm_emul() - execute the instruction at RIP in the CPU's place
 * @vcpu: the vCPU
 * @known: need not be translated again; may be NULL
 *
 * For an access to where there is no memory.  What user space has to supply or
 * to take becomes KVM_EXIT_MMIO; what goes wrong is injected; what cannot be
 * done becomes KVM_EXIT_INTERNAL_ERROR with the bytes of the instruction.
 *
 * Return: enum vlm_next or errno.  Context: outside the section, may sleep.
 */
int vlm_emul(struct vlm_vcpu *vcpu, const struct vlm_translated *known);

/**
 * vlm_emul_knows() - was the instruction at @rip emulated before, for @gpa's page?
 *
 * Context: in the section.
 */
bool vlm_emul_knows(struct vlm_vcpu *vcpu, u64 rip, gpa_t gpa);

/**
 * vlm_emul_quick() - do what vlm_emul_knows() without leaving the section
 * @vcpu: the vCPU
 * @rip: where the instruction is
 * @access: the access that the CPU wanted to make
 *
 * Return: enum vlm_next; with VLM_DOOR nothing was done, and vlm_emul() has to do
 * it.  Context: in the section, interrupts off.
 */
int vlm_emul_quick(struct vlm_vcpu *vcpu, u64 rip, const struct vlm_translated *access);

/**
 * vlm_emul_string_io() - execute the INS or OUTS at RIP
 * @vcpu: the vCPU
 * @port: what the CPU says it accesses, having checked that it may
 * @size: bytes of an element
 * @in: INS
 *
 * If another instruction stands there by now, the guest tries again.
 *
 * Return: enum vlm_next or errno.  Context: outside the section, may sleep.
 */
int vlm_emul_string_io(struct vlm_vcpu *vcpu, u16 port, u8 size, bool in);

#endif /* VELLUM_EMUL_GLUE_H */
