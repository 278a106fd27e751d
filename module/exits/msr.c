// SPDX-License-Identifier: GPL-2.0-only
/*
 * RDMSR and WRMSR.
 */
#include "../vellum.h"

#include <asm/apicdef.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "../trace.h"
#include "../vmx/section.h"
#include "exit.h"

static int complete_read(struct vlm_vcpu *vcpu)
{
	u64 value = READ_ONCE(vcpu->run->msr.data);

	if (READ_ONCE(vcpu->run->msr.error)) {
		vlm_inject_error(vcpu, X86_TRAP_GP, 0);
		return VLM_RESUME;
	}
	vcpu->gpr[GPR_RAX] = (u32)value;
	vcpu->gpr[GPR_RDX] = value >> 32;
	vlm_skip_pending(vcpu);
	return VLM_RESUME;
}

static int complete_write(struct vlm_vcpu *vcpu)
{
	if (READ_ONCE(vcpu->run->msr.error))
		vlm_inject_error(vcpu, X86_TRAP_GP, 0);
	else
		vlm_skip_pending(vcpu);
	return VLM_RESUME;
}

/* What is wrong with an access that failed: KVM_MSR_EXIT_REASON_*. */
static u32 why(struct vlm_vcpu *vcpu, u32 index, u32 access)
{
	if (!vlm_msr_allowed(vcpu->vm, index, access))
		return KVM_MSR_EXIT_REASON_FILTER;
	return vlm_msr_known(vcpu, index) ? KVM_MSR_EXIT_REASON_INVAL :
					    KVM_MSR_EXIT_REASON_UNKNOWN;
}

/* #GP, unless user space asked to be told of this kind of failure. */
static int failed(struct vlm_vcpu *vcpu, struct vlm_exit *exit, u32 access, u64 value)
{
	u32 index = vcpu->gpr[GPR_RCX];
	u32 reason = why(vcpu, index, access);
	struct kvm_run *run = vcpu->run;

	trace_msr(vcpu, access == KVM_MSR_FILTER_WRITE, index, value, true);
	if (!(READ_ONCE(vcpu->vm->msr_filter.exits) & reason)) {
		vlm_inject_error(vcpu, X86_TRAP_GP, 0);
		return VLM_RESUME;
	}
	run->exit_reason = access == KVM_MSR_FILTER_READ ? KVM_EXIT_X86_RDMSR :
							   KVM_EXIT_X86_WRMSR;
	memset(&run->msr, 0, sizeof(run->msr));
	run->msr.reason = reason;
	run->msr.index = index;
	run->msr.data = value;
	vmx_read_exit(vcpu, exit, EXIT_LENGTH);
	vcpu->pending = (struct vlm_pending) {
		.complete = access == KVM_MSR_FILTER_READ ? complete_read : complete_write,
		.length = exit->length,
		.rip = vmx_get(vcpu, VMX_RIP),
	};
	return VLM_TO_USER;
}

/* The registers of the local APIC in x2APIC mode; no filter holds for them. */
static __always_inline bool is_x2apic(u32 index)
{
	return index - APIC_BASE_MSR < VLM_X2APIC_MSRS;
}

static __always_inline int read(struct vlm_vcpu *vcpu, u32 index, u64 *value)
{
	if (is_x2apic(index))
		return vlm_x2apic_read(vcpu, index, value);
	return !vlm_msr_allowed(vcpu->vm, index, KVM_MSR_FILTER_READ) ||
	       vlm_msr_read(vcpu, index, value, false);
}

static __always_inline int write(struct vlm_vcpu *vcpu, u32 index, u64 value)
{
	if (is_x2apic(index))
		return vlm_x2apic_write(vcpu, index, value);
	return !vlm_msr_allowed(vcpu->vm, index, KVM_MSR_FILTER_WRITE) ||
	       vlm_msr_write(vcpu, index, value, false);
}

int exit_rdmsr(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u32 index = vcpu->gpr[GPR_RCX];
	u64 value;

	if (read(vcpu, index, &value))
		return failed(vcpu, exit, KVM_MSR_FILTER_READ, 0);
	trace_msr(vcpu, false, index, value, false);
	vcpu->gpr[GPR_RAX] = (u32)value;
	vcpu->gpr[GPR_RDX] = value >> 32;
	return vmx_skip_exit(vcpu);
}

int exit_wrmsr(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	u64 value = (u32)vcpu->gpr[GPR_RAX] | vcpu->gpr[GPR_RDX] << 32;
	u32 index = vcpu->gpr[GPR_RCX];

	if (write(vcpu, index, value))
		return failed(vcpu, exit, KVM_MSR_FILTER_WRITE, value);
	trace_msr(vcpu, true, index, value, false);
	return vmx_skip_exit(vcpu);
}
