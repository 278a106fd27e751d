// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which CPUID bit is which feature, and which CR4 bit goes with it.
 */
#include "../vellum.h"

#include <linux/bits.h>
#include <linux/kernel.h>
#include <asm/cpufeatures.h>
#include <asm/kvm_para.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "../core/vcpu.h"

#define BIT_OF(name)	(X86_FEATURE_##name & 31)
#define PV_BIT(name)	{ KVM_CPUID_FEATURES, 0, VLM_EAX, KVM_FEATURE_##name }

static const struct {
	u32 function;
	u8 index;
	u8 reg;
	u8 bit;
	u64 cr4;
} bits[NR_VF] = {
	[VF_LM]		= { 0x80000001, 0, VLM_EDX, BIT_OF(LM) },
	[VF_NX]		= { 0x80000001, 0, VLM_EDX, BIT_OF(NX) },
	[VF_GBPAGES]	= { 0x80000001, 0, VLM_EDX, BIT_OF(GBPAGES) },
	[VF_RDTSCP]	= { 0x80000001, 0, VLM_EDX, BIT_OF(RDTSCP) },
	[VF_PCID]	= { 1, 0, VLM_ECX, BIT_OF(PCID), X86_CR4_PCIDE },
	[VF_XSAVE]	= { 1, 0, VLM_ECX, BIT_OF(XSAVE), X86_CR4_OSXSAVE },
	[VF_MWAIT]	= { 1, 0, VLM_ECX, BIT_OF(MWAIT) },
	[VF_PDCM]	= { 1, 0, VLM_ECX, BIT_OF(PDCM) },
	[VF_XSAVES]	= { 0xd, 1, VLM_EAX, BIT_OF(XSAVES) },
	[VF_FSGSBASE]	= { 7, 0, VLM_EBX, BIT_OF(FSGSBASE), X86_CR4_FSGSBASE },
	[VF_SMEP]	= { 7, 0, VLM_EBX, BIT_OF(SMEP), X86_CR4_SMEP },
	[VF_SMAP]	= { 7, 0, VLM_EBX, BIT_OF(SMAP), X86_CR4_SMAP },
	[VF_UMIP]	= { 7, 0, VLM_ECX, BIT_OF(UMIP), X86_CR4_UMIP },
	[VF_PKU]	= { 7, 0, VLM_ECX, BIT_OF(PKU), X86_CR4_PKE },
	[VF_LA57]	= { 7, 0, VLM_ECX, BIT_OF(LA57), X86_CR4_LA57 },
	[VF_INVPCID]	= { 7, 0, VLM_EBX, BIT_OF(INVPCID) },
	[VF_RDPID]	= { 7, 0, VLM_ECX, BIT_OF(RDPID) },
	[VF_TSC_ADJUST]	= { 7, 0, VLM_EBX, BIT_OF(TSC_ADJUST) },
	[VF_SPEC_CTRL]	= { 7, 0, VLM_EDX, BIT_OF(SPEC_CTRL) },
	[VF_STIBP]	= { 7, 0, VLM_EDX, BIT_OF(INTEL_STIBP) },
	[VF_SSBD]	= { 7, 0, VLM_EDX, BIT_OF(SPEC_CTRL_SSBD) },
	[VF_ARCH_CAPS]	= { 7, 0, VLM_EDX, BIT_OF(ARCH_CAPABILITIES) },
	[VF_FLUSH_L1D]	= { 7, 0, VLM_EDX, BIT_OF(FLUSH_L1D) },
	[VF_X2APIC]	= { 1, 0, VLM_ECX, BIT_OF(X2APIC) },
	[VF_TSC_DEADLINE] = { 1, 0, VLM_ECX, BIT_OF(TSC_DEADLINE_TIMER) },
	[VF_KVM_CLOCK]	= PV_BIT(CLOCKSOURCE),
	[VF_KVM_CLOCK2]	= PV_BIT(CLOCKSOURCE2),
	[VF_KVM_ASYNC_PF] = PV_BIT(ASYNC_PF),
	[VF_KVM_STEAL]	= PV_BIT(STEAL_TIME),
	[VF_KVM_EOI]	= PV_BIT(PV_EOI),
	[VF_KVM_UNHALT]	= PV_BIT(PV_UNHALT),
	[VF_KVM_SEND_IPI] = PV_BIT(PV_SEND_IPI),
	[VF_KVM_POLL]	= PV_BIT(POLL_CONTROL),
	[VF_KVM_YIELD]	= PV_BIT(PV_SCHED_YIELD),
};

static u32 *reg_of(struct kvm_cpuid_entry2 *e, unsigned int reg)
{
	u32 *regs[] = { &e->eax, &e->ebx, &e->ecx, &e->edx };

	return regs[reg];
}

/* For as long as there is no sorted table; not for exits. */
static struct kvm_cpuid_entry2 *scan(struct kvm_cpuid_entry2 *entries, unsigned int nent,
				     u32 function, u32 index)
{
	unsigned int i;

	for (i = 0; i < nent; i++)
		if (entries[i].function == function &&
		    (!(entries[i].flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) ||
		     entries[i].index == index))
			return &entries[i];
	return NULL;
}

u64 vlm_cpuid_features(struct kvm_cpuid_entry2 *entries, unsigned int nent)
{
	u64 features = BIT_ULL(VF_ALWAYS);
	unsigned int f;

	for (f = VF_ALWAYS + 1; f < NR_VF; f++) {
		struct kvm_cpuid_entry2 *e = scan(entries, nent, bits[f].function, bits[f].index);

		if (e && (*reg_of(e, bits[f].reg) & BIT(bits[f].bit)))
			features |= BIT_ULL(f);
	}
	return features;
}

u64 vlm_cpuid_cr4(u64 features)
{
	u64 cr4 = VLM_CR4_ALWAYS;
	unsigned int f;

	for (f = 0; f < NR_VF; f++)
		if (features & BIT_ULL(f))
			cr4 |= bits[f].cr4;
	return cr4;
}

void vlm_cpuid_hide_cr4(struct kvm_cpuid_entry2 *entries, unsigned int nent, u64 cr4)
{
	unsigned int f;

	for (f = 0; f < NR_VF; f++) {
		struct kvm_cpuid_entry2 *e;

		if (!bits[f].cr4 || (bits[f].cr4 & cr4))
			continue;
		e = scan(entries, nent, bits[f].function, bits[f].index);
		if (e)
			*reg_of(e, bits[f].reg) &= ~BIT(bits[f].bit);
	}
}

u64 vlm_cpuid_efer(u64 features)
{
	u64 efer = EFER_SCE;

	if (features & BIT_ULL(VF_LM))
		efer |= EFER_LME | EFER_LMA;
	if (features & BIT_ULL(VF_NX))
		efer |= EFER_NX;
	return efer;
}

u64 vlm_host_efer_bits(void)
{
	return vlm_cpuid_efer(vlm_supported_features());
}

bool vlm_guest_has(struct vlm_vcpu *vcpu, enum vlm_feature feature)
{
	return vcpu->x86.features & BIT_ULL(feature);
}

u64 vlm_guest_cr4_bits(struct vlm_vcpu *vcpu)
{
	return vcpu->x86.guest_cr4;
}

u64 vlm_guest_efer_bits(struct vlm_vcpu *vcpu)
{
	return vcpu->x86.guest_efer;
}

u64 vlm_guest_xcr0_bits(struct vlm_vcpu *vcpu)
{
	return vcpu->x86.guest_xcr0;
}

unsigned int vlm_guest_maxphyaddr(struct vlm_vcpu *vcpu)
{
	return vcpu->x86.maxphyaddr;
}
