/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMX root operation: who turns it on, and who makes sure that it goes off.
 */
#ifndef VELLUM_VMX_ROOT_H
#define VELLUM_VMX_ROOT_H

#include <linux/percpu.h>

DECLARE_PER_CPU(bool, vmx_root_on);

/** vmx_root_is_on() - is this CPU in VMX operation?  Preemption off. */
static inline bool vmx_root_is_on(void)
{
	return this_cpu_read(vmx_root_on);
}

/**
 * vmx_root_check() - may Vellum have VMX operation?
 *
 * Return: 0, or -EBUSY when CR4.VMXE is set on some CPU, after one log line
 * that says so.  May sleep.
 */
int vmx_root_check(void);

/**
 * vmx_root_get() - enter VMX operation on every CPU, for one VM
 *
 * VMX is on only while a VM exists: an idle module costs nothing, and leaves
 * VT-x to KVM.
 *
 * Return: 0; -EBUSY when somebody else holds VMX operation; -EIO when VMXON
 * fails; -ESHUTDOWN while the machine goes down; -ENOMEM.  May sleep.
 */
int vmx_root_get(void);

/** vmx_root_put() - the VM is gone; the last one leaves VMX operation. */
void vmx_root_put(void);

/** vmx_root_gone() - VMX operation was ended for a reboot, for good. */
bool vmx_root_gone(void);

int vmx_root_init(void);
void vmx_root_exit(void);

#endif /* VELLUM_VMX_ROOT_H */
