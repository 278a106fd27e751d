/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VELLUM_VMX_MSRBITMAP_H
#define VELLUM_VMX_MSRBITMAP_H

#include "../core/types.h"

/** vmx_msr_bitmap_init() - which MSRs the guest touches without an exit. */
void vmx_msr_bitmap_init(struct vlm_vcpu *vcpu);

#endif /* VELLUM_VMX_MSRBITMAP_H */
