// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of MSRs, sorted by index: SDM 4, "Architectural MSRs".
 *
 * What is not here is #GP for a guest, and ends KVM_GET_MSRS and KVM_SET_MSRS.
 */
#include "../vellum.h"

#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <asm/apicdef.h>
#include <asm/kvm_para.h>
#include <asm/msr-index.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "msr_ops.h"

#define ALL_BITS	(~0ULL)

#define STORED(index, f, member, mask)						\
	.first = (index), .count = 1, .flags = (f), .bits = (mask),		\
	.field = offsetof(struct vlm_x86, member),				\
	.read = vlm_msr_read_field, .write = vlm_msr_write_field

#define IN_VMCS(index, f, reg, mask)						\
	.first = (index), .count = 1, .flags = (f), .bits = (mask),		\
	.field = (reg), .read = vlm_msr_read_vmcs, .write = vlm_msr_write_vmcs

/* Linux reads it whatever CPUID says; there is nothing behind it. */
#define READS_ZERO(index, n)							\
	{ .first = (index), .count = (n), .read = vlm_msr_read_constant,		\
	  .write = vlm_msr_write_zero }

/* Clients write 0 to it even where CPUID does not show the feature. */
#define ONLY_OFF(index, n, f)							\
	{ .first = (index), .count = (n), .flags = MSR_HOST_ALWAYS,		\
	  .feature = (f), .read = vlm_msr_read_constant, .write = vlm_msr_write_zero }

#define MTRRS(index, n)								\
	{ .first = (index), .count = (n), .flags = MSR_LISTED,			\
	  .read = vlm_mtrr_read, .write = vlm_mtrr_write }

/* The wall clock's and the system time's, which follow each other. */
#define PV(index, f, name)							\
	{ .first = (index), .count = 1, .flags = MSR_LISTED | MSR_PV,		\
	  .feature = (f), .read = vlm_msr_read_##name, .write = vlm_msr_write_##name }
#define CLOCK(index, f)								\
	PV(index, f, wall_clock), PV((index) + 1, f, system_time)

const struct vlm_msr vlm_msrs[] = {
	{ .first = MSR_IA32_TSC, .count = 1, .flags = MSR_LISTED,
	  .read = vlm_tsc_msr_read, .write = vlm_tsc_msr_write },
	CLOCK(MSR_KVM_WALL_CLOCK, VF_KVM_CLOCK),
	READS_ZERO(MSR_IA32_PLATFORM_ID, 1),
	{ .first = MSR_IA32_APICBASE, .count = 1,
	  .field = offsetof(struct vlm_x86, apic_base),
	  .read = vlm_msr_read_field, .write = vlm_msr_write_apic_base },
	READS_ZERO(MSR_IA32_EBL_CR_POWERON, 1),
	{ .first = MSR_IA32_FEAT_CTL, .count = 1, .flags = MSR_LISTED,
	  .bits = FEAT_CTL_LOCKED, .field = offsetof(struct vlm_x86, feature_control),
	  .read = vlm_msr_read_field, .write = vlm_msr_write_feature_control },
	{ .first = MSR_IA32_TSC_ADJUST, .count = 1, .flags = MSR_LISTED,
	  .feature = VF_TSC_ADJUST, .field = offsetof(struct vlm_x86, tsc_adjust),
	  .read = vlm_msr_read_field, .write = vlm_tsc_adjust_write },
	{ .first = MSR_IA32_SPEC_CTRL, .count = 1, .flags = MSR_LISTED | MSR_LIVE,
	  .feature = VF_SPEC_CTRL, .field = offsetof(struct vlm_x86, spec_ctrl),
	  .read = vlm_msr_read_field, .write = vlm_msr_write_spec_ctrl },
	{ .first = MSR_IA32_PRED_CMD, .count = 1, .feature = VF_SPEC_CTRL,
	  .bits = PRED_CMD_IBPB, .write = vlm_msr_write_command },
	/* Microcode is the host's; a guest's write of 0 precedes its read. */
	{ .first = MSR_IA32_UCODE_REV, .count = 1, .flags = MSR_LISTED | MSR_FEATURE,
	  .field = offsetof(struct vlm_x86, ucode_rev),
	  .read = vlm_msr_read_field, .write = vlm_msr_write_ucode_rev },
	READS_ZERO(MSR_P6_PERFCTR0, 2),
	{ .first = MSR_PLATFORM_INFO, .count = 1, .flags = MSR_LISTED | MSR_FEATURE |
	  MSR_HOST_WRITES, .bits = ~(u64)MSR_PLATFORM_INFO_CPUID_FAULT,
	  .field = offsetof(struct vlm_x86, platform_info),
	  .read = vlm_msr_read_platform_info, .write = vlm_msr_write_field },
	{ .first = MTRR_CAP, .count = 1, .bits = VLM_MTRR_CAP,
	  .read = vlm_msr_read_constant },
	{ .first = MSR_IA32_ARCH_CAPABILITIES, .count = 1, .flags = MSR_LISTED |
	  MSR_FEATURE | MSR_HOST_WRITES, .feature = VF_ARCH_CAPS,
	  .field = offsetof(struct vlm_x86, arch_capabilities),
	  .read = vlm_msr_read_field, .write = vlm_msr_write_arch_capabilities },
	{ .first = MSR_IA32_FLUSH_CMD, .count = 1, .feature = VF_FLUSH_L1D,
	  .bits = L1D_FLUSH, .write = vlm_msr_write_command },
	{ .first = MSR_MISC_FEATURES_ENABLES, .count = 1, .flags = MSR_LISTED,
	  .read = vlm_msr_read_constant, .write = vlm_msr_write_zero },
	{ IN_VMCS(MSR_IA32_SYSENTER_CS, MSR_LISTED, VMX_SYSENTER_CS, U32_MAX) },
	{ IN_VMCS(MSR_IA32_SYSENTER_ESP, MSR_LISTED | MSR_ADDRESS, VMX_SYSENTER_ESP, ALL_BITS) },
	{ IN_VMCS(MSR_IA32_SYSENTER_EIP, MSR_LISTED | MSR_ADDRESS, VMX_SYSENTER_EIP, ALL_BITS) },
	{ .first = MSR_IA32_MCG_CAP, .count = 1, .read = vlm_mce_read },
	{ .first = MSR_IA32_MCG_STATUS, .count = 2, .flags = MSR_LISTED,
	  .read = vlm_mce_read, .write = vlm_mce_write },
	READS_ZERO(MSR_P6_EVNTSEL0, 2),
	READS_ZERO(MSR_IA32_PERF_STATUS, 2),
	{ .first = MSR_IA32_MISC_ENABLE, .count = 1, .flags = MSR_LISTED,
	  .field = offsetof(struct vlm_x86, misc_enable),
	  .read = vlm_msr_read_field, .write = vlm_msr_write_misc_enable },
	{ .first = MSR_IA32_DEBUGCTLMSR, .count = 1, .field = VMX_DEBUGCTL,
	  .flags = MSR_LISTED, .bits = DEBUGCTLMSR_BTF,
	  .read = vlm_msr_read_vmcs, .write = vlm_msr_write_debugctl },
	READS_ZERO(MSR_IA32_LASTBRANCHFROMIP, 4),
	{ STORED(MSR_IA32_POWER_CTL, MSR_LISTED, power_ctl, ALL_BITS) },
	MTRRS(MTRR_VARIABLE, VLM_MTRR_VARIABLE * 2),
	MTRRS(MTRR_FIX_64K, 1),
	MTRRS(MTRR_FIX_16K, 2),
	MTRRS(MTRR_FIX_4K, 8),
	{ .first = MSR_IA32_CR_PAT, .count = 1, .flags = MSR_LISTED, .field = VMX_PAT,
	  .read = vlm_msr_read_vmcs, .write = vlm_msr_write_pat },
	MTRRS(MTRR_DEF_TYPE, 1),
	{ .first = MSR_IA32_PERF_CAPABILITIES, .count = 1, .flags = MSR_FEATURE |
	  MSR_HOST_ALWAYS, .feature = VF_PDCM, .read = vlm_msr_read_constant,
	  .write = vlm_msr_write_zero },
	{ .first = MSR_IA32_MC0_CTL, .count = VLM_MCE_BANKS * 4,
	  .read = vlm_mce_read, .write = vlm_mce_write },
	READS_ZERO(MSR_RAPL_POWER_UNIT, 1),
	READS_ZERO(MSR_PKG_ENERGY_STATUS, 1),
	READS_ZERO(MSR_DRAM_ENERGY_STATUS, 1),
	READS_ZERO(MSR_PP0_ENERGY_STATUS, 1),
	READS_ZERO(MSR_PP1_ENERGY_STATUS, 1),
	{ .first = MSR_IA32_TSC_DEADLINE, .count = 1, .flags = MSR_LISTED,
	  .read = vlm_msr_read_deadline, .write = vlm_msr_write_deadline },
	{ .first = APIC_BASE_MSR, .count = VLM_X2APIC_MSRS,
	  .read = vlm_msr_read_x2apic, .write = vlm_msr_write_x2apic },
	{ STORED(MSR_IA32_XSS, MSR_LISTED, xss, 0), .feature = VF_XSAVES },
	CLOCK(MSR_KVM_WALL_CLOCK_NEW, VF_KVM_CLOCK2),
	ONLY_OFF(MSR_KVM_ASYNC_PF_EN, 1, VF_KVM_ASYNC_PF),
	PV(MSR_KVM_STEAL_TIME, VF_KVM_STEAL, steal),
	PV(MSR_KVM_PV_EOI_EN, VF_KVM_EOI, pv_eoi),
	PV(MSR_KVM_POLL_CONTROL, VF_KVM_POLL, poll_control),
	ONLY_OFF(MSR_KVM_ASYNC_PF_INT, 2, VF_KVM_ASYNC_PF),
	{ .first = MSR_EFER, .count = 1, .flags = MSR_LISTED,
	  .read = vlm_msr_read_efer, .write = vlm_msr_write_efer },
	{ STORED(MSR_STAR, MSR_LISTED | MSR_LIVE, star, ALL_BITS) },
	{ STORED(MSR_LSTAR, MSR_LISTED | MSR_LIVE | MSR_ADDRESS, lstar, ALL_BITS) },
	{ STORED(MSR_CSTAR, MSR_LISTED | MSR_ADDRESS, cstar, ALL_BITS) },
	{ STORED(MSR_SYSCALL_MASK, MSR_LISTED | MSR_LIVE, fmask, U32_MAX) },
	{ IN_VMCS(MSR_FS_BASE, MSR_LISTED | MSR_ADDRESS, VMX_FS_BASE, ALL_BITS) },
	{ IN_VMCS(MSR_GS_BASE, MSR_LISTED | MSR_ADDRESS, VMX_GS_BASE, ALL_BITS) },
	{ STORED(MSR_KERNEL_GS_BASE, MSR_LISTED | MSR_LIVE | MSR_ADDRESS, kernel_gs_base,
		 ALL_BITS) },
	{ STORED(MSR_TSC_AUX, MSR_LISTED | MSR_LIVE, tsc_aux, U32_MAX), .feature = VF_RDTSCP },
};

const unsigned int vlm_nr_msrs = ARRAY_SIZE(vlm_msrs);

/* vlm_msrs_init() counts them in bytes. */
static_assert(ARRAY_SIZE(vlm_msrs) < 256);
