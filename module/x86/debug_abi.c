// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debug registers, the guest's own and those of a debugger in user space.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "dr.h"

long vlm_get_debugregs(struct vlm_vcpu *vcpu, struct kvm_debugregs *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->db, vcpu->x86.dr, sizeof(out->db));
	out->dr6 = vcpu->x86.dr6;
	out->dr7 = vmx_get(vcpu, VMX_DR7);
	return 0;
}

long vlm_set_debugregs(struct vlm_vcpu *vcpu, const struct kvm_debugregs *in)
{
	if (in->flags)
		return -EINVAL;
	/* SDM 3B, "Debug Registers": #GP on the CPU. */
	if (in->dr6 >> 32 || in->dr7 >> 32)
		return -EINVAL;

	memcpy(vcpu->x86.dr, in->db, sizeof(in->db));
	vcpu->x86.dr6 = in->dr6;
	vmx_set(vcpu, VMX_DR7, in->dr7);
	vmx_debug_changed(vcpu);
	return 0;
}

long vlm_set_guest_debug(struct vlm_vcpu *vcpu, const struct kvm_guest_debug *in)
{
	bool inject = in->control & (KVM_GUESTDBG_INJECT_DB | KVM_GUESTDBG_INJECT_BP);
	u64 dr7 = in->arch.debugreg[7];

	if (in->control & ~(u32)VLM_GUEST_DEBUG)
		return -EINVAL;
	if ((in->control & KVM_GUESTDBG_USE_HW_BP) && dr7 >> 32)
		return -EINVAL;
	if (inject && (vcpu->events.exception.pending || vcpu->events.exception.injected))
		return -EBUSY;

	vcpu->guest_debug = 0;
	if (in->control & KVM_GUESTDBG_ENABLE)
		vcpu->guest_debug = in->control & ~(u32)(KVM_GUESTDBG_INJECT_DB |
							 KVM_GUESTDBG_INJECT_BP);
	memset(vcpu->x86.debug_dr, 0, sizeof(vcpu->x86.debug_dr));
	vcpu->x86.debug_dr7 = DR7_ALWAYS_1;
	if (vcpu->guest_debug & KVM_GUESTDBG_USE_HW_BP) {
		memcpy(vcpu->x86.debug_dr, in->arch.debugreg, sizeof(vcpu->x86.debug_dr));
		vcpu->x86.debug_dr7 = (dr7 & DR7_WRITABLE) | DR7_ALWAYS_1;
	}

	if (in->control & KVM_GUESTDBG_INJECT_DB)
		vlm_inject(vcpu, X86_TRAP_DB);
	else if (in->control & KVM_GUESTDBG_INJECT_BP)
		vlm_inject(vcpu, X86_TRAP_BP);
	vmx_debug_changed(vcpu);
	return 0;
}
