/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host's mitigations ask of a hypervisor, as far as it is not in
 * entry.S: that one clears registers, the return stack, the branch history and
 * the CPU's buffers, and switches IA32_SPEC_CTRL.
 */
#ifndef VELLUM_VMX_SPECULATION_H
#define VELLUM_VMX_SPECULATION_H

#include <linux/jump_label.h>
#include <asm/nospec-branch.h>

#include "../core/types.h"

DECLARE_STATIC_KEY_FALSE(vmx_l1d_flush_needed);

/** vmx_speculation_init() - look at the CPU's bugs; 0 or -ENOMEM. */
int vmx_speculation_init(void);
void vmx_speculation_exit(void);

/**
 * vmx_speculation_section() - a vCPU comes to this CPU
 *
 * Branch predictions that another vCPU trained are forgotten, and those of this one
 * will be before user space runs on this CPU, where the host wants that (VMSCAPE).
 * Preemption off until the section ends.
 */
void vmx_speculation_section(struct vlm_vcpu *vcpu);

/** vmx_l1d_leave_nothing() - vmx_speculation_entry() on a CPU that L1TF affects. */
void vmx_l1d_leave_nothing(struct vlm_vcpu *vcpu);

/**
 * vmx_speculation_entry() - nothing of the host's is left for the guest to find
 *
 * The L1 data cache, whose contents L1TF reveals, is emptied if anything ran
 * since the last entry but the handlers of exits, which touch what belongs to
 * the VM: an interrupt, another thread, user space, the emulator.  CPUs that leak
 * by way of device memory alone have their buffers cleared here, as any slot may map
 * some; entry.S clears them on others.  Interrupts off, the entry is next.
 */
static inline void vmx_speculation_entry(struct vlm_vcpu *vcpu)
{
	if (static_branch_unlikely(&vmx_l1d_flush_needed))
		vmx_l1d_leave_nothing(vcpu);
	if (static_branch_unlikely(&mmio_stale_data_clear))
		x86_clear_cpu_buffers();
}

#endif /* VELLUM_VMX_SPECULATION_H */
