// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vector registers of an emulated instruction, in the guest's XSAVE area.
 */
#include "../vellum.h"

#include <linux/string.h>
#include <asm/fpu/types.h>
#include <asm/processor-flags.h>

#include "glue_priv.h"

#define XMM_BYTES	16
#define ZMM_REST	32	/* bits 511:256 */

/* SDM 3A, "Exceptions and Other Control Bits" of SSE; SDM 1, "Detection of AVX" */
int emul_vector_check(struct em *em, bool vex)
{
	struct vlm_vcpu *vcpu = em_state(em)->vcpu;
	u64 cr0 = vmx_get_cr0(vcpu);
	u64 cr4 = vmx_get_cr4(vcpu);

	if (vex) {
		if (!(cr4 & X86_CR4_OSXSAVE) ||
		    ~vcpu->x86.xcr0 & (XFEATURE_MASK_SSE | XFEATURE_MASK_YMM))
			return em_raise(em, EM_VECTOR_UD);
	} else if ((cr0 & X86_CR0_EM) || !(cr4 & X86_CR4_OSFXSR)) {
		return em_raise(em, EM_VECTOR_UD);
	}
	return cr0 & X86_CR0_TS ? em_raise(em, EM_VECTOR_NM) : EM_OK;
}

static u8 *low_half(struct vlm_vcpu *vcpu, unsigned int reg)
{
	return (u8 *)vcpu->x86.fpu->i387.xmm_space + reg * XMM_BYTES;
}

static u8 *component(struct vlm_vcpu *vcpu, unsigned int feature)
{
	u32 offset, bytes;

	vlm_xsave_component(feature, &offset, &bytes);
	return (u8 *)vcpu->x86.fpu + offset;
}

static u8 *high_half(struct vlm_vcpu *vcpu, unsigned int reg)
{
	return component(vcpu, XFEATURE_YMM) + reg * XMM_BYTES;
}

static bool is_init(struct vlm_vcpu *vcpu, u64 feature)
{
	return !(vcpu->x86.fpu->header.xfeatures & feature);
}

int emul_vector_read(struct em *em, unsigned int reg, void *buf, unsigned int len)
{
	struct vlm_vcpu *vcpu = em_state(em)->vcpu;
	unsigned int low = min_t(unsigned int, len, XMM_BYTES);

	/* What XSAVE found in its initial state it does not store. */
	memset(buf, 0, len);
	if (!is_init(vcpu, XFEATURE_MASK_SSE))
		memcpy(buf, low_half(vcpu, reg), low);
	if (len > low && !is_init(vcpu, XFEATURE_MASK_YMM))
		memcpy(buf + low, high_half(vcpu, reg), len - low);
	return EM_OK;
}

/* A component that gets its first value needs its other registers cleared. */
static void begin_component(struct vlm_vcpu *vcpu, u64 feature, u8 *first)
{
	if (is_init(vcpu, feature))
		memset(first, 0, EM_NR_GPRS * XMM_BYTES);
	vcpu->x86.fpu->header.xfeatures |= feature;
}

int emul_vector_write(struct em *em, unsigned int reg, const void *buf, unsigned int len,
		      bool zero)
{
	struct vlm_vcpu *vcpu = em_state(em)->vcpu;
	unsigned int low = min_t(unsigned int, len, XMM_BYTES);

	begin_component(vcpu, XFEATURE_MASK_SSE, low_half(vcpu, 0));
	memcpy(low_half(vcpu, reg), buf, low);
	if (len > low || zero) {
		begin_component(vcpu, XFEATURE_MASK_YMM, high_half(vcpu, 0));
		memset(high_half(vcpu, reg), 0, XMM_BYTES);
		memcpy(high_half(vcpu, reg), buf + low, len - low);
	}
	if (zero && !is_init(vcpu, XFEATURE_MASK_ZMM_Hi256))
		memset(component(vcpu, XFEATURE_ZMM_Hi256) + reg * ZMM_REST, 0, ZMM_REST);
	return EM_OK;
}
