// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU that spins waits for another, which may be waiting for a CPU itself.
 */
#include "../vellum.h"

#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/wait.h>

#include "vcpu.h"

/* In KVM_RUN, not in guest code, and not asleep for want of an interrupt. */
static bool wants_cpu(struct vlm_vcpu *vcpu)
{
	/* A guess: being wrong costs a turn, so nothing has to order this. */
	return READ_ONCE(vcpu->mode) == VLM_OUTSIDE && !waitqueue_active(&vcpu->wait);
}

static struct task_struct *get_task(struct vlm_vcpu *vcpu)
{
	struct task_struct *task;

	rcu_read_lock();
	/* It was in KVM_RUN a moment ago, so it lives for a grace period. */
	task = READ_ONCE(vcpu->task);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

/* True when it was given this CPU's next turn. */
static bool boost(struct vlm_vcpu *vcpu)
{
	struct task_struct *task = get_task(vcpu);
	bool done;

	if (!task)
		return false;
	done = yield_to(task, true) > 0;
	put_task_struct(task);
	return done;
}

void vlm_vcpu_yield_to(struct vlm_vcpu *vcpu, struct vlm_vcpu *target)
{
	if (target != vcpu && wants_cpu(target))
		boost(target);
}

void vlm_vcpu_yield(struct vlm_vcpu *vcpu)
{
	struct vlm_vm *vm = vcpu->vm;
	unsigned int n = READ_ONCE(vm->nr_vcpus);
	unsigned int last = READ_ONCE(vm->boosted);
	unsigned int i;

	/* In turn, beginning after the one that was chosen last. */
	for (i = 1; i <= n; i++) {
		struct vlm_vcpu *other = xa_load(&vm->vcpus, (last + i) % n);

		if (!other || other == vcpu || !wants_cpu(other) || !boost(other))
			continue;
		WRITE_ONCE(vm->boosted, other->index);
		return;
	}
}
