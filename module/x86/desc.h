/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segment descriptors in the guest's tables, outside IA-32e mode.
 */
#ifndef VELLUM_X86_DESC_H
#define VELLUM_X86_DESC_H

#include <linux/kvm.h>

#include "linear.h"

/* Parts of a selector: SDM 3A, "Segment Selectors". */
#define SEL_RPL(sel)	((sel) & 3)
#define SEL_TI		4
#define SEL_IS_NULL(sel)	(!((sel) & ~3))
/* What of it an error code holds. */
#define SEL_ERROR(sel)	((sel) & ~3U)

/* Types: SDM 3A, "Segment Descriptor Types". */
#define TYPE_ACCESSED	1
#define TYPE_WRITABLE	2	/* of data */
#define TYPE_READABLE	2	/* of code */
#define TYPE_DOWN	4	/* data that grows down */
#define TYPE_CONFORMING	4	/* of code */
#define TYPE_CODE	8
#define TYPE_LDT	2
#define TYPE_BUSY	2	/* of a TSS */
#define TYPE_TSS16	1
#define TYPE_TSS32	9

/**
 * struct vlm_desc - one descriptor
 * @span: where it is
 * @raw: its eight bytes
 * @seg: what it says
 */
struct vlm_desc {
	struct vlm_span span;
	u64 raw;
	struct kvm_segment seg;
};

#define VLM_NO_DESC	2

/**
 * vlm_desc_read() - the descriptor that a selector names
 * @vcpu: the vCPU
 * @selector: in the GDT, or in the LDT of the vCPU's LDTR
 * @flags: WALK_WRITE when it will be changed
 * @desc: out
 * @fault: #PF, when it returns 1
 *
 * Return: VLM_NO_DESC when it lies beyond the table's limit; else as
 * vlm_span_find(), or -EFAULT when its memory does not come.
 */
int vlm_desc_read(struct vlm_vcpu *vcpu, u16 selector, u32 flags, struct vlm_desc *desc,
		  struct vlm_fault *fault);

/** vlm_desc_read_at() - the same, by linear address. */
int vlm_desc_read_at(struct vlm_vcpu *vcpu, u32 linear, u16 selector, u32 flags,
		     struct vlm_desc *desc, struct vlm_fault *fault);

/**
 * vlm_desc_set_type() - set a bit of the type, atomically: busy or accessed
 *
 * Return: 0; -EAGAIN when the descriptor has changed since it was read; -EFAULT.
 */
int vlm_desc_set_type(struct vlm_vm *vm, const struct vlm_desc *desc, u8 bit);

/** vlm_desc_clear_type() - clear a bit of the type; 0 or -EFAULT. */
int vlm_desc_clear_type(struct vlm_vm *vm, const struct vlm_desc *desc, u8 bit);

#endif /* VELLUM_X86_DESC_H */
