// SPDX-License-Identifier: GPL-2.0-only
/*
 * The APIC timer: SDM 3A, "APIC Timer".
 *
 * Its bus clock runs at 1 GHz, as KVM's does, so that guests which calibrate it
 * or are told get the same.
 *
 * Where the CPU has a timer that runs in the guest, that one watches it, and needs
 * neither an interrupt nor a timer of the host: while the vCPU's thread does
 * something else the guest cannot notice, and it looks before it goes on.  An hrtimer
 * of the host watches it where the CPU has none, and while the vCPU sleeps.
 */
#include "../vellum.h"

#include <linux/hrtimer.h>
#include <linux/math64.h>

#include "../compat.h"
#include "../core/vcpu.h"
#include "../trace_irq.h"
#include "lapic_priv.h"

/* A periodic guest timer must not eat the host. */
#define MIN_PERIOD_NS	200000

/* A deadline farther away than this comes only if the TSC is moved: ten years. */
#define LONGEST_MS	(10ULL * 365 * 86400 * 1000)

static u32 timer_mode(const struct vlm_lapic *l)
{
	return l->mode;
}

/* Bits 3, 1 and 0 of TDCR: 000 is 2, 110 is 128, 111 is 1. */
static u32 divisor(const struct vlm_lapic *l)
{
	u32 code = (l->tdcr & 3) | (l->tdcr & 8) >> 1;

	return code == 7 ? 1 : 2 << code;
}

static enum hrtimer_restart fired(struct hrtimer *timer)
{
	struct vlm_lapic *l = container_of(timer, struct vlm_lapic, timer);
	u64 period = READ_ONCE(l->period_ns);

	if (trace_timer_fire_enabled())
		trace_timer_fire(l->vcpu, -ktime_to_ns(hrtimer_expires_remaining(timer)));
	lapic_local(l, APIC_LVTT);
	if (!period)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(period));
	return HRTIMER_RESTART;
}

void lapic_timer_init(struct vlm_lapic *l)
{
	vlm_hrtimer_setup(&l->timer, fired, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
}

void lapic_timer_stop(struct vlm_lapic *l)
{
	WRITE_ONCE(l->period_ns, 0);
	hrtimer_cancel(&l->timer);
	l->in_guest = false;
	l->far = false;
	vmx_timer_set(l->vcpu, VMX_NO_TIMER);
}

/* The deadline is of the guest's TSC, the others of the host's clock. */
static bool reached(struct vlm_lapic *l)
{
	if (l->deadline)
		return vlm_guest_tsc(l->vcpu) >= l->deadline;
	return ktime_get() >= l->target;
}

static void watch_in_guest(struct vlm_lapic *l)
{
	u64 tsc;

	if (l->deadline)
		tsc = vlm_host_tsc_at(l->vcpu, l->deadline);
	else
		tsc = vlm_host_tsc_in(max_t(s64, 0, ktime_sub(l->target, ktime_get())));
	l->in_guest = true;
	vmx_timer_set(l->vcpu, tsc);
}

static void watch_on_host(struct vlm_lapic *l)
{
	if (l->deadline)
		l->target = ktime_add_ns(ktime_get(), vlm_ns_until(l->vcpu, l->deadline));
	l->in_guest = false;
	vmx_timer_set(l->vcpu, VMX_NO_TIMER);
	hrtimer_start(&l->timer, l->target, HRTIMER_MODE_ABS);
}

/* Nanoseconds to go; what is negative is late. */
static s64 to_go(struct vlm_lapic *l)
{
	u64 now;

	if (!l->deadline)
		return ktime_sub(l->target, ktime_get());
	now = vlm_guest_tsc(l->vcpu);
	if (now < l->deadline)
		return vlm_ns_until(l->vcpu, l->deadline);
	return -(s64)mul_u64_u32_div(now - l->deadline, 1000000, l->vcpu->x86.tsc_khz);
}

static void watch(struct vlm_lapic *l)
{
	if (trace_timer_set_enabled())
		trace_timer_set(l->vcpu, to_go(l), l->period_ns);
	if (vmx_has_timer())
		watch_in_guest(l);
	else
		watch_on_host(l);
}

static void start_deadline(struct vlm_lapic *l)
{
	struct vlm_vcpu *vcpu = l->vcpu;
	u64 now;

	if (!l->deadline)
		return;
	/* Once: it may come while this is looked at, and is not far then. */
	now = vlm_guest_tsc(vcpu);
	if (now >= l->deadline) {
		l->deadline = 0;
		lapic_local(l, APIC_LVTT);
		return;
	}
	l->far = div_u64(l->deadline - now, vcpu->x86.tsc_khz) > LONGEST_MS;
	if (!l->far)
		watch(l);
}

/* As hrtimer_forward_now() does it: what was missed is one interrupt. */
static void next_period(struct vlm_lapic *l)
{
	s64 late = ktime_sub(ktime_get(), l->target);

	l->target = ktime_add_ns(l->target, (div64_u64(late, l->period_ns) + 1) * l->period_ns);
	watch_in_guest(l);
}

void vlm_lapic_timer_poll(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l || !l->in_guest)
		return;
	/* The two clocks differ by what NTP has to say. */
	if (!reached(l)) {
		watch_in_guest(l);
		return;
	}
	if (trace_timer_fire_enabled())
		trace_timer_fire(vcpu, -to_go(l));
	l->in_guest = false;
	l->deadline = 0;
	vmx_timer_set(vcpu, VMX_NO_TIMER);
	lapic_local(l, APIC_LVTT);
	if (l->period_ns)
		next_period(l);
}

void vlm_lapic_timer_sleep(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (l && l->in_guest)
		watch_on_host(l);
}

void vlm_lapic_timer_wake(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l || !vmx_has_timer() || !hrtimer_cancel(&l->timer))
		return;
	l->target = hrtimer_get_expires(&l->timer);
	watch_in_guest(l);
}

/* One-shot and periodic: @count is left of the first round. */
static void start_count(struct vlm_lapic *l, u32 count)
{
	lapic_timer_stop(l);
	if (!count)
		return;
	if (timer_mode(l) == APIC_LVT_TIMER_PERIODIC)
		WRITE_ONCE(l->period_ns, max_t(u64, MIN_PERIOD_NS,
					       (u64)reg(l, APIC_TMICT) * divisor(l)));
	l->target = ktime_add_ns(ktime_get(), (u64)count * divisor(l));
	watch(l);
}

void lapic_timer_start(struct vlm_lapic *l)
{
	if (timer_mode(l) != APIC_LVT_TIMER_TSCDEADLINE) {
		start_count(l, reg(l, APIC_TMICT));
		return;
	}
	lapic_timer_stop(l);
	start_deadline(l);
}

void lapic_timer_restore(struct vlm_lapic *l, u32 left)
{
	u32 initial = reg(l, APIC_TMICT);

	if (timer_mode(l) == APIC_LVT_TIMER_TSCDEADLINE) {
		lapic_timer_start(l);
		return;
	}
	/* A one-shot timer at 0 has fired. */
	if (!left && timer_mode(l) == APIC_LVT_TIMER_PERIODIC)
		left = initial;
	start_count(l, min(left, initial));
}

void lapic_timer_set_divide(struct vlm_lapic *l, u32 value)
{
	u32 count = lapic_timer_count(l);
	u32 before = divisor(l);

	l->tdcr = value & 0xb;
	set_reg(l, APIC_TDCR, l->tdcr);
	/* It counts on from where it is. */
	if (count && divisor(l) != before)
		start_count(l, count);
}

#define MODE_BITS	(APIC_LVT_TIMER_PERIODIC | APIC_LVT_TIMER_TSCDEADLINE)

bool lapic_timer_set_mode(struct vlm_lapic *l, u32 lvtt)
{
	u32 old = l->mode;

	l->mode = lvtt & MODE_BITS;
	return l->mode != old;
}

void lapic_timer_mode_loaded(struct vlm_lapic *l)
{
	l->mode = reg(l, APIC_LVTT) & MODE_BITS;
	l->tdcr = reg(l, APIC_TDCR);
}

u32 lapic_timer_count(const struct vlm_lapic *l)
{
	s64 left;

	if (timer_mode(l) == APIC_LVT_TIMER_TSCDEADLINE)
		return 0;
	if (l->in_guest)
		left = ktime_sub(l->target, ktime_get());
	else if (l->held || hrtimer_active(&l->timer))
		left = ktime_to_ns(hrtimer_expires_remaining(&l->timer));
	else
		return 0;
	/* 0 is for one that has fired: whoever saves that does not save the timer. */
	if (left <= 0)
		return 1;
	left = div_u64(left + divisor(l) - 1, divisor(l));
	return min_t(u64, left, reg(l, APIC_TMICT));
}

u32 lapic_timer_hold(struct vlm_lapic *l)
{
	/* Not one whose function runs: that is waited for. */
	l->held = hrtimer_cancel(&l->timer);
	return lapic_timer_count(l);
}

void lapic_timer_release(struct vlm_lapic *l)
{
	if (l->held)
		hrtimer_start_expires(&l->timer, HRTIMER_MODE_ABS);
	l->held = false;
}

u64 vlm_lapic_deadline(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l || timer_mode(l) != APIC_LVT_TIMER_TSCDEADLINE)
		return 0;
	/* The MSR reads 0 once the time has come, and the interrupt with it. */
	vlm_lapic_timer_poll(vcpu);
	if (l->deadline && reached(l)) {
		if (l->far || hrtimer_cancel(&l->timer))
			lapic_local(l, APIC_LVTT);
		l->far = false;
		l->deadline = 0;
	}
	return l->deadline;
}

void vlm_lapic_tsc_changed(struct vlm_vcpu *vcpu)
{
	if (vcpu->lapic && vlm_lapic_deadline(vcpu))
		lapic_timer_start(vcpu->lapic);
}

void vlm_lapic_set_deadline(struct vlm_vcpu *vcpu, u64 tsc)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l || timer_mode(l) != APIC_LVT_TIMER_TSCDEADLINE)
		return;
	l->deadline = tsc;
	lapic_timer_start(l);
}
