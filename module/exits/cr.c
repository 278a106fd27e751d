// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control registers: what the guest does not own.
 */
#include "../vellum.h"

#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "../trace.h"
#include "exit.h"

/* SDM 3C, "Exit Qualification for Control-Register Accesses". */
#define CR_NUMBER(q)	((q) & 0xf)
#define CR_TYPE(q)	(((q) >> 4) & 3)
#define CR_GPR(q)	(((q) >> 8) & 0xf)
#define CR_LMSW(q)	(((q) >> 16) & 0xffff)

enum { CR_MOV_TO, CR_MOV_FROM, CR_CLTS, CR_LMSW_OP };

/* LMSW can set PE but not clear it, and reaches no further than TS. */
#define LMSW_BITS	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS)

static int lmsw(struct vlm_vcpu *vcpu, u64 source)
{
	u64 cr0 = vmx_get_cr0(vcpu);
	u64 set = (cr0 & ~(u64)LMSW_BITS) | (source & LMSW_BITS) | (cr0 & X86_CR0_PE);

	return vlm_mov_to_cr0(vcpu, set);
}

static int mov_to(struct vlm_vcpu *vcpu, unsigned int cr, u64 value)
{
	switch (cr) {
	case 0:
		return vlm_mov_to_cr0(vcpu, value);
	case 3:
		return vlm_mov_to_cr3(vcpu, value);
	case 4:
		return vlm_mov_to_cr4(vcpu, value);
	default:
		return vlm_mov_to_cr8(vcpu, value);
	}
}

/* A lowered task priority may let an interrupt in that user space holds. */
static int tpr_lowered(struct vlm_vcpu *vcpu, unsigned int cr, u64 old)
{
	if (cr != 8 || vcpu->lapic || vlm_get_cr8(vcpu) >= old)
		return VLM_RESUME;
	vcpu->run->exit_reason = KVM_EXIT_SET_TPR;
	return VLM_TO_USER;
}

/* What was written, or what has been read. */
static void trace_access(struct vlm_vcpu *vcpu, const struct vlm_exit *exit, int fault)
{
	u64 qual = exit->qualification, value = 0;

	if (!trace_cr_enabled())
		return;
	if (CR_TYPE(qual) == CR_LMSW_OP)
		value = CR_LMSW(qual);
	else if (CR_TYPE(qual) != CR_CLTS)
		value = vlm_gpr(vcpu, CR_GPR(qual));
	trace_cr(vcpu, CR_NUMBER(qual), CR_TYPE(qual), value, fault);
}

int exit_cr(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u64 qual = exit->qualification;
	unsigned int cr = CR_NUMBER(qual);
	u64 old_cr8 = vlm_get_cr8(vcpu);
	int fault = 0;

	switch (CR_TYPE(qual)) {
	case CR_MOV_TO:
		fault = mov_to(vcpu, cr, vlm_gpr(vcpu, CR_GPR(qual)));
		break;
	case CR_MOV_FROM:
		vlm_set_gpr(vcpu, CR_GPR(qual),
			    cr == 8 ? vlm_get_cr8(vcpu) : vmx_get(vcpu, VMX_CR3));
		break;
	case CR_CLTS:
		fault = vlm_mov_to_cr0(vcpu, vmx_get_cr0(vcpu) & ~(u64)X86_CR0_TS);
		break;
	case CR_LMSW_OP:
		fault = lmsw(vcpu, CR_LMSW(qual));
		break;
	}
	if (fault != -EAGAIN)
		trace_access(vcpu, exit, fault);
	/* PDPTEs are in guest memory: come again outside the section. */
	if (fault == -EAGAIN)
		return VLM_DOOR;
	if (fault) {
		vlm_inject_error(vcpu, X86_TRAP_GP, 0);
		return VLM_RESUME;
	}
	vmx_skip(vcpu, exit->length);
	return tpr_lowered(vcpu, cr, old_cr8);
}
