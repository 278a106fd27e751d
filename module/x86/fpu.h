/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's x87, vector and protection-key state.
 *
 * It lives in an XSAVE area of ours in standard format, or an FXSAVE area where
 * the CPU has no XSAVE.  What is in the area never makes XRSTOR fault: it comes
 * from XSAVE, or from user space after vlm_set_xsave() has checked it.
 */
#ifndef VELLUM_X86_FPU_H
#define VELLUM_X86_FPU_H

#include <linux/kvm.h>

#include "../core/types.h"

/** vlm_fpu_init() - layout of the area, once at load; 0 or errno. */
int vlm_fpu_init(void);
int vlm_fpu_create(struct vlm_vcpu *vcpu);
void vlm_fpu_destroy(struct vlm_vcpu *vcpu);

/** vlm_fpu_reset() - every component as FNINIT and its likes leave it. */
void vlm_fpu_reset(struct vlm_vcpu *vcpu);

/**
 * vlm_fpu_load() - swap host and guest FPU state, XCR0, PKRU
 * @vcpu: the vCPU
 *
 * From here to vlm_fpu_save() the FPU belongs to the guest, and preemption is
 * off: one calls kernel_fpu_begin_mask(), the other kernel_fpu_end().
 */
void vlm_fpu_load(struct vlm_vcpu *vcpu);
void vlm_fpu_save(struct vlm_vcpu *vcpu);

/** vlm_fpu_host_mask() - XCR0 bits that a guest can be offered; 0: no XSAVE. */
u64 vlm_fpu_host_mask(void);

/**
 * vlm_fpu_area_mask() - state components that the area holds
 *
 * vlm_fpu_host_mask(), or x87 and SSE where there is no XSAVE.
 */
u64 vlm_fpu_area_mask(void);

/** vlm_fpu_mxcsr_mask() - MXCSR bits that may be set. */
u32 vlm_fpu_mxcsr_mask(void);

/** vlm_fpu_pkru() - PKRU of the guest.  Context: outside the section. */
u32 vlm_fpu_pkru(struct vlm_vcpu *vcpu);

/** vlm_fpu_size() - bytes of the standard-format XSAVE area. */
u32 vlm_fpu_size(void);

/**
 * vlm_xsave_size() - bytes of an XSAVE area with these components
 * @mask: XCR0 | IA32_XSS
 * @compacted: as XSAVEC and XSAVES lay it out
 *
 * SDM 1, "Extended Region of an XSAVE Area".
 */
u32 vlm_xsave_size(u64 mask, bool compacted);

/** vlm_xsave_component() - place of extended component @i in the area. */
void vlm_xsave_component(unsigned int i, u32 *offset, u32 *bytes);

/* fpu_abi.c */

/** vlm_get_fpu() - like all that follow: 0 or errno, nothing changed on errno. */
long vlm_get_fpu(struct vlm_vcpu *vcpu, struct kvm_fpu *out);
long vlm_set_fpu(struct vlm_vcpu *vcpu, const struct kvm_fpu *in);
long vlm_get_xsave(struct vlm_vcpu *vcpu, struct kvm_xsave *out);
long vlm_set_xsave(struct vlm_vcpu *vcpu, const struct kvm_xsave *in);
/** vlm_get_xsave2() - as vlm_get_xsave(): no state needs more than 4096 bytes. */
long vlm_get_xsave2(struct vlm_vcpu *vcpu, void __user *user);
long vlm_get_xcrs(struct vlm_vcpu *vcpu, struct kvm_xcrs *out);
long vlm_set_xcrs(struct vlm_vcpu *vcpu, const struct kvm_xcrs *in);

#endif /* VELLUM_X86_FPU_H */
