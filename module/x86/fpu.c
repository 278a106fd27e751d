// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's FPU in and out of the CPU.
 *
 * The kernel's own guest FPU exists only for KVM.  Here the guest's state is
 * loaded inside kernel_fpu_begin(): the thread's user state is in memory by
 * then, and comes back on the way to user space.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/special_insns.h>

#include "../core/vcpu.h"

#define MASK_LEGACY	(XFEATURE_MASK_FP | XFEATURE_MASK_SSE)
#define MASK_OFFERED	(MASK_LEGACY | XFEATURE_MASK_YMM | XFEATURE_MASK_AVX512 | \
			 XFEATURE_MASK_PKRU)

/* SDM 1, "FXSAVE Area": what MXCSR_MASK means when it is 0. */
#define MXCSR_MASK_DEFAULT	0xffbf

#define FIRST_EXTENDED	2
#define MAX_COMPONENTS	63

/* CPUID.(0DH,n):ECX */
#define COMPONENT_ALIGNED	BIT(1)

/* How the CPU lays out XSAVE areas. */
static struct {
	u32 offset[MAX_COMPONENTS];	/* in standard format */
	u32 bytes[MAX_COMPONENTS];
	u64 aligned;			/* to 64 bytes in compacted format */
} layout __ro_after_init;

static u64 host_xcr0 __ro_after_init;
static u64 host_xss __ro_after_init;
static u64 host_mask __ro_after_init;
static u64 area_mask __ro_after_init;
static u32 area_size __ro_after_init;
static u32 mxcsr_mask __ro_after_init;
static bool has_xsaveopt __ro_after_init;

u64 vlm_fpu_host_mask(void)
{
	return host_mask;
}

u64 vlm_fpu_area_mask(void)
{
	return area_mask;
}

u32 vlm_fpu_mxcsr_mask(void)
{
	return mxcsr_mask;
}

u32 vlm_fpu_size(void)
{
	return area_size;
}

u32 vlm_xsave_size(u64 mask, bool compacted)
{
	u32 size = sizeof(struct fxregs_state) + sizeof(struct xstate_header);
	unsigned int i;

	for (i = FIRST_EXTENDED; i < MAX_COMPONENTS; i++) {
		if (!(mask & BIT_ULL(i)))
			continue;
		if (compacted) {
			if (layout.aligned & BIT_ULL(i))
				size = ALIGN(size, 64);
			size += layout.bytes[i];
		} else {
			size = max(size, layout.offset[i] + layout.bytes[i]);
		}
	}
	return size;
}

void vlm_xsave_component(unsigned int i, u32 *offset, u32 *bytes)
{
	*offset = layout.offset[i];
	*bytes = layout.bytes[i];
}

static void read_layout(void)
{
	unsigned int i;

	for (i = FIRST_EXTENDED; i < MAX_COMPONENTS; i++) {
		u32 eax, ebx, ecx, edx;

		if (!(host_mask & BIT_ULL(i)))
			continue;
		cpuid_count(0xd, i, &eax, &ebx, &ecx, &edx);
		layout.bytes[i] = eax;
		layout.offset[i] = ebx;
		if (ecx & COMPONENT_ALIGNED)
			layout.aligned |= BIT_ULL(i);
	}
}

/* What the kernel has turned on, less what a guest cannot have whole. */
static u64 offered_mask(void)
{
	u64 mask = host_xcr0 & MASK_OFFERED;

	if ((mask & XFEATURE_MASK_AVX512) != XFEATURE_MASK_AVX512)
		mask &= ~(u64)XFEATURE_MASK_AVX512;
	if (!boot_cpu_has(X86_FEATURE_OSPKE))
		mask &= ~(u64)XFEATURE_MASK_PKRU;
	return mask;
}

static void read_mxcsr_mask(void)
{
	static struct fxregs_state fx __initdata __aligned(16);

	kernel_fpu_begin();
	asm volatile("fxsave %0" : "=m" (fx));
	kernel_fpu_end();
	mxcsr_mask = fx.mxcsr_mask ?: MXCSR_MASK_DEFAULT;
}

int __init vlm_fpu_init(void)
{
	if (boot_cpu_has(X86_FEATURE_XSAVE)) {
		host_xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);
		host_mask = offered_mask();
		has_xsaveopt = boot_cpu_has(X86_FEATURE_XSAVEOPT);
		if (boot_cpu_has(X86_FEATURE_XSAVES))
			rdmsrl(MSR_IA32_XSS, host_xss);
		read_layout();
	}
	area_mask = host_mask ?: MASK_LEGACY;
	area_size = vlm_xsave_size(host_mask, false);
	if (area_size > sizeof(struct kvm_xsave)) {
		vlm_err("the CPU's XSAVE area of %u bytes does not fit into 4096\n", area_size);
		return -EOPNOTSUPP;
	}
	read_mxcsr_mask();
	return 0;
}

int vlm_fpu_create(struct vlm_vcpu *vcpu)
{
	vcpu->x86.fpu = alloc_pages_exact(area_size, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	return vcpu->x86.fpu ? 0 : -ENOMEM;
}

void vlm_fpu_destroy(struct vlm_vcpu *vcpu)
{
	if (vcpu->x86.fpu)
		free_pages_exact(vcpu->x86.fpu, area_size);
	vcpu->x86.fpu = NULL;
}

u32 vlm_fpu_pkru(struct vlm_vcpu *vcpu)
{
	const struct xregs_state *area = vcpu->x86.fpu;

	if (!(area->header.xfeatures & area_mask & XFEATURE_MASK_PKRU))
		return 0;
	return *(const u32 *)((const u8 *)area + layout.offset[XFEATURE_PKRU]);
}

/* All components in their initial state, which FXRSTOR has to find in memory. */
void vlm_fpu_reset(struct vlm_vcpu *vcpu)
{
	struct xregs_state *area = vcpu->x86.fpu;

	memset(area, 0, area_size);
	area->i387.cwd = 0x37f;
	area->i387.mxcsr = MXCSR_DEFAULT;
	area->i387.mxcsr_mask = mxcsr_mask;
	vcpu->x86.xcr0 = XFEATURE_MASK_FP;
}

static __always_inline bool restore(struct xregs_state *area)
{
	if (host_mask)
		asm goto("1: xrstor64 %[area]\n\t"
			 _ASM_EXTABLE(1b, %l[fault])
			 : : [area] "m" (*area), "a" ((u32)area_mask),
			     "d" ((u32)(area_mask >> 32))
			 : "memory" : fault);
	else
		asm goto("1: fxrstor64 %[area]\n\t"
			 _ASM_EXTABLE(1b, %l[fault])
			 : : [area] "m" (area->i387) : "memory" : fault);
	return true;
fault:
	return false;
}

static void save(struct xregs_state *area)
{
	u32 low = area_mask, high = area_mask >> 32;

	if (has_xsaveopt) {
		asm volatile("xsaveopt64 %0" : "+m" (*area) : "a" (low), "d" (high) : "memory");
	} else if (host_mask) {
		asm volatile("xsave64 %0" : "+m" (*area) : "a" (low), "d" (high) : "memory");
	} else {
		asm volatile("fxsave64 %0" : "=m" (area->i387));
		area->header.xfeatures = MASK_LEGACY;
	}
}

/* XSAVES of the guest obeys the IA32_XSS in the CPU, and the guest's is 0. */
static bool switch_xss(struct vlm_vcpu *vcpu)
{
	return unlikely(host_xss) && vlm_guest_has(vcpu, VF_XSAVES);
}

void vlm_fpu_load(struct vlm_vcpu *vcpu)
{
	struct vlm_x86 *x86 = &vcpu->x86;

	kernel_fpu_begin_mask(0);
	/* The kernel does not keep PKRU with the rest of a thread's FPU state. */
	if (area_mask & XFEATURE_MASK_PKRU)
		x86->host_pkru = rdpkru();

	if (unlikely(!restore(x86->fpu))) {
		vlm_vm_bug(vcpu->vm, "XRSTOR refused the guest's FPU state");
		vlm_fpu_reset(vcpu);
		restore(x86->fpu);
	}
	if (host_mask && x86->xcr0 != host_xcr0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, x86->xcr0);
	if (switch_xss(vcpu))
		wrmsrl(MSR_IA32_XSS, x86->xss);
	x86->fpu_live = true;
}

void vlm_fpu_save(struct vlm_vcpu *vcpu)
{
	struct vlm_x86 *x86 = &vcpu->x86;

	x86->fpu_live = false;
	if (switch_xss(vcpu))
		wrmsrl(MSR_IA32_XSS, host_xss);
	/* Before the save, which takes only what XCR0 has enabled. */
	if (host_mask && x86->xcr0 != host_xcr0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, host_xcr0);
	save(x86->fpu);
	if (area_mask & XFEATURE_MASK_PKRU)
		wrpkru(x86->host_pkru);
	kernel_fpu_end();
}
