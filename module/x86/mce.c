// SPDX-License-Identifier: GPL-2.0-only
/*
 * Machine-check banks: SDM 3B, "Machine-Check MSRs".
 *
 * The guest's banks hold what the guest and user space wrote there.  Machine
 * checks of the host are the host's.
 */
#include "../vellum.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/mce.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "msr_ops.h"

#define ALL_ON	(~0ULL)

enum bank_reg { BANK_CTL, BANK_STATUS, BANK_ADDR, BANK_MISC };

u64 vlm_mce_caps(void)
{
	return VLM_MCE_BANKS | MCG_CTL_P | MCG_SER_P;
}

static unsigned int nr_banks(struct vlm_vcpu *vcpu)
{
	const struct vlm_mce *mce = &vcpu->x86.mce;

	return mce->cap & MCG_BANKCNT_MASK;
}

void vlm_mce_reset(struct vlm_vcpu *vcpu)
{
	struct vlm_mce *mce = &vcpu->x86.mce;

	memset(mce, 0, sizeof(*mce));
	mce->cap = VLM_MCE_BANKS;
}

static u64 *bank_reg(struct vlm_vcpu *vcpu, u32 index)
{
	u32 offset = index - MSR_IA32_MC0_CTL;

	return offset < nr_banks(vcpu) * 4 ? &vcpu->x86.mce.banks[offset] : NULL;
}

MSR_READER(vlm_mce_read)
{
	struct vlm_mce *mce = &vcpu->x86.mce;
	u64 *reg;

	switch (index) {
	case MSR_IA32_MCG_CAP:
		*value = mce->cap;
		return 0;
	case MSR_IA32_MCG_STATUS:
		*value = mce->status;
		return 0;
	case MSR_IA32_MCG_CTL:
		*value = mce->ctl;
		return !host && !(mce->cap & MCG_CTL_P);
	}
	reg = bank_reg(vcpu, index);
	if (!reg)
		return 1;
	*value = *reg;
	return 0;
}

/* The guest may clear STATUS, and turn all error sources of a bank on or off. */
static bool guest_may_write(enum bank_reg reg, u64 value)
{
	switch (reg) {
	case BANK_CTL:
		/* Linux clears bit 10 of bank 4 and bit 0 of bank 0 for old errata. */
		return !value || (value | BIT_ULL(10) | BIT_ULL(0)) == ALL_ON;
	case BANK_STATUS:
		return !value;
	default:
		return true;
	}
}

MSR_WRITER(vlm_mce_write)
{
	struct vlm_mce *mce = &vcpu->x86.mce;
	u64 *reg;

	switch (index) {
	case MSR_IA32_MCG_STATUS:
		mce->status = value;
		return 0;
	case MSR_IA32_MCG_CTL:
		if (!host && !(mce->cap & MCG_CTL_P))
			return 1;
		if (value && value != ALL_ON)
			return 1;
		mce->ctl = value;
		return 0;
	}
	reg = bank_reg(vcpu, index);
	if (!reg || (!host && !guest_may_write((index - MSR_IA32_MC0_CTL) & 3, value)))
		return 1;
	*reg = value;
	return 0;
}

long vlm_setup_mce(struct vlm_vcpu *vcpu, u64 mcg_cap)
{
	struct vlm_mce *mce = &vcpu->x86.mce;
	unsigned int banks = mcg_cap & MCG_BANKCNT_MASK;
	unsigned int i;

	if (!banks || banks > VLM_MCE_BANKS)
		return -EINVAL;
	if (mcg_cap & ~(vlm_mce_caps() | MCG_BANKCNT_MASK))
		return -EINVAL;

	mce->cap = mcg_cap;
	if (mcg_cap & MCG_CTL_P)
		mce->ctl = ALL_ON;
	for (i = 0; i < banks; i++)
		mce->banks[i * 4 + BANK_CTL] = ALL_ON;
	return 0;
}

static void record(u64 *bank, const struct kvm_x86_mce *mce, u64 status)
{
	bank[BANK_STATUS] = status;
	bank[BANK_ADDR] = mce->addr;
	bank[BANK_MISC] = mce->misc;
}

/* SDM 3B, "Machine-Check Error Codes": overflow rules and when #MC is raised. */
static void uncorrected(struct vlm_vcpu *vcpu, u64 *bank, const struct kvm_x86_mce *mce)
{
	struct vlm_mce *m = &vcpu->x86.mce;
	u64 status = mce->status;

	/* A second machine check before the first one is handled is a shutdown. */
	if ((m->status & MCG_STATUS_MCIP) || !(vmx_get_cr4(vcpu) & X86_CR4_MCE)) {
		vcpu->events.triple_fault = true;
		vlm_request(vcpu, VLM_REQ_LEAVE);
		return;
	}
	if (bank[BANK_STATUS] & MCI_STATUS_VAL)
		status |= MCI_STATUS_OVER;
	record(bank, mce, status);
	m->status = mce->mcg_status;
	vlm_inject(vcpu, X86_TRAP_MC);
}

long vlm_set_mce(struct vlm_vcpu *vcpu, const struct kvm_x86_mce *mce)
{
	struct vlm_mce *m = &vcpu->x86.mce;
	bool uc = mce->status & MCI_STATUS_UC;
	u64 *bank;

	if (mce->bank >= nr_banks(vcpu) || !(mce->status & MCI_STATUS_VAL))
		return -EINVAL;
	bank = &m->banks[mce->bank * 4];

	/* Uncorrected errors are not reported where their reporting is off. */
	if (uc && (((m->cap & MCG_CTL_P) && m->ctl != ALL_ON) || bank[BANK_CTL] != ALL_ON))
		return 0;
	if (uc)
		uncorrected(vcpu, bank, mce);
	else if (!(bank[BANK_STATUS] & MCI_STATUS_VAL) || !(bank[BANK_STATUS] & MCI_STATUS_UC))
		record(bank, mce, mce->status |
		       (bank[BANK_STATUS] & MCI_STATUS_VAL ? MCI_STATUS_OVER : 0));
	else
		bank[BANK_STATUS] |= MCI_STATUS_OVER;
	return 0;
}
