// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segment descriptors: SDM 3A, "Segment Descriptors".
 */
#include "../vellum.h"

#include <linux/align.h>
#include <linux/errno.h>

#include "../core/vcpu.h"
#include "../mem/mem.h"
#include "desc.h"

#define DESC_SIZE	8
#define TYPE_AT		5	/* byte that holds type, S, DPL and P */

static void unpack(u64 raw, u16 selector, struct kvm_segment *seg)
{
	u32 low = raw, high = raw >> 32;

	*seg = (struct kvm_segment){
		.selector = selector,
		.base = (low >> 16) | (high & 0xff) << 16 | (high & 0xff000000),
		.limit = (low & 0xffff) | (high & 0xf0000),
		.type = high >> 8 & 0xf,
		.s = high >> 12 & 1,
		.dpl = high >> 13 & 3,
		.present = high >> 15 & 1,
		.avl = high >> 20 & 1,
		.l = high >> 21 & 1,
		.db = high >> 22 & 1,
		.g = high >> 23 & 1,
	};
	if (seg->g)
		seg->limit = seg->limit << 12 | 0xfff;
}

int vlm_desc_read_at(struct vlm_vcpu *vcpu, u32 linear, u16 selector, u32 flags,
		     struct vlm_desc *desc, struct vlm_fault *fault)
{
	int ret;

	ret = vlm_span_find(vcpu, linear, DESC_SIZE, flags | WALK_IMPLICIT, &desc->span, fault);
	if (!ret)
		ret = vlm_span_read(vcpu->vm, &desc->span, &desc->raw);
	if (!ret)
		unpack(desc->raw, selector, &desc->seg);
	return ret;
}

int vlm_desc_read(struct vlm_vcpu *vcpu, u16 selector, u32 flags, struct vlm_desc *desc,
		  struct vlm_fault *fault)
{
	u32 offset = selector & ~7U;
	struct kvm_segment ldt;
	struct kvm_dtable gdt;
	u32 base, limit;

	if (selector & SEL_TI) {
		vmx_get_segment(vcpu, SEG_LDTR, &ldt);
		if (ldt.unusable)
			return VLM_NO_DESC;
		base = ldt.base;
		limit = ldt.limit;
	} else {
		vmx_get_dtable(vcpu, DT_GDTR, &gdt);
		base = gdt.base;
		limit = gdt.limit;
	}
	if (offset + DESC_SIZE - 1 > limit)
		return VLM_NO_DESC;
	return vlm_desc_read_at(vcpu, base + offset, selector, flags, desc, fault);
}

/* As part of an aligned word: the neighbours must not have changed either. */
int vlm_desc_set_type(struct vlm_vm *vm, const struct vlm_desc *desc, u8 bit)
{
	gpa_t gpa = vlm_span_at(&desc->span, TYPE_AT);
	gpa_t word = ALIGN_DOWN(gpa, sizeof(u32));
	unsigned int shift = (gpa - word) * 8;
	u32 old;

	if (vlm_mem_read(vm, word, &old, sizeof(old)))
		return -EFAULT;
	if ((u8)(old >> shift) != (u8)(desc->raw >> TYPE_AT * 8))
		return -EAGAIN;
	return vlm_mem_cmpxchg32(vm, word, old, old | (u32)bit << shift);
}

int vlm_desc_clear_type(struct vlm_vm *vm, const struct vlm_desc *desc, u8 bit)
{
	u8 byte = (desc->raw >> TYPE_AT * 8) & ~bit;

	return vlm_mem_write(vm, vlm_span_at(&desc->span, TYPE_AT), &byte, 1);
}
