/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work that a vCPU must do before it enters the guest again, and the kick that
 * makes it leave the guest to see it.
 *
 * A vCPU is "inside" from before its first look at its requests to after its
 * last VM exit.  Whoever makes a request sets the bit first and looks at the
 * mode after a barrier: if the vCPU is inside, it is sent an IPI.  The vCPU
 * looks at its requests with interrupts off, right before VM entry; an IPI
 * that comes later stays pending and ends the guest run at once.  So a request
 * is either seen before entry or forces an exit, and is never lost.
 */
#ifndef VELLUM_CORE_REQUEST_H
#define VELLUM_CORE_REQUEST_H

#include <linux/bitops.h>

#include "types.h"

enum vlm_request {
	VLM_REQ_EVENT,		/* an event may have to be injected */
	VLM_REQ_TLB,		/* EPT entries went away: vlm_ept_flush_gen() */
	VLM_REQ_MSRS,		/* reload the MSRs that are live in the guest */
	VLM_REQ_LEAVE,		/* leave the section; look at what is new */
	VLM_REQ_CLOCK,		/* leave, and bring the guest's clock up to date */
	VLM_REQ_EOI_MAP,	/* vlm_irq.eoi_vectors changed */
	VLM_REQ_EXCEPTIONS,	/* other exceptions have to exit */
	VLM_REQ_DEAD,		/* the VM is dead */
};

enum vlm_mode { VLM_OUTSIDE, VLM_INSIDE };

/** vlm_request() - ask something of @vcpu's own thread.  No kick. */
void vlm_request(struct vlm_vcpu *vcpu, enum vlm_request req);

/** vlm_request_kick() - vlm_request() from elsewhere: leave the guest, wake up. */
void vlm_request_kick(struct vlm_vcpu *vcpu, enum vlm_request req);

/**
 * vlm_vm_request_sync() - make all vCPUs of a VM see a request
 *
 * On return no vCPU runs guest code that it entered before the request.
 * Context: preemptible or not, interrupts on; spinlocks may be held.
 */
void vlm_vm_request_sync(struct vlm_vm *vm, enum vlm_request req);

#endif /* VELLUM_CORE_REQUEST_H */
