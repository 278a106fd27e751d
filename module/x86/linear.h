/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CPU's own accesses to tables of the guest, by linear address: descriptor
 * tables, task-state segments.  Outside IA-32e mode, so addresses have 32 bits.
 */
#ifndef VELLUM_X86_LINEAR_H
#define VELLUM_X86_LINEAR_H

#include "../core/types.h"

/**
 * struct vlm_fault - the exception that an access or a check ended in
 * @vector: its number
 * @error: error code
 * @cr2: linear address, for #PF
 */
struct vlm_fault {
	u8 vector;
	u32 error;
	gva_t cr2;
};

/** vlm_inject_fault() - raise it in the guest. */
void vlm_inject_fault(struct vlm_vcpu *vcpu, const struct vlm_fault *fault);

/**
 * struct vlm_span - a linear range that was translated
 * @piece: in one page each; the second may be empty
 */
struct vlm_span {
	struct {
		gpa_t gpa;
		u32 len;
	} piece[2];
};

/**
 * vlm_span_find() - translate a linear range of at most a page's length
 * @vcpu: the vCPU
 * @linear: where it begins
 * @len: bytes
 * @flags: WALK_*
 * @span: out
 * @fault: #PF, when it returns 1
 *
 * Return: 0; 1 for #PF; -EAGAIN: let the guest try again; -ENXIO when the range or
 * a page table is not in guest memory, or the range must be written to and is in a
 * read-only slot.  Context: vCPU mutex, may sleep.
 */
int vlm_span_find(struct vlm_vcpu *vcpu, u32 linear, u32 len, u32 flags,
		  struct vlm_span *span, struct vlm_fault *fault);

/** vlm_span_read() - vlm_span_write() likewise: 0, or -EFAULT as of vlm_mem_read(). */
int vlm_span_read(struct vlm_vm *vm, const struct vlm_span *span, void *buf);
int vlm_span_write(struct vlm_vm *vm, const struct vlm_span *span, const void *buf);

/** vlm_span_at() - guest-physical address of the byte at @offset. */
gpa_t vlm_span_at(const struct vlm_span *span, u32 offset);

#endif /* VELLUM_X86_LINEAR_H */
