// SPDX-License-Identifier: GPL-2.0-only
/*
 * The APIC timer: SDM 3A, "APIC Timer".
 *
 * An hrtimer of the host.  Its bus clock runs at 1 GHz, as KVM's does, so that
 * guests which calibrate it or are told get the same.
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

/* A deadline farther away than this does not come: a hundred years. */
#define LONGEST_MS	(100ULL * 365 * 86400 * 1000)

static u32 timer_mode(const struct vlm_lapic *l)
{
	return reg(l, APIC_LVTT) & (APIC_LVT_TIMER_PERIODIC | APIC_LVT_TIMER_TSCDEADLINE);
}

/* Bits 3, 1 and 0 of TDCR: 000 is 2, 110 is 128, 111 is 1. */
static u32 divisor(const struct vlm_lapic *l)
{
	u32 tdcr = reg(l, APIC_TDCR);
	u32 code = (tdcr & 3) | (tdcr & 8) >> 1;

	return code == 7 ? 1 : 2 << code;
}

static enum hrtimer_restart fired(struct hrtimer *timer)
{
	struct vlm_lapic *l = container_of(timer, struct vlm_lapic, timer);
	u64 period = READ_ONCE(l->period_ns);

	if (trace_timer_fire_enabled())
		trace_timer_fire(l->vcpu, ktime_to_ns(ktime_sub(ktime_get(),
							       hrtimer_get_expires(timer))));
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
}

static void start(struct vlm_lapic *l, u64 ns)
{
	trace_timer_set(l->vcpu, ns, l->period_ns);
	l->target = ktime_add_ns(ktime_get(), ns);
	hrtimer_start(&l->timer, l->target, HRTIMER_MODE_ABS);
}

static void start_deadline(struct vlm_lapic *l)
{
	struct vlm_vcpu *vcpu = l->vcpu;
	u64 now, left;

	if (!l->deadline)
		return;
	now = vlm_guest_tsc(vcpu);
	if (l->deadline <= now) {
		l->deadline = 0;
		lapic_local(l, APIC_LVTT);
		return;
	}
	left = l->deadline - now;
	if (div_u64(left, vcpu->x86.tsc_khz) > LONGEST_MS)
		return;
	/* Never before the guest's TSC is there. */
	start(l, mul_u64_u32_div(left, 1000000, vcpu->x86.tsc_khz) + 1);
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
	start(l, (u64)count * divisor(l));
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

	set_reg(l, APIC_TDCR, value & 0xb);
	/* It counts on from where it is. */
	if (count && divisor(l) != before)
		start_count(l, count);
}

u32 lapic_timer_count(const struct vlm_lapic *l)
{
	s64 left;

	if (timer_mode(l) == APIC_LVT_TIMER_TSCDEADLINE || !hrtimer_active(&l->timer))
		return 0;
	left = ktime_to_ns(hrtimer_expires_remaining(&l->timer));
	/* 0 is for one that has fired: whoever saves that does not save the timer. */
	if (left <= 0)
		return 1;
	left = div_u64(left + divisor(l) - 1, divisor(l));
	return min_t(u64, left, reg(l, APIC_TMICT));
}

u64 vlm_lapic_deadline(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l || timer_mode(l) != APIC_LVT_TIMER_TSCDEADLINE)
		return 0;
	/* The MSR reads 0 once the time has come, and the interrupt with it. */
	if (l->deadline && vlm_guest_tsc(vcpu) >= l->deadline) {
		if (hrtimer_cancel(&l->timer))
			lapic_local(l, APIC_LVTT);
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
