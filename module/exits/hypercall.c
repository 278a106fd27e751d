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

/* The number or an argument; @wide: the call was made in 64-bit mode. */
static __always_inline u64 argument(const struct vlm_vcpu *vcpu, bool wide, int gpr)
{
	return wide ? vcpu->gpr[gpr] : (u32)vcpu->gpr[gpr];
}

static int answer(struct vlm_vcpu *vcpu, const struct vlm_exit *exit, bool wide, long ret)
{
	trace_hypercall(vcpu, argument(vcpu, wide, GPR_RAX), ret);
	vcpu->gpr[GPR_RAX] = wide ? ret : (u32)ret;
	vmx_skip(vcpu, exit->length);
	return VLM_RESUME;
}

static noinline long send_ipi(struct vlm_vcpu *vcpu, bool wide)
{
	struct vlm_ipi_set set = {
		.bits = { argument(vcpu, wide, GPR_RBX), argument(vcpu, wide, GPR_RCX) },
		.width = wide ? 64 : 32,
		.min = argument(vcpu, wide, GPR_RDX),
	};

	if (!vlm_pv_has(vcpu, VF_KVM_SEND_IPI))
		return -KVM_ENOSYS;
	return vlm_lapic_send_ipis(vcpu, &set, argument(vcpu, wide, GPR_RSI));
}

static long kick(struct vlm_vcpu *vcpu, bool wide)
{
	struct vlm_vcpu *target;

	if (!vlm_pv_has(vcpu, VF_KVM_UNHALT))
		return -KVM_ENOSYS;
	target = vlm_lapic_find(vcpu->vm, argument(vcpu, wide, GPR_RCX));
	if (target)
		vlm_lapic_kick(target);
	return 0;
}

/* Those that need guest memory or give up the CPU go through the door. */
int exit_vmcall(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	bool wide = vmx_code_bits(vcpu) == 64;

	if (vmx_cpl(vcpu))
		return answer(vcpu, exit, wide, -KVM_EPERM);

	switch (argument(vcpu, wide, GPR_RAX)) {
	case KVM_HC_VAPIC_POLL_IRQ:
		/* The exit itself has looked for interrupts. */
		return answer(vcpu, exit, wide, 0);
	case KVM_HC_KICK_CPU:
		return answer(vcpu, exit, wide, kick(vcpu, wide));
	case KVM_HC_SEND_IPI:
		return answer(vcpu, exit, wide, send_ipi(vcpu, wide));
	case KVM_HC_SCHED_YIELD:
		if (vlm_pv_has(vcpu, VF_KVM_YIELD))
			return VLM_DOOR;
		break;
	case KVM_HC_CLOCK_PAIRING:
		return VLM_DOOR;
	}
	return answer(vcpu, exit, wide, -KVM_ENOSYS);
}

static long clock_pairing(struct vlm_vcpu *vcpu, bool wide)
{
	struct kvm_clock_pairing pairing = {};

	if (argument(vcpu, wide, GPR_RCX) != KVM_CLOCK_PAIRING_WALLCLOCK ||
	    !vlm_clock_pairing(vcpu, &pairing))
		return -KVM_EOPNOTSUPP;
	if (vlm_mem_write(vcpu->vm, argument(vcpu, wide, GPR_RBX), &pairing, sizeof(pairing)))
		return -KVM_EFAULT;
	return 0;
}

int exit_vmcall_slow(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_vcpu *target;
	bool wide = vmx_code_bits(vcpu) == 64;

	if (argument(vcpu, wide, GPR_RAX) == KVM_HC_CLOCK_PAIRING)
		return answer(vcpu, exit, wide, clock_pairing(vcpu, wide));
	target = vlm_lapic_find(vcpu->vm, argument(vcpu, wide, GPR_RBX));
	if (target)
		vlm_vcpu_yield_to(vcpu, target);
	return answer(vcpu, exit, wide, 0);
}
