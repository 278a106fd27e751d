/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VELLUM_VMX_MSRBITMAP_H
#define VELLUM_VMX_MSRBITMAP_H

#include "../core/types.h"

/** vmx_msr_bitmap_init() - which MSRs the guest touches without an exit. */
void vmx_msr_bitmap_init(struct vlm_vcpu *vcpu);

/** vmx_msr_pass() - may the guest access one that no filter applies to? */
void vmx_msr_pass(struct vlm_vcpu *vcpu, u32 index, bool write, bool pass);

#endif /* VELLUM_VMX_MSRBITMAP_H */
