// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU that has nothing to do: halted, or waiting for its first SIPI.
 *
 * A halted one looks for a while before it sleeps, if its halts are short: sleep and
 * wake-up cost more than that.  The parameters are those of KVM, by name and meaning.
 */
#include "../vellum.h"

#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/wait.h>

#include "../irq/lapic.h"
#include "../trace.h"
#include "vcpu.h"

static unsigned int halt_poll_ns = 200000;
module_param(halt_poll_ns, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns, "nanoseconds that a halted vCPU looks before it sleeps, at most");

static unsigned int halt_poll_ns_grow = 2;
module_param(halt_poll_ns_grow, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns_grow, "factor by which that grows; 0: never");

static unsigned int halt_poll_ns_grow_start = 10000;
module_param(halt_poll_ns_grow_start, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns_grow_start, "where it begins to grow");

static unsigned int halt_poll_ns_shrink;
module_param(halt_poll_ns_shrink, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns_shrink, "divisor by which it shrinks; 0: to nothing");

/* @open: the guest takes interrupts; that cannot change while it sleeps. */
static bool wakes(struct vlm_vcpu *vcpu, bool open)
{
	if (vlm_lapic_init_sipi_pending(vcpu) || vlm_vm_is_dead(vcpu->vm))
		return true;
	if (vcpu->mp_state != KVM_MP_STATE_HALTED)
		return false;
	return vcpu->events.nmi.pending || vlm_lapic_nmi_pending(vcpu) ||
	       vcpu->events.exception.pending ||
	       (open && (vcpu->events.interrupt.pending || vlm_irq_peek(vcpu) >= 0));
}

/* True when it need not sleep: what it waits for came, or somebody wants the CPU. */
static bool poll(struct vlm_vcpu *vcpu, bool open, ktime_t begin)
{
	ktime_t end = ktime_add_ns(begin, vcpu->poll_ns);

	do {
		vlm_lapic_timer_poll(vcpu);
		if (wakes(vcpu, open))
			return true;
		cpu_relax();
	} while (single_task_running() && !need_resched() && !signal_pending(current) &&
		 ktime_before(ktime_get(), end));
	return false;
}

static u32 most(const struct vlm_vcpu *vcpu)
{
	s64 limit = READ_ONCE(vcpu->vm->halt_poll_ns);

	/* A guest that polls itself asked for none: MSR_KVM_POLL_CONTROL. */
	if (!vcpu->pv.poll_control)
		return 0;
	return limit < 0 ? READ_ONCE(halt_poll_ns) : limit;
}

static u32 longer(u32 ns, u32 limit)
{
	u64 next = (u64)ns * READ_ONCE(halt_poll_ns_grow);

	return min_t(u64, limit, max_t(u64, next, READ_ONCE(halt_poll_ns_grow_start)));
}

static u32 shorter(u32 ns)
{
	u32 divisor = READ_ONCE(halt_poll_ns_shrink);

	ns = divisor ? ns / divisor : 0;
	return ns < READ_ONCE(halt_poll_ns_grow_start) ? 0 : ns;
}

/*
 * After a halt of @ns: one that a longer poll would have caught makes the next
 * longer, one that no poll should wait for makes it shorter.
 */
static void adapt(struct vlm_vcpu *vcpu, u64 ns)
{
	u32 limit = most(vcpu);

	if (ns > limit)
		vcpu->poll_ns = shorter(vcpu->poll_ns);
	else if (ns > vcpu->poll_ns && READ_ONCE(halt_poll_ns_grow))
		vcpu->poll_ns = longer(vcpu->poll_ns, limit);
	vcpu->poll_ns = min(vcpu->poll_ns, limit);
}

static void count(struct vlm_vcpu *vcpu, enum vlm_halt_stat what, u64 n)
{
	WRITE_ONCE(vcpu->stats.halt[what], vcpu->stats.halt[what] + n);
}

static int nap(struct vlm_vcpu *vcpu, bool open)
{
	int err;

	WRITE_ONCE(vcpu->stats.halt[HALT_BLOCKING], 1);
	vlm_lapic_timer_sleep(vcpu);
	err = wait_event_interruptible(vcpu->wait, wakes(vcpu, open));
	vlm_lapic_timer_wake(vcpu);
	WRITE_ONCE(vcpu->stats.halt[HALT_BLOCKING], 0);
	return err;
}

static int rest(struct vlm_vcpu *vcpu, bool open)
{
	ktime_t begin = ktime_get(), polled = begin, end;
	bool done = false;
	int err = 0;

	/* The limit may have been lowered since. */
	vcpu->poll_ns = min(vcpu->poll_ns, most(vcpu));
	if (vcpu->poll_ns) {
		done = poll(vcpu, open, begin);
		polled = ktime_get();
		count(vcpu, HALT_ATTEMPTED_POLL, 1);
		count(vcpu, HALT_SUCCESSFUL_POLL, done);
		count(vcpu, done ? HALT_POLL_SUCCESS_NS : HALT_POLL_FAIL_NS,
		      ktime_to_ns(ktime_sub(polled, begin)));
	}
	end = polled;
	if (!done) {
		err = nap(vcpu, open);
		end = ktime_get();
		count(vcpu, HALT_WAKEUP, !err);
		count(vcpu, HALT_WAIT_NS, ktime_to_ns(ktime_sub(end, polled)));
	}
	/* A signal says nothing about the guest. */
	if (!err)
		adapt(vcpu, ktime_to_ns(ktime_sub(end, begin)));
	trace_halt(vcpu, ktime_to_ns(ktime_sub(end, begin)), done);
	return err;
}

int vlm_vcpu_block(struct vlm_vcpu *vcpu)
{
	bool open = vmx_interrupt_open(vcpu);
	int err;

	if (vcpu->mp_state == KVM_MP_STATE_HALTED)
		err = rest(vcpu, open);
	else
		err = nap(vcpu, open);
	if (err)
		return -EINTR;
	if (vcpu->mp_state == KVM_MP_STATE_HALTED && wakes(vcpu, open) &&
	    !vlm_lapic_init_sipi_pending(vcpu))
		vcpu->mp_state = KVM_MP_STATE_RUNNABLE;
	return VLM_RESUME;
}
