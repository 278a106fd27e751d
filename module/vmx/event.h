/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events at VM entry: injection, windows, and what an exit broke off.
 */
#ifndef VELLUM_VMX_EVENT_H
#define VELLUM_VMX_EVENT_H

#include "../core/types.h"

struct vlm_exit;

/**
 * vmx_event_prepare() - inject what can be injected, open windows for the rest
 *
 * Context: in the section, interrupts off, before VM entry.
 */
void vmx_event_prepare(struct vlm_vcpu *vcpu);

/** vmx_event_recover() - queue again the event whose delivery @exit broke off. */
void vmx_event_recover(struct vlm_vcpu *vcpu, const struct vlm_exit *exit);

/** vmx_event_cancel() - queue again what the refused entry would have injected. */
void vmx_event_cancel(struct vlm_vcpu *vcpu);

/**
 * vmx_event_taken() - what vmx_event_recover() queued is not to be injected
 *
 * Its delivery was done otherwise, or failed: an interrupt or NMI is over with
 * that.  An exception stays, for a second one to merge with.
 */
void vmx_event_taken(struct vlm_vcpu *vcpu);

/** vmx_nmi_unblock() - an IRET that we executed ends NMI blocking. */
void vmx_nmi_unblock(struct vlm_vcpu *vcpu);

/** vmx_nmi_reblock() - the exit came from an IRET that had unblocked NMIs. */
void vmx_nmi_reblock(struct vlm_vcpu *vcpu);

#endif /* VELLUM_VMX_EVENT_H */
