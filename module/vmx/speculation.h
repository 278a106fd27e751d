/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host's mitigations ask of a hypervisor, as far as it is not in
 * entry.S: that one clears registers, the return stack, the branch history and
 * the CPU's buffers, and switches IA32_SPEC_CTRL.
 */
#ifndef VELLUM_VMX_SPECULATION_H
#define VELLUM_VMX_SPECULATION_H

#include <linux/jump_label.h>

#include "../core/types.h"

DECLARE_STATIC_KEY_FALSE(vmx_l1d_flush_needed);

/** vmx_speculation_init() - look at the CPU's bugs; 0 or -ENOMEM. */
int vmx_speculation_init(void);
void vmx_speculation_exit(void);

/** vmx_flush_l1d() - empty the L1 data cache, whose contents L1TF reveals. */
void vmx_flush_l1d(void);

/**
 * vmx_speculation_section() - a vCPU comes to this CPU
 *
 * Branch predictions that another vCPU trained are forgotten.  Interrupts off.
 */
void vmx_speculation_section(struct vlm_vcpu *vcpu);

/** vmx_speculation_host_ran() - host code other than ours ran since the last exit. */
static inline void vmx_speculation_host_ran(void)
{
	if (static_branch_unlikely(&vmx_l1d_flush_needed))
		vmx_flush_l1d();
}

#endif /* VELLUM_VMX_SPECULATION_H */
