// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest registers in the VMCS.
 */
#include "../vellum.h"

#include <linux/delay.h>
#include <linux/kernel.h>
#include <asm/debugreg.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "../core/vcpu.h"
#include "caps.h"
#include "debug.h"
#include "insn.h"
#include "root.h"

static const u16 fields[] = {
	[VMX_RIP] = GUEST_RIP,
	[VMX_RSP] = GUEST_RSP,
	[VMX_RFLAGS] = GUEST_RFLAGS,
	[VMX_CR3] = GUEST_CR3,
	[VMX_PDPTE0] = GUEST_PDPTR0,
	[VMX_PDPTE1] = GUEST_PDPTR1,
	[VMX_PDPTE2] = GUEST_PDPTR2,
	[VMX_PDPTE3] = GUEST_PDPTR3,
	[VMX_FS_BASE] = GUEST_FS_BASE,
	[VMX_GS_BASE] = GUEST_GS_BASE,
	[VMX_SYSENTER_CS] = GUEST_SYSENTER_CS,
	[VMX_SYSENTER_ESP] = GUEST_SYSENTER_ESP,
	[VMX_SYSENTER_EIP] = GUEST_SYSENTER_EIP,
	[VMX_PAT] = GUEST_IA32_PAT,
	[VMX_DEBUGCTL] = GUEST_IA32_DEBUGCTL,
	[VMX_INTERRUPTIBILITY] = GUEST_INTERRUPTIBILITY_INFO,
	[VMX_PENDING_DEBUG] = GUEST_PENDING_DBG_EXCEPTIONS,
};

static_assert(ARRAY_SIZE(fields) == NR_VMX_REGS);

void vmx_fetch_vmcs(struct vmx_vcpu *vmx)
{
	while (!vmcs_load(&vmx->vmcs) && !vmx_root_gone()) {
		/* This CPU is going offline, and we are about to be moved. */
		preempt_enable();
		usleep_range(500, 2000);
		preempt_disable();
	}
}

u64 vmx_get(struct vlm_vcpu *vcpu, enum vmx_reg reg)
{
	u64 value;

	/* The VMCS may hold a debugger's DR7 in its place. */
	if (reg == VMX_DR7)
		return vcpu->vmx.dr7;

	vmx_begin(vcpu);
	value = __vmread(fields[reg]);
	vmx_end(vcpu);
	return value;
}

void vmx_set(struct vlm_vcpu *vcpu, enum vmx_reg reg, u64 value)
{
	if (reg == VMX_DR7) {
		vcpu->vmx.dr7 = value;
		vmx_debug_changed(vcpu);
		return;
	}

	vmx_begin(vcpu);
	__vmwrite(fields[reg], value);
	vmx_end(vcpu);
}

/*
 * The guest owns the bits whose change needs nothing from us: it reads and
 * writes them in the real register.  The others it reads from the shadow, and
 * writing them exits.  With EPT and unrestricted guest that leaves very few:
 * SDM 3C, "Guest/Host Masks and Read Shadows for CR0 and CR4".
 */
u64 vmx_get_cr0(struct vlm_vcpu *vcpu)
{
	u64 owned = vcpu->vmx.cr0_owned;
	u64 value;

	vmx_begin(vcpu);
	value = (vmcs_readl(GUEST_CR0) & owned) | (vmcs_readl(CR0_READ_SHADOW) & ~owned);
	vmx_end(vcpu);
	return value;
}

void vmx_set_cr0(struct vlm_vcpu *vcpu, u64 value)
{
	/* CD and NW would turn off the caches of the host's CPU. */
	u64 real = value & ~(X86_CR0_CD | X86_CR0_NW);

	/* Unrestricted guest frees PE and PG of what CR0_FIXED0 demands. */
	real |= vmx_caps.cr0_fixed0 & ~(u64)(X86_CR0_PE | X86_CR0_PG);

	vmx_begin(vcpu);
	vmcs_writel(GUEST_CR0, real);
	vmcs_writel(CR0_READ_SHADOW, value);
	/* PG may have changed what EFER.LMA must be. */
	vmx_set_efer(vcpu, vmx_get_efer(vcpu));
	vmx_end(vcpu);
}

u64 vmx_get_cr4(struct vlm_vcpu *vcpu)
{
	u64 owned = vcpu->vmx.cr4_owned;
	u64 value;

	vmx_begin(vcpu);
	value = (vmcs_readl(GUEST_CR4) & owned) | (vmcs_readl(CR4_READ_SHADOW) & ~owned);
	vmx_end(vcpu);
	return value;
}

void vmx_set_cr4(struct vlm_vcpu *vcpu, u64 value)
{
	/* A machine check belongs to the host whatever the guest has in MCE. */
	u64 real = value | vmx_caps.cr4_fixed0 | X86_CR4_MCE;

	vmx_begin(vcpu);
	vmcs_writel(GUEST_CR4, real);
	vmcs_writel(CR4_READ_SHADOW, value);
	vmx_end(vcpu);
}

u64 vmx_get_efer(struct vlm_vcpu *vcpu)
{
	u64 value;

	vmx_begin(vcpu);
	value = vmcs_read64(GUEST_IA32_EFER);
	vmx_end(vcpu);
	return value;
}

void vmx_set_efer(struct vlm_vcpu *vcpu, u64 value)
{
	u32 entry;

	vmx_begin(vcpu);
	/* SYSCALL's MSRs are not in the CPU while it is off. */
	if ((value & EFER_SCE) && vcpu->vmx.in_section)
		vlm_request(vcpu, VLM_REQ_MSRS);
	/* LMA is LME and PG, and "IA-32e mode guest" is LMA. */
	value &= ~(u64)EFER_LMA;
	if ((value & EFER_LME) && (vmcs_readl(GUEST_CR0) & X86_CR0_PG))
		value |= EFER_LMA;
	vmcs_write64(GUEST_IA32_EFER, value);

	/*
	 * The CPU keeps this control up to date by itself while an
	 * unrestricted guest runs, so read it from the VMCS.
	 */
	entry = vmcs_read32(VM_ENTRY_CONTROLS) & ~VM_ENTRY_IA32E_MODE;
	if (value & EFER_LMA)
		entry |= VM_ENTRY_IA32E_MODE;
	vmcs_write32(VM_ENTRY_CONTROLS, entry);
	vmx_end(vcpu);
}

bool vmx_valid_cr0(u64 value)
{
	return !((u32)value & ~vmx_caps.cr0_fixed1) && !(value >> 32);
}

bool vmx_valid_cr4(u64 value)
{
	return !(value & ~vmx_caps.cr4_fixed1);
}

u64 vmx_supported_cr4(void)
{
	return vmx_caps.cr4_fixed1 & ~(u64)(X86_CR4_VMXE | X86_CR4_SMXE);
}

void vmx_set_tsc(struct vlm_vcpu *vcpu, u64 offset, u64 multiplier)
{
	vmx_begin(vcpu);
	vmcs_write64(TSC_OFFSET, offset);
	if (vmx_has_tsc_scaling())
		vmcs_write64(TSC_MULTIPLIER, multiplier);
	vmx_end(vcpu);
}

bool vmx_tsc_scales(void)
{
	return vmx_has_tsc_scaling();
}

bool vmx_feature(enum vmx_feature feature)
{
	static const u32 bits[] = {
		[VMX_FEATURE_GUEST_RDTSCP] = SECONDARY_EXEC_ENABLE_RDTSCP,
		[VMX_FEATURE_GUEST_INVPCID] = SECONDARY_EXEC_ENABLE_INVPCID,
		[VMX_FEATURE_GUEST_XSAVES] = SECONDARY_EXEC_ENABLE_XSAVES,
	};

	return vmx_caps.proc2 & bits[feature];
}

static __always_inline bool in_long_mode_code(void)
{
	return (vmcs_read64(GUEST_IA32_EFER) & EFER_LMA) &&
	       (vmcs_read32(GUEST_CS_AR_BYTES) & VMX_AR_L_MASK);
}

static __always_inline void skip_from(struct vlm_vcpu *vcpu, unsigned long rip,
				      unsigned int length)
{
	unsigned long next = rip + length;
	u32 blocking;

	/* EIP wraps at 4 GiB outside 64-bit mode. */
	if (unlikely((next ^ rip) >> 32) && !in_long_mode_code())
		next = (u32)next;
	vmcs_writel(GUEST_RIP, next);

	/* STI and MOV SS shield the one instruction that was just done. */
	blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);
	if (unlikely(blocking & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)))
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
			     blocking & ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS));

	/* The trap after an instruction that the CPU did not finish itself. */
	if (unlikely(vcpu->guest_debug & KVM_GUESTDBG_SINGLESTEP))
		vmx_step_done(vcpu);
	else if (unlikely(vmcs_readl(GUEST_RFLAGS) & X86_EFLAGS_TF))
		vmcs_writel(GUEST_PENDING_DBG_EXCEPTIONS,
			    vmcs_readl(GUEST_PENDING_DBG_EXCEPTIONS) | DR_STEP);
}

static __always_inline void skip(struct vlm_vcpu *vcpu, unsigned int length)
{
	skip_from(vcpu, vmcs_readl(GUEST_RIP), length);
}

void vmx_skip(struct vlm_vcpu *vcpu, unsigned int length)
{
	if (likely(vcpu->vmx.in_section)) {
		skip(vcpu, length);
		return;
	}
	vmx_begin(vcpu);
	skip(vcpu, length);
	vmx_end(vcpu);
}

void vmx_skip_at(struct vlm_vcpu *vcpu, u64 rip, unsigned int length)
{
	vmx_begin(vcpu);
	if (vmcs_readl(GUEST_RIP) == rip)
		skip_from(vcpu, rip, length);
	vmx_end(vcpu);
}

int vmx_skip_exit(struct vlm_vcpu *vcpu)
{
	skip(vcpu, vmcs_read32(VM_EXIT_INSTRUCTION_LEN));
	return VLM_RESUME;
}

void vmx_retire(struct vlm_vcpu *vcpu, unsigned int length)
{
	u64 rflags;

	vmx_begin(vcpu);
	rflags = vmcs_readl(GUEST_RFLAGS);
	if (rflags & X86_EFLAGS_RF)
		vmcs_writel(GUEST_RFLAGS, rflags & ~X86_EFLAGS_RF);
	skip(vcpu, length);
	vmx_end(vcpu);
}

void vmx_get_fetch(struct vlm_vcpu *vcpu, struct vmx_fetch *fetch)
{
	vmx_begin(vcpu);
	fetch->cr0 = vmcs_readl(GUEST_CR0);
	fetch->cr3 = vmcs_readl(GUEST_CR3);
	fetch->cr4 = vmcs_readl(GUEST_CR4);
	fetch->efer = vmcs_read64(GUEST_IA32_EFER);
	fetch->cs = vmcs_read32(GUEST_CS_AR_BYTES);
	fetch->ss = vmcs_read32(GUEST_SS_AR_BYTES);
	vmx_end(vcpu);
}

bool vmx_fetches_as(const struct vmx_fetch *fetch)
{
	return vmcs_readl(GUEST_CR3) == fetch->cr3 &&
	       vmcs_read32(GUEST_SS_AR_BYTES) == fetch->ss &&
	       vmcs_read32(GUEST_CS_AR_BYTES) == fetch->cs &&
	       vmcs_readl(GUEST_CR0) == fetch->cr0 &&
	       vmcs_readl(GUEST_CR4) == fetch->cr4 &&
	       vmcs_read64(GUEST_IA32_EFER) == fetch->efer;
}
