// SPDX-License-Identifier: GPL-2.0-only
/*
 * Priorities: which interrupt is next, and when it has been served.
 * SDM 3A, "Interrupt, Task, and Processor Priority".
 */
#include "../vellum.h"

#include "../core/vcpu.h"
#include "irqchip.h"
#include "lapic_priv.h"

int lapic_highest(const struct vlm_lapic *l, unsigned int base)
{
	int word;

	for (word = 7; word >= 0; word--) {
		u32 bits = reg(l, base + word * 0x10);

		if (bits)
			return word * 32 + fls(bits) - 1;
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

bool lapic_accept(struct vlm_lapic *l, u8 vector, bool level)
{
	if (!lapic_sw_enabled(l))
		return false;
	if (vector < 16) {
		lapic_error(l, APIC_ESR_RECVILL);
		return false;
	}

	/* Before IRR, so that whoever sees the request sees its trigger mode. */
	if (level)
		set_bit(vector & 31, vector_word(l, APIC_TMR, vector));
	else
		clear_bit(vector & 31, vector_word(l, APIC_TMR, vector));

	if (test_and_set_bit(vector & 31, vector_word(l, APIC_IRR, vector)))
		return false;
	vlm_request_kick(l->vcpu, VLM_REQ_EVENT);
	return true;
}

int vlm_lapic_take_split_eoi(struct vlm_vcpu *vcpu)
{
	int vector = vcpu->lapic ? vcpu->lapic->split_eoi : -1;

	if (vector >= 0)
		vcpu->lapic->split_eoi = -1;
	return vector;
}

bool lapic_local(struct vlm_lapic *l, unsigned int lvt)
{
	u32 entry = reg(l, lvt);

	if ((entry & APIC_LVT_MASKED) || !lapic_hw_enabled(l))
		return false;

	switch (GET_APIC_DELIVERY_MODE(entry)) {
	case APIC_MODE_FIXED:
		return lapic_accept(l, entry & APIC_VECTOR_MASK,
				    entry & APIC_LVT_LEVEL_TRIGGER);
	case APIC_MODE_NMI:
		atomic_inc(&l->nmis);
		vlm_request_kick(l->vcpu, VLM_REQ_EVENT);
		return true;
	}
	return false;
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

void lapic_eoi(struct vlm_lapic *l)
{
	int vector = lapic_highest(l, APIC_ISR);

	if (vector < 0)
		return;
	clear_bit(vector & 31, vector_word(l, APIC_ISR, vector));
	if (vlm_ioapic_handles(l->vcpu->vm, vector))
		broadcast_eoi(l, vector);
	/* What was of lower priority may go now. */
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

static int deliverable(const struct vlm_lapic *l)
{
	int vector = lapic_highest(l, APIC_IRR);

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

	if (pic_waits(l))
		return vlm_pic_ack(vcpu->vm);

	vector = deliverable(l);
	if (vector < 0)
		return -1;
	clear_bit(vector & 31, vector_word(l, APIC_IRR, vector));
	set_bit(vector & 31, vector_word(l, APIC_ISR, vector));
	return vector;
}
