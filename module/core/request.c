// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests and kicks.
 */
#include "../vellum.h"

#include <linux/cpumask.h>
#include <linux/smp.h>
#include <trace/events/ipi.h>

#include "request.h"
#include "vcpu.h"
#include "../trace.h"

void vlm_request(struct vlm_vcpu *vcpu, enum vlm_request req)
{
	set_bit(req, &vcpu->requests);
}

void vlm_request_kick(struct vlm_vcpu *vcpu, enum vlm_request req)
{
	int cpu;

	set_bit(req, &vcpu->requests);
	/* Pairs with the barrier after mode = VLM_INSIDE: see request.h. */
	smp_mb__after_atomic();

	/* After the barrier; the sleeper has one before it looks at the bit. */
	if (waitqueue_active(&vcpu->wait))
		wake_up(&vcpu->wait);
	if (READ_ONCE(vcpu->mode) != VLM_INSIDE)
		return;
	/* On its own CPU this is the vCPU's thread, or an interrupt: it is out. */
	cpu = READ_ONCE(vcpu->cpu);
	if (cpu == get_cpu())
		goto out;
	trace_kick(vcpu, cpu);
	smp_send_reschedule(cpu);
out:
	put_cpu();
}

/* The interrupt itself is the message. */
static void ack(void *unused)
{
}

void vlm_vm_request_sync(struct vlm_vm *vm, enum vlm_request req)
{
	struct vlm_vcpu *vcpu;
	unsigned long index;
	int cpu;

	vlm_vm_for_each_vcpu(vm, index, vcpu)
		set_bit(req, &vcpu->requests);
	smp_mb();	/* pairs with the one after mode = VLM_INSIDE */

	/*
	 * This CPU needs no interrupt: the caller runs on it in host mode, and
	 * if it does so in a vCPU's section it will look at the bit itself.
	 */
	preempt_disable();
	vlm_vm_for_each_vcpu(vm, index, vcpu) {
		cpu = READ_ONCE(vcpu->cpu);
		if (READ_ONCE(vcpu->mode) != VLM_INSIDE || cpu == smp_processor_id())
			continue;
		trace_kick(vcpu, cpu);
		smp_call_function_single(cpu, ack, NULL, 1);
	}
	preempt_enable();
}
