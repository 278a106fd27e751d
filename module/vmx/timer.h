/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMX-preemption timer.
 */
#ifndef VELLUM_VMX_TIMER_H
#define VELLUM_VMX_TIMER_H

#include "../core/vcpu.h"

/** vmx_timer_caps() - take it out of vmx_caps where it is not to be used. */
void vmx_timer_caps(void);

void vmx_timer_write(struct vlm_vcpu *vcpu);

/**
 * vmx_timer_prepare() - give the CPU what is left until vmx_timer_set()'s time
 *
 * When that has come, vlm_lapic_timer_poll() is called instead.
 * Context: before VM entry, interrupts off, before the look at the requests.
 */
static inline void vmx_timer_prepare(struct vlm_vcpu *vcpu)
{
	if (vcpu->vmx.timer || vcpu->vmx.timer_written)
		vmx_timer_write(vcpu);
}

#endif /* VELLUM_VMX_TIMER_H */
