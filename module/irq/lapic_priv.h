/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For lapic_*.c only.
 */
#ifndef VELLUM_IRQ_LAPIC_PRIV_H
#define VELLUM_IRQ_LAPIC_PRIV_H

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/hrtimer.h>
#include <asm/apicdef.h>
#include <asm/msr-index.h>

#include "../core/vcpu.h"
#include "lapic.h"

/**
 * struct vlm_lapic - one local APIC
 * @vcpu: [I] whose it is
 * @regs: [I] the register page, as the guest would see it at its base address
 * @pending: [a] vectors that arrived and are not in IRR yet
 * @levels: [a] and which of them are level-triggered
 * @msgs: [a] LAPIC_MSG_*: what arrived and is not done yet
 * @nmis: [a] NMIs that arrived
 * @sipi_vector: [a] of the last SIPI
 * @errors: [a] APIC_ESR_* seen since ESR was written last
 * @turns: [a] lowest-priority interrupts taken: among equals the least goes next
 * @vapic: [v] where the guest keeps its task priority, or 0
 * @pv_eoi_armed: [v] the guest was told that clearing the flag is an EOI
 * @pv_eoi_flag: [v] where that flag is; MSR_KVM_PV_EOI_EN may have another by now
 * @split_eoi: [v] vector whose EOI user space must be told, or -1
 * @id: [v] the APIC id, 32 bits in x2APIC mode
 * @timer: watches it for the host; its function runs in interrupt context
 * @in_guest: [v] the CPU's own timer does, see vmx_timer_set()
 * @far: [v] nobody does, the deadline is too far away
 * @held: [v] it would be on the host, but is between hold and release
 * @mode: [v] APIC_LVT_TIMER_* that it runs by; the guest may write LVTT by itself
 * @tdcr: [v] the divide configuration, likewise
 * @period_ns: [v] of the periodic timer; read by the timer's function
 * @target: [v] when it fires, one-shot and periodic
 * @deadline: [v] IA32_TSC_DEADLINE; 0: not armed
 *
 * Letters: [I] immutable, [a] atomic, [v] under the vCPU mutex.
 */
struct vlm_lapic {
	struct vlm_vcpu *vcpu;
	void *regs;
	DECLARE_BITMAP(pending, 256);
	DECLARE_BITMAP(levels, 256);
	unsigned long msgs;
	atomic_t nmis;
	u8 sipi_vector;
	atomic_t errors;
	u32 turns;
	u64 vapic;
	bool pv_eoi_armed;
	gpa_t pv_eoi_flag;
	int split_eoi;
	u32 id;
	struct hrtimer timer;
	bool in_guest;
	bool far;
	bool held;
	u32 mode;
	u32 tdcr;
	u64 period_ns;
	ktime_t target;
	u64 deadline;
};

enum { LAPIC_MSG_INIT, LAPIC_MSG_SIPI, LAPIC_MSG_KICK };

/* The bus clock of the timer: 1 GHz, so a count is a nanosecond. */
#define LAPIC_VERSION	0x14
#define LAPIC_LVTS	6

static inline u32 reg(const struct vlm_lapic *l, unsigned int offset)
{
	return READ_ONCE(*(u32 *)(l->regs + offset));
}

static inline void set_reg(struct vlm_lapic *l, unsigned int offset, u32 value)
{
	WRITE_ONCE(*(u32 *)(l->regs + offset), value);
}

/* IRR, ISR and TMR: eight registers of 32 bits, 16 bytes apart. */
static inline unsigned long *vector_word(struct vlm_lapic *l, unsigned int base, u8 vector)
{
	return l->regs + base + (vector >> 5) * 0x10;
}

/** lapic_arrived() - is there anything for lapic_pull()? */
static inline bool lapic_arrived(const struct vlm_lapic *l)
{
	unsigned long any = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(l->pending); i++)
		any |= READ_ONCE(l->pending[i]);
	return any;
}

void lapic_pull_arrived(struct vlm_lapic *l);

/**
 * lapic_pull() - what has arrived goes to IRR and TMR
 *
 * While the guest runs the page is the CPU's, so others leave interrupts beside
 * it.  Context: the vCPU's thread, outside guest code.
 */
static inline void lapic_pull(struct vlm_lapic *l)
{
	if (lapic_arrived(l))
		lapic_pull_arrived(l);
}

/** lapic_any() - is a vector set in IRR, ISR or TMR? */
static inline bool lapic_any(const struct vlm_lapic *l, unsigned int base)
{
	u32 any = 0;
	unsigned int word;

#pragma GCC unroll 8
	for (word = 0; word < 8; word++)
		any |= reg(l, base + word * 0x10);
	return any;
}

/** lapic_highest() - highest vector set in IRR, ISR or TMR, or -1. */
int lapic_highest(const struct vlm_lapic *l, unsigned int base);

/** lapic_show_id() - the register page gets the APIC id. */
void lapic_show_id(struct vlm_lapic *l);

static inline bool lapic_x2apic(const struct vlm_lapic *l)
{
	return READ_ONCE(l->vcpu->x86.apic_base) & X2APIC_ENABLE;
}

/** lapic_hw_enabled() - IA32_APIC_BASE says so. */
static inline bool lapic_hw_enabled(const struct vlm_lapic *l)
{
	return READ_ONCE(l->vcpu->x86.apic_base) & MSR_IA32_APICBASE_ENABLE;
}

/** lapic_sw_enabled() - and the spurious-interrupt register too. */
bool lapic_sw_enabled(const struct vlm_lapic *l);

/* lapic_prio.c */
/** lapic_accept() - set @vector pending: 1, 0 when it was, -1 if refused.  Any context. */
int lapic_accept(struct vlm_lapic *l, u8 vector, bool level);
void lapic_eoi(struct vlm_lapic *l);
u32 lapic_ppr(const struct vlm_lapic *l);
u32 lapic_apr(const struct vlm_lapic *l);
/** lapic_error() - an APIC_ESR_* bit to collect.  Any context. */
void lapic_error(struct vlm_lapic *l, u32 error);
/** lapic_local() - a local interrupt, as its LVT entry says.  Any context. */
void lapic_local(struct vlm_lapic *l, unsigned int lvt);

/* lapic_pv.c */
void lapic_pv_eoi_look(struct vlm_lapic *l, bool take);

/**
 * lapic_pv_eoi_sync() - has the guest ended its interrupt meanwhile?
 *
 * If not, and with @take, it must write to EOI to do so.
 */
static inline void lapic_pv_eoi_sync(struct vlm_lapic *l, bool take)
{
	if (unlikely(l->pv_eoi_armed))
		lapic_pv_eoi_look(l, take);
}

/** lapic_pv_eoi_arm() - @vector goes to the guest: let it end without an exit. */
void lapic_pv_eoi_arm(struct vlm_lapic *l, u8 vector);

/* lapic_reg.c */
/** lapic_load() - take all registers from a saved page; the timer is not set. */
void lapic_load(struct vlm_lapic *l, const u8 *page);
/** lapic_ldr() - the logical destination register. */
u32 lapic_ldr(const struct vlm_lapic *l);

/* lapic_timer.c */
void lapic_timer_init(struct vlm_lapic *l);
void lapic_timer_stop(struct vlm_lapic *l);
/** lapic_timer_start() - the initial count or the deadline was written. */
void lapic_timer_start(struct vlm_lapic *l);
/** lapic_timer_restore() - go on where the current count was @left. */
void lapic_timer_restore(struct vlm_lapic *l, u32 left);
/** lapic_timer_set_divide() - the divide configuration was written. */
void lapic_timer_set_divide(struct vlm_lapic *l, u32 value);
/** lapic_timer_set_mode() - LVTT was written: true when the mode is another. */
bool lapic_timer_set_mode(struct vlm_lapic *l, u32 lvtt);
/** lapic_timer_mode_loaded() - LVTT and TDCR were loaded; it does not run. */
void lapic_timer_mode_loaded(struct vlm_lapic *l);
u32 lapic_timer_count(const struct vlm_lapic *l);
/**
 * lapic_timer_hold() - the current count; the timer does not fire until the release
 *
 * Its interrupt is in what lapic_pull() sees, or still to come: never both.
 */
u32 lapic_timer_hold(struct vlm_lapic *l);
void lapic_timer_release(struct vlm_lapic *l);

/* lapic_msg.c */
/** lapic_send_ipi() - the interrupt command register was written. */
void lapic_send_ipi(struct vlm_lapic *l, u32 low, u32 dest);

#endif /* VELLUM_IRQ_LAPIC_PRIV_H */
