// SPDX-License-Identifier: GPL-2.0-only
/*
 * General registers, and the registers that travel in the run page.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/processor-flags.h>

#include "../core/vcpu.h"

/* SDM 3C, "Checks on Guest RIP, RFLAGS, and SSP": bits that must be 0. */
#define RFLAGS_RESERVED	(GENMASK_ULL(63, 22) | BIT_ULL(15) | BIT_ULL(5) | BIT_ULL(3))

long vlm_get_regs(struct vlm_vcpu *vcpu, struct kvm_regs *out)
{
	const u64 *gpr = vcpu->gpr;

	vmx_begin(vcpu);
	*out = (struct kvm_regs){
		.rax = gpr[GPR_RAX], .rbx = gpr[GPR_RBX],
		.rcx = gpr[GPR_RCX], .rdx = gpr[GPR_RDX],
		.rsi = gpr[GPR_RSI], .rdi = gpr[GPR_RDI],
		.rsp = vmx_get(vcpu, VMX_RSP), .rbp = gpr[GPR_RBP],
		.r8 = gpr[GPR_R8], .r9 = gpr[GPR_R9],
		.r10 = gpr[GPR_R10], .r11 = gpr[GPR_R11],
		.r12 = gpr[GPR_R12], .r13 = gpr[GPR_R13],
		.r14 = gpr[GPR_R14], .r15 = gpr[GPR_R15],
		.rip = vmx_get(vcpu, VMX_RIP),
		.rflags = vmx_get(vcpu, VMX_RFLAGS),
	};
	vmx_end(vcpu);
	return 0;
}

long vlm_set_regs(struct vlm_vcpu *vcpu, const struct kvm_regs *in)
{
	u64 *gpr = vcpu->gpr;

	if (in->rflags & RFLAGS_RESERVED)
		return -EINVAL;

	gpr[GPR_RAX] = in->rax;
	gpr[GPR_RBX] = in->rbx;
	gpr[GPR_RCX] = in->rcx;
	gpr[GPR_RDX] = in->rdx;
	gpr[GPR_RSI] = in->rsi;
	gpr[GPR_RDI] = in->rdi;
	gpr[GPR_RBP] = in->rbp;
	gpr[GPR_R8] = in->r8;
	gpr[GPR_R9] = in->r9;
	gpr[GPR_R10] = in->r10;
	gpr[GPR_R11] = in->r11;
	gpr[GPR_R12] = in->r12;
	gpr[GPR_R13] = in->r13;
	gpr[GPR_R14] = in->r14;
	gpr[GPR_R15] = in->r15;

	vmx_begin(vcpu);
	vmx_set(vcpu, VMX_RSP, in->rsp);
	vmx_set(vcpu, VMX_RIP, in->rip);
	vmx_set(vcpu, VMX_RFLAGS, in->rflags | X86_EFLAGS_FIXED);
	vmx_end(vcpu);

	/*
	 * As in KVM: a caller that sends the guest elsewhere does not want the
	 * exception of where it was.  One that does restores it afterwards.
	 */
	vcpu->events.exception.pending = false;
	vcpu->events.exception.has_payload = false;
	vlm_request(vcpu, VLM_REQ_EVENT);
	return 0;
}

void vlm_sync_regs_out(struct vlm_vcpu *vcpu)
{
	struct kvm_sync_regs *s = &vcpu->run->s.regs;
	u64 wanted = READ_ONCE(vcpu->run->kvm_valid_regs);

	if (wanted & KVM_SYNC_X86_REGS)
		vlm_get_regs(vcpu, &s->regs);
	if (wanted & KVM_SYNC_X86_SREGS)
		vlm_get_sregs(vcpu, &s->sregs);
	if (wanted & KVM_SYNC_X86_EVENTS)
		vlm_get_events(vcpu, &s->events);
}

/*
 * User space can write to the page while we read it, so each structure is
 * copied before it is checked.
 */
static int take_regs(struct vlm_vcpu *vcpu)
{
	struct kvm_regs regs;

	memcpy(&regs, &vcpu->run->s.regs.regs, sizeof(regs));
	barrier();
	return vlm_set_regs(vcpu, &regs);
}

static noinline int take_sregs(struct vlm_vcpu *vcpu)
{
	struct kvm_sregs sregs;

	memcpy(&sregs, &vcpu->run->s.regs.sregs, sizeof(sregs));
	barrier();
	return vlm_set_sregs(vcpu, &sregs);
}

static int take_events(struct vlm_vcpu *vcpu)
{
	struct kvm_vcpu_events events;

	memcpy(&events, &vcpu->run->s.regs.events, sizeof(events));
	barrier();
	return vlm_set_events(vcpu, &events);
}

int vlm_sync_regs_in(struct vlm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	u64 dirty = READ_ONCE(run->kvm_dirty_regs);
	int ret = 0;

	if (dirty & ~(u64)VLM_SYNC_REGS)
		return -EINVAL;
	if (dirty & KVM_SYNC_X86_REGS)
		ret = take_regs(vcpu);
	if (!ret && (dirty & KVM_SYNC_X86_SREGS))
		ret = take_sregs(vcpu);
	if (!ret && (dirty & KVM_SYNC_X86_EVENTS))
		ret = take_events(vcpu);
	if (!ret)
		run->kvm_dirty_regs = 0;
	return ret;
}
