// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control registers: what the architecture allows, and the instructions that
 * write them.
 *
 * With unrestricted guest and EPT most writes never get here: the guest owns
 * the bits.  Whatever does must end as if the CPU had done it.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <asm/cpufeature.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "../mem/mem.h"

/* In long mode with PCIDs, bit 63 of the operand asks to keep the TLB. */
#define CR3_KEEP_TLB	BIT_ULL(63)
#define CR3_PCID	0xfffULL

/* Present PDPTE: SDM 3A, "PDPTE Registers". */
#define PDPTE_PRESENT	BIT_ULL(0)
#define PDPTE_RESERVED	(GENMASK_ULL(2, 1) | GENMASK_ULL(8, 5))

/*
 * Changes that flush the TLB, and those after which no stale right may be used:
 * SDM 3A, "Operations that Invalidate TLBs and Paging-Structure Caches".
 */
#define CR4_FLUSHES	(X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PSE | X86_CR4_PCIDE | \
			 X86_CR4_SMEP | X86_CR4_SMAP | X86_CR4_PKE | X86_CR4_LA57)

/* CR4 bits whose change makes the CPU read the PDPTEs again. */
#define CR4_LOADS_PDPTES	(X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PSE | X86_CR4_SMEP)
#define CR0_LOADS_PDPTES	(X86_CR0_CD | X86_CR0_NW | X86_CR0_PG)

bool vlm_canonical(u64 addr, unsigned int bits)
{
	unsigned int shift = 64 - bits;

	return (u64)((s64)(addr << shift) >> shift) == addr;
}

unsigned int vlm_msr_width(struct vlm_vcpu *vcpu)
{
	return vlm_guest_has(vcpu, VF_LA57) ? 57 : 48;
}

static u64 reserved_gpa_bits(struct vlm_vcpu *vcpu)
{
	return ~0ULL << vlm_guest_maxphyaddr(vcpu);
}

u64 vlm_cr3_reserved(struct vlm_vcpu *vcpu)
{
	return ~0ULL << min(vlm_guest_maxphyaddr(vcpu), vlm_host_maxphyaddr());
}

bool vlm_pae_paging(u64 cr0, u64 cr4, u64 efer)
{
	return (cr0 & X86_CR0_PG) && (cr4 & X86_CR4_PAE) && !(efer & EFER_LMA);
}

/* SDM 3A, "Control Registers". */
bool vlm_cr0_legal(struct vlm_vcpu *vcpu, u64 cr0)
{
	if (cr0 >> 32)
		return false;
	if ((cr0 & X86_CR0_NW) && !(cr0 & X86_CR0_CD))
		return false;
	if ((cr0 & X86_CR0_PG) && !(cr0 & X86_CR0_PE))
		return false;
	return true;
}

bool vlm_cr4_legal(struct vlm_vcpu *vcpu, u64 cr4)
{
	return !(cr4 & ~vlm_guest_cr4_bits(vcpu));
}

/* Outside long mode CR3 has 32 bits, and none of them is checked. */
bool vlm_cr3_legal(struct vlm_vcpu *vcpu, u64 cr3)
{
	if (!(vmx_get_efer(vcpu) & EFER_LMA))
		return !(cr3 >> 32);
	return !(cr3 & vlm_cr3_reserved(vcpu));
}

bool vlm_efer_legal(struct vlm_vcpu *vcpu, u64 efer)
{
	return !(efer & ~vlm_guest_efer_bits(vcpu));
}

/* SDM 1, "Enabling the XSAVE Feature Set and XSAVE-Enabled Features". */
bool vlm_xcr0_legal(struct vlm_vcpu *vcpu, u64 xcr0)
{
	if (!(xcr0 & XFEATURE_MASK_FP))
		return false;
	if (xcr0 & ~(vlm_guest_xcr0_bits(vcpu) | XFEATURE_MASK_FP))
		return false;
	if ((xcr0 & XFEATURE_MASK_YMM) && !(xcr0 & XFEATURE_MASK_SSE))
		return false;
	if (xcr0 & XFEATURE_MASK_AVX512) {
		if (!(xcr0 & XFEATURE_MASK_YMM))
			return false;
		if ((xcr0 & XFEATURE_MASK_AVX512) != XFEATURE_MASK_AVX512)
			return false;
	}
	return true;
}

bool vlm_pdptes_legal(struct vlm_vcpu *vcpu, const u64 pdptes[4])
{
	u64 reserved = PDPTE_RESERVED | reserved_gpa_bits(vcpu);
	int i;

	for (i = 0; i < 4; i++)
		if ((pdptes[i] & PDPTE_PRESENT) && (pdptes[i] & reserved))
			return false;
	return true;
}

int vlm_read_pdptes(struct vlm_vcpu *vcpu, u64 cr3, u64 pdptes[4])
{
	if (vlm_mem_read(vcpu->vm, cr3 & GENMASK_ULL(31, 5), pdptes, 4 * sizeof(pdptes[0])))
		return -EFAULT;
	return vlm_pdptes_legal(vcpu, pdptes) ? 0 : 1;
}

void vlm_write_pdptes(struct vlm_vcpu *vcpu, const u64 pdptes[4])
{
	int i;

	for (i = 0; i < 4; i++)
		vmx_set(vcpu, VMX_PDPTE0 + i, pdptes[i]);
}

/*
 * The guest loads PDPTEs: #GP if they are not legal.  Where there is no memory
 * a bus reads all ones, and those are not legal either.
 */
static int load_pdptes(struct vlm_vcpu *vcpu, u64 cr3, u64 pdptes[4])
{
	if (vcpu->vmx.in_section)
		return -EAGAIN;
	return vlm_read_pdptes(vcpu, cr3, pdptes) ? 1 : 0;
}

/* SDM 3A, "IA-32e Mode Operation": what setting CR0.PG asks with EFER.LME. */
static bool may_enter_long_mode(struct vlm_vcpu *vcpu)
{
	struct kvm_segment cs;

	vmx_get_segment(vcpu, SEG_CS, &cs);
	return (vmx_get_cr4(vcpu) & X86_CR4_PAE) && !cs.l;
}

/* Paging may not end in 64-bit code, nor while PCIDs are on. */
static bool may_end_paging(struct vlm_vcpu *vcpu)
{
	struct kvm_segment cs;

	if (vmx_get_cr4(vcpu) & X86_CR4_PCIDE)
		return false;
	vmx_get_segment(vcpu, SEG_CS, &cs);
	return !((vmx_get_efer(vcpu) & EFER_LMA) && cs.l);
}

int vlm_mov_to_cr0(struct vlm_vcpu *vcpu, u64 value)
{
	u64 old = vmx_get_cr0(vcpu);
	u64 efer = vmx_get_efer(vcpu);
	u64 pdptes[4];
	bool load;
	int ret;

	if (!vlm_cr0_legal(vcpu, value))
		return 1;
	/* Reserved bits below bit 32 are ignored; ET is fixed to 1. */
	value = (value & VLM_CR0_DEFINED) | X86_CR0_ET;

	if ((value & ~old) & X86_CR0_PG) {
		if ((efer & EFER_LME) && !may_enter_long_mode(vcpu))
			return 1;
	} else if ((old & ~value) & X86_CR0_PG) {
		if (!may_end_paging(vcpu))
			return 1;
	}

	load = ((old ^ value) & CR0_LOADS_PDPTES) && (value & X86_CR0_PG) &&
	       (vmx_get_cr4(vcpu) & X86_CR4_PAE) && !(efer & EFER_LME);
	if (load) {
		ret = load_pdptes(vcpu, vmx_get(vcpu, VMX_CR3), pdptes);
		if (ret)
			return ret;
	}

	vmx_set_cr0(vcpu, value);
	efer &= ~(u64)EFER_LMA;
	if ((efer & EFER_LME) && (value & X86_CR0_PG))
		efer |= EFER_LMA;
	vmx_set_efer(vcpu, efer);
	if (load)
		vlm_write_pdptes(vcpu, pdptes);
	if ((old ^ value) & X86_CR0_PG)
		vmx_flush_linear(vcpu);
	return 0;
}

int vlm_mov_to_cr3(struct vlm_vcpu *vcpu, u64 value)
{
	u64 cr4 = vmx_get_cr4(vcpu);
	u64 pdptes[4];
	int ret;

	if (cr4 & X86_CR4_PCIDE)
		value &= ~CR3_KEEP_TLB;
	if (!vlm_cr3_legal(vcpu, value))
		return 1;

	if (vlm_pae_paging(vmx_get_cr0(vcpu), cr4, vmx_get_efer(vcpu))) {
		ret = load_pdptes(vcpu, value, pdptes);
		if (ret)
			return ret;
		vlm_write_pdptes(vcpu, pdptes);
	}
	vmx_set(vcpu, VMX_CR3, value);
	vmx_flush_linear(vcpu);
	return 0;
}

int vlm_mov_to_cr4(struct vlm_vcpu *vcpu, u64 value)
{
	u64 old = vmx_get_cr4(vcpu);
	u64 efer = vmx_get_efer(vcpu);
	u64 pdptes[4];
	bool load;
	int ret;

	if (!vlm_cr4_legal(vcpu, value))
		return 1;
	if (efer & EFER_LMA) {
		/* Long mode stands on PAE, and its depth cannot change. */
		if (!(value & X86_CR4_PAE) || ((old ^ value) & X86_CR4_LA57))
			return 1;
	}
	if ((value & ~old) & X86_CR4_PCIDE) {
		if (!(efer & EFER_LMA) || (vmx_get(vcpu, VMX_CR3) & CR3_PCID))
			return 1;
	}

	load = ((old ^ value) & CR4_LOADS_PDPTES) &&
	       vlm_pae_paging(vmx_get_cr0(vcpu), value, efer);
	if (load) {
		ret = load_pdptes(vcpu, vmx_get(vcpu, VMX_CR3), pdptes);
		if (ret)
			return ret;
	}

	vmx_set_cr4(vcpu, value);
	if (load)
		vlm_write_pdptes(vcpu, pdptes);
	if ((old ^ value) & CR4_FLUSHES)
		vmx_flush_linear(vcpu);
	return 0;
}

int vlm_mov_to_cr8(struct vlm_vcpu *vcpu, u64 value)
{
	if (value & ~0xfULL)
		return 1;
	vlm_set_cr8(vcpu, value);
	return 0;
}

void vlm_set_xcr0(struct vlm_vcpu *vcpu, u64 xcr0)
{
	vcpu->x86.xcr0 = xcr0;
	if (vcpu->x86.fpu_live)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, xcr0);
	vlm_cpuid_xcr0_changed(vcpu);
}

int vlm_xsetbv(struct vlm_vcpu *vcpu, u32 index, u64 value)
{
	if (index != XCR_XFEATURE_ENABLED_MASK || vmx_cpl(vcpu) ||
	    !vlm_xcr0_legal(vcpu, value))
		return 1;
	if (value != vcpu->x86.xcr0)
		vlm_set_xcr0(vcpu, value);
	return 0;
}
