// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_RUN.
 *
 * Two loops, one in the other.  The inner one is the section: preemption off,
 * guest context in the CPU, exit and entry again as long as the exits are of
 * the kind that neither sleeps nor needs user space.  The outer one does what
 * has to be done between sections.
 */
#include "../vellum.h"

#include <linux/kvm_para.h>
#include <linux/sched/signal.h>
#include <linux/task_work.h>
#include <asm/msr.h>

#include "../compat.h"
#include "../exits/exit.h"
#include "../irq/lapic.h"
#include "../vmx/event.h"
#include "../vmx/section.h"
#include "../vmx/timer.h"
#include "../trace.h"
#include "recorder.h"
#include "vcpu.h"
#include "watch.h"

/* What the host wants of this thread; task work comes as VLM_REQ_LEAVE. */
#define HOST_WORK	(_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL | _TIF_NEED_RESCHED)

/* Interrupts off, in the section.  False: it must end before the next entry. */
static bool serve_requests(struct vlm_vcpu *vcpu)
{
	if (READ_ONCE(vcpu->requests) &
	    (BIT(VLM_REQ_LEAVE) | BIT(VLM_REQ_CLOCK) | BIT(VLM_REQ_DEAD)))
		return false;
	if (test_and_clear_bit(VLM_REQ_TLB, &vcpu->requests))
		vmx_flush_tlb(vcpu);
	if (test_and_clear_bit(VLM_REQ_MSRS, &vcpu->requests))
		vmx_section_reload(vcpu);
	if (test_and_clear_bit(VLM_REQ_EOI_MAP, &vcpu->requests))
		vmx_apic_eoi_map(vcpu);
	if (test_and_clear_bit(VLM_REQ_EXCEPTIONS, &vcpu->requests))
		vmx_exceptions_changed(vcpu);
	if (test_and_clear_bit(VLM_REQ_EVENT, &vcpu->requests))
		vmx_event_prepare(vcpu);
	return true;
}

/* False: the entry was refused, by the CPU or by the check before it. */
static __always_inline bool enter(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	if (static_branch_unlikely(&vlm_doctor_wanted) && !vlm_doctor_check(vcpu, exit))
		return false;
	if (likely(vmx_run_guest(vcpu, exit)))
		return true;
	vlm_doctor_refused(vcpu, exit);
	return false;
}

/*
 * Run the guest until an exit needs more than a section can do.  Interrupts
 * are off from the look at the requests to the end of the fast handler: one
 * that comes meanwhile makes the next entry exit at once.  With @one_exit it
 * ends at the first one.
 */
static int run_section(struct vlm_vcpu *vcpu, struct vlm_exit *exit, bool one_exit)
{
	const struct vlm_exit_row *row;
	int next = VLM_RESUME;
	unsigned int index;

	if (!vmx_section_enter(vcpu))
		return -EIO;
	if (vcpu->pv.clock_cpu)
		vlm_clock_check_cpu(vcpu);

	local_irq_disable();
	while (next == VLM_RESUME) {
		/*
		 * The requests last: an event that serve_requests() hands to the
		 * CPU is on its way, and an entry must follow.  Whatever comes up
		 * from here on comes with an interrupt, which ends the guest's run.
		 */
		vmx_timer_prepare(vcpu);
		if (unlikely(read_thread_flags() & HOST_WORK))
			break;
		if (unlikely(READ_ONCE(vcpu->requests)) && !serve_requests(vcpu))
			break;

		if (static_branch_unlikely(&vlm_watched))
			vlm_watch_entry(vcpu);
		if (unlikely(!enter(vcpu, exit))) {
			vmx_event_cancel(vcpu);
			next = exit_entry_failed(vcpu, exit);
			break;
		}
		if (static_branch_unlikely(&vlm_watched))
			vcpu->watch.tsc = rdtsc();
		index = vlm_exit_index(exit->reason);
		row = &vlm_exit_rows[index];
		vcpu->stats.exits[index]++;
		if (row->reads)
			vmx_read_exit(vcpu, exit, row->reads);
		if (static_branch_unlikely(&vlm_watched))
			vlm_watch_exit(vcpu, exit, row->reads);
		next = row->fast(vcpu, exit);
		trace_vm_exit_done(vcpu, exit->reason, next);
		if (unlikely(one_exit))
			break;
	}
	local_irq_enable();
	/* With full preemption the CPU is lost where the section ends, not later. */
	if (unlikely(need_resched()))
		vlm_steal_preempted_nofault(vcpu);
	vmx_section_leave(vcpu);
	return next;
}

static int apic_before_section(struct vlm_vcpu *vcpu)
{
	int vector;

	if (unlikely(vlm_lapic_init_sipi_pending(vcpu))) {
		vlm_lapic_init_sipi(vcpu);
		vlm_request(vcpu, VLM_REQ_EVENT);
	}
	vmx_apic_settle(vcpu);
	vector = vlm_lapic_take_split_eoi(vcpu);
	if (likely(vector < 0))
		return VLM_RESUME;
	vcpu->run->exit_reason = KVM_EXIT_IOAPIC_EOI;
	vcpu->run->eoi.vector = vector;
	return VLM_TO_USER;
}

/* What has to be looked at before each section, in process context. */
static int before_section(struct vlm_vcpu *vcpu)
{
	int next;

	clear_bit(VLM_REQ_LEAVE, &vcpu->requests);
	if (test_bit(VLM_REQ_DEAD, &vcpu->requests))
		return -EIO;
	if (vcpu->events.triple_fault) {
		vcpu->events.triple_fault = false;
		vcpu->run->exit_reason = KVM_EXIT_SHUTDOWN;
		return VLM_TO_USER;
	}
	/* Pages in which the guest wants to find the time, if there are any. */
	if (unlikely(test_bit(VLM_REQ_CLOCK, &vcpu->requests)) ||
	    (vcpu->pv.clock_msr | vcpu->pv.steal_msr) & KVM_MSR_ENABLED)
		vlm_pv_before_section(vcpu);
	if (vcpu->lapic) {
		next = apic_before_section(vcpu);
		if (next != VLM_RESUME)
			return next;
	}
	if (vcpu->vmx.step_done)
		return vlm_debug_step(vcpu);
	if (unlikely(vcpu->want_window) && vlm_window_open(vcpu)) {
		vcpu->run->exit_reason = KVM_EXIT_IRQ_WINDOW_OPEN;
		return VLM_TO_USER;
	}
	return VLM_RESUME;
}

/*
 * Task work waits for the way to user space.  KVM_RUN may take for ever, so it
 * ends as by a signal: the caller comes back by itself.  A pending
 * TIF_NOTIFY_RESUME alone, as restartable sequences set it at each preemption,
 * means nothing before then.
 */
static int host_work(struct vlm_vcpu *vcpu)
{
	if (need_resched() && !signal_pending(current)) {
		vlm_steal_preempted(vcpu);
		schedule();
	}
	/* After the wait for the CPU: much may have come meanwhile. */
	if (signal_pending(current) || task_work_pending(current))
		return -EINTR;
	return VLM_RESUME;
}

static int run_guest(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	bool vapic = vcpu->lapic && vlm_vapic_on(vcpu);
	int next;

	if (unlikely(vcpu->mp_state != KVM_MP_STATE_RUNNABLE))
		return vlm_vcpu_block(vcpu);
	if (unlikely(vapic)) {
		vlm_vapic_write(vcpu);
		vlm_request(vcpu, VLM_REQ_EVENT);
	}
	next = run_section(vcpu, exit, vapic);
	if (unlikely(vapic))
		vlm_vapic_read(vcpu);
	if (vcpu->lapic)
		vlm_lapic_pv_eoi_end(vcpu);
	return next;
}

static int run_loop(struct vlm_vcpu *vcpu)
{
	struct vlm_exit *exit = &vcpu->exit;
	int next;

	for (;;) {
		next = before_section(vcpu);
		if (next != VLM_RESUME)
			return next;

		next = run_guest(vcpu, exit);
		if (next == VLM_DOOR) {
			vcpu->watch.by = VLM_BY_SLOW;
			next = vlm_exit_rows[vlm_exit_index(exit->reason)].slow(vcpu, exit);
			trace_vm_exit_done(vcpu, exit->reason, next);
		}
		if (next != VLM_RESUME)
			return next;

		next = host_work(vcpu);
		if (next != VLM_RESUME)
			return next;
	}
}

/* Interrupts of a PIC come from user space, by KVM_INTERRUPT. */
static bool users_pic(struct vlm_vcpu *vcpu)
{
	return vlm_irq_mode(vcpu->vm) != IRQCHIP_KERNEL;
}

/* And the vCPU listens to them. */
static bool takes_users_pic(struct vlm_vcpu *vcpu)
{
	return !vcpu->lapic || vlm_lapic_takes_pic(vcpu);
}

bool vlm_window_wanted(struct vlm_vcpu *vcpu)
{
	return vcpu->want_window && takes_users_pic(vcpu);
}

static bool no_event_waits(const struct vlm_vcpu *vcpu)
{
	const struct vlm_events *ev = &vcpu->events;

	return !ev->interrupt.pending && !ev->interrupt.injected &&
	       !ev->exception.pending && !ev->exception.injected;
}

bool vlm_window_open(struct vlm_vcpu *vcpu)
{
	return takes_users_pic(vcpu) && no_event_waits(vcpu) && vmx_interrupt_open(vcpu);
}

/* Fields of the run page that every return to user space brings up to date. */
static void fill_run(struct vlm_vcpu *vcpu)
{
	u32 state = vmx_interrupt_state(vcpu);
	struct kvm_run *run = vcpu->run;
	bool open = state & VMX_INTERRUPT_OPEN;

	run->if_flag = state & VMX_INTERRUPT_FLAG;
	run->cr8 = vlm_get_cr8(vcpu);
	run->apic_base = vcpu->x86.apic_base;
	run->flags = 0;
	run->ready_for_interrupt_injection =
		!users_pic(vcpu) || (open && takes_users_pic(vcpu) && no_event_waits(vcpu));
}

/* An access that user space answered is finished before anything else. */
static int complete_pending(struct vlm_vcpu *vcpu)
{
	int (*complete)(struct vlm_vcpu *vcpu) = vcpu->pending.complete;

	if (!complete)
		return VLM_RESUME;
	vcpu->pending.complete = NULL;
	return complete(vcpu);
}

/* Whatever else may let an event in since the last KVM_RUN has asked for that. */
static void take_window(struct vlm_vcpu *vcpu)
{
	bool want = users_pic(vcpu) && READ_ONCE(vcpu->run->request_interrupt_window);

	if (want || vcpu->want_window)
		vlm_request(vcpu, VLM_REQ_EVENT);
	vcpu->want_window = want;
}

/* From here on nothing of the run before this one is left to finish. */
static int run_anew(struct vlm_vcpu *vcpu)
{
	int next;

	vcpu->run->exit_reason = KVM_EXIT_UNKNOWN;
	/* "Retry": an AP that was brought up runs at the next call. */
	if (vcpu->mp_state == KVM_MP_STATE_UNINITIALIZED) {
		next = vlm_vcpu_block(vcpu);
		if (next != VLM_RESUME)
			return next;
		vlm_lapic_init_sipi(vcpu);
		vlm_request(vcpu, VLM_REQ_EVENT);
		return -EAGAIN;
	}

	/* The host's TSC may have been set back since, by a suspend. */
	if (vcpu->lapic)
		vlm_lapic_timer_poll(vcpu);
	take_window(vcpu);
	return run_loop(vcpu);
}

static int run_once(struct vlm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	u64 cr8;
	int next;

	if (READ_ONCE(run->kvm_valid_regs) & ~VLM_SYNC_REGS ||
	    READ_ONCE(run->kvm_dirty_regs) & ~VLM_SYNC_REGS)
		return -EINVAL;

	if (READ_ONCE(run->kvm_dirty_regs)) {
		next = vlm_sync_regs_in(vcpu);
		if (next)
			return next;
	}
	/* Without an APIC of ours the task priority is the caller's. */
	cr8 = READ_ONCE(run->cr8);
	if (!vcpu->lapic && cr8 != vcpu->x86.cr8 && vlm_mov_to_cr8(vcpu, cr8))
		return -EINVAL;

	next = complete_pending(vcpu);
	if (next != VLM_RESUME)
		return next;

	/*
	 * The reason of the last exit stays: who finishes an access this way may look
	 * at it once more.
	 */
	if (vlm_immediate_exit(run))
		return -EINTR;

	next = run_anew(vcpu);
	if (next == -EINTR)
		run->exit_reason = KVM_EXIT_INTR;
	return next;
}

static long run(struct vlm_vcpu *vcpu)
{
	int ret;

	vmx_l1d_touch(vcpu);
	WRITE_ONCE(vcpu->task, current);
	ret = run_once(vcpu);
	WRITE_ONCE(vcpu->task, NULL);
	if (ret != -EINTR)
		vcpu->watch.by = VLM_BY_USER;
	if (!ret && vcpu->recorder)
		vlm_recorder_freeze(vcpu, vcpu->recorder);
	fill_run(vcpu);
	if (vcpu->run->kvm_valid_regs)
		vlm_sync_regs_out(vcpu);
	return ret;
}

static noinline long run_masked(struct vlm_vcpu *vcpu)
{
	sigset_t saved;
	long ret;

	sigprocmask(SIG_SETMASK, &vcpu->sigset, &saved);
	ret = run(vcpu);
	sigprocmask(SIG_SETMASK, &saved, NULL);
	return ret;
}

long vlm_vcpu_run(struct vlm_vcpu *vcpu)
{
	return unlikely(vcpu->sigset_active) ? run_masked(vcpu) : run(vcpu);
}
