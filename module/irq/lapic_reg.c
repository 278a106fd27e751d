// SPDX-License-Identifier: GPL-2.0-only
/*
 * APIC registers, by their page and by x2APIC MSRs.
 * SDM 3A, "Local APIC Register Address Map".
 */
#include "../vellum.h"

#include <linux/string.h>

#include "../core/vcpu.h"
#include "lapic_priv.h"

/* Bits of each LVT entry that can be written, APIC_LVTT first. */
#define LVT_COMMON	(APIC_LVT_MASKED | APIC_VECTOR_MASK)
#define LVT_MODE	(LVT_COMMON | APIC_MODE_MASK)
#define LVT_PIN		(LVT_MODE | APIC_LVT_LEVEL_TRIGGER | APIC_INPUT_POLARITY)

static const u32 lvt_bits[LAPIC_LVTS] = {
	LVT_COMMON | APIC_LVT_TIMER_PERIODIC | APIC_LVT_TIMER_TSCDEADLINE,
	LVT_MODE,	/* thermal */
	LVT_MODE,	/* performance counters */
	LVT_PIN,	/* LINT0 */
	LVT_PIN,	/* LINT1 */
	LVT_COMMON,	/* error */
};

/* Status: read-only, and not reserved. */
#define LVT_STATUS	(APIC_SEND_PENDING | APIC_LVT_REMOTE_IRR)

#define SPIV_BITS	(APIC_VECTOR_MASK | APIC_SPIV_APIC_ENABLED | APIC_SPIV_FOCUS_DISABLED)

static u32 lvt_mask(unsigned int offset)
{
	return lvt_bits[(offset - APIC_LVTT) / 0x10];
}

/* Without its CPUID bit the deadline mode is reserved: SDM 3A, "TSC-Deadline Mode". */
static u32 lvt_writable(const struct vlm_lapic *l, unsigned int offset)
{
	u32 bits = lvt_mask(offset);

	if (offset == APIC_LVTT && !vlm_guest_has(l->vcpu, VF_TSC_DEADLINE))
		bits &= ~APIC_LVT_TIMER_TSCDEADLINE;
	return bits;
}

static void write_lvt(struct vlm_lapic *l, unsigned int offset, u32 value)
{
	value &= lvt_writable(l, offset);
	/* With the APIC off by software all entries are masked, and stay so. */
	if (!lapic_sw_enabled(l))
		value |= APIC_LVT_MASKED;
	set_reg(l, offset, value);

	/* Another mode disarms the timer. */
	if (offset == APIC_LVTT && lapic_timer_set_mode(l, value)) {
		lapic_timer_stop(l);
		set_reg(l, APIC_TMICT, 0);
		l->deadline = 0;
	}
	/* The PIC may have been waiting for this. */
	if (offset == APIC_LVT0)
		vlm_request(l->vcpu, VLM_REQ_EVENT);
}

static void write_spiv(struct vlm_lapic *l, u32 value)
{
	unsigned int lvt;

	set_reg(l, APIC_SPIV, value & SPIV_BITS);
	if (value & APIC_SPIV_APIC_ENABLED) {
		vlm_request(l->vcpu, VLM_REQ_EVENT);
		return;
	}
	for (lvt = APIC_LVTT; lvt <= APIC_LVTERR; lvt += 0x10)
		set_reg(l, lvt, reg(l, lvt) | APIC_LVT_MASKED);
}

u32 lapic_ldr(const struct vlm_lapic *l)
{
	/* SDM 3A, "Logical Destination Mode in x2APIC Mode". */
	if (lapic_x2apic(l))
		return (l->id >> 4) << 16 | BIT(l->id & 0xf);
	return reg(l, APIC_LDR);
}

static u32 read_reg(struct vlm_lapic *l, unsigned int offset)
{
	lapic_pull(l);
	lapic_pv_eoi_sync(l, false);
	switch (offset) {
	case APIC_ID:
		return lapic_x2apic(l) ? l->id : l->id << 24;
	case APIC_LVR:
		return LAPIC_VERSION | (LAPIC_LVTS - 1) << 16;
	case APIC_ARBPRI:
		return lapic_apr(l);
	case APIC_PROCPRI:
		return lapic_ppr(l);
	case APIC_TMCCT:
		return lapic_timer_count(l);
	case APIC_LDR:
		return lapic_ldr(l);
	default:
		return reg(l, offset);
	}
}

/* Registers whose write is more than a store, or not allowed. */
static void write_reg(struct vlm_lapic *l, unsigned int offset, u32 value)
{
	switch (offset) {
	case APIC_TASKPRI:
		set_reg(l, offset, value & 0xff);
		vlm_request(l->vcpu, VLM_REQ_EVENT);
		break;
	case APIC_EOI:
		lapic_eoi(l);
		break;
	case APIC_LDR:
		set_reg(l, offset, value & 0xff000000);
		break;
	case APIC_DFR:
		set_reg(l, offset, value | 0x0fffffff);
		break;
	case APIC_SPIV:
		write_spiv(l, value);
		break;
	case APIC_ESR:
		/* A write shows what was collected, and begins anew. */
		set_reg(l, offset, atomic_xchg(&l->errors, 0));
		break;
	case APIC_ICR:
		/* Delivery is immediate, so the status bit never shows. */
		set_reg(l, offset, value & ~APIC_ICR_BUSY);
		lapic_send_ipi(l, value, reg(l, APIC_ICR2) >> 24);
		break;
	case APIC_ICR2:
		set_reg(l, offset, value & 0xff000000);
		break;
	case APIC_LVTT ... APIC_LVTERR:
		if (!(offset & 0xf))
			write_lvt(l, offset, value);
		break;
	case APIC_TMICT:
		if (reg(l, APIC_LVTT) & APIC_LVT_TIMER_TSCDEADLINE)
			value = 0;
		set_reg(l, offset, value);
		if (!(reg(l, APIC_LVTT) & APIC_LVT_TIMER_TSCDEADLINE))
			lapic_timer_start(l);
		break;
	case APIC_TDCR:
		lapic_timer_set_divide(l, value);
		break;
	}
}

/* Bits of a register that can be set, for a page that comes from elsewhere. */
static u32 settable(unsigned int offset)
{
	switch (offset) {
	case APIC_TASKPRI:
		return 0xff;
	case APIC_LDR:
	case APIC_ICR2:
		return 0xff000000;
	case APIC_SPIV:
		return SPIV_BITS;
	case APIC_ISR:
	case APIC_TMR:
		return 0xffff0000;	/* vectors below 16 do not exist */
	case APIC_ICR:
		return ~(u32)APIC_ICR_BUSY;
	case APIC_LVTT ... APIC_LVTERR:
		return lvt_mask(offset);
	case APIC_TDCR:
		return 0xb;
	case APIC_DFR:
	case APIC_TMICT:
	case APIC_ISR + 0x10 ... APIC_ISR + 0x70:
	case APIC_TMR + 0x10 ... APIC_TMR + 0x70:
	/* Their priority is that of none, so here they wait for ever. */
	case APIC_IRR:
	case APIC_IRR + 0x10 ... APIC_IRR + 0x70:
		return ~0;
	case APIC_ESR:
		return APIC_ESR_SENDILL | APIC_ESR_RECVILL | APIC_ESR_ILLREGA;
	}
	return 0;
}

void lapic_load(struct vlm_lapic *l, const u8 *page)
{
	unsigned int offset;
	u32 value, mode = l->mode;

	for (offset = 0; offset < 0x400; offset += 0x10) {
		memcpy(&value, page + offset, sizeof(value));
		set_reg(l, offset, value & settable(offset));
	}
	bitmap_zero(l->pending, 256);
	set_reg(l, APIC_DFR, reg(l, APIC_DFR) | 0x0fffffff);
	/* In x2APIC mode the destination has 32 bits. */
	memcpy(&value, page + APIC_ICR2, sizeof(value));
	if (lapic_x2apic(l))
		set_reg(l, APIC_ICR2, value);
	set_reg(l, APIC_LVR, LAPIC_VERSION | (LAPIC_LVTS - 1) << 16);
	lapic_timer_mode_loaded(l);
	if ((mode ^ l->mode) & APIC_LVT_TIMER_TSCDEADLINE)
		l->deadline = 0;
}

static bool has_page(const struct vlm_lapic *l)
{
	return lapic_hw_enabled(l) && !lapic_x2apic(l);
}

/* Where no page is, the quirk has a hole that reads as ones. */
bool vlm_lapic_claims(struct vlm_vcpu *vcpu, gpa_t gpa)
{
	const struct vlm_lapic *l = vcpu->lapic;

	if (!l || (gpa & PAGE_MASK) != (vcpu->x86.apic_base & PAGE_MASK))
		return false;
	return has_page(l) || vlm_quirk(vcpu->vm, KVM_X86_QUIRK_LAPIC_MMIO_HOLE);
}

/* SDM 3A, "Local APIC Register Address Map": what is not in it is reserved. */
static bool has_register(unsigned int offset)
{
	switch (offset) {
	case APIC_ID:
	case APIC_LVR:
	case APIC_TASKPRI ... APIC_ESR:
	case APIC_ICR ... APIC_TMCCT:
	case APIC_TDCR:
		return true;
	}
	return false;
}

/* SDM 3A, "Error Handling": illegal register address, of xAPIC mode only. */
static void check_register(struct vlm_lapic *l, unsigned int offset)
{
	if (!has_register(offset))
		lapic_error(l, APIC_ESR_ILLREGA);
}

/* Registers are 32 bits wide, 16 bytes apart; between them there is nothing. */
void vlm_lapic_mmio_read(struct vlm_vcpu *vcpu, gpa_t gpa, unsigned int len, void *buf)
{
	unsigned int offset = gpa & 0xff0, byte = gpa & 0xf;
	u8 data[16] = { 0 };
	u32 value;

	if (!has_page(vcpu->lapic)) {
		memset(buf, 0xff, len);
		return;
	}
	check_register(vcpu->lapic, offset);
	if (offset < 0x400) {
		value = read_reg(vcpu->lapic, offset);
		memcpy(data, &value, sizeof(value));
	}
	memcpy(buf, data + byte, min(len, 16 - byte));
}

void vlm_lapic_mmio_write(struct vlm_vcpu *vcpu, gpa_t gpa, unsigned int len, const void *buf)
{
	u32 value;

	if (!has_page(vcpu->lapic))
		return;
	check_register(vcpu->lapic, gpa & 0xff0);
	if (len != 4 || (gpa & 0xf) || (gpa & 0xfff) >= 0x400)
		return;
	memcpy(&value, buf, sizeof(value));
	write_reg(vcpu->lapic, gpa & 0xff0, value);
}

#define X2APIC_SELF_IPI		0x83f

static bool x2apic_readable(unsigned int offset)
{
	switch (offset) {
	case APIC_ID:
	case APIC_LVR:
	case APIC_TASKPRI:
	case APIC_PROCPRI:
	case APIC_LDR:
	case APIC_SPIV:
	case APIC_ISR ... APIC_ESR:
	case APIC_ICR:
	case APIC_LVTT ... APIC_TMCCT:
	case APIC_TDCR:
		return true;
	}
	return false;
}

/* SDM 3A, "Reserved Bit Checking" in x2APIC mode; -1: the register is read-only. */
static s64 x2apic_bits(const struct vlm_lapic *l, unsigned int offset)
{
	switch (offset) {
	case APIC_EOI:
	case APIC_ESR:
		return 0;
	case APIC_LVTT ... APIC_LVTERR:
		return lvt_writable(l, offset) | APIC_SEND_PENDING |
		       (offset == APIC_LVT0 || offset == APIC_LVT1 ? LVT_STATUS : 0);
	case APIC_TASKPRI:
	case APIC_SPIV:
	case APIC_TMICT:
	case APIC_TDCR:
		return settable(offset);
	}
	return -1;
}

static bool x2apic_writable(const struct vlm_lapic *l, unsigned int offset, u64 value)
{
	s64 bits = x2apic_bits(l, offset);

	return bits >= 0 && !(value & ~(u64)bits);
}

/*
 * What the guest wrote is in the page, and what was there before is gone.  Of x2APIC
 * mode this is SELF IPI with a vector below 16.
 */
void vlm_lapic_written(struct vlm_vcpu *vcpu, unsigned int offset)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (offset == APIC_SELF_IPI)
		lapic_error(l, APIC_ESR_SENDILL);
	else if (offset == APIC_ID)
		lapic_show_id(l);
	else
		write_reg(l, offset, reg(l, offset));
}

#define ICR_RESERVED	(GENMASK(31, 20) | GENMASK(17, 16) | BIT(13))

static int x2apic_icr(struct vlm_lapic *l, u64 value)
{
	if ((u32)value & ICR_RESERVED)
		return 1;
	set_reg(l, APIC_ICR, (u32)value & ~APIC_ICR_BUSY);
	set_reg(l, APIC_ICR2, value >> 32);
	lapic_send_ipi(l, value, value >> 32);
	return 0;
}

static int self_ipi(struct vlm_lapic *l, u64 value)
{
	if (value > 0xff)
		return 1;
	if (value < 16)
		lapic_error(l, APIC_ESR_SENDILL);
	else
		lapic_accept(l, value, false);
	return 0;
}

int vlm_x2apic_read(struct vlm_vcpu *vcpu, u32 msr, u64 *value)
{
	struct vlm_lapic *l = vcpu->lapic;
	unsigned int offset = (msr - 0x800) << 4;

	if (!l || !lapic_x2apic(l) || !x2apic_readable(offset))
		return 1;
	*value = read_reg(l, offset);
	if (offset == APIC_ICR)
		*value |= (u64)reg(l, APIC_ICR2) << 32;
	return 0;
}

int vlm_x2apic_write(struct vlm_vcpu *vcpu, u32 msr, u64 value)
{
	struct vlm_lapic *l = vcpu->lapic;
	unsigned int offset = (msr - 0x800) << 4;

	if (!l || !lapic_x2apic(l))
		return 1;

	if (msr == X2APIC_SELF_IPI)
		return self_ipi(l, value);
	if (offset == APIC_ICR)
		return x2apic_icr(l, value);
	if (!x2apic_writable(l, offset, value))
		return 1;
	write_reg(l, offset, value);
	return 0;
}
