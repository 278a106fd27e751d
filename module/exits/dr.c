// SPDX-License-Identifier: GPL-2.0-only
/*
 * MOV to and from debug registers.
 */
#include "../vellum.h"

#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "../x86/dr.h"
#include "exit.h"

/* SDM 3C, "Exit Qualification for MOV DR". */
#define DR_NUMBER(q)	((q) & 7)
#define DR_FROM(q)	((q) & BIT(4))
#define DR_GPR(q)	(((q) >> 8) & 0xf)

/* The debugger's DR7.GD, for the exit comes before the trap. */
static bool guarded_by_debugger(struct vlm_vcpu *vcpu)
{
	return (vcpu->guest_debug & KVM_GUESTDBG_USE_HW_BP) && (vcpu->x86.debug_dr7 & DR7_GD);
}

/* DR7.GD guards the debug registers; the trap says so in DR6.BD. */
static bool guarded(struct vlm_vcpu *vcpu)
{
	u64 dr7 = vmx_get(vcpu, VMX_DR7);

	if (!(dr7 & DR7_GD))
		return false;
	vmx_set(vcpu, VMX_DR7, dr7 & ~(u64)DR7_GD);
	vlm_inject_db(vcpu, DR6_BD);
	return true;
}

static u64 read_dr(struct vlm_vcpu *vcpu, unsigned int dr)
{
	switch (dr) {
	case 6:
		return vcpu->x86.dr6;
	case 7:
		return vmx_get(vcpu, VMX_DR7);
	default:
		return vcpu->x86.dr[dr];
	}
}

/* 1 for #GP: the upper half of DR6 and DR7 must be 0. */
static int write_dr(struct vlm_vcpu *vcpu, unsigned int dr, u64 value)
{
	if (dr >= 6 && value >> 32)
		return 1;
	switch (dr) {
	case 6:
		vcpu->x86.dr6 = (value & DR6_WRITABLE) | DR6_RESERVED;
		break;
	case 7:
		vmx_set(vcpu, VMX_DR7, (value & DR7_WRITABLE) | DR7_ALWAYS_1);
		break;
	default:
		vcpu->x86.dr[dr] = value;
	}
	vlm_request(vcpu, VLM_REQ_MSRS);
	return 0;
}

int exit_dr(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u64 qual = exit->qualification;
	unsigned int dr = DR_NUMBER(qual);

	/* 4 and 5 are 6 and 7, unless CR4.DE makes them undefined. */
	if (dr == 4 || dr == 5) {
		if (vmx_get_cr4(vcpu) & X86_CR4_DE) {
			vlm_inject(vcpu, X86_TRAP_UD);
			return VLM_RESUME;
		}
		dr += 2;
	}
	/* #GP comes before the exit on a CPU, but not on every emulated one. */
	if (vmx_cpl(vcpu)) {
		vlm_inject_error(vcpu, X86_TRAP_GP, 0);
		return VLM_RESUME;
	}
	if (guarded_by_debugger(vcpu))
		return exit_to_debugger(vcpu, X86_TRAP_DB, DR6_RESERVED | DR6_BD);
	if (guarded(vcpu))
		return VLM_RESUME;

	if (DR_FROM(qual)) {
		vlm_set_gpr(vcpu, DR_GPR(qual), read_dr(vcpu, dr));
	} else if (write_dr(vcpu, dr, vlm_gpr(vcpu, DR_GPR(qual)))) {
		vlm_inject_error(vcpu, X86_TRAP_GP, 0);
		return VLM_RESUME;
	}
	vmx_skip(vcpu, exit->length);
	return VLM_RESUME;
}
