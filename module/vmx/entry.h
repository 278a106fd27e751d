/* SPDX-License-Identifier: GPL-2.0-only */
/* What entry.S defines. */
#ifndef VELLUM_VMX_ENTRY_H
#define VELLUM_VMX_ENTRY_H

#include "../core/types.h"

/**
 * vmx_enter_guest() - VMLAUNCH or VMRESUME, and what lies around them
 * @vcpu: its VMCS is current
 * @launched: VMRESUME
 *
 * Return: 0 after a VM exit, 1 when the CPU refused the instruction.
 * Context: in the section, interrupts off.
 */
u32 vmx_enter_guest(struct vlm_vcpu *vcpu, bool launched);

/* Where a VM exit arrives: HOST_RIP. */
extern const char vmx_exit_point[];

#endif /* VELLUM_VMX_ENTRY_H */
