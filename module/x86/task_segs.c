// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segment registers of a new task: SDM 3A, "Exception Conditions Checked During
 * a Task Switch".
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "task.h"

/* A descriptor that keeps changing is taken as it is in the end. */
#define ATTEMPTS	16

static int raise(struct vlm_fault *fault, u8 vector, u16 selector)
{
	*fault = (struct vlm_fault){ vector, SEL_ERROR(selector) };
	return 1;
}

/* What one register asks of a descriptor: 0, or the vector that refuses it. */
typedef u8 (*accept_fn)(const struct kvm_segment *seg, u8 rpl, u8 cpl);

static u8 accept_code(const struct kvm_segment *seg, u8 rpl, u8 cpl)
{
	if (!seg->s || !(seg->type & TYPE_CODE))
		return X86_TRAP_TS;
	if (seg->type & TYPE_CONFORMING ? seg->dpl > rpl : seg->dpl != rpl)
		return X86_TRAP_TS;
	return seg->present ? 0 : X86_TRAP_NP;
}

static u8 accept_stack(const struct kvm_segment *seg, u8 rpl, u8 cpl)
{
	if (!seg->s || (seg->type & TYPE_CODE) || !(seg->type & TYPE_WRITABLE))
		return X86_TRAP_TS;
	if (!seg->present)
		return X86_TRAP_SS;
	return seg->dpl != cpl || rpl != cpl ? X86_TRAP_TS : 0;
}

static u8 accept_data(const struct kvm_segment *seg, u8 rpl, u8 cpl)
{
	bool code = seg->type & TYPE_CODE;

	if (!seg->s || (code && !(seg->type & TYPE_READABLE)))
		return X86_TRAP_TS;
	if (!seg->present)
		return X86_TRAP_NP;
	if (code && (seg->type & TYPE_CONFORMING))
		return 0;
	return rpl > seg->dpl || cpl > seg->dpl ? X86_TRAP_TS : 0;
}

static int load(struct vlm_vcpu *vcpu, enum vmx_segment reg, u16 selector, u8 cpl,
		accept_fn accept, struct vlm_fault *fault)
{
	struct vlm_desc desc;
	unsigned int attempt;
	u8 vector;
	int ret;

	if (SEL_IS_NULL(selector))
		return accept == accept_data ? 0 : raise(fault, X86_TRAP_TS, selector);

	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		ret = vlm_desc_read(vcpu, selector, 0, &desc, fault);
		if (ret == VLM_NO_DESC)
			return raise(fault, X86_TRAP_TS, selector);
		if (ret)
			return ret;
		vector = accept(&desc.seg, SEL_RPL(selector), cpl);
		if (vector)
			return raise(fault, vector, selector);
		if (desc.seg.type & TYPE_ACCESSED)
			break;
		/* Where it cannot be set, in read-only memory, it is not. */
		if (vlm_desc_set_type(vcpu->vm, &desc, TYPE_ACCESSED) != -EAGAIN)
			break;
	}
	/* CPL is kept in SS; a conforming segment does not change it. */
	vmx_set_segment(vcpu, reg, &desc.seg);
	return 0;
}

static int load_ldtr(struct vlm_vcpu *vcpu, u16 selector, struct vlm_fault *fault)
{
	struct vlm_desc desc;
	int ret;

	if (SEL_IS_NULL(selector))
		return 0;
	if (selector & SEL_TI)
		return raise(fault, X86_TRAP_TS, selector);
	ret = vlm_desc_read(vcpu, selector, 0, &desc, fault);
	if (ret == VLM_NO_DESC)
		return raise(fault, X86_TRAP_TS, selector);
	if (ret)
		return ret;
	if (desc.seg.s || desc.seg.type != TYPE_LDT || !desc.seg.present)
		return raise(fault, X86_TRAP_TS, selector);
	vmx_set_segment(vcpu, SEG_LDTR, &desc.seg);
	return 0;
}

/* SDM 3B, "Address Translation in Real-Address Mode". */
static void load_v86(struct vlm_vcpu *vcpu, const struct vlm_task_state *state)
{
	unsigned int i;

	for (i = 0; i < TSS_SEGS; i++) {
		const struct kvm_segment seg = {
			.selector = state->seg[i],
			.base = (u32)state->seg[i] << 4,
			.limit = 0xffff,
			.type = TYPE_WRITABLE | TYPE_ACCESSED,
			.s = 1,
			.dpl = 3,
			.present = 1,
		};

		vmx_set_segment(vcpu, i, &seg);
	}
}

/*
 * The selectors are there at once, what they name is not.  VM entry insists on a
 * code segment of the CPL that SS has: this one is empty.
 */
static void unload(struct vlm_vcpu *vcpu, const struct vlm_task_state *state, u8 cpl)
{
	struct kvm_segment seg = { .dpl = cpl, .unusable = 1 };
	unsigned int i;

	for (i = 0; i < TSS_SEGS; i++) {
		seg.selector = state->seg[i];
		vmx_set_segment(vcpu, i, &seg);
	}
	seg.selector = state->ldt;
	vmx_set_segment(vcpu, SEG_LDTR, &seg);

	seg = (struct kvm_segment){
		.selector = state->seg[SEG_CS],
		.type = TYPE_CODE | TYPE_READABLE | TYPE_ACCESSED,
		.s = 1,
		.dpl = cpl,
		.present = 1,
	};
	vmx_set_segment(vcpu, SEG_CS, &seg);
}

int vlm_task_load_segments(struct vlm_vcpu *vcpu, const struct vlm_task_state *state,
			   struct vlm_fault *fault)
{
	static const struct {
		u8 reg;
		accept_fn accept;
	} order[] = {
		{ SEG_CS, accept_code }, { SEG_SS, accept_stack }, { SEG_DS, accept_data },
		{ SEG_ES, accept_data }, { SEG_FS, accept_data }, { SEG_GS, accept_data },
	};
	bool v86 = state->eflags & X86_EFLAGS_VM;
	u8 cpl = v86 ? 3 : SEL_RPL(state->seg[SEG_CS]);
	unsigned int i;
	int ret;

	unload(vcpu, state, cpl);
	/* VM entry wants these of a virtual-8086 task in any case. */
	if (v86)
		load_v86(vcpu, state);
	ret = load_ldtr(vcpu, state->ldt, fault);
	for (i = 0; !ret && !v86 && i < ARRAY_SIZE(order); i++)
		ret = load(vcpu, order[i].reg, state->seg[order[i].reg], cpl, order[i].accept,
			   fault);
	return ret;
}
