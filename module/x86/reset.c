// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beginning and end of a vCPU's architectural state.
 */
#include "../vellum.h"

#include <linux/string.h>

#include "../core/vcpu.h"
#include "dr.h"

int __init vlm_x86_init(void)
{
	int err = vlm_fpu_init();

	if (err)
		return err;
	/* What CPUID offers depends on what the FPU code can hold. */
	vlm_cpuid_init();
	vlm_msrs_init();
	return 0;
}

int vlm_x86_create(struct vlm_vcpu *vcpu)
{
	int err = vlm_fpu_create(vcpu);

	if (err)
		return err;
	vlm_cpuid_create(vcpu);
	vlm_tsc_create(vcpu);
	vlm_pv_create(vcpu);
	vlm_x86_reset(vcpu);
	return 0;
}

void vlm_x86_destroy(struct vlm_vcpu *vcpu)
{
	vlm_cpuid_destroy(vcpu);
	vlm_fpu_destroy(vcpu);
}

/* INIT keeps the FPU and most MSRs: SDM 3A, "Processor State After Reset". */
void vlm_x86_init_signal(struct vlm_vcpu *vcpu)
{
	struct vlm_x86 *x86 = &vcpu->x86;

	memset(vcpu->gpr, 0, sizeof(vcpu->gpr));
	/* Family, model and stepping, as CPUID has them, come in EDX. */
	vcpu->gpr[GPR_RDX] = vlm_cpuid_signature();
	memset(&vcpu->events, 0, sizeof(vcpu->events));
	memset(x86->dr, 0, sizeof(x86->dr));
	x86->dr6 = DR6_RESERVED;
	x86->cr2 = 0;
	x86->cr8 = 0;
	vlm_pv_reset(vcpu);
}

/* SDM 3A, "Processor State After Reset"; the FPU as after INIT and FNINIT. */
void vlm_x86_reset(struct vlm_vcpu *vcpu)
{
	vlm_x86_init_signal(vcpu);
	vlm_fpu_reset(vcpu);
	vlm_msr_reset(vcpu);
	vlm_cpuid_xcr0_changed(vcpu);
}
