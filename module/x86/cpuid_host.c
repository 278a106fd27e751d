// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CPUID can offer a guest on this host: KVM_GET_SUPPORTED_CPUID.
 *
 * A bit is offered when the CPU has it, the host's kernel has not taken it
 * away, and this file lists it.  What is not listed needs something of Vellum
 * that is not there: VMX, SGX, PT, AMX, CET, performance counters, MONITOR.
 * TSC_DEADLINE is a capability, as it needs a local APIC in the kernel; X2APIC
 * is left to the caller to take away where there is none.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>
#include <asm/kvm_para.h>
#include <asm/processor.h>

#include "../core/vcpu.h"

/* A feature's bit in its CPUID register. */
#define F(name)		BIT(X86_FEATURE_##name & 31)

/* The kernel's own copy of that register, plus one: 0 means there is none. */
#define WORD(leaf)	((leaf) + 1)

#define LEAF_1_ECX							\
	(F(XMM3) | F(PCLMULQDQ) | F(SSSE3) | F(FMA) | F(CX16) | F(PCID) |	\
	 F(XMM4_1) | F(XMM4_2) | F(MOVBE) | F(POPCNT) | F(AES) |	\
	 F(XSAVE) | F(AVX) | F(F16C) | F(RDRAND))

#define LEAF_1_EDX							\
	(F(FPU) | F(VME) | F(DE) | F(PSE) | F(TSC) | F(MSR) | F(PAE) |	\
	 F(MCE) | F(CX8) | F(APIC) | F(SEP) | F(MTRR) | F(PGE) | F(MCA) |	\
	 F(CMOV) | F(PAT) | F(PSE36) | F(CLFLUSH) | F(MMX) | F(FXSR) |	\
	 F(XMM) | F(XMM2) | F(SELFSNOOP))

#define LEAF_7_EBX							\
	(F(FSGSBASE) | F(BMI1) | F(HLE) | F(AVX2) | F(FDP_EXCPTN_ONLY) |	\
	 F(SMEP) | F(BMI2) | F(ERMS) | F(INVPCID) | F(RTM) |		\
	 F(ZERO_FCS_FDS) | F(RDSEED) | F(ADX) | F(SMAP) | F(CLFLUSHOPT) |	\
	 F(CLWB) | F(SHA_NI))

#define LEAF_7_EBX_AVX512						\
	(F(AVX512F) | F(AVX512DQ) | F(AVX512IFMA) | F(AVX512PF) |	\
	 F(AVX512ER) | F(AVX512CD) | F(AVX512BW) | F(AVX512VL))

#define LEAF_7_ECX							\
	(F(UMIP) | F(PKU) | F(GFNI) | F(VAES) | F(VPCLMULQDQ) |		\
	 F(LA57) | F(RDPID) | F(CLDEMOTE) | F(MOVDIRI) | F(MOVDIR64B))

#define LEAF_7_ECX_AVX512						\
	(F(AVX512VBMI) | F(AVX512_VBMI2) | F(AVX512_VNNI) |		\
	 F(AVX512_BITALG) | F(AVX512_VPOPCNTDQ))

#define LEAF_7_EDX							\
	(F(FSRM) | F(MD_CLEAR) | F(SERIALIZE) | F(SPEC_CTRL) |		\
	 F(INTEL_STIBP) | F(FLUSH_L1D) | F(ARCH_CAPABILITIES) |		\
	 F(SPEC_CTRL_SSBD))

#define LEAF_7_EDX_AVX512						\
	(F(AVX512_4VNNIW) | F(AVX512_4FMAPS) | F(AVX512_VP2INTERSECT) |	\
	 F(AVX512_FP16))

#define LEAF_7_1_EAX	(F(AVX_VNNI) | F(AVX512_BF16))

#define LEAF_D_1_EAX	(F(XSAVEOPT) | F(XSAVEC) | F(XGETBV1) | F(XSAVES))

#define LEAF_80000001_ECX	(F(LAHF_LM) | F(ABM) | F(3DNOWPREFETCH))
#define LEAF_80000001_EDX						\
	(F(SYSCALL) | F(NX) | F(GBPAGES) | F(RDTSCP) | F(LM))

#define INVARIANT_TSC	BIT(8)		/* CPUID.80000007H:EDX */
#define ARAT		BIT(2)		/* CPUID.6:EAX: the APIC timer never stops */
#define CLFLUSH_SIZE	0xff00		/* CPUID.1:EBX */
#define CACHE_TYPE	0x1f		/* CPUID.4:EAX; 0: no more caches */
#define XSS_COMPONENT	BIT(0)		/* CPUID.(0DH,n):ECX */

#define ALL		(~0u)
#define INDEXED		KVM_CPUID_FLAG_SIGNIFCANT_INDEX

struct builder {
	struct kvm_cpuid_entry2 entries[VLM_MAX_SUPPORTED];
	unsigned int nent;
};

/**
 * struct row - one leaf
 * @function: EAX
 * @index: ECX
 * @flags: INDEXED when ECX matters
 * @mask: bits of the host's registers that a guest may see
 * @word: for each register the kernel's own copy, which it may have trimmed
 * @finish: does what a mask cannot, and may add further entries
 */
struct row {
	u32 function;
	u32 index;
	u32 flags;
	u32 mask[4];
	u8 word[4];
	void (*finish)(struct builder *b, struct kvm_cpuid_entry2 *e);
};

static struct builder supported __ro_after_init;
static u64 supported_features __ro_after_init;
static unsigned int maxphyaddr __ro_after_init;

static struct kvm_cpuid_entry2 *add(struct builder *b, u32 function, u32 index, u32 flags)
{
	struct kvm_cpuid_entry2 *e;

	if (WARN_ON_ONCE(b->nent == ARRAY_SIZE(b->entries)))
		return NULL;
	e = &b->entries[b->nent++];
	e->function = function;
	e->index = index;
	e->flags = flags;
	cpuid_count(function, index, &e->eax, &e->ebx, &e->ecx, &e->edx);
	return e;
}

static void set_max_basic(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	/* Leaf 0DH is the last that we know. */
	e->eax = min(e->eax, 0xdu);
}

static void set_max_extended(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	e->eax = min(e->eax, 0x80000008u);
}

/* The rows hide features whose state no guest can have. */
static void leaf_1(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	u64 xcr0 = vlm_fpu_host_mask();

	e->ecx |= F(HYPERVISOR) | F(X2APIC);	/* both by us */
	if (!xcr0)
		e->ecx &= ~F(XSAVE);
	if (!(xcr0 & XFEATURE_MASK_YMM))
		e->ecx &= ~(F(AVX) | F(FMA) | F(F16C));
}

static void leaf_7(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	u64 xcr0 = vlm_fpu_host_mask();

	e->eax = min(e->eax, 1u);
	e->ebx |= F(TSC_ADJUST);	/* it takes no more than an offset */
	if (!(xcr0 & XFEATURE_MASK_YMM)) {
		e->ebx &= ~F(AVX2);
		e->ecx &= ~(F(VAES) | F(VPCLMULQDQ));
	}
	if (!(xcr0 & XFEATURE_MASK_AVX512)) {
		e->ebx &= ~LEAF_7_EBX_AVX512;
		e->ecx &= ~LEAF_7_ECX_AVX512;
		e->edx &= ~LEAF_7_EDX_AVX512;
	}
	if (!(xcr0 & XFEATURE_MASK_PKRU))
		e->ecx &= ~F(PKU);
	if (!vmx_feature(VMX_FEATURE_GUEST_INVPCID))
		e->ebx &= ~F(INVPCID);
	if (!vmx_feature(VMX_FEATURE_GUEST_RDTSCP))
		e->ecx &= ~F(RDPID);
}

static void leaf_7_1(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	if (!(vlm_fpu_host_mask() & XFEATURE_MASK_YMM))
		e->eax &= ~F(AVX_VNNI);
	if (!(vlm_fpu_host_mask() & XFEATURE_MASK_AVX512))
		e->eax &= ~F(AVX512_BF16);
}

static void leaf_4(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	u32 index;

	for (index = 1; e && (e->eax & CACHE_TYPE) && index < 8; index++)
		e = add(b, 4, index, INDEXED);
}

static void leaf_6(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	e->eax = ARAT;
}

static void leaf_d_state(struct builder *b)
{
	u64 mask = vlm_fpu_host_mask();
	unsigned int i;

	for (i = 2; i < 63; i++) {
		struct kvm_cpuid_entry2 *e;

		if (!(mask & BIT_ULL(i)))
			continue;
		e = add(b, 0xd, i, INDEXED);
		if (!e)
			return;
		/* Supervisor components are not in the mask. */
		e->ecx &= ~XSS_COMPONENT;
		e->edx = 0;
	}
}

static void leaf_d(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	u64 mask = vlm_fpu_host_mask();

	e->eax = mask;
	e->edx = mask >> 32;
	e->ebx = mask ? vlm_xsave_size(mask, false) : 0;
	e->ecx = e->ebx;
}

static void leaf_d_1(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	u64 mask = vlm_fpu_host_mask();

	if (!mask)
		e->eax = 0;
	if (!vmx_feature(VMX_FEATURE_GUEST_XSAVES))
		e->eax &= ~F(XSAVES);
	if (e->eax & (F(XSAVEC) | F(XSAVES)))
		e->ebx = vlm_xsave_size(mask, true);
	leaf_d_state(b);
}

static void leaf_80000001(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	if (!vmx_feature(VMX_FEATURE_GUEST_RDTSCP))
		e->edx &= ~F(RDTSCP);
}

static void leaf_80000007(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	if (!boot_cpu_has(X86_FEATURE_CONSTANT_TSC) || !boot_cpu_has(X86_FEATURE_NONSTOP_TSC))
		e->edx &= ~INVARIANT_TSC;
}

static void leaf_signature(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	u32 name[3];

	static_assert(sizeof(name) <= sizeof(KVM_SIGNATURE));
	memcpy(name, KVM_SIGNATURE, sizeof(name));
	e->eax = KVM_CPUID_FEATURES;
	e->ebx = name[0];
	e->ecx = name[1];
	e->edx = name[2];
}

static void leaf_features(struct builder *b, struct kvm_cpuid_entry2 *e)
{
	e->eax = vlm_pv_features();
}

static const struct row rows[] = {
	{ 0x0, .mask = { ALL, ALL, ALL, ALL }, .finish = set_max_basic },
	{ 0x1, .mask = { ALL, CLFLUSH_SIZE, LEAF_1_ECX, LEAF_1_EDX },
	  .word = { 0, 0, WORD(CPUID_1_ECX), WORD(CPUID_1_EDX) }, .finish = leaf_1 },
	{ 0x2, .mask = { ALL, ALL, ALL, ALL } },
	{ 0x4, 0, INDEXED, .mask = { ALL, ALL, ALL, ALL }, .finish = leaf_4 },
	{ 0x5 },
	{ 0x6, .finish = leaf_6 },
	{ 0x7, 0, INDEXED,
	  .mask = { ALL, LEAF_7_EBX | LEAF_7_EBX_AVX512, LEAF_7_ECX | LEAF_7_ECX_AVX512,
		    LEAF_7_EDX | LEAF_7_EDX_AVX512 },
	  .word = { 0, WORD(CPUID_7_0_EBX), WORD(CPUID_7_ECX), WORD(CPUID_7_EDX) },
	  .finish = leaf_7 },
	{ 0x7, 1, INDEXED, .mask = { LEAF_7_1_EAX }, .word = { WORD(CPUID_7_1_EAX) },
	  .finish = leaf_7_1 },
	{ 0xa },
	/* One thread a core, one core a package: the VMM knows better. */
	{ 0xb, 0, INDEXED },
	{ 0xd, 0, INDEXED, .finish = leaf_d },
	{ 0xd, 1, INDEXED, .mask = { LEAF_D_1_EAX }, .word = { WORD(CPUID_D_1_EAX) },
	  .finish = leaf_d_1 },
	{ KVM_CPUID_SIGNATURE, .finish = leaf_signature },
	{ KVM_CPUID_FEATURES, .finish = leaf_features },
	{ 0x80000000, .mask = { ALL, ALL, ALL, ALL }, .finish = set_max_extended },
	{ 0x80000001, .mask = { ALL, 0, LEAF_80000001_ECX, LEAF_80000001_EDX },
	  .word = { 0, 0, WORD(CPUID_8000_0001_ECX), WORD(CPUID_8000_0001_EDX) },
	  .finish = leaf_80000001 },
	{ 0x80000002, .mask = { ALL, ALL, ALL, ALL } },
	{ 0x80000003, .mask = { ALL, ALL, ALL, ALL } },
	{ 0x80000004, .mask = { ALL, ALL, ALL, ALL } },
	{ 0x80000005 },
	{ 0x80000006, .mask = { 0, 0, ALL, 0 } },
	{ 0x80000007, .mask = { 0, 0, 0, INVARIANT_TSC }, .finish = leaf_80000007 },
	{ 0x80000008, .mask = { 0xffff } },
};

static u32 kernel_view(u8 word)
{
	return word ? boot_cpu_data.x86_capability[word - 1] : ALL;
}

static bool host_has(const struct row *row)
{
	switch (row->function & 0xc0000000) {
	case 0x40000000:
		return true;		/* ours */
	case 0x80000000:
		return row->function <= (u32)boot_cpu_data.extended_cpuid_level;
	default:
		return row->function <= (u32)boot_cpu_data.cpuid_level;
	}
}

static void build(struct builder *b)
{
	const struct row *row;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		struct kvm_cpuid_entry2 *e;

		if (!host_has(row))
			continue;
		e = add(b, row->function, row->index, row->flags);
		if (!e)
			return;
		e->eax &= row->mask[0] & kernel_view(row->word[0]);
		e->ebx &= row->mask[1] & kernel_view(row->word[1]);
		e->ecx &= row->mask[2] & kernel_view(row->word[2]);
		e->edx &= row->mask[3] & kernel_view(row->word[3]);
		if (row->finish)
			row->finish(b, e);
	}
}

void __init vlm_cpuid_init(void)
{
	supported.nent = 0;
	maxphyaddr = cpuid_eax(0x80000008) & 0xff;
	build(&supported);
	vlm_cpuid_hide_cr4(supported.entries, supported.nent, vmx_supported_cr4());
	supported_features = vlm_cpuid_features(supported.entries, supported.nent);
}

u32 vlm_cpuid_signature(void)
{
	return cpuid_eax(1);
}

unsigned int vlm_host_maxphyaddr(void)
{
	return maxphyaddr;
}

u64 vlm_supported_features(void)
{
	return supported_features;
}

long vlm_get_supported_cpuid(struct kvm_cpuid2 __user *user)
{
	u32 nent = supported.nent;
	u32 room;

	if (get_user(room, &user->nent))
		return -EFAULT;
	if (room < nent)
		return -E2BIG;
	if (put_user(nent, &user->nent) ||
	    copy_to_user(user->entries, supported.entries,
			 array_size(nent, sizeof(supported.entries[0]))))
		return -EFAULT;
	return 0;
}
