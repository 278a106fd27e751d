// SPDX-License-Identifier: GPL-2.0-only
/*
 * The time between an exit and the entry that follows it, and what it was for.
 *
 * The counter is read as the first thing after the exit and the last one before
 * the entry.  What tracing the exit itself takes is not the guest's fault and is
 * left out.
 */
#include "../vellum.h"

#include <asm/msr.h>

#include "../exits/exit.h"
#include "../trace.h"
#include "../vmx/section.h"
#include "recorder.h"
#include "vcpu.h"
#include "watch.h"

DEFINE_STATIC_KEY_FALSE(vlm_watched);

/* An exit that was seen before nobody looked has no end. */
static atomic_t watchers = ATOMIC_INIT(0), generation = ATOMIC_INIT(0);

/* SDM 3C, "Basic VM-Exit Information", what is in the qualification of each. */
#define IO_PORT(q)	(((q) >> 16) & 0xffff)
#define CR_ACCESS(q)	((q) & 0x3f)
#define DR_ACCESS(q)	((q) & 0x17)
#define APIC_OFFSET(q)	((q) & 0xfff)

int vlm_watch_get(void)
{
	if (atomic_inc_return(&watchers) == 1)
		atomic_inc(&generation);
	static_branch_inc(&vlm_watched);
	return 0;
}

void vlm_watch_put(void)
{
	static_branch_dec(&vlm_watched);
	atomic_dec(&watchers);
}

u64 vlm_exit_cause(const struct vlm_vcpu *vcpu, const struct vlm_exit *exit)
{
	switch (exit->reason) {
	case EXIT_REASON_CPUID:
		return (u32)vcpu->gpr[GPR_RAX];
	case EXIT_REASON_IO_INSTRUCTION:
		return IO_PORT(exit->qualification);
	case EXIT_REASON_MSR_READ:
	case EXIT_REASON_MSR_WRITE:
		return (u32)vcpu->gpr[GPR_RCX];
	case EXIT_REASON_EPT_VIOLATION:
		return exit->gpa;
	case EXIT_REASON_VMCALL:
		return vcpu->gpr[GPR_RAX];
	case EXIT_REASON_EXCEPTION_NMI:
		return exit->intr_info & INTR_INFO_VECTOR_MASK;
	case EXIT_REASON_CR_ACCESS:
		return CR_ACCESS(exit->qualification);
	case EXIT_REASON_DR_ACCESS:
		return DR_ACCESS(exit->qualification);
	case EXIT_REASON_APIC_WRITE:
		return APIC_OFFSET(exit->qualification);
	case EXIT_REASON_EOI_INDUCED:
		return exit->qualification & 0xff;
	}
	return 0;
}

/* A trace wants to know more than the handlers do. */
static void trace_exit(struct vlm_vcpu *vcpu, const struct vlm_exit *exit)
{
	u64 begin = rdtsc();
	struct vlm_exit whole;

	vmx_describe_exit(vcpu, exit->reason, &whole);
	trace_vm_exit(vcpu, &whole, vmx_cpl(vcpu), vmx_code_bits(vcpu));
	vcpu->watch.own = rdtsc() - begin;
}

void vlm_watch_exit(struct vlm_vcpu *vcpu, const struct vlm_exit *exit, u32 reads)
{
	/* It stays once it is there. */
	struct vlm_recorder *r = READ_ONCE(vcpu->recorder);
	struct vlm_watch *w = &vcpu->watch;

	w->reason = exit->reason;
	w->by = VLM_BY_FAST;
	w->rip = vmx_exit_rip();
	w->cause = vlm_exit_cause(vcpu, exit);
	w->own = 0;
	w->generation = atomic_read(&generation);
	if (trace_vm_exit_enabled())
		trace_exit(vcpu, exit);
	if (r)
		vlm_record_exit(vcpu, r, exit, reads);
}

static void trace_entry(struct vlm_vcpu *vcpu, u64 host)
{
	u32 error, event = vmx_entry_event(vcpu, &error);

	trace_vm_entry(vcpu, vmx_get(vcpu, VMX_RIP), event, error, host);
}

void vlm_watch_entry(struct vlm_vcpu *vcpu)
{
	struct vlm_recorder *r = READ_ONCE(vcpu->recorder);
	struct vlm_watch *w = &vcpu->watch;
	u64 host = 0;

	if (w->tsc && w->generation == atomic_read(&generation))
		host = rdtsc() - w->tsc - w->own;
	else
		*w = (struct vlm_watch) { .reason = U32_MAX };
	if (trace_vm_entry_enabled())
		trace_entry(vcpu, host);
	if (r)
		vlm_record_entry(vcpu, r, host);
	w->tsc = 0;
}
