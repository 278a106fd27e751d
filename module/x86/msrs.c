// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to one MSR: find it in the table, see who asks, do what its row says.
 */
#include "../vellum.h"

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <asm/msr-index.h>

#include "../core/vcpu.h"

/* Most are among the first: there, the number of the row and 1, or 0. */
#define FIRST_MSRS	0x400

static u8 first_rows[FIRST_MSRS] __ro_after_init;

void __init vlm_msrs_init(void)
{
	unsigned int i;
	u32 index;

	for (i = 0; i < vlm_nr_msrs; i++)
		for (index = vlm_msrs[i].first; index < FIRST_MSRS &&
		     index - vlm_msrs[i].first < vlm_msrs[i].count; index++)
			first_rows[index] = i + 1;
}

static const struct vlm_msr *search(u32 index)
{
	unsigned int low = 0, high = vlm_nr_msrs;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		const struct vlm_msr *msr = &vlm_msrs[middle];

		if (index < msr->first)
			high = middle;
		else if (index - msr->first >= msr->count)
			low = middle + 1;
		else
			return msr;
	}
	return NULL;
}

static const struct vlm_msr *find(u32 index)
{
	unsigned int row;

	if (index >= FIRST_MSRS)
		return search(index);
	row = first_rows[array_index_nospec(index, FIRST_MSRS)];
	return row ? &vlm_msrs[row - 1] : NULL;
}

/* A feature that the host lacks is not there for user space either. */
static bool visible(struct vlm_vcpu *vcpu, const struct vlm_msr *msr, bool host)
{
	if (host)
		return (msr->flags & MSR_HOST_ALWAYS) ||
		       (vlm_supported_features() & BIT_ULL(msr->feature));
	if (msr->flags & MSR_PV)
		return vlm_pv_has(vcpu, msr->feature);
	return vlm_guest_has(vcpu, msr->feature);
}

bool vlm_msr_known(struct vlm_vcpu *vcpu, u32 index)
{
	const struct vlm_msr *msr = find(index);

	return msr && visible(vcpu, msr, false);
}

int vlm_msr_read(struct vlm_vcpu *vcpu, u32 index, u64 *value, bool host)
{
	const struct vlm_msr *msr = find(index);

	*value = 0;
	if (!msr || !msr->read || !visible(vcpu, msr, host))
		return 1;
	return msr->read(vcpu, msr, index, value, host);
}

int vlm_msr_write(struct vlm_vcpu *vcpu, u32 index, u64 value, bool host)
{
	const struct vlm_msr *msr = find(index);

	if (!msr || !msr->write || !visible(vcpu, msr, host))
		return 1;
	if (!host && (msr->flags & MSR_HOST_WRITES))
		return 1;
	return msr->write(vcpu, msr, index, value, host);
}

void vlm_msr_reset(struct vlm_vcpu *vcpu)
{
	struct vlm_x86 *x86 = &vcpu->x86;

	x86->apic_base = VLM_APIC_BASE_RESET;
	if (vcpu->id == READ_ONCE(vcpu->vm->boot_cpu_id))
		x86->apic_base |= MSR_IA32_APICBASE_BSP;
	x86->xss = 0;
	x86->star = 0;
	x86->lstar = 0;
	x86->cstar = 0;
	x86->fmask = 0;
	x86->kernel_gs_base = 0;
	x86->tsc_aux = 0;
	x86->spec_ctrl = 0;
	x86->misc_enable = VLM_MISC_ENABLE_RESET;
	x86->platform_info = 0;
	x86->power_ctl = 0;
	x86->feature_control = 0;
	x86->arch_capabilities = vlm_arch_capabilities();
	x86->ucode_rev = VLM_UCODE_REV;
	memset(&x86->mtrr, 0, sizeof(x86->mtrr));
	vlm_mce_reset(vcpu);
	vlm_request(vcpu, VLM_REQ_MSRS);
}
