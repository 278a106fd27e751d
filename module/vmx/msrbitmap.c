// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MSR bitmap: everything exits, but for a short list that is either in the
 * VMCS or in the CPU while the guest runs.
 */
#include "../vellum.h"

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/msr-index.h>

#include "../core/vcpu.h"
#include "msrbitmap.h"

#define RD	BIT(0)
#define WR	BIT(1)

static const struct {
	u32 index;
	u32 pass;
} passed[] = {
	/* VM entry and exit move these. */
	{ MSR_FS_BASE, RD | WR },
	{ MSR_GS_BASE, RD | WR },
	{ MSR_IA32_SYSENTER_CS, RD | WR },
	{ MSR_IA32_SYSENTER_ESP, RD | WR },
	{ MSR_IA32_SYSENTER_EIP, RD | WR },
	{ MSR_IA32_CR_PAT, RD | WR },
	/* Saved when the section ends. */
	{ MSR_KERNEL_GS_BASE, RD | WR },
	/* Offset and scaling apply to RDMSR too. */
	{ MSR_IA32_TSC, RD },
};

/* Four bitmaps of 1 KiB: SDM 3C, "MSR-Bitmap Address". */
#define LOW_READ	0x000
#define HIGH_READ	0x400
#define LOW_WRITE	0x800
#define HIGH_WRITE	0xc00
#define HIGH_BASE	0xc0000000

/* The CPU reads the bitmap at each access, so single bits may change under it. */
static void set_pass(unsigned long *bitmap, u32 index, bool write, bool pass)
{
	bool high = index >= HIGH_BASE;
	unsigned int offset = write ? (high ? HIGH_WRITE : LOW_WRITE) :
				      (high ? HIGH_READ : LOW_READ);
	unsigned int bit = (index & 0x1fff) + offset * BITS_PER_BYTE;

	if (pass)
		clear_bit(bit, bitmap);
	else
		set_bit(bit, bitmap);
}

void vmx_msr_pass(struct vlm_vcpu *vcpu, u32 index, bool write, bool pass)
{
	set_pass(vcpu->vmx.msr_bitmap, index, write, pass);
}

void vmx_msr_filter_changed(struct vlm_vcpu *vcpu)
{
	unsigned long *bitmap = vcpu->vmx.msr_bitmap;
	struct vlm_vm *vm = vcpu->vm;
	int i;

	for (i = 0; i < ARRAY_SIZE(passed); i++) {
		u32 index = passed[i].index;

		if (passed[i].pass & RD)
			set_pass(bitmap, index, false,
				 vlm_msr_allowed(vm, index, KVM_MSR_FILTER_READ));
		if (passed[i].pass & WR)
			set_pass(bitmap, index, true,
				 vlm_msr_allowed(vm, index, KVM_MSR_FILTER_WRITE));
	}
}

void vmx_msr_bitmap_init(struct vlm_vcpu *vcpu)
{
	memset(vcpu->vmx.msr_bitmap, 0xff, PAGE_SIZE);
	vmx_msr_filter_changed(vcpu);
}
