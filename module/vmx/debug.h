/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VELLUM_VMX_DEBUG_H
#define VELLUM_VMX_DEBUG_H

#include "../core/types.h"

/** vmx_breakpoints() - what DR0 to DR3 must hold in the guest, or NULL: any. */
const u64 *vmx_breakpoints(struct vlm_vcpu *vcpu);

/**
 * vmx_step_begin() - a section begins that steps by TF
 *
 * Only with KVM_GUESTDBG_SINGLESTEP on a CPU without the monitor trap flag.
 */
void vmx_step_begin(struct vlm_vcpu *vcpu);

/** vmx_step_end() - and it ends. */
void vmx_step_end(struct vlm_vcpu *vcpu);

/** vmx_steps_by_tf() - does the guest's RFLAGS.TF step for a debugger? */
bool vmx_steps_by_tf(struct vlm_vcpu *vcpu);

/** vmx_step_done() - single step: an exit finished an instruction. */
void vmx_step_done(struct vlm_vcpu *vcpu);

#endif /* VELLUM_VMX_DEBUG_H */
