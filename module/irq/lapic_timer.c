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
#include "lapic_priv.h"

/* A periodic guest timer must not eat the host. */
#define MIN_PERIOD_NS	200000

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
	l->target = ktime_add_ns(ktime_get(), ns);
	hrtimer_start(&l->timer, l->target, HRTIMER_MODE_ABS);
}

static void start_deadline(struct vlm_lapic *l)
{
	struct vlm_vcpu *vcpu = l->vcpu;
	u64 now;

	if (!l->deadline)
		return;
	now = vlm_guest_tsc(vcpu);
	if (l->deadline <= now) {
		l->deadline = 0;
		lapic_local(l, APIC_LVTT);
		return;
	}
	start(l, mul_u64_u32_div(l->deadline - now, 1000000, vcpu->x86.tsc_khz));
}

void lapic_timer_start(struct vlm_lapic *l)
{
	u64 ns = (u64)reg(l, APIC_TMICT) * divisor(l);

	lapic_timer_stop(l);
	if (timer_mode(l) == APIC_LVT_TIMER_TSCDEADLINE) {
		start_deadline(l);
		return;
	}
	if (!ns)
		return;
	if (timer_mode(l) == APIC_LVT_TIMER_PERIODIC)
		WRITE_ONCE(l->period_ns, max_t(u64, ns, MIN_PERIOD_NS));
	start(l, ns);
}

u32 lapic_timer_count(const struct vlm_lapic *l)
{
	s64 left;

	if (!reg(l, APIC_TMICT) || timer_mode(l) == APIC_LVT_TIMER_TSCDEADLINE)
		return 0;
	left = ktime_to_ns(hrtimer_expires_remaining(&l->timer));
	if (left <= 0)
		return 0;
	return div_u64(left, divisor(l));
}

u64 vlm_lapic_deadline(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l || timer_mode(l) != APIC_LVT_TIMER_TSCDEADLINE)
		return 0;
	/* The MSR reads 0 once the time has come. */
	if (l->deadline && vlm_guest_tsc(vcpu) >= l->deadline)
		l->deadline = 0;
	return l->deadline;
}

void vlm_lapic_set_deadline(struct vlm_vcpu *vcpu, u64 tsc)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l || timer_mode(l) != APIC_LVT_TIMER_TSCDEADLINE)
		return;
	l->deadline = tsc;
	lapic_timer_start(l);
}
