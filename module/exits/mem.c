// SPDX-License-Identifier: GPL-2.0-only
/*
 * EPT violations.
 */
#include "../vellum.h"

#include <asm/msr.h>
#include <asm/vmx.h>

#include "../core/vcpu.h"
#include "../vmx/event.h"
#include "../vmx/section.h"
#include "../trace.h"
#include "exit.h"

/* SDM 3C, "Exit Qualification for EPT Violations". */
#define QUAL_NMI_UNBLOCKED	BIT(12)

static u32 access_of(u64 qual)
{
	if (qual & EPT_VIOLATION_ACC_WRITE)
		return EPT_WRITE;
	if (qual & EPT_VIOLATION_ACC_INSTR)
		return EPT_EXEC;
	return EPT_READ;
}

/* Not one that had begun before the trace did. */
static void trace_fault(struct vlm_vcpu *vcpu, const struct vlm_exit *exit, int level, bool fast,
			u64 begin)
{
	if (trace_ept_fault_enabled() && begin)
		trace_ept_fault(vcpu, exit->gpa, access_of(exit->qualification), level, fast,
				rdtsc() - begin);
}

/* What the CPU has found out of an access that an instruction makes. */
static bool translated(const struct vlm_exit *exit, struct vlm_translated *known)
{
	const u64 valid = EPT_VIOLATION_GVA_IS_VALID | EPT_VIOLATION_GVA_TRANSLATED;

	*known = (struct vlm_translated) {
		.linear = exit->gva,
		.gpa = exit->gpa,
		.write = exit->qualification & EPT_VIOLATION_ACC_WRITE,
	};
	return !(exit->vectoring_info & VECTORING_INFO_VALID_MASK) &&
	       (exit->qualification & (valid | EPT_VIOLATION_ACC_INSTR)) == valid;
}

/* A device, as it was when the same instruction accessed it before. */
static int emulate_again(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_translated known;
	u64 rip = vmx_exit_rip();

	if (!vlm_emul_knows(vcpu, rip, exit->gpa))
		return VLM_DOOR;
	vmx_read_exit(vcpu, exit, EXIT_GVA);
	if (!translated(exit, &known) || gpa_to_gfn(exit->gpa) == VLM_EPT_OWN_GFN)
		return VLM_DOOR;
	return vlm_emul_quick(vcpu, rip, &known);
}

/* Memory that the host has at hand is mapped without leaving the section. */
int exit_ept_violation(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_ept_result result;
	u64 begin = trace_ept_fault_enabled() ? rdtsc() : 0;
	int ret;

	/* RIP is not read as long as nothing was emulated. */
	if (vcpu->emul.state) {
		ret = emulate_again(vcpu, exit);
		if (ret != VLM_DOOR)
			return ret;
	}
	/* An IRET that faulted here had ended NMI blocking, and will again. */
	if ((exit->qualification & QUAL_NMI_UNBLOCKED) &&
	    !(exit->vectoring_info & VECTORING_INFO_VALID_MASK))
		vmx_nmi_reblock(vcpu);

	vmx_interrupts_on(vcpu);
	ret = vlm_ept_fault(vcpu, exit->gpa, access_of(exit->qualification), true, &result);
	vmx_interrupts_off(vcpu);
	if (ret == 0) {
		trace_fault(vcpu, exit, result.level, true, begin);
		return VLM_RESUME;
	}
	exit->no_memory = ret > 0;
	if (exit->no_memory)
		vmx_read_exit(vcpu, exit, EXIT_GVA);
	return VLM_DOOR;
}

/* Finish the access in the CPU's place; what the CPU has translated stays so. */
static int emulate(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_translated known;

	/* No instruction did this: a stack, or a descriptor table, is no memory. */
	if (exit->vectoring_info & VECTORING_INFO_VALID_MASK)
		return exit_internal_error(vcpu, exit, KVM_INTERNAL_ERROR_DELIVERY_EV);
	return vlm_emul(vcpu, exit->no_memory && translated(exit, &known) ? &known : NULL);
}

int exit_ept_violation_slow(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_ept_result result;
	u64 begin = trace_ept_fault_enabled() ? rdtsc() : 0;
	int ret;

	/* If memory comes there meanwhile, the emulator finds it. */
	if (exit->no_memory) {
		trace_fault(vcpu, exit, 0, false, begin);
		return emulate(vcpu, exit);
	}
	ret = vlm_ept_fault(vcpu, exit->gpa, access_of(exit->qualification), false, &result);
	trace_fault(vcpu, exit, ret ? 0 : result.level, false, begin);
	if (ret > 0)
		return emulate(vcpu, exit);
	return ret ?: VLM_RESUME;
}

/* The section drains the log when it ends. */
int exit_pml_full(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	if ((exit->qualification & QUAL_NMI_UNBLOCKED) &&
	    !(exit->vectoring_info & VECTORING_INFO_VALID_MASK))
		vmx_nmi_reblock(vcpu);
	vlm_request(vcpu, VLM_REQ_LEAVE);
	return VLM_RESUME;
}
