/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Architectural state of a vCPU that no VMCS field holds, and the rules of the
 * architecture that do not depend on VMX.
 */
#ifndef VELLUM_X86_X86_H
#define VELLUM_X86_X86_H

#include <linux/kvm.h>
#include <linux/types.h>

#include "../core/types.h"
#include "cpuid.h"
#include "ctrlregs.h"
#include "fpu.h"
#include "inject.h"
#include "msrs.h"
#include "pgwalk.h"
#include "tsc.h"

#define VLM_MCE_BANKS		32
#define VLM_MTRR_VARIABLE	8
#define VLM_MTRR_FIXED		11

/**
 * struct vlm_mtrr - memory type range registers: stored, read back, not acted on
 * @def_type: IA32_MTRR_DEF_TYPE
 * @fixed: 64K, two 16K and eight 4K registers
 * @variable: base, mask, base, ...
 */
struct vlm_mtrr {
	u64 def_type;
	u64 fixed[VLM_MTRR_FIXED];
	u64 variable[VLM_MTRR_VARIABLE * 2];
};

/**
 * struct vlm_mce - machine-check banks: stored and read back
 * @cap: IA32_MCG_CAP
 * @status: IA32_MCG_STATUS
 * @ctl: IA32_MCG_CTL
 * @banks: CTL, STATUS, ADDR and MISC of each bank
 */
struct vlm_mce {
	u64 cap;
	u64 status;
	u64 ctl;
	u64 banks[VLM_MCE_BANKS * 4];
};

/**
 * struct vlm_x86 - all of it under the vCPU mutex
 * @cr2: in the register itself while the guest runs
 * @cr8: task priority
 * @apic_base: IA32_APIC_BASE
 * @xcr0: XCR0
 * @xss: IA32_XSS; no supervisor state is offered, so always 0
 * @dr: DR0 to DR3
 * @dr6: DR6
 * @debug_dr: breakpoints of KVM_SET_GUEST_DEBUG, in the place of @dr
 * @debug_dr7: and their DR7
 * @star: and the next six: the MSRs that are in the CPU while the guest runs
 * @lstar: 64-bit SYSCALL target
 * @cstar: compatibility-mode SYSCALL target; stored only, Intel has no such call
 * @fmask: RFLAGS that SYSCALL clears
 * @kernel_gs_base: what SWAPGS swaps in
 * @tsc_aux: what RDTSCP and RDPID give
 * @spec_ctrl: IA32_SPEC_CTRL of the guest
 * @tsc: pair of host and guest TSC that all else follows from
 * @tsc_gen: the VM's count that it belongs to; 0: the guest moved it
 * @tsc_offset: added to the (scaled) host TSC
 * @tsc_multiplier: 48 fraction bits; BIT_ULL(48) is one
 * @tsc_khz: frequency that the guest sees
 * @tsc_adjust: IA32_TSC_ADJUST
 * @misc_enable: IA32_MISC_ENABLE
 * @platform_info: MSR_PLATFORM_INFO
 * @power_ctl: IA32_POWER_CTL
 * @feature_control: IA32_FEATURE_CONTROL
 * @arch_capabilities: IA32_ARCH_CAPABILITIES as the guest reads it
 * @ucode_rev: IA32_BIOS_SIGN_ID as the guest reads it
 * @mtrr: memory type range registers
 * @mce: machine-check banks
 * @cpuid: the guest's CPUID; NULL before KVM_SET_CPUID2
 * @features: BIT_ULL(VF_*) of what the guest's CPUID shows
 * @guest_cr4: CR4 bits that go with @features
 * @guest_efer: EFER bits, likewise
 * @guest_xcr0: XCR0 bits that the guest's CPUID lets it set
 * @maxphyaddr: physical address bits of the guest
 * @fpu: XSAVE area in standard (non-compacted) format
 * @fpu_live: the FPU and XCR0 hold the guest's state
 * @host_pkru: the thread's own PKRU while @fpu_live
 */
struct vlm_x86 {
	u64 cr2;
	u64 cr8;
	u64 apic_base;
	u64 xcr0;
	u64 xss;
	u64 dr[4];
	u64 dr6;
	u64 debug_dr[4];
	u64 debug_dr7;
	u64 star;
	u64 lstar;
	u64 cstar;
	u64 fmask;
	u64 kernel_gs_base;
	u64 tsc_aux;
	u64 spec_ctrl;
	struct vlm_tsc_pair tsc;
	u64 tsc_gen;
	u64 tsc_offset;
	u64 tsc_multiplier;
	u32 tsc_khz;
	u64 tsc_adjust;
	u64 misc_enable;
	u64 platform_info;
	u64 power_ctl;
	u64 feature_control;
	u64 arch_capabilities;
	u64 ucode_rev;
	struct vlm_mtrr mtrr;
	struct vlm_mce mce;
	struct vlm_cpuid *cpuid;
	u64 features;
	u64 guest_cr4;
	u64 guest_efer;
	u64 guest_xcr0;
	unsigned int maxphyaddr;
	struct xregs_state *fpu;
	bool fpu_live;
	u32 host_pkru;
};

/* regs_abi.c, sregs_abi.c: state ioctls; 0 or errno, nothing changed on errno. */
long vlm_get_regs(struct vlm_vcpu *vcpu, struct kvm_regs *out);
long vlm_set_regs(struct vlm_vcpu *vcpu, const struct kvm_regs *in);
long vlm_get_sregs(struct vlm_vcpu *vcpu, struct kvm_sregs *out);
long vlm_set_sregs(struct vlm_vcpu *vcpu, const struct kvm_sregs *in);
long vlm_get_sregs2(struct vlm_vcpu *vcpu, struct kvm_sregs2 *out);
long vlm_set_sregs2(struct vlm_vcpu *vcpu, const struct kvm_sregs2 *in);

/* events_abi.c, debug_abi.c: likewise. */
long vlm_get_events(struct vlm_vcpu *vcpu, struct kvm_vcpu_events *out);
long vlm_set_events(struct vlm_vcpu *vcpu, const struct kvm_vcpu_events *in);
long vlm_get_mp_state(struct vlm_vcpu *vcpu, struct kvm_mp_state *out);
long vlm_set_mp_state(struct vlm_vcpu *vcpu, const struct kvm_mp_state *in);
long vlm_get_debugregs(struct vlm_vcpu *vcpu, struct kvm_debugregs *out);
long vlm_set_debugregs(struct vlm_vcpu *vcpu, const struct kvm_debugregs *in);
/* Flags of KVM_SET_GUEST_DEBUG. */
#define VLM_GUEST_DEBUG	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP |		\
			 KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_USE_HW_BP |	\
			 KVM_GUESTDBG_INJECT_DB | KVM_GUESTDBG_INJECT_BP |	\
			 KVM_GUESTDBG_BLOCKIRQ)

long vlm_set_guest_debug(struct vlm_vcpu *vcpu, const struct kvm_guest_debug *in);

/* What kvm_run.kvm_valid_regs and kvm_dirty_regs may ask for. */
#define VLM_SYNC_REGS	(KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS)

/** vlm_sync_regs_out() - fill kvm_run.s.regs as kvm_valid_regs asks. */
void vlm_sync_regs_out(struct vlm_vcpu *vcpu);

/**
 * vlm_sync_regs_in() - take from kvm_run.s.regs what kvm_dirty_regs names
 * @vcpu: the vCPU
 *
 * Return: 0; -EINVAL for bits or values that cannot be.
 */
int vlm_sync_regs_in(struct vlm_vcpu *vcpu);

/** vlm_x86_init() - what the host's CPU offers, once at load; 0 or errno. */
int vlm_x86_init(void);

/**
 * vlm_x86_create() - allocate and set all that is above; needs no VMCS yet
 * @vcpu: the vCPU
 *
 * Return: 0 or -ENOMEM; vlm_x86_destroy() in either case.  May sleep.
 */
int vlm_x86_create(struct vlm_vcpu *vcpu);
void vlm_x86_destroy(struct vlm_vcpu *vcpu);

/** vlm_x86_init_signal() - what INIT does to it. */
void vlm_x86_init_signal(struct vlm_vcpu *vcpu);

/** vlm_x86_reset() - power-up state; the TSC goes on counting. */
void vlm_x86_reset(struct vlm_vcpu *vcpu);

#endif /* VELLUM_X86_X86_H */
