// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports of INS and OUTS: many elements in one KVM_EXIT_IO.
 */
#include "../vellum.h"

#include <linux/string.h>
#include <asm/page.h>

#include "glue_priv.h"

/*
 * Whether the guest may access a port, the CPU has checked before its exit.  It
 * may have been for another instruction than the one that stands here now.
 */
static bool is_allowed(const struct vlm_emul_state *state, u16 port, unsigned int size, bool in)
{
	const struct vlm_port_string *p = &state->port;

	return p->allowed && p->port == port && p->size == size && p->in == in;
}

static void fill_run(struct vlm_emul_state *state)
{
	struct kvm_run *run = state->vcpu->run;

	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = state->port.in ? KVM_EXIT_IO_IN : KVM_EXIT_IO_OUT;
	run->io.size = state->port.size;
	run->io.port = state->port.port;
	run->io.count = state->port.count;
	run->io.data_offset = KVM_PIO_PAGE_OFFSET * PAGE_SIZE;
}

static int complete_in(struct vlm_vcpu *vcpu)
{
	struct vlm_emul_state *state = vcpu->emul.state;

	state->port.answered = state->port.count;
	return emul_continue(vcpu);
}

/* A device of the kernel answers all elements, or none. */
static bool kernel_in(struct vlm_emul_state *state)
{
	const struct vlm_port_string *p = &state->port;
	u8 *data = state->em.io;
	u32 i;

	for (i = 0; i < p->count; i++, data += p->size) {
		if (vlm_bus_read(state->vcpu, BUS_PIO, p->port, p->size, data) == BUS_HANDLED)
			continue;
		if (!i)
			return false;
		/* It went away in the middle: nobody drives the bus. */
		memset(data, 0xff, p->size);
	}
	return true;
}

/* What no device of the kernel takes is left at the buffer's beginning. */
static void kernel_out(struct vlm_emul_state *state)
{
	struct vlm_port_string *p = &state->port;
	u8 *from = state->em.io, *to = from;
	u32 i, left = 0;

	for (i = 0; i < p->count; i++, from += p->size) {
		if (vlm_bus_write(state->vcpu, BUS_PIO, p->port, p->size, from) == BUS_HANDLED)
			continue;
		memmove(to, from, p->size);
		to += p->size;
		left++;
	}
	p->count = left;
}

int emul_port_in(struct em *em, u16 port, unsigned int size, unsigned int count)
{
	struct vlm_emul_state *state = em_state(em);

	if (!is_allowed(state, port, size, true))
		return EM_AGAIN;
	/* The answer is in em->io, which is the page that user space filled. */
	if (state->port.answered)
		return state->port.answered == count ? EM_OK : EM_AGAIN;

	state->port.count = count;
	if (kernel_in(state)) {
		state->port.answered = count;
		return EM_OK;
	}
	fill_run(state);
	state->vcpu->pending = (struct vlm_pending) { .complete = complete_in };
	return EM_WAIT;
}

int emul_port_out(struct em *em, u16 port, unsigned int size, unsigned int count)
{
	struct vlm_emul_state *state = em_state(em);

	if (!is_allowed(state, port, size, false))
		return EM_AGAIN;
	state->port.count = count;
	return EM_OK;
}

static int complete_out(struct vlm_vcpu *vcpu)
{
	return VLM_RESUME;
}

int emul_send_port(struct vlm_emul_state *state)
{
	kernel_out(state);
	/* REP with a count of 0 has nothing to send, either. */
	if (!state->port.count)
		return VLM_RESUME;
	fill_run(state);
	state->vcpu->pending = (struct vlm_pending) { .complete = complete_out };
	return VLM_TO_USER;
}
