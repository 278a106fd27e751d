// SPDX-License-Identifier: GPL-2.0-only
/*
 * How single MSRs are read and written.
 */
#include "../vellum.h"

#include <linux/bits.h>
#include <linux/kernel.h>
#include <asm/apicdef.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "msr_ops.h"

/*
 * What the CPU says of bugs: not there, or dealt with in this way.  It
 * holds in a guest as they do on the host.
 */
#define ARCH_CAPS_PASSED							\
	(ARCH_CAP_RDCL_NO | ARCH_CAP_IBRS_ALL | ARCH_CAP_RSBA |			\
	 ARCH_CAP_SKIP_VMENTRY_L1DFLUSH | ARCH_CAP_SSB_NO | ARCH_CAP_MDS_NO |	\
	 ARCH_CAP_PSCHANGE_MC_NO | ARCH_CAP_TAA_NO | ARCH_CAP_SBDR_SSDP_NO |	\
	 ARCH_CAP_FBSDP_NO | ARCH_CAP_PSDP_NO | ARCH_CAP_FB_CLEAR |		\
	 ARCH_CAP_RRSBA | ARCH_CAP_BHI_NO | ARCH_CAP_PBRSB_NO |			\
	 ARCH_CAP_GDS_NO)

/* Read-only for guests: no branch trace store, no PEBS. */
#define MISC_ENABLE_FIXED	(MSR_IA32_MISC_ENABLE_BTS_UNAVAIL |		\
				 MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL)

/* SDM 3A, "Local APIC Status and Location". */
#define APIC_BASE_FLAGS	(MSR_IA32_APICBASE_BSP | MSR_IA32_APICBASE_ENABLE | X2APIC_ENABLE)
#define APIC_BASE_LOW	GENMASK_ULL(11, 0)

/* PAT and MTRR types: SDM 3A, "Memory Types That Can Be Encoded With PAT". */
#define PAT_TYPES	(BIT(0) | BIT(1) | BIT(4) | BIT(5) | BIT(6) | BIT(7))

static u64 *field_of(struct vlm_vcpu *vcpu, const struct vlm_msr *msr)
{
	return (u64 *)((u8 *)&vcpu->x86 + msr->field);
}

static bool acceptable(struct vlm_vcpu *vcpu, const struct vlm_msr *msr, u64 value)
{
	if (value & ~msr->bits)
		return false;
	return !(msr->flags & MSR_ADDRESS) || vlm_canonical(value, vlm_msr_width(vcpu));
}

MSR_READER(vlm_msr_read_field)
{
	*value = *field_of(vcpu, msr);
	return 0;
}

MSR_WRITER(vlm_msr_write_field)
{
	if (!acceptable(vcpu, msr, value))
		return 1;
	*field_of(vcpu, msr) = value;
	if (msr->flags & MSR_LIVE)
		vlm_request(vcpu, VLM_REQ_MSRS);
	return 0;
}

MSR_READER(vlm_msr_read_vmcs)
{
	*value = vmx_get(vcpu, msr->field);
	return 0;
}

MSR_WRITER(vlm_msr_write_vmcs)
{
	if (!acceptable(vcpu, msr, value))
		return 1;
	vmx_set(vcpu, msr->field, value);
	return 0;
}

MSR_READER(vlm_msr_read_constant)
{
	*value = msr->bits;
	return 0;
}

MSR_WRITER(vlm_msr_write_zero)
{
	return value ? 1 : 0;
}

MSR_READER(vlm_msr_read_efer)
{
	*value = vmx_get_efer(vcpu);
	return 0;
}

MSR_WRITER(vlm_msr_write_efer)
{
	u64 old = vmx_get_efer(vcpu);
	u64 allowed = vlm_guest_efer_bits(vcpu);

	/* What the CPU has, user space may set before it says so by CPUID. */
	if (host)
		allowed = vlm_host_efer_bits();
	if (value & ~allowed)
		return 1;
	/* SDM 3A, "IA-32e Mode Operation": not while paging is on. */
	if (((old ^ value) & EFER_LME) && (vmx_get_cr0(vcpu) & X86_CR0_PG))
		return 1;
	/* LMA is read-only; writes to it are ignored. */
	vmx_set_efer(vcpu, (value & ~(u64)EFER_LMA) | (old & EFER_LMA));
	if ((old ^ value) & EFER_NX)
		vmx_flush_linear(vcpu);
	return 0;
}

enum apic_mode { APIC_OFF, APIC_INVALID, APIC_XAPIC, APIC_X2APIC };

static enum apic_mode apic_mode(u64 value)
{
	if (!(value & MSR_IA32_APICBASE_ENABLE))
		return value & X2APIC_ENABLE ? APIC_INVALID : APIC_OFF;
	return value & X2APIC_ENABLE ? APIC_X2APIC : APIC_XAPIC;
}

/* SDM 3A, "x2APIC State Transitions". */
bool vlm_apic_base_legal(struct vlm_vcpu *vcpu, u64 value, bool host)
{
	enum apic_mode old = apic_mode(vcpu->x86.apic_base);
	enum apic_mode new = apic_mode(value);
	u64 allowed = APIC_BASE_FLAGS | GENMASK_ULL(vlm_guest_maxphyaddr(vcpu) - 1, 12);

	if (!vlm_guest_has(vcpu, VF_X2APIC))
		allowed &= ~(u64)X2APIC_ENABLE;
	if ((value & ~allowed) || new == APIC_INVALID)
		return false;
	if (host)
		return true;
	if (old == APIC_X2APIC && new == APIC_XAPIC)
		return false;
	return !(old == APIC_OFF && new == APIC_X2APIC);
}

void vlm_set_apic_base(struct vlm_vcpu *vcpu, u64 value)
{
	u64 old = vcpu->x86.apic_base;

	WRITE_ONCE(vcpu->x86.apic_base, value);
	vlm_lapic_base_changed(vcpu, old);
}

MSR_WRITER(vlm_msr_write_apic_base)
{
	if (!vlm_apic_base_legal(vcpu, value, host))
		return 1;
	vlm_set_apic_base(vcpu, value);
	return 0;
}

/* The guest has no VMX, SMX or SGX to turn on: only the lock is left. */
MSR_WRITER(vlm_msr_write_feature_control)
{
	if (value & ~msr->bits)
		return 1;
	if (!host && (vcpu->x86.feature_control & FEAT_CTL_LOCKED))
		return 1;
	vcpu->x86.feature_control = value;
	return 0;
}

MSR_WRITER(vlm_msr_write_spec_ctrl)
{
	u64 features = host ? vlm_supported_features() : vcpu->x86.features;
	u64 allowed = SPEC_CTRL_IBRS;

	if (features & BIT_ULL(VF_STIBP))
		allowed |= SPEC_CTRL_STIBP;
	if (features & BIT_ULL(VF_SSBD))
		allowed |= SPEC_CTRL_SSBD;
	if (value & ~allowed)
		return 1;
	vcpu->x86.spec_ctrl = value;
	vlm_request(vcpu, VLM_REQ_MSRS);
	return 0;
}

/* A command acts on the CPU that the guest is on, and there is no state. */
MSR_WRITER(vlm_msr_write_command)
{
	if (value & ~msr->bits)
		return 1;
	if (value && !host)
		wrmsrl(index, value);
	return 0;
}

MSR_WRITER(vlm_msr_write_ucode_rev)
{
	if (host)
		vcpu->x86.ucode_rev = value;
	return 0;
}

u64 vlm_arch_capabilities(void)
{
	u64 value = 0;

	if (boot_cpu_has(X86_FEATURE_ARCH_CAPABILITIES))
		rdmsrl(MSR_IA32_ARCH_CAPABILITIES, value);
	return value & ARCH_CAPS_PASSED;
}

MSR_WRITER(vlm_msr_write_arch_capabilities)
{
	if (value & ~vlm_arch_capabilities())
		return 1;
	vcpu->x86.arch_capabilities = value;
	return 0;
}

MSR_WRITER(vlm_msr_write_misc_enable)
{
	if (!host)
		value = (value & ~(u64)MISC_ENABLE_FIXED) |
			(vcpu->x86.misc_enable & MISC_ENABLE_FIXED);
	vcpu->x86.misc_enable = value;
	return 0;
}

/* KVM_CAP_MSR_PLATFORM_INFO: user space says whether the guest has it. */
MSR_READER(vlm_msr_read_platform_info)
{
	if (!host && READ_ONCE(vcpu->vm->hide_platform_info))
		return 1;
	*value = vcpu->x86.platform_info;
	return 0;
}

/*
 * BTF works as on the CPU.  LBR is dropped: the records would be the host's.
 * Guests set it without asking CPUID, so it is no #GP.
 */
MSR_WRITER(vlm_msr_write_debugctl)
{
	if (!host)
		value &= ~(u64)DEBUGCTLMSR_LBR;
	if (value & ~msr->bits)
		return 1;
	vmx_set(vcpu, msr->field, value);
	return 0;
}

MSR_WRITER(vlm_msr_write_pat)
{
	unsigned int i;

	for (i = 0; i < 64; i += 8)
		if ((value >> i & 0xff) > 7 || !(PAT_TYPES & BIT(value >> i & 0xff)))
			return 1;
	vmx_set(vcpu, msr->field, value);
	return 0;
}

/* User space restores it before CPUID, too. */
static bool has_deadline(struct vlm_vcpu *vcpu, bool host)
{
	return host || vlm_guest_has(vcpu, VF_TSC_DEADLINE);
}

/* The local APIC's own; without one the deadline reads 0 and ignores writes. */
MSR_READER(vlm_msr_read_deadline)
{
	if (!has_deadline(vcpu, host))
		return 1;
	*value = vlm_lapic_deadline(vcpu);
	return 0;
}

MSR_WRITER(vlm_msr_write_deadline)
{
	if (!has_deadline(vcpu, host))
		return 1;
	vlm_lapic_set_deadline(vcpu, value);
	return 0;
}

MSR_READER(vlm_msr_read_x2apic)
{
	return vlm_x2apic_read(vcpu, index, value);
}

MSR_WRITER(vlm_msr_write_x2apic)
{
	return vlm_x2apic_write(vcpu, index, value);
}
