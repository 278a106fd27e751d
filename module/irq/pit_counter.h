/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One counter of an 8254.  Datasheet "82C54 CHMOS Programmable Interval Timer".
 */
#ifndef VELLUM_IRQ_PIT_COUNTER_H
#define VELLUM_IRQ_PIT_COUNTER_H

#include <linux/kvm.h>
#include <linux/types.h>

/* No control word was written yet. */
#define PIT_MODE_NONE	0xff

/**
 * struct pit_counter - a counter
 * @s: registers, in the form of KVM's ABI; @s.count is 1 to 65536,
 *     @s.count_load_time when the count began, in ns
 * @loaded: a count was written since the control word
 * @triggered: in modes 1 and 5, GATE rose since then
 * @stopped: ns that had passed when GATE fell
 *
 * A count begins at once, not with the next clock; in modes 2 and 3 it does not
 * wait for the end of the period.
 */
struct pit_counter {
	struct kvm_pit_channel_state s;
	bool loaded;
	bool triggered;
	u64 stopped;
};

/** pit_reset() - no mode, the longest count. */
void pit_reset(struct pit_counter *c, bool gate, u64 now);
/** pit_restore() - go on from saved registers; the count begins afresh. */
void pit_restore(struct pit_counter *c, const struct kvm_pit_channel_state *s, u64 now);
/** pit_valid() - could a counter be in this state? */
bool pit_valid(const struct kvm_pit_channel_state *s);

/** pit_out() - the OUT pin. */
bool pit_out(const struct pit_counter *c, u64 now);
/** pit_gate() - drive the GATE pin. */
void pit_gate(struct pit_counter *c, bool gate, u64 now);

/** pit_control() - a control word, other than read-back. */
void pit_control(struct pit_counter *c, u8 word, u64 now);
void pit_latch_count(struct pit_counter *c, u64 now);
void pit_latch_status(struct pit_counter *c, u64 now);
u8 pit_read(struct pit_counter *c, u64 now);
/** pit_write() - true when the count is complete, and begins. */
bool pit_write(struct pit_counter *c, u8 value, u64 now);

#endif /* VELLUM_IRQ_PIT_COUNTER_H */
