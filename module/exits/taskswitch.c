// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task switches, which always exit: SDM 3C, "Treatment of Task Switches".
 */
#include "../vellum.h"

#include "../core/vcpu.h"
#include "../vmx/debug.h"
#include "../vmx/event.h"
#include "../x86/task.h"
#include "exit.h"

/* SDM 3C, "Exit Qualification for Task Switches". */
#define TASK_SELECTOR(q)	((q) & 0xffff)
#define TASK_SOURCE(q)		((q) >> 30 & 3)

int exit_task_switch(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	return VLM_DOOR;
}

/* The event that a task gate in the IDT stands for. */
static void take_event(struct vlm_task_switch *sw, const struct vlm_exit *exit)
{
	u32 info = exit->vectoring_info;
	u32 type = info & VECTORING_INFO_TYPE_MASK;

	sw->external = type != INTR_TYPE_SOFT_INTR && type != INTR_TYPE_SOFT_EXCEPTION;
	/* Hardware saves the RIP that an event of its own returns to. */
	if (sw->external && type != INTR_TYPE_PRIV_SW_EXCEPTION)
		sw->length = 0;
	sw->has_error = info & VECTORING_INFO_DELIVER_CODE_MASK;
	sw->error = exit->vectoring_error;
}

/* Tables that are no memory: KVM's API, struct kvm_run, internal. */
static int no_memory(struct vlm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	vlm_limited("vCPU %u: task switch at RIP %#llx: a table is not in memory\n",
		    vcpu->id, vmx_get(vcpu, VMX_RIP));
	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run->internal.ndata = 0;
	return VLM_TO_USER;
}

int exit_task_switch_slow(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_task_switch sw = {
		.selector = TASK_SELECTOR(exit->qualification),
		.source = TASK_SOURCE(exit->qualification),
		.length = exit->length,
	};
	struct vlm_fault fault;
	int ret;

	vmx_l1d_touch(vcpu);
	if (sw.source == TASK_GATE)
		take_event(&sw, exit);
	ret = vlm_task_switch(vcpu, &sw, &fault);
	if (ret == -EAGAIN)
		return VLM_RESUME;
	if (ret == -ENXIO)
		return no_memory(vcpu);
	if (ret < 0)
		return ret;

	vmx_event_taken(vcpu);
	/* Even an IRET that faults has done this. */
	if (sw.source == TASK_IRET)
		vmx_nmi_unblock(vcpu);
	if (ret) {
		vlm_inject_fault(vcpu, &fault);
		return VLM_RESUME;
	}
	vcpu->events.exception.injected = false;
	if (vcpu->guest_debug & KVM_GUESTDBG_SINGLESTEP)
		vmx_step_done(vcpu);
	vlm_request(vcpu, VLM_REQ_EVENT);
	return VLM_RESUME;
}
