// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory type range registers: SDM 3A, "Memory Type Range Registers (MTRRs)".
 *
 * They are kept for the guest, which expects to read what it wrote.  The types
 * of its memory come from EPT and its PAT.
 */
#include "../vellum.h"

#include <linux/bits.h>
#include <linux/kernel.h>

#include "../core/vcpu.h"
#include "msr_ops.h"

/* UC, WC, WT, WP, WB */
#define TYPES		(BIT(0) | BIT(1) | BIT(4) | BIT(5) | BIT(6))

#define DEF_TYPE_FLAGS	GENMASK_ULL(11, 10)	/* fixed ranges on, MTRRs on */
#define MASK_VALID	BIT_ULL(11)

static bool valid_type(u8 type)
{
	return type < 8 && (TYPES & BIT(type));
}

static u64 *place(struct vlm_vcpu *vcpu, u32 index)
{
	struct vlm_mtrr *mtrr = &vcpu->x86.mtrr;

	switch (index) {
	case MTRR_VARIABLE ... MTRR_VARIABLE + 2 * VLM_MTRR_VARIABLE - 1:
		return &mtrr->variable[index - MTRR_VARIABLE];
	case MTRR_FIX_64K:
		return &mtrr->fixed[0];
	case MTRR_FIX_16K ... MTRR_FIX_16K + 1:
		return &mtrr->fixed[1 + (index - MTRR_FIX_16K)];
	case MTRR_FIX_4K ... MTRR_FIX_4K + 7:
		return &mtrr->fixed[3 + (index - MTRR_FIX_4K)];
	default:
		return &mtrr->def_type;
	}
}

static bool valid_fixed(u64 value)
{
	unsigned int i;

	for (i = 0; i < 64; i += 8)
		if (!valid_type(value >> i))
			return false;
	return true;
}

static bool valid_variable(struct vlm_vcpu *vcpu, bool mask, u64 value)
{
	u64 address = GENMASK_ULL(vlm_guest_maxphyaddr(vcpu) - 1, 12);

	if (mask)
		return !(value & ~(address | MASK_VALID));
	return !(value & ~(address | 0xff)) && valid_type(value);
}

static bool valid(struct vlm_vcpu *vcpu, u32 index, u64 value)
{
	if (index == MTRR_DEF_TYPE)
		return !(value & ~(DEF_TYPE_FLAGS | 0xff)) && valid_type(value);
	if (index >= MTRR_FIX_64K)
		return valid_fixed(value);
	return valid_variable(vcpu, (index - MTRR_VARIABLE) & 1, value);
}

MSR_READER(vlm_mtrr_read)
{
	*value = *place(vcpu, index);
	return 0;
}

MSR_WRITER(vlm_mtrr_write)
{
	if (!valid(vcpu, index, value))
		return 1;
	*place(vcpu, index) = value;
	return 0;
}
