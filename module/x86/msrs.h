/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSRs: one table tells what each is, who may access it, and where it lives.
 */
#ifndef VELLUM_X86_MSRS_H
#define VELLUM_X86_MSRS_H

#include <linux/kvm.h>

#include "../core/types.h"

struct vlm_msr;

/* 0, or 1 for #GP. */
typedef int (*vlm_msr_read_fn)(struct vlm_vcpu *vcpu, const struct vlm_msr *msr,
			       u32 index, u64 *value, bool host);
typedef int (*vlm_msr_write_fn)(struct vlm_vcpu *vcpu, const struct vlm_msr *msr,
				u32 index, u64 value, bool host);

#define MSR_LISTED	1	/* in KVM_GET_MSR_INDEX_LIST */
#define MSR_FEATURE	2	/* in KVM_GET_MSR_FEATURE_INDEX_LIST */
#define MSR_HOST_WRITES	4	/* WRMSR by the guest is #GP */
#define MSR_LIVE	8	/* in the CPU while the guest runs */
#define MSR_ADDRESS	16	/* must be canonical */
#define MSR_HOST_ALWAYS	32	/* for user space it exists without the feature */
#define MSR_PV		64	/* a guest may have to know of it: vlm_pv_has() */

/**
 * struct vlm_msr - one MSR, or several that follow each other
 * @first: index of the first
 * @count: how many
 * @flags: MSR_*
 * @feature: what CPUID must show: the guest's, or for user space the host's
 * @field: for plain ones: offset of the value in struct vlm_x86
 * @bits: for plain ones: bits that may be set
 * @read: NULL: #GP
 * @write: NULL: #GP
 */
struct vlm_msr {
	u32 first;
	u16 count;
	u8 flags;
	u8 feature;
	u16 field;
	u64 bits;
	vlm_msr_read_fn read;
	vlm_msr_write_fn write;
};

/* msr_table.c: sorted by index. */
extern const struct vlm_msr vlm_msrs[];
extern const unsigned int vlm_nr_msrs;

void vlm_msrs_init(void);

/**
 * vlm_msr_read() - one MSR, through the table; vlm_msr_write() likewise
 * @vcpu: the vCPU
 * @index: MSR number
 * @value: its value
 * @host: access from user space by KVM_GET_MSRS / SET_MSRS, which may do what
 *        RDMSR and WRMSR may not
 *
 * Return: 0; 1 when the access is a #GP (or refused, for @host).
 * Context: vCPU mutex; VMCS may be current with interrupts off; no sleeping.
 */
int vlm_msr_read(struct vlm_vcpu *vcpu, u32 index, u64 *value, bool host);
int vlm_msr_write(struct vlm_vcpu *vcpu, u32 index, u64 value, bool host);

/** vlm_msr_known() - is there such an MSR for this guest? */
bool vlm_msr_known(struct vlm_vcpu *vcpu, u32 index);

/** vlm_apic_base_legal() - may IA32_APIC_BASE be this?  (@host: by user space) */
bool vlm_apic_base_legal(struct vlm_vcpu *vcpu, u64 value, bool host);

/** vlm_arch_capabilities() - IA32_ARCH_CAPABILITIES that a guest may see. */
u64 vlm_arch_capabilities(void);

/** vlm_set_apic_base() - take a legal value. */
void vlm_set_apic_base(struct vlm_vcpu *vcpu, u64 value);

/** vlm_msr_reset() - power-up values. */
void vlm_msr_reset(struct vlm_vcpu *vcpu);

/* msr_abi.c */
long vlm_get_msr_index_list(struct kvm_msr_list __user *user);
long vlm_get_msr_feature_index_list(struct kvm_msr_list __user *user);
/** vlm_sys_get_msrs() - KVM_GET_MSRS on /dev/vellum: feature MSRs. */
long vlm_sys_get_msrs(struct kvm_msrs __user *user);
long vlm_get_msrs(struct vlm_vcpu *vcpu, struct kvm_msrs __user *user);
long vlm_set_msrs(struct vlm_vcpu *vcpu, struct kvm_msrs __user *user);

/* mce.c: KVM_CAP_MCE */

/** vlm_mce_caps() - KVM_X86_GET_MCE_CAP_SUPPORTED. */
u64 vlm_mce_caps(void);
/** vlm_setup_mce() - KVM_X86_SETUP_MCE; 0 or -EINVAL. */
long vlm_setup_mce(struct vlm_vcpu *vcpu, u64 mcg_cap);
void vlm_mce_reset(struct vlm_vcpu *vcpu);
/** vlm_set_mce() - KVM_X86_SET_MCE: record an error, raise #MC; 0 or -EINVAL. */
long vlm_set_mce(struct vlm_vcpu *vcpu, const struct kvm_x86_mce *mce);

/* The form of a row's functions: see msr_ops.h. */
#define MSR_READER(name)						\
	int name(struct vlm_vcpu *vcpu, const struct vlm_msr *msr,	\
		 u32 index, u64 *value, bool host)
#define MSR_WRITER(name)						\
	int name(struct vlm_vcpu *vcpu, const struct vlm_msr *msr,	\
		 u32 index, u64 value, bool host)

/* Power-up values. */
#define VLM_APIC_BASE_RESET	(APIC_DEFAULT_PHYS_BASE | MSR_IA32_APICBASE_ENABLE)
#define VLM_MISC_ENABLE_RESET	(MSR_IA32_MISC_ENABLE_FAST_STRING |	\
				 MSR_IA32_MISC_ENABLE_BTS_UNAVAIL |	\
				 MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL)
#define VLM_UCODE_REV		0x100000000ULL	/* revision 1: in the high half */
/* SDM 4, "Architectural MSRs". */
#define MTRR_CAP	0xfe
#define MTRR_VARIABLE	0x200
#define MTRR_FIX_64K	0x250
#define MTRR_FIX_16K	0x258
#define MTRR_FIX_4K	0x268
#define MTRR_DEF_TYPE	0x2ff

#define VLM_MTRR_CAP	0x508	/* WC, fixed ranges, eight variable ones */

#endif /* VELLUM_X86_MSRS_H */
