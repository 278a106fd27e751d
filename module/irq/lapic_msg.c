// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt messages: who is addressed, and what each delivery mode does.
 * SDM 3A, "Determining IPI Destination" and "Interrupt Command Register (ICR)".
 */
#include "../vellum.h"

#include <linux/kvm_para.h>

#include "../core/vcpu.h"
#include "lapic_priv.h"

#define XAPIC_BROADCAST		0xff
#define X2APIC_BROADCAST	0xffffffff

static bool match_physical(const struct vlm_lapic *l, u32 dest)
{
	if (dest == X2APIC_BROADCAST || (!lapic_x2apic(l) && dest == XAPIC_BROADCAST))
		return true;
	return dest == l->id;
}

/* In x2APIC mode the logical id is fixed: cluster above, one bit of 16 below. */
static bool match_logical_x2(const struct vlm_lapic *l, u32 dest)
{
	return dest == X2APIC_BROADCAST ||
	       (dest >> 16 == l->id >> 4 && (dest & BIT(l->id & 0xf)));
}

static bool match_logical(const struct vlm_lapic *l, u32 dest)
{
	u32 ldr = GET_APIC_LOGICAL_ID(reg(l, APIC_LDR));

	if (lapic_x2apic(l))
		return match_logical_x2(l, dest);
	if (dest == XAPIC_BROADCAST)
		return true;
	if (reg(l, APIC_DFR) == APIC_DFR_FLAT)
		return ldr & dest;
	return ldr >> 4 == dest >> 4 && (ldr & dest & 0xf);
}

/*
 * FFH of a device means everybody even in x2APIC mode, unless user space says
 * that it knows better: KVM_CAP_X2APIC_API.
 */
static u32 destination(const struct vlm_lapic *l, struct vlm_vcpu *src, u32 dest)
{
	if (!src && dest == XAPIC_BROADCAST && lapic_x2apic(l) &&
	    !(READ_ONCE(l->vcpu->vm->irq.x2apic_api) & KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK))
		return X2APIC_BROADCAST;
	return dest;
}

static bool addressed(const struct vlm_lapic *l, struct vlm_vcpu *src,
		      const struct vlm_irq_msg *msg)
{
	u32 dest = destination(l, src, msg->dest);

	switch (msg->shorthand) {
	case IRQ_DEST_SELF:
		return l->vcpu == src;
	case IRQ_DEST_ALL:
		return true;
	case IRQ_DEST_OTHERS:
		return l->vcpu != src;
	}
	return msg->logical ? match_logical(l, dest) : match_physical(l, dest);
}

/*
 * 1: taken; 0: was pending; -1: refused.  INIT, SIPI and NMI are acted on by the vCPU
 * itself.
 */
static int deliver_one(struct vlm_lapic *l, const struct vlm_irq_msg *msg)
{
	switch (msg->mode) {
	case IRQ_MODE_FIXED:
	case IRQ_MODE_LOWEST:
		return lapic_accept(l, msg->vector, msg->level);
	case IRQ_MODE_NMI:
		atomic_inc(&l->nmis);
		vlm_request_kick(l->vcpu, VLM_REQ_EVENT);
		return 1;
	case IRQ_MODE_INIT:
		/* The de-assert only set arbitration ids on old buses. */
		if (msg->level && !msg->assert)
			return 1;
		/* A SIPI that came before is void: nobody waited for it. */
		clear_bit(LAPIC_MSG_SIPI, &l->msgs);
		set_bit(LAPIC_MSG_INIT, &l->msgs);
		vlm_request_kick(l->vcpu, VLM_REQ_LEAVE);
		return 1;
	case IRQ_MODE_SIPI:
		WRITE_ONCE(l->sipi_vector, msg->vector);
		smp_wmb();	/* the vector before the message: vlm_lapic_init_sipi() */
		set_bit(LAPIC_MSG_SIPI, &l->msgs);
		vlm_request_kick(l->vcpu, VLM_REQ_LEAVE);
		return 1;
	case IRQ_MODE_EXTINT:
		vlm_request_kick(l->vcpu, VLM_REQ_EVENT);
		return 1;
	}
	return -1;
}

/* Of two that are addressed; the count of turns may be off by a race. */
static bool before(const struct vlm_lapic *a, const struct vlm_lapic *b)
{
	u32 apr_a = lapic_apr(a), apr_b = lapic_apr(b);

	if (apr_a != apr_b)
		return apr_a < apr_b;
	return (s32)(READ_ONCE(a->turns) - READ_ONCE(b->turns)) < 0;
}

static struct vlm_lapic *lowest(struct vlm_vm *vm, struct vlm_vcpu *src,
				const struct vlm_irq_msg *msg)
{
	struct vlm_lapic *best = NULL;
	struct vlm_vcpu *vcpu;
	unsigned long index;

	vlm_vm_for_each_vcpu(vm, index, vcpu) {
		struct vlm_lapic *l = vcpu->lapic;

		if (!l || !lapic_sw_enabled(l) || !addressed(l, src, msg))
			continue;
		if (!best || before(l, best))
			best = l;
	}
	if (best)
		WRITE_ONCE(best->turns, best->turns + 1);
	return best;
}

int vlm_lapic_deliver(struct vlm_vm *vm, struct vlm_vcpu *src, const struct vlm_irq_msg *msg)
{
	struct vlm_vcpu *vcpu;
	unsigned long index;
	int ret, reached = -1;

	if (msg->mode == IRQ_MODE_LOWEST) {
		struct vlm_lapic *l = lowest(vm, src, msg);

		return l ? deliver_one(l, msg) : -1;
	}

	vlm_vm_for_each_vcpu(vm, index, vcpu) {
		struct vlm_lapic *l = vcpu->lapic;

		if (!l || !lapic_hw_enabled(l) || !addressed(l, src, msg))
			continue;
		ret = deliver_one(l, msg);
		if (ret >= 0)
			reached = max(reached, 0) + ret;
	}
	return reached;
}

void lapic_send_ipi(struct vlm_lapic *l, u32 low, u32 dest)
{
	struct vlm_irq_msg msg = {
		.dest = dest,
		.logical = low & APIC_DEST_LOGICAL,
		.mode = GET_APIC_DELIVERY_MODE(low),
		.vector = low & APIC_VECTOR_MASK,
		.level = low & APIC_INT_LEVELTRIG,
		.assert = low & APIC_INT_ASSERT,
		.shorthand = (low >> 18) & 3,
	};

	if (msg.mode <= IRQ_MODE_LOWEST && msg.vector < 16)
		lapic_error(l, APIC_ESR_SENDILL);
	else
		vlm_lapic_deliver(l->vcpu->vm, l->vcpu, &msg);
}

static bool in_set(const struct vlm_ipi_set *set, u32 id)
{
	u32 bit = id - set->min;

	return bit < 2 * set->width && (set->bits[bit / set->width] >> bit % set->width & 1);
}

long vlm_lapic_send_ipis(struct vlm_vcpu *src, const struct vlm_ipi_set *set, u64 icr)
{
	struct vlm_irq_msg msg = {
		.mode = GET_APIC_DELIVERY_MODE(icr),
		.vector = icr & APIC_VECTOR_MASK,
		.level = icr & APIC_INT_LEVELTRIG,
		.assert = icr & APIC_INT_ASSERT,
	};
	struct vlm_vcpu *vcpu;
	unsigned long index;
	long reached = 0;

	if (!src->lapic)
		return -KVM_ENOSYS;
	/* Whom it is for is in the set. */
	if (icr & (APIC_DEST_LOGICAL | APIC_DEST_ALLBUT))
		return -KVM_EINVAL;
	vlm_vm_for_each_vcpu(src->vm, index, vcpu) {
		struct vlm_lapic *l = vcpu->lapic;

		if (l && lapic_hw_enabled(l) && in_set(set, READ_ONCE(l->id)))
			reached += max(deliver_one(l, &msg), 0);
	}
	return reached;
}

struct vlm_vcpu *vlm_lapic_find(struct vlm_vm *vm, u32 id)
{
	struct vlm_vcpu *vcpu;
	unsigned long index;

	vlm_vm_for_each_vcpu(vm, index, vcpu) {
		if (vcpu->lapic && READ_ONCE(vcpu->lapic->id) == id)
			return vcpu;
	}
	return NULL;
}
