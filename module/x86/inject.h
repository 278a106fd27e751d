/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions on their way to the guest.
 */
#ifndef VELLUM_X86_INJECT_H
#define VELLUM_X86_INJECT_H

#include "../core/types.h"

/**
 * struct vlm_events - on their way to the guest, under the vCPU mutex
 * @exception: pending: not yet delivered, may still cause #DF with another;
 *             injected: delivery began, and an exit interrupted it
 * @interrupt: taken from KVM_INTERRUPT; injected: delivery was interrupted
 * @nmi: pending: number waiting (2 at most); injected: likewise
 * @triple_fault: an exception on top of #DF: the guest shuts down
 */
struct vlm_events {
	struct {
		bool pending;
		bool injected;
		bool has_error;
		bool has_payload;
		u8 vector;
		u32 error;
		u64 payload;
	} exception;
	struct {
		bool pending;
		bool injected;
		bool soft;
		u8 vector;
	} interrupt;
	struct {
		u8 pending;
		bool injected;
	} nmi;
	bool triple_fault;
};

/**
 * vlm_inject() - raise an exception in the guest
 * @vcpu: the vCPU
 * @vector: its number
 *
 * Two contributory ones make #DF, and one on top of that a triple fault: SDM
 * 3A, "Interrupt 8--Double Fault Exception (#DF)".  Context: vCPU mutex.
 */
void vlm_inject(struct vlm_vcpu *vcpu, u8 vector);
void vlm_inject_error(struct vlm_vcpu *vcpu, u8 vector, u32 error);
/** vlm_inject_pf() - #PF; @cr2 is loaded when the exception is delivered. */
void vlm_inject_pf(struct vlm_vcpu *vcpu, u32 error, gva_t cr2);
/** vlm_inject_db() - #DB; @dr6 names its causes, DR6 takes them at delivery. */
void vlm_inject_db(struct vlm_vcpu *vcpu, u64 dr6);

/**
 * vlm_deliver_payload() - put the pending exception's payload into CR2 or DR6
 * @vcpu: the vCPU
 *
 * Called when the exception is injected, and before user space looks at it.
 */
void vlm_deliver_payload(struct vlm_vcpu *vcpu);

/** vlm_exception_is_fault() - does delivering it set RF in the saved RFLAGS? */
bool vlm_exception_is_fault(u8 vector);

/* The outcome of a second exception while a first one is on its way. */
enum vlm_merge { MERGE_REPLACE, MERGE_DOUBLE, MERGE_TRIPLE };
enum vlm_merge vlm_exception_merge(u8 first, u8 second);

#endif /* VELLUM_X86_INJECT_H */
