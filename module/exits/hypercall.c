// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMCALL: the hypercalls of KVM.  The number is in RAX, arguments in RBX, RCX,
 * RDX and RSI, the answer goes to RAX.
 */
#include "../vellum.h"

#include <linux/kvm_para.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "../trace.h"
#include "exit.h"

#define NR_ARGUMENTS	4

/**
 * struct hypercall - one, as the guest made it
 * @nr: KVM_HC_*
 * @arg: its arguments
 * @wide: made in 64-bit mode
 */
struct hypercall {
	u64 nr;
	u64 arg[NR_ARGUMENTS];
	bool wide;
};

static void fetch(struct vlm_vcpu *vcpu, struct hypercall *call)
{
	static const u8 regs[NR_ARGUMENTS] = { GPR_RBX, GPR_RCX, GPR_RDX, GPR_RSI };
	u64 mask;
	int i;

	call->wide = vmx_code_bits(vcpu) == 64;
	mask = call->wide ? U64_MAX : U32_MAX;
	call->nr = vcpu->gpr[GPR_RAX] & mask;
	for (i = 0; i < NR_ARGUMENTS; i++)
		call->arg[i] = vcpu->gpr[regs[i]] & mask;
}

static int answer(struct vlm_vcpu *vcpu, const struct vlm_exit *exit,
		  const struct hypercall *call, long ret)
{
	trace_hypercall(vcpu, call->nr, ret);
	vcpu->gpr[GPR_RAX] = call->wide ? ret : (u32)ret;
	vmx_skip(vcpu, exit->length);
	return VLM_RESUME;
}

static long send_ipi(struct vlm_vcpu *vcpu, const struct hypercall *call)
{
	struct vlm_ipi_set set = {
		.bits = { call->arg[0], call->arg[1] },
		.width = call->wide ? 64 : 32,
		.min = call->arg[2],
	};

	if (!vlm_pv_has(vcpu, VF_KVM_SEND_IPI))
		return -KVM_ENOSYS;
	return vlm_lapic_send_ipis(vcpu, &set, call->arg[3]);
}

static long kick(struct vlm_vcpu *vcpu, const struct hypercall *call)
{
	struct vlm_vcpu *target;

	if (!vlm_pv_has(vcpu, VF_KVM_UNHALT))
		return -KVM_ENOSYS;
	target = vlm_lapic_find(vcpu->vm, call->arg[1]);
	if (target)
		vlm_lapic_kick(target);
	return 0;
}

/* Those that need guest memory or give up the CPU go through the door. */
int exit_vmcall(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct hypercall call;

	fetch(vcpu, &call);
	if (vmx_cpl(vcpu))
		return answer(vcpu, exit, &call, -KVM_EPERM);

	switch (call.nr) {
	case KVM_HC_VAPIC_POLL_IRQ:
		/* The exit itself has looked for interrupts. */
		return answer(vcpu, exit, &call, 0);
	case KVM_HC_KICK_CPU:
		return answer(vcpu, exit, &call, kick(vcpu, &call));
	case KVM_HC_SEND_IPI:
		return answer(vcpu, exit, &call, send_ipi(vcpu, &call));
	case KVM_HC_SCHED_YIELD:
		if (vlm_pv_has(vcpu, VF_KVM_YIELD))
			return VLM_DOOR;
		break;
	case KVM_HC_CLOCK_PAIRING:
		return VLM_DOOR;
	}
	return answer(vcpu, exit, &call, -KVM_ENOSYS);
}

static long clock_pairing(struct vlm_vcpu *vcpu, const struct hypercall *call)
{
	struct kvm_clock_pairing pairing = {};

	if (call->arg[1] != KVM_CLOCK_PAIRING_WALLCLOCK || !vlm_clock_pairing(vcpu, &pairing))
		return -KVM_EOPNOTSUPP;
	if (vlm_mem_write(vcpu->vm, call->arg[0], &pairing, sizeof(pairing)))
		return -KVM_EFAULT;
	return 0;
}

int exit_vmcall_slow(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_vcpu *target;
	struct hypercall call;

	fetch(vcpu, &call);
	if (call.nr == KVM_HC_CLOCK_PAIRING)
		return answer(vcpu, exit, &call, clock_pairing(vcpu, &call));
	target = vlm_lapic_find(vcpu->vm, call.arg[0]);
	if (target)
		vlm_vcpu_yield_to(vcpu, target);
	return answer(vcpu, exit, &call, 0);
}
