/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The section: guest context is in the CPU, preemption is off, and the guest
 * can be entered again and again.
 */
#ifndef VELLUM_VMX_SECTION_H
#define VELLUM_VMX_SECTION_H

#include "../core/types.h"

struct vlm_exit;

/** vmx_host_init() - learn what never changes on this host, once at load. */
void vmx_host_init(void);

/** vmx_host_state_init() - host-state fields that never change.  VMCS current. */
void vmx_host_state_init(void);

/**
 * vmx_section_enter() - put the guest's context into this CPU
 *
 * Return: false when VMX operation is gone for good; nothing is held then.
 * Context: may sleep; preemption is off on success.
 */
bool vmx_section_enter(struct vlm_vcpu *vcpu);
void vmx_section_leave(struct vlm_vcpu *vcpu);

/** vmx_section_reload() - guest MSRs or debug registers changed within it. */
void vmx_section_reload(struct vlm_vcpu *vcpu);

/** vmx_flush_tlb() - INVEPT, if this CPU has not done it since the last change. */
void vmx_flush_tlb(struct vlm_vcpu *vcpu);

/**
 * vmx_run_guest() - one VM entry and the VM exit that follows
 *
 * Return: false when the entry failed; @exit then says how.
 * Context: in the section, interrupts off, and off on return.
 */
bool vmx_run_guest(struct vlm_vcpu *vcpu, struct vlm_exit *exit);

/**
 * vmx_read_exit() - fetch the EXIT_* fields of the exit just taken
 *
 * With EXIT_VECTORING an event that it broke off is queued again.
 */
void vmx_read_exit(struct vlm_vcpu *vcpu, struct vlm_exit *exit, u32 reads);

/** vmx_exit_rip() - RIP of the guest.  In the section. */
u64 vmx_exit_rip(void);

/** vmx_exceptions_changed() - the recorder began or ended.  In the section. */
void vmx_exceptions_changed(struct vlm_vcpu *vcpu);

/**
 * vmx_describe_exit() - all that the CPU says of the last exit, changing nothing
 *
 * Fields that mean nothing for @reason are 0.  Context: as vmx_read_exit().
 */
void vmx_describe_exit(struct vlm_vcpu *vcpu, u16 reason, struct vlm_exit *exit);

/** vmx_entry_event() - interruption information that the next entry injects, or 0. */
u32 vmx_entry_event(struct vlm_vcpu *vcpu, u32 *error);

/**
 * vmx_interrupts_on() - let the host take what is pending, within the section
 *
 * vmx_interrupts_off() ends that, and looks at what the host may have changed.
 */
void vmx_interrupts_on(struct vlm_vcpu *vcpu);
void vmx_interrupts_off(struct vlm_vcpu *vcpu);

/** vmx_host_nmi() - an NMI ended the guest's run: hand it to the host. */
void vmx_host_nmi(void);
void vmx_host_machine_check(void);

#endif /* VELLUM_VMX_SECTION_H */
