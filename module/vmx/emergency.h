/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VELLUM_VMX_EMERGENCY_H
#define VELLUM_VMX_EMERGENCY_H

/** vmx_emergency_init() - watch kvm_intel come and go; errno on failure. */
int vmx_emergency_init(void);
void vmx_emergency_exit(void);

/**
 * vmx_emergency_arm() - have VMX turned off when the kernel crashes
 *
 * Called when the first CPU is about to enter VMX operation, and undone by
 * vmx_emergency_disarm() when all have left it.  May sleep.
 */
void vmx_emergency_arm(void);
void vmx_emergency_disarm(void);

#endif /* VELLUM_VMX_EMERGENCY_H */
