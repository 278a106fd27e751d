// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions that exit and are done here.
 */
#include "../vellum.h"

#include <asm/msr-index.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "../trace.h"
#include "exit.h"

/* Apart, as an array on the stack has its price even where nobody uses it. */
static noinline void think_cpuid(struct vlm_vcpu *vcpu)
{
	u32 regs[4] = { vcpu->gpr[GPR_RAX], 0, vcpu->gpr[GPR_RCX], 0 };

	vlm_cpuid(vcpu, regs);
	vcpu->gpr[GPR_RAX] = regs[0];
	vcpu->gpr[GPR_RBX] = regs[1];
	vcpu->gpr[GPR_RCX] = regs[2];
	vcpu->gpr[GPR_RDX] = regs[3];
}

static __always_inline int answer_cpuid(struct vlm_vcpu *vcpu)
{
	const struct kvm_cpuid_entry2 *e;

	e = vlm_cpuid_fixed(vcpu->x86.cpuid, vcpu->gpr[GPR_RAX], vcpu->gpr[GPR_RCX]);
	if (likely(e)) {
		vcpu->gpr[GPR_RAX] = e->eax;
		vcpu->gpr[GPR_RBX] = e->ebx;
		vcpu->gpr[GPR_RCX] = e->ecx;
		vcpu->gpr[GPR_RDX] = e->edx;
	} else {
		think_cpuid(vcpu);
	}
	return vmx_skip_exit(vcpu);
}

/* Apart, so that the question is not kept for a trace that nobody takes. */
static noinline int traced_cpuid(struct vlm_vcpu *vcpu)
{
	u32 leaf = vcpu->gpr[GPR_RAX], index = vcpu->gpr[GPR_RCX];
	int next = answer_cpuid(vcpu);

	trace_cpuid(vcpu, leaf, index);
	return next;
}

int exit_cpuid(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	return trace_cpuid_enabled() ? traced_cpuid(vcpu) : answer_cpuid(vcpu);
}

/*
 * With a local APIC of ours the vCPU sleeps here, unless the interrupt that it would
 * wait for is there; without one, the caller knows what to wait for.
 */
int exit_hlt(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vmx_skip(vcpu, exit->length);
	if (vcpu->lapic) {
		if (vmx_interrupt_open(vcpu) && vlm_irq_peek(vcpu) >= 0) {
			vlm_request(vcpu, VLM_REQ_EVENT);
			return VLM_RESUME;
		}
		vcpu->mp_state = KVM_MP_STATE_HALTED;
		vlm_request(vcpu, VLM_REQ_LEAVE);
		return VLM_RESUME;
	}
	vcpu->run->exit_reason = KVM_EXIT_HLT;
	return VLM_TO_USER;
}

/* INVD and WBINVD: guest memory is coherent, so there is nothing to do. */
int exit_nop(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	return vmx_skip_exit(vcpu);
}

/* It spins: another vCPU, which it waits for, may want this CPU. */
int exit_pause(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vmx_skip_exit(vcpu);
	return READ_ONCE(vcpu->vm->nr_vcpus) > 1 ? VLM_DOOR : VLM_RESUME;
}

int exit_pause_slow(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vlm_vcpu_yield(vcpu);
	return VLM_RESUME;
}

/*
 * MONITOR and MWAIT: to wait no time at all is allowed.  Where CPUID does not show
 * them they are #UD, unless by the quirk of KVM's that guests were built on.
 */
int exit_mwait(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	bool there = vlm_quirk(vcpu->vm, KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS) ||
		     vlm_cpuid_has_mwait(vcpu);

	/* #UD for the ring comes before the exit on a CPU, but not on every emulated one. */
	if (!there || vmx_cpl(vcpu))
		return exit_undefined(vcpu, exit);
	return exit_nop(vcpu, exit);
}

/* VMX instructions: CPUID says that they are not there. */
int exit_undefined(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vlm_inject(vcpu, X86_TRAP_UD);
	return VLM_RESUME;
}

/* No performance counter is offered, so every index is wrong. */
int exit_rdpmc(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	vlm_inject_error(vcpu, X86_TRAP_GP, 0);
	return VLM_RESUME;
}

int exit_xsetbv(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u64 value = (u32)vcpu->gpr[GPR_RAX] | vcpu->gpr[GPR_RDX] << 32;

	if (vlm_xsetbv(vcpu, vcpu->gpr[GPR_RCX], value)) {
		vlm_inject_error(vcpu, X86_TRAP_GP, 0);
		return VLM_RESUME;
	}
	return vmx_skip_exit(vcpu);
}
