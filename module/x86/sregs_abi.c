// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments, control registers and descriptor tables: KVM_GET_SREGS and its kin.
 *
 * Everything is checked first, so that a refusal changes nothing.
 */
#include "../vellum.h"

#include <linux/bitmap.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"

/* The two structures begin alike; work is done on the larger one. */
#define COMMON	offsetof(struct kvm_sregs, interrupt_bitmap)
static_assert(offsetof(struct kvm_sregs2, flags) == COMMON);
static_assert(offsetof(struct kvm_sregs, apic_base) == offsetof(struct kvm_sregs2, apic_base));

static void get_common(struct vlm_vcpu *vcpu, struct kvm_sregs2 *out)
{
	vmx_begin(vcpu);
	vmx_get_segment(vcpu, SEG_CS, &out->cs);
	vmx_get_segment(vcpu, SEG_DS, &out->ds);
	vmx_get_segment(vcpu, SEG_ES, &out->es);
	vmx_get_segment(vcpu, SEG_FS, &out->fs);
	vmx_get_segment(vcpu, SEG_GS, &out->gs);
	vmx_get_segment(vcpu, SEG_SS, &out->ss);
	vmx_get_segment(vcpu, SEG_TR, &out->tr);
	vmx_get_segment(vcpu, SEG_LDTR, &out->ldt);
	vmx_get_dtable(vcpu, DT_GDTR, &out->gdt);
	vmx_get_dtable(vcpu, DT_IDTR, &out->idt);
	out->cr0 = vmx_get_cr0(vcpu);
	out->cr2 = vcpu->x86.cr2;
	out->cr3 = vmx_get(vcpu, VMX_CR3);
	out->cr4 = vmx_get_cr4(vcpu);
	out->cr8 = vlm_get_cr8(vcpu);
	out->efer = vmx_get_efer(vcpu);
	out->apic_base = vcpu->x86.apic_base;
	vmx_end(vcpu);
}

/* SDM 3C, "Checks on Guest Control Registers, Debug Registers, and MSRs". */
static bool modes_agree(const struct kvm_sregs2 *s)
{
	bool long_mode = (s->efer & EFER_LME) && (s->cr0 & X86_CR0_PG);

	if (long_mode != !!(s->efer & EFER_LMA))
		return false;
	if (long_mode)
		return s->cr4 & X86_CR4_PAE;
	return !s->cs.l;
}

static bool acceptable(struct vlm_vcpu *vcpu, const struct kvm_sregs2 *s)
{
	if (!vlm_cr0_legal(vcpu, s->cr0) || (s->cr0 & ~VLM_CR0_DEFINED))
		return false;
	if (!vlm_cr4_legal(vcpu, s->cr4) || (s->efer & ~vlm_host_efer_bits()))
		return false;
	if (s->cr3 & vlm_cr3_reserved(vcpu))
		return false;
	if (s->cr8 > 15 || !vlm_apic_base_legal(vcpu, s->apic_base, true))
		return false;
	return modes_agree(s);
}

static void apply(struct vlm_vcpu *vcpu, const struct kvm_sregs2 *s)
{
	vmx_begin(vcpu);
	vmx_set_dtable(vcpu, DT_GDTR, &s->gdt);
	vmx_set_dtable(vcpu, DT_IDTR, &s->idt);
	vmx_set(vcpu, VMX_CR3, s->cr3);
	vmx_set_cr4(vcpu, s->cr4);
	/* LMA follows from LME and PG, so EFER comes last. */
	vmx_set_cr0(vcpu, s->cr0 | X86_CR0_ET);
	vmx_set_efer(vcpu, s->efer);
	/* What a segment may hold depends on the mode. */
	vmx_set_segment(vcpu, SEG_CS, &s->cs);
	vmx_set_segment(vcpu, SEG_DS, &s->ds);
	vmx_set_segment(vcpu, SEG_ES, &s->es);
	vmx_set_segment(vcpu, SEG_FS, &s->fs);
	vmx_set_segment(vcpu, SEG_GS, &s->gs);
	vmx_set_segment(vcpu, SEG_SS, &s->ss);
	vmx_set_segment(vcpu, SEG_TR, &s->tr);
	vmx_set_segment(vcpu, SEG_LDTR, &s->ldt);
	vmx_flush_linear(vcpu);
	vmx_end(vcpu);

	vcpu->x86.cr2 = s->cr2;
	vlm_set_cr8(vcpu, s->cr8);
	vlm_set_apic_base(vcpu, s->apic_base);
	vlm_request(vcpu, VLM_REQ_EVENT);
}

/*
 * With PAE paging the CPU uses PDPTE registers.  They come with the call, or
 * from where CR3 points, as after MOV to CR3.
 */
static int set_all(struct vlm_vcpu *vcpu, const struct kvm_sregs2 *s)
{
	bool pae = vlm_pae_paging(s->cr0, s->cr4, s->efer);
	u64 pdptes[4];

	if (!acceptable(vcpu, s))
		return -EINVAL;
	if (s->flags & KVM_SREGS2_FLAGS_PDPTRS_VALID) {
		if (!pae || !vlm_pdptes_legal(vcpu, s->pdptrs))
			return -EINVAL;
		memcpy(pdptes, s->pdptrs, sizeof(pdptes));
	} else if (pae && vlm_read_pdptes(vcpu, s->cr3, pdptes)) {
		return -EINVAL;
	}

	apply(vcpu, s);
	if (pae)
		vlm_write_pdptes(vcpu, pdptes);
	return 0;
}

long vlm_get_sregs2(struct vlm_vcpu *vcpu, struct kvm_sregs2 *out)
{
	int i;

	memset(out, 0, sizeof(*out));
	get_common(vcpu, out);
	if (vlm_pae_paging(out->cr0, out->cr4, out->efer)) {
		for (i = 0; i < 4; i++)
			out->pdptrs[i] = vmx_get(vcpu, VMX_PDPTE0 + i);
		out->flags |= KVM_SREGS2_FLAGS_PDPTRS_VALID;
	}
	return 0;
}

long vlm_set_sregs2(struct vlm_vcpu *vcpu, const struct kvm_sregs2 *in)
{
	if (in->flags & ~(u64)KVM_SREGS2_FLAGS_PDPTRS_VALID)
		return -EINVAL;
	return set_all(vcpu, in);
}

long vlm_get_sregs(struct vlm_vcpu *vcpu, struct kvm_sregs *out)
{
	const struct vlm_events *ev = &vcpu->events;
	struct kvm_sregs2 s;

	memset(&s, 0, sizeof(s));
	get_common(vcpu, &s);
	memset(out, 0, sizeof(*out));
	memcpy(out, &s, COMMON);
	if ((ev->interrupt.injected || ev->interrupt.pending) && !ev->interrupt.soft)
		__set_bit(ev->interrupt.vector, (unsigned long *)out->interrupt_bitmap);
	return 0;
}

long vlm_set_sregs(struct vlm_vcpu *vcpu, const struct kvm_sregs *in)
{
	struct vlm_events *ev = &vcpu->events;
	struct kvm_sregs2 s;
	unsigned int vector;
	int ret;

	memset(&s, 0, sizeof(s));
	memcpy(&s, in, COMMON);
	ret = set_all(vcpu, &s);
	if (ret)
		return ret;

	/*
	 * The interrupt that was about to be delivered where this came from.  As
	 * pending it goes at once where it did there, and waits where VM entry
	 * would refuse it: RFLAGS may come by a later call.
	 */
	vector = find_first_bit((const unsigned long *)in->interrupt_bitmap, KVM_NR_INTERRUPTS);
	if (vector < KVM_NR_INTERRUPTS) {
		ev->interrupt.pending = true;
		ev->interrupt.injected = false;
		ev->interrupt.soft = false;
		ev->interrupt.vector = vector;
	}
	return 0;
}
