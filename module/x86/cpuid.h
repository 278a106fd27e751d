/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID: what the host offers, and what user space gave the guest of it.
 */
#ifndef VELLUM_X86_CPUID_H
#define VELLUM_X86_CPUID_H

#include <linux/kvm.h>

#include "../core/types.h"

#define VLM_MAX_CPUID_ENTRIES	256

/* What KVM_GET_SUPPORTED_CPUID lists at most; clients bring room for 80. */
#define VLM_MAX_SUPPORTED	80

/* The four registers of an entry, in the order in which it holds them. */
enum vlm_cpuid_reg { VLM_EAX, VLM_EBX, VLM_ECX, VLM_EDX };

/* Features that something other than CPUID itself depends on. */
enum vlm_feature {
	VF_ALWAYS,
	VF_LM,
	VF_NX,
	VF_GBPAGES,
	VF_RDTSCP,
	VF_PCID,
	VF_XSAVE,
	VF_MWAIT,
	VF_PDCM,
	VF_XSAVES,
	VF_FSGSBASE,
	VF_SMEP,
	VF_SMAP,
	VF_UMIP,
	VF_PKU,
	VF_LA57,
	VF_INVPCID,
	VF_RDPID,
	VF_TSC_ADJUST,
	VF_SPEC_CTRL,
	VF_STIBP,
	VF_SSBD,
	VF_ARCH_CAPS,
	VF_FLUSH_L1D,
	VF_X2APIC,
	VF_TSC_DEADLINE,
	VF_KVM_CLOCK,
	VF_KVM_CLOCK2,
	VF_KVM_ASYNC_PF,
	VF_KVM_STEAL,
	VF_KVM_EOI,
	VF_KVM_UNHALT,
	VF_KVM_SEND_IPI,
	VF_KVM_POLL,
	VF_KVM_YIELD,
	NR_VF
};

/*
 * CR4 bits that need no CPUID bit to be set: every CPU that runs us has them,
 * and KVM's clients set them without asking.
 */
#define VLM_CR4_ALWAYS	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE |	\
			 X86_CR4_PSE | X86_CR4_PAE | X86_CR4_MCE | X86_CR4_PGE | \
			 X86_CR4_PCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)

#define VLM_FAST_LEAVES	32

/**
 * struct vlm_cpuid - the guest's CPUID
 * @nent: number of entries
 * @max_basic: highest basic leaf
 * @basic: for each of the first leaves, the entry of index 0 plus one; 0: none
 * @ext: likewise from 80000000H on
 * @fixed: for each of the first leaves that have no bits which follow the
 *         guest's state, where in this structure its entry is; 0: none
 * @sorted: entry numbers in the order of (function, index)
 * @entries: as user space gave them, in its order; leaf 0DH sizes kept current
 */
struct vlm_cpuid {
	u32 nent;
	u32 max_basic;
	u16 basic[VLM_FAST_LEAVES];
	u16 ext[VLM_FAST_LEAVES];
	u16 fixed[VLM_FAST_LEAVES];
	u16 sorted[VLM_MAX_CPUID_ENTRIES];
	struct kvm_cpuid_entry2 entries[];
};

/** vlm_cpuid_init() - resolve the supported leaves; after vlm_fpu_init(). */
void vlm_cpuid_init(void);

/** vlm_cpuid_signature() - family, model and stepping of the host. */
u32 vlm_cpuid_signature(void);

/** vlm_supported_features() - BIT_ULL(VF_*) of what a guest can be offered. */
u64 vlm_supported_features(void);

/** vlm_cpuid_create() - what a vCPU has before KVM_SET_CPUID2: all we offer. */
void vlm_cpuid_create(struct vlm_vcpu *vcpu);
void vlm_cpuid_destroy(struct vlm_vcpu *vcpu);

/** vlm_cpuid_find() - the entry of the guest's CPUID, or NULL.  vCPU mutex. */
const struct kvm_cpuid_entry2 *vlm_cpuid_find(struct vlm_vcpu *vcpu, u32 function, u32 index);

/**
 * vlm_cpuid() - what CPUID gives the guest
 * @vcpu: the vCPU
 * @regs: in: eax and ecx at [0] and [2]; out: eax, ebx, ecx, edx
 *
 * Leaves out of range answer as the highest basic leaf, as Intel's CPUs do.
 * Dynamic bits (OSXSAVE, OSPKE, APIC, leaf 0DH sizes) follow the vCPU's state.
 * Context: vCPU mutex; VMCS current, interrupts may be off; no sleeping.
 */
void vlm_cpuid(struct vlm_vcpu *vcpu, u32 regs[4]);

/**
 * vlm_cpuid_fixed() - the answer to CPUID, when it takes no thought
 * @c: vcpu->x86.cpuid
 * @function: EAX
 * @index: ECX
 *
 * Inline, as CPUID is the exit whose cost is looked at most.
 *
 * Return: the entry; NULL when vlm_cpuid() has to be asked.
 */
static __always_inline const struct kvm_cpuid_entry2 *
vlm_cpuid_fixed(const struct vlm_cpuid *c, u32 function, u32 index)
{
	const struct kvm_cpuid_entry2 *e;
	u16 offset;

	if (unlikely(!c || function >= VLM_FAST_LEAVES))
		return NULL;
	offset = c->fixed[function];
	if (unlikely(!offset))
		return NULL;
	e = (const void *)c + offset;
	if ((e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) && e->index != index)
		return NULL;
	return e;
}

/** vlm_cpuid_xcr0_changed() - leaf 0DH tells the size for the XCR0 in force. */
void vlm_cpuid_xcr0_changed(struct vlm_vcpu *vcpu);

long vlm_get_supported_cpuid(struct kvm_cpuid2 __user *user);
long vlm_set_cpuid2(struct vlm_vcpu *vcpu, struct kvm_cpuid2 __user *user);
long vlm_get_cpuid2(struct vlm_vcpu *vcpu, struct kvm_cpuid2 __user *user);

/** vlm_cpuid_has_mwait() - does it show MONITOR and MWAIT now?  Context: as vlm_cpuid(). */
bool vlm_cpuid_has_mwait(struct vlm_vcpu *vcpu);

/** vlm_guest_has() - does the guest's CPUID show @feature? */
bool vlm_guest_has(struct vlm_vcpu *vcpu, enum vlm_feature feature);
/** vlm_guest_cr4_bits() - CR4 bits that the guest's CPUID lets it set. */
u64 vlm_guest_cr4_bits(struct vlm_vcpu *vcpu);
/** vlm_guest_efer_bits() - EFER bits, likewise. */
u64 vlm_guest_efer_bits(struct vlm_vcpu *vcpu);
/** vlm_host_efer_bits() - EFER bits that any guest can be offered. */
u64 vlm_host_efer_bits(void);
/** vlm_guest_xcr0_bits() - XCR0 bits, likewise. */
u64 vlm_guest_xcr0_bits(struct vlm_vcpu *vcpu);
/** vlm_guest_maxphyaddr() - physical address bits of the guest, 32 to 52. */
unsigned int vlm_guest_maxphyaddr(struct vlm_vcpu *vcpu);
/** vlm_host_maxphyaddr() - physical address bits of the CPU. */
unsigned int vlm_host_maxphyaddr(void);

/* Shared by cpuid.c and cpuid_host.c. */

/** vlm_cpuid_features() - VF_* bits that a list of entries shows. */
u64 vlm_cpuid_features(struct kvm_cpuid_entry2 *entries, unsigned int nent);
/** vlm_cpuid_cr4() - CR4 bits that go with these features. */
u64 vlm_cpuid_cr4(u64 features);
/** vlm_cpuid_efer() - EFER bits, likewise. */
u64 vlm_cpuid_efer(u64 features);
/** vlm_cpuid_hide_cr4() - clear features whose CR4 bit is not in @cr4. */
void vlm_cpuid_hide_cr4(struct kvm_cpuid_entry2 *entries, unsigned int nent, u64 cr4);

#endif /* VELLUM_X86_CPUID_H */
