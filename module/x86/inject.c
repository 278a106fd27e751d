// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exception queue: one exception is on its way at most, and a second one
 * merges with it as SDM 3A, "Interrupt 8--Double Fault Exception (#DF)" says.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "dr.h"

struct cause {
	u8 vector;
	bool has_error;
	u32 error;
	bool has_payload;
	u64 payload;
};

static void queue(struct vlm_vcpu *vcpu, struct cause c)
{
	struct vlm_events *ev = &vcpu->events;

	if (ev->exception.pending || ev->exception.injected) {
		switch (vlm_exception_merge(ev->exception.vector, c.vector)) {
		case MERGE_TRIPLE:
			ev->exception.pending = false;
			ev->exception.injected = false;
			ev->triple_fault = true;
			vlm_request(vcpu, VLM_REQ_LEAVE);
			return;
		case MERGE_DOUBLE:
			/* CR2 or DR6 keep what delivering the first would have put there. */
			vlm_deliver_payload(vcpu);
			if (c.vector == X86_TRAP_PF)
				vcpu->x86.cr2 = c.payload;
			c = (struct cause){ .vector = X86_TRAP_DF, .has_error = true };
			break;
		case MERGE_REPLACE:
			/* The first one comes again when its instruction does. */
			break;
		}
	}

	ev->exception.pending = true;
	ev->exception.injected = false;
	ev->exception.vector = c.vector;
	ev->exception.has_error = c.has_error;
	ev->exception.error = c.error;
	ev->exception.has_payload = c.has_payload;
	ev->exception.payload = c.payload;
	vlm_request(vcpu, VLM_REQ_EVENT);
}

void vlm_inject(struct vlm_vcpu *vcpu, u8 vector)
{
	queue(vcpu, (struct cause){ .vector = vector });
}

void vlm_inject_error(struct vlm_vcpu *vcpu, u8 vector, u32 error)
{
	queue(vcpu, (struct cause){ .vector = vector, .has_error = true, .error = error });
}

void vlm_inject_pf(struct vlm_vcpu *vcpu, u32 error, gva_t cr2)
{
	struct cause c = {
		.vector = X86_TRAP_PF, .has_error = true, .error = error,
		.has_payload = true, .payload = cr2,
	};

	queue(vcpu, c);
}

void vlm_inject_db(struct vlm_vcpu *vcpu, u64 dr6)
{
	struct cause c = { .vector = X86_TRAP_DB, .has_payload = true, .payload = dr6 };

	queue(vcpu, c);
}

void vlm_deliver_payload(struct vlm_vcpu *vcpu)
{
	struct vlm_events *ev = &vcpu->events;
	u64 payload = ev->exception.payload;

	if (!ev->exception.has_payload)
		return;
	ev->exception.has_payload = false;

	switch (ev->exception.vector) {
	case X86_TRAP_PF:
		vcpu->x86.cr2 = payload;
		break;
	case X86_TRAP_DB:
		/* B0 to B3 are new each time; BD, BS and BT only ever set. */
		vcpu->x86.dr6 &= ~(u64)DR_TRAP_BITS;
		vcpu->x86.dr6 |= payload;
		/* GD is cleared so that the handler can use the registers. */
		vmx_set(vcpu, VMX_DR7, vmx_get(vcpu, VMX_DR7) & ~(u64)DR7_GD);
		break;
	}
}
