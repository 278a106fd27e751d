// SPDX-License-Identifier: GPL-2.0-only
/*
 * Priorities: which interrupt is next, and when it has been served.
 * SDM 3A, "Interrupt, Task, and Processor Priority".
 */
#include "../vellum.h"

#include "../core/vcpu.h"
#include "../trace_irq.h"
#include "irqchip.h"
#include "lapic_priv.h"

int lapic_highest(const struct vlm_lapic *l, unsigned int base)
{
	int word;

	/* Several times an interrupt, and mostly to find none. */
#pragma GCC unroll 8
	for (word = 7; word >= 0; word--) {
		u32 bits = reg(l, base + word * 0x10);

		if (bits)
			return word * 32 + __fls(bits);
	}
	return -1;
}

static u32 class_of(int vector)
{
	return vector < 0 ? 0 : vector & 0xf0;
}

u32 lapic_ppr(const struct vlm_lapic *l)
{
	u32 tpr = reg(l, APIC_TASKPRI) & 0xff;
	u32 isr = class_of(lapic_highest(l, APIC_ISR));

	return (tpr & 0xf0) >= isr ? tpr : isr;
}

/* SDM 3A, "Arbitration Priority Register (APR)". */
u32 lapic_apr(const struct vlm_lapic *l)
{
	u32 tpr = reg(l, APIC_TASKPRI) & 0xff;
	u32 isr = class_of(lapic_highest(l, APIC_ISR));
	u32 irr = class_of(lapic_highest(l, APIC_IRR));
	int arrived = find_last_bit(l->pending, 256);

	if (arrived < 256)
		irr = max(irr, class_of(arrived));
	if ((tpr & 0xf0) >= irr && (tpr & 0xf0) > isr)
		return tpr;
	return max(isr, irr);
}

/* SDM 3A, "Error Handling": one interrupt until ESR is written. */
void lapic_error(struct vlm_lapic *l, u32 error)
{
	if (!atomic_fetch_or(error, &l->errors))
		lapic_local(l, APIC_LVTERR);
}

int lapic_accept(struct vlm_lapic *l, u8 vector, bool level)
{
	bool merges;

	if (!lapic_sw_enabled(l))
		return -1;
	if (vector < 16) {
		lapic_error(l, APIC_ESR_RECVILL);
		return -1;
	}

	/* Before the request, so that whoever sees that sees its trigger mode. */
	if (level)
		set_bit(vector, l->levels);
	else
		clear_bit(vector, l->levels);

	/* With one in IRR, unless that goes to the CPU at this very moment. */
	merges = reg(l, APIC_IRR + (vector >> 5) * 0x10) & BIT(vector & 31);
	if (test_and_set_bit(vector, l->pending)) {
		trace_irq_deliver(l->vcpu, vector, level, true);
		return 0;
	}
	trace_irq_deliver(l->vcpu, vector, level, merges);
	vlm_request_kick(l->vcpu, VLM_REQ_EVENT);
	return !merges;
}

static void pull_word(struct vlm_lapic *l, unsigned int word, u32 bits, u32 levels)
{
	unsigned int offset = word * 0x10;

	if (!bits)
		return;
	set_reg(l, APIC_TMR + offset, (reg(l, APIC_TMR + offset) & ~bits) | (bits & levels));
	set_reg(l, APIC_IRR + offset, reg(l, APIC_IRR + offset) | bits);
}

void lapic_pull_arrived(struct vlm_lapic *l)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(l->pending); i++) {
		unsigned long bits, levels;

		if (!READ_ONCE(l->pending[i]))
			continue;
		bits = xchg(&l->pending[i], 0);
		levels = READ_ONCE(l->levels[i]);
		pull_word(l, 2 * i, bits, levels);
		pull_word(l, 2 * i + 1, bits >> 32, levels >> 32);
	}
}

int vlm_lapic_take_split_eoi(struct vlm_vcpu *vcpu)
{
	int vector = vcpu->lapic ? vcpu->lapic->split_eoi : -1;

	if (vector >= 0)
		vcpu->lapic->split_eoi = -1;
	return vector;
}

void lapic_local(struct vlm_lapic *l, unsigned int lvt)
{
	u32 entry = reg(l, lvt);

	if ((entry & APIC_LVT_MASKED) || !lapic_hw_enabled(l))
		return;

	switch (GET_APIC_DELIVERY_MODE(entry)) {
	case APIC_MODE_FIXED:
		lapic_accept(l, entry & APIC_VECTOR_MASK, entry & APIC_LVT_LEVEL_TRIGGER);
		break;
	case APIC_MODE_NMI:
		atomic_inc(&l->nmis);
		vlm_request_kick(l->vcpu, VLM_REQ_EVENT);
		break;
	}
}

/* To our I/O APIC, or by way of an exit to the caller's. */
static void broadcast_eoi(struct vlm_lapic *l, u8 vector)
{
	struct vlm_vm *vm = l->vcpu->vm;

	if (vlm_split_eoi(vm, vector)) {
		l->split_eoi = vector;
		vlm_request(l->vcpu, VLM_REQ_LEAVE);
		return;
	}
	vlm_ioapic_eoi(vm, vector);
}

void vlm_lapic_eoi_done(struct vlm_vcpu *vcpu, u8 vector)
{
	trace_irq_eoi(vcpu, vector);
	if (vlm_ioapic_handles(vcpu->vm, vector))
		broadcast_eoi(vcpu->lapic, vector);
}

void lapic_eoi(struct vlm_lapic *l)
{
	int vector;

	lapic_pv_eoi_sync(l, true);
	vector = lapic_highest(l, APIC_ISR);
	if (vector < 0)
		return;
	clear_bit(vector & 31, vector_word(l, APIC_ISR, vector));
	vlm_lapic_eoi_done(l->vcpu, vector);
	/* What was of lower priority may go now.  The CPU has to know what is in service. */
	if (vmx_has_apicv() || lapic_any(l, APIC_IRR) || lapic_arrived(l))
		vlm_request(l->vcpu, VLM_REQ_EVENT);
}

/*
 * The PIC reaches a vCPU through LINT0 in ExtINT mode, or straight when its
 * APIC is off: SDM 3A, "Local Vector Table", and virtual wire mode.
 */
static bool takes_pic(const struct vlm_lapic *l)
{
	u32 lvt0 = reg(l, APIC_LVT0);

	if (!lapic_hw_enabled(l))
		return l->vcpu->index == 0;
	return !(lvt0 & APIC_LVT_MASKED) &&
	       GET_APIC_DELIVERY_MODE(lvt0) == APIC_MODE_EXTINT;
}

static bool pic_waits(const struct vlm_lapic *l)
{
	return takes_pic(l) && vlm_pic_pending(l->vcpu->vm);
}

void vlm_lapic_pic_changed(struct vlm_vm *vm)
{
	struct vlm_vcpu *vcpu;
	unsigned long index;

	vlm_vm_for_each_vcpu(vm, index, vcpu) {
		if (vcpu->lapic && takes_pic(vcpu->lapic))
			vlm_request_kick(vcpu, VLM_REQ_EVENT);
	}
}

bool vlm_lapic_takes_pic(struct vlm_vcpu *vcpu)
{
	return takes_pic(vcpu->lapic);
}

bool vlm_extint_waits(struct vlm_vcpu *vcpu)
{
	return vcpu->lapic && pic_waits(vcpu->lapic);
}

int vlm_lapic_requested(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	lapic_pull(l);
	lapic_pv_eoi_sync(l, false);
	return lapic_hw_enabled(l) ? lapic_highest(l, APIC_IRR) : -1;
}

int vlm_lapic_in_service(struct vlm_vcpu *vcpu)
{
	return lapic_highest(vcpu->lapic, APIC_ISR);
}

static int deliverable(struct vlm_lapic *l)
{
	int vector;

	lapic_pull(l);
	vector = lapic_highest(l, APIC_IRR);
	/* One that waits must hear of the end of the one in service. */
	lapic_pv_eoi_sync(l, vector >= 0);
	/* With the APIC off by software what is pending still goes. */
	if (vector < 0 || !lapic_hw_enabled(l))
		return -1;
	return class_of(vector) > (lapic_ppr(l) & 0xf0) ? vector : -1;
}

/* The vector of the PIC's interrupt is known only when it is taken. */
#define PIC_WAITS	256

int vlm_irq_peek(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l)
		return -1;
	if (pic_waits(l))
		return PIC_WAITS;
	return deliverable(l);
}

int vlm_irq_ack(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;
	int vector;

	if (!l)
		return -1;
	if (pic_waits(l))
		return vlm_pic_ack(vcpu->vm);

	vector = deliverable(l);
	if (vector < 0)
		return -1;
	clear_bit(vector & 31, vector_word(l, APIC_IRR, vector));
	set_bit(vector & 31, vector_word(l, APIC_ISR, vector));
	lapic_pv_eoi_arm(l, vector);
	return vector;
}
