/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this CPU's VT-x offers, resolved once at load.
 */
#ifndef VELLUM_VMX_CAPS_H
#define VELLUM_VMX_CAPS_H

#include <linux/types.h>
#include <asm/vmx.h>

/* The 6.12 headers renamed this one. */
#ifndef SECONDARY_EXEC_ENABLE_XSAVES
#define SECONDARY_EXEC_ENABLE_XSAVES	SECONDARY_EXEC_XSAVES
#endif

/**
 * struct vmx_caps - the VMX configuration that every VMCS is built from
 * @revision: VMCS revision identifier, bits 30:0
 * @pin: pin-based VM-execution controls in use
 * @proc: primary processor-based VM-execution controls in use
 * @proc2: secondary processor-based VM-execution controls in use
 * @exit: VM-exit controls in use
 * @entry: VM-entry controls in use, but for those that follow the guest's mode
 * @ept_vpid: IA32_VMX_EPT_VPID_CAP
 * @misc: IA32_VMX_MISC
 * @cr0_fixed0: bits that CR0 must have set in VMX operation
 * @cr0_fixed1: bits that CR0 may have set
 * @cr4_fixed0: likewise for CR4
 * @cr4_fixed1: likewise for CR4
 *
 * "In use" holds the required controls, the optional ones that the CPU has,
 * and those that it forces on.  Read-only after load.
 */
struct vmx_caps {
	u32 revision;
	u32 pin;
	u32 proc;
	u32 proc2;
	u32 exit;
	u32 entry;
	u64 ept_vpid;
	u64 misc;
	u64 cr0_fixed0;
	u64 cr0_fixed1;
	u64 cr4_fixed0;
	u64 cr4_fixed1;
};

extern struct vmx_caps vmx_caps;

/**
 * vmx_caps_read() - read the capability MSRs into vmx_caps
 *
 * Logs one line that names what is missing when the CPU will not do.
 *
 * Return: 0; -EOPNOTSUPP when there is no VT-x or it lacks a required control;
 * -EPERM when the firmware turned VMX off.  Context: module load, may sleep.
 */
int vmx_caps_read(void);

static inline bool vmx_has_vpid(void)
{
	return vmx_caps.proc2 & SECONDARY_EXEC_ENABLE_VPID;
}

static inline bool vmx_has_pml(void)
{
	return vmx_caps.proc2 & SECONDARY_EXEC_ENABLE_PML;
}

static inline bool vmx_has_mtf(void)
{
	return vmx_caps.proc & CPU_BASED_MONITOR_TRAP_FLAG;
}

static inline bool vmx_has_tsc_scaling(void)
{
	return vmx_caps.proc2 & SECONDARY_EXEC_TSC_SCALING;
}

static inline bool vmx_has_ept_ad(void)
{
	return vmx_caps.ept_vpid & VMX_EPT_AD_BIT;
}

#endif /* VELLUM_VMX_CAPS_H */
