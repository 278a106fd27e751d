// SPDX-License-Identifier: GPL-2.0-only
/*
 * FPU state as user space reads and writes it.
 *
 * The area may hold stale bytes for a component whose XSTATE_BV bit is clear:
 * it is in its initial state, and user space is shown that.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>

#include "../core/vcpu.h"

#define MASK_LEGACY	(XFEATURE_MASK_FP | XFEATURE_MASK_SSE)
#define FCW_INIT	0x37f

/* The legacy region up to the XMM registers is x87's, but for MXCSR. */
static void show_x87(struct fxregs_state *out, const struct fxregs_state *in, bool used)
{
	if (used) {
		memcpy(out, in, offsetof(struct fxregs_state, xmm_space));
	} else {
		memset(out, 0, offsetof(struct fxregs_state, xmm_space));
		out->cwd = FCW_INIT;
	}
	out->mxcsr = in->mxcsr;
	out->mxcsr_mask = vlm_fpu_mxcsr_mask();
}

static void show_legacy(struct fxregs_state *out, const struct xregs_state *area)
{
	memset(out, 0, sizeof(*out));
	show_x87(out, &area->i387, area->header.xfeatures & XFEATURE_MASK_FP);
	if (area->header.xfeatures & XFEATURE_MASK_SSE)
		memcpy(out->xmm_space, area->i387.xmm_space, sizeof(out->xmm_space));
}

long vlm_get_fpu(struct vlm_vcpu *vcpu, struct kvm_fpu *out)
{
	struct fxregs_state fx;

	show_legacy(&fx, vcpu->x86.fpu);
	memset(out, 0, sizeof(*out));
	memcpy(out->fpr, fx.st_space, sizeof(out->fpr));
	out->fcw = fx.cwd;
	out->fsw = fx.swd;
	out->ftwx = fx.twd;
	out->last_opcode = fx.fop;
	out->last_ip = fx.rip;
	out->last_dp = fx.rdp;
	memcpy(out->xmm, fx.xmm_space, sizeof(out->xmm));
	out->mxcsr = fx.mxcsr;
	return 0;
}

long vlm_set_fpu(struct vlm_vcpu *vcpu, const struct kvm_fpu *in)
{
	struct xregs_state *area = vcpu->x86.fpu;
	struct fxregs_state *fx = &area->i387;

	/* XRSTOR takes no reserved bit: SDM 1, "Operation of XRSTOR". */
	if (in->mxcsr & ~vlm_fpu_mxcsr_mask())
		return -EINVAL;

	memcpy(fx->st_space, in->fpr, sizeof(in->fpr));
	fx->cwd = in->fcw;
	fx->swd = in->fsw;
	fx->twd = in->ftwx;
	fx->fop = in->last_opcode;
	fx->rip = in->last_ip;
	fx->rdp = in->last_dp;
	memcpy(fx->xmm_space, in->xmm, sizeof(in->xmm));
	fx->mxcsr = in->mxcsr;
	area->header.xfeatures |= MASK_LEGACY;
	return 0;
}

/* In standard format each component has its place, whatever else is there. */
static void show_extended(u8 *out, const u8 *area, u64 used)
{
	u64 left = vlm_fpu_area_mask() & ~(u64)MASK_LEGACY & used;

	while (left) {
		unsigned int i = __ffs64(left);
		u32 offset, bytes;

		vlm_xsave_component(i, &offset, &bytes);
		memcpy(out + offset, area + offset, bytes);
		left &= left - 1;
	}
}

long vlm_get_xsave(struct vlm_vcpu *vcpu, struct kvm_xsave *out)
{
	const struct xregs_state *area = vcpu->x86.fpu;
	struct xregs_state *x = (struct xregs_state *)out;

	memset(out, 0, sizeof(*out));
	show_legacy(&x->i387, area);
	x->header.xfeatures = area->header.xfeatures & vlm_fpu_area_mask();
	show_extended((u8 *)out, (const u8 *)area, area->header.xfeatures);
	return 0;
}

/* SDM 1, "Operation of XRSTOR": what would be a #GP. */
static bool restorable(const struct xregs_state *x)
{
	static const struct xstate_header zero;

	if (x->header.xfeatures & ~vlm_fpu_area_mask())
		return false;
	/* All of the header that follows XSTATE_BV; a compacted format is not taken. */
	if (memcmp(&x->header.xcomp_bv, &zero, sizeof(zero) - sizeof(u64)))
		return false;
	return !(x->i387.mxcsr & ~vlm_fpu_mxcsr_mask());
}

long vlm_set_xsave(struct vlm_vcpu *vcpu, const struct kvm_xsave *in)
{
	struct xregs_state *area = vcpu->x86.fpu;
	const struct xregs_state *x = (const struct xregs_state *)in;

	if (!restorable(x))
		return -EINVAL;

	memcpy(area, x, vlm_fpu_size());
	/* FXRSTOR knows no initial state but what it finds in memory. */
	if (!vlm_fpu_host_mask()) {
		show_legacy(&area->i387, x);
		area->header.xfeatures = MASK_LEGACY;
	}
	return 0;
}

long vlm_get_xsave2(struct vlm_vcpu *vcpu, void __user *user)
{
	struct kvm_xsave *x = kzalloc(sizeof(*x), GFP_KERNEL_ACCOUNT);
	long ret;

	if (!x)
		return -ENOMEM;
	ret = vlm_get_xsave(vcpu, x);
	if (!ret && copy_to_user(user, x, sizeof(*x)))
		ret = -EFAULT;
	kfree(x);
	return ret;
}

long vlm_get_xcrs(struct vlm_vcpu *vcpu, struct kvm_xcrs *out)
{
	memset(out, 0, sizeof(*out));
	if (!vlm_fpu_host_mask())
		return -EINVAL;
	out->nr_xcrs = 1;
	out->xcrs[0].xcr = XCR_XFEATURE_ENABLED_MASK;
	out->xcrs[0].value = vcpu->x86.xcr0;
	return 0;
}

long vlm_set_xcrs(struct vlm_vcpu *vcpu, const struct kvm_xcrs *in)
{
	u64 xcr0 = vcpu->x86.xcr0;
	u32 i;

	if (!vlm_fpu_host_mask())
		return -EINVAL;
	if (in->nr_xcrs > KVM_MAX_XCRS || in->flags)
		return -EINVAL;
	for (i = 0; i < in->nr_xcrs; i++) {
		if (in->xcrs[i].xcr != XCR_XFEATURE_ENABLED_MASK)
			continue;
		if (!vlm_xcr0_legal(vcpu, in->xcrs[i].value))
			return -EINVAL;
		xcr0 = in->xcrs[i].value;
		break;
	}
	vlm_set_xcr0(vcpu, xcr0);
	return 0;
}
