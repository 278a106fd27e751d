// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest segments and descriptor-table registers.
 */
#include "../vellum.h"

#include <linux/kernel.h>

#include "../core/vcpu.h"
#include "insn.h"

#define SEGMENT(name)						\
	[SEG_##name] = { GUEST_##name##_SELECTOR, GUEST_##name##_BASE,	\
			 GUEST_##name##_LIMIT, GUEST_##name##_AR_BYTES }

static const struct {
	u16 selector, base, limit, ar;
} fields[] = {
	SEGMENT(ES), SEGMENT(CS), SEGMENT(SS), SEGMENT(DS),
	SEGMENT(FS), SEGMENT(GS), SEGMENT(LDTR), SEGMENT(TR),
};

static_assert(ARRAY_SIZE(fields) == NR_SEGS);

/* Access rights as the VMCS has them: SDM 3C, "Guest Register State". */
#define AR_AVL_SHIFT	12
#define AR_L_SHIFT	13
#define AR_DB_SHIFT	14
#define AR_G_SHIFT	15

static u32 ar_from(const struct kvm_segment *s)
{
	u32 ar;

	ar = s->type | s->s << 4 | s->dpl << VMX_AR_DPL_SHIFT | s->present << 7 |
	     s->avl << AR_AVL_SHIFT | s->l << AR_L_SHIFT | s->db << AR_DB_SHIFT |
	     s->g << AR_G_SHIFT;
	if (s->unusable || !s->present)
		ar |= VMX_AR_UNUSABLE_MASK;
	return ar;
}

void vmx_get_segment(struct vlm_vcpu *vcpu, enum vmx_segment seg, struct kvm_segment *out)
{
	u32 ar;

	vmx_begin(vcpu);
	ar = vmcs_read32(fields[seg].ar);
	*out = (struct kvm_segment) {
		.base = vmcs_readl(fields[seg].base),
		.limit = vmcs_read32(fields[seg].limit),
		.selector = vmcs_read16(fields[seg].selector),
		.type = ar & VMX_AR_TYPE_MASK,
		.s = (ar >> 4) & 1,
		.dpl = VMX_AR_DPL(ar),
		.present = (ar >> 7) & 1,
		.avl = (ar >> AR_AVL_SHIFT) & 1,
		.l = (ar >> AR_L_SHIFT) & 1,
		.db = (ar >> AR_DB_SHIFT) & 1,
		.g = (ar >> AR_G_SHIFT) & 1,
		.unusable = !!(ar & VMX_AR_UNUSABLE_MASK),
	};
	vmx_end(vcpu);
}

void vmx_set_segment(struct vlm_vcpu *vcpu, enum vmx_segment seg, const struct kvm_segment *in)
{
	u32 ar = ar_from(in);

	/*
	 * Unrestricted guests leave protected mode with CS still a code
	 * segment, and older VMMs pass data segments that were never loaded:
	 * the accessed flag is what VM entry insists on and what the CPU would
	 * have set (SDM 3C, "Checks on Guest Segment Registers").
	 */
	if (seg < SEG_LDTR && !(ar & VMX_AR_UNUSABLE_MASK))
		ar |= VMX_AR_TYPE_ACCESSES_MASK;

	vmx_begin(vcpu);
	vmcs_write16(fields[seg].selector, in->selector);
	vmcs_writel(fields[seg].base, in->base);
	vmcs_write32(fields[seg].limit, in->limit);
	vmcs_write32(fields[seg].ar, ar);
	vmx_end(vcpu);
}

void vmx_get_dtable(struct vlm_vcpu *vcpu, enum vmx_dtable dt, struct kvm_dtable *out)
{
	vmx_begin(vcpu);
	*out = (struct kvm_dtable) {
		.base = vmcs_readl(dt == DT_GDTR ? GUEST_GDTR_BASE : GUEST_IDTR_BASE),
		.limit = vmcs_read32(dt == DT_GDTR ? GUEST_GDTR_LIMIT : GUEST_IDTR_LIMIT),
	};
	vmx_end(vcpu);
}

void vmx_set_dtable(struct vlm_vcpu *vcpu, enum vmx_dtable dt, const struct kvm_dtable *in)
{
	vmx_begin(vcpu);
	vmcs_writel(dt == DT_GDTR ? GUEST_GDTR_BASE : GUEST_IDTR_BASE, in->base);
	vmcs_write32(dt == DT_GDTR ? GUEST_GDTR_LIMIT : GUEST_IDTR_LIMIT, in->limit);
	vmx_end(vcpu);
}

unsigned int vmx_cpl(struct vlm_vcpu *vcpu)
{
	unsigned int cpl;

	vmx_begin(vcpu);
	cpl = VMX_AR_DPL(vmcs_read32(GUEST_SS_AR_BYTES));
	/* Real mode is ring 0 whatever SS holds. */
	if (!(vmcs_readl(GUEST_CR0) & X86_CR0_PE))
		cpl = 0;
	vmx_end(vcpu);
	return cpl;
}

unsigned int vmx_code_bits(struct vlm_vcpu *vcpu)
{
	u32 ar;

	vmx_begin(vcpu);
	ar = vmcs_read32(GUEST_CS_AR_BYTES);
	vmx_end(vcpu);
	if ((ar & VMX_AR_L_MASK) && (vmx_get_efer(vcpu) & EFER_LMA))
		return 64;
	return ar & VMX_AR_DB_MASK ? 32 : 16;
}
