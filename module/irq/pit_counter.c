// SPDX-License-Identifier: GPL-2.0-only
/*
 * One counter of an 8254.
 */
#include "../vellum.h"

#include <linux/bcd.h>
#include <linux/bits.h>
#include <linux/math64.h>
#include <linux/time64.h>
#include <linux/timex.h>

#include "pit_counter.h"

/* Control word. */
#define CW_BCD		BIT(0)
#define CW_MODE(w)	((w) >> 1 & 7)
#define CW_ACCESS(w)	((w) >> 4 & 3)

/* Access: which bytes; also where a sequence of two stands. */
enum { LATCH, LOW_BYTE, HIGH_BYTE, BOTH_LOW, BOTH_HIGH };

#define STATUS_OUT	BIT(7)
#define STATUS_NULL	BIT(6)

#define COUNT_MAX	0x10000
#define COUNT_MAX_BCD	10000

static bool is_periodic(const struct pit_counter *c)
{
	return c->s.mode == 2 || c->s.mode == 3;
}

static bool is_one_shot(const struct pit_counter *c)
{
	return c->s.mode == 1 || c->s.mode == 5;
}

/* Has the count begun? */
static bool is_counting(const struct pit_counter *c)
{
	return c->loaded && (!is_one_shot(c) || c->triggered);
}

/* Clocks since the count began. */
static u64 ticks(const struct pit_counter *c, u64 now)
{
	u64 ns = now - c->s.count_load_time;

	/* In modes 1 and 5 only a rising GATE means something. */
	if (!c->s.gate && !is_one_shot(c))
		ns = c->stopped;
	return mul_u64_u32_div(ns, PIT_TICK_RATE, NSEC_PER_SEC);
}

static u16 current_count(const struct pit_counter *c, u64 now)
{
	u32 range = c->s.bcd ? COUNT_MAX_BCD : COUNT_MAX;
	u32 n = c->s.count, left, past;
	u64 t;

	if (!is_counting(c)) {
		left = n;
	} else {
		t = ticks(c, now);
		switch (c->s.mode) {
		case 2:
			div_u64_rem(t, n, &past);
			left = n - past;
			break;
		case 3:	/* by two, and twice a period */
			div_u64_rem(2 * t, n, &past);
			left = n - past;
			break;
		default:	/* goes on below zero */
			div_u64_rem(t, range, &past);
			left = n + range - past;
			break;
		}
	}
	left %= range;
	if (c->s.bcd)
		return bin2bcd(left / 100) << 8 | bin2bcd(left % 100);
	return left;
}

bool pit_out(const struct pit_counter *c, u64 now)
{
	u32 n = c->s.count, past;
	u64 t;

	if (!is_counting(c))
		return c->s.mode != 0;
	t = ticks(c, now);
	switch (c->s.mode) {
	case 0:
	case 1:
		return t >= n;
	case 2:	/* low for the last clock of a period */
		div_u64_rem(t, n, &past);
		return !c->s.gate || past != n - 1;
	case 3:	/* a square wave; its longer half is high */
		div_u64_rem(t, n, &past);
		return !c->s.gate || past < (n + 1) / 2;
	default:	/* low for one clock at zero */
		return t != n;
	}
}

void pit_gate(struct pit_counter *c, bool gate, u64 now)
{
	bool had = c->s.gate;

	if (had && !gate) {
		c->stopped = now - c->s.count_load_time;
	} else if (!had && gate) {
		if (is_one_shot(c))
			c->triggered = true;
		if (is_one_shot(c) || is_periodic(c))
			c->s.count_load_time = now;
		else	/* modes 0 and 4 go on where they stopped */
			c->s.count_load_time = now - c->stopped;
	}
	c->s.gate = gate;
}

static void load(struct pit_counter *c, u32 value, u64 now)
{
	if (c->s.bcd)
		value = bcd2bin(value >> 8) * 100 + bcd2bin(value & 0xff);
	/* The largest count is written as zero. */
	if (!value)
		value = c->s.bcd ? COUNT_MAX_BCD : COUNT_MAX;
	c->s.count = value;
	c->s.count_load_time = now;
	c->stopped = 0;
	c->loaded = true;
}

void pit_control(struct pit_counter *c, u8 word, u64 now)
{
	unsigned int access = CW_ACCESS(word);

	if (access == LATCH) {
		pit_latch_count(c, now);
		return;
	}
	c->s.rw_mode = access;
	c->s.read_state = access;
	c->s.write_state = access;
	c->s.mode = CW_MODE(word);
	/* Modes 6 and 7 are 2 and 3. */
	if (c->s.mode > 5)
		c->s.mode -= 4;
	c->s.bcd = word & CW_BCD;
	c->loaded = false;
	c->triggered = false;
}

/* What is latched stays until it is read. */
void pit_latch_count(struct pit_counter *c, u64 now)
{
	if (c->s.count_latched)
		return;
	c->s.latched_count = current_count(c, now);
	c->s.count_latched = c->s.rw_mode;
}

void pit_latch_status(struct pit_counter *c, u64 now)
{
	if (c->s.status_latched)
		return;
	c->s.status = (pit_out(c, now) ? STATUS_OUT : 0) |
		      (is_counting(c) ? 0 : STATUS_NULL) |
		      (c->s.rw_mode & 3) << 4 | (c->s.mode & 7) << 1 | c->s.bcd;
	c->s.status_latched = 1;
}

/* Takes one byte of @count, and says by which the sequence goes on. */
static u8 next_byte(u16 count, u8 state, u8 *next)
{
	switch (state) {
	case HIGH_BYTE:
		*next = HIGH_BYTE;
		return count >> 8;
	case BOTH_LOW:
		*next = BOTH_HIGH;
		return count;
	case BOTH_HIGH:
		*next = BOTH_LOW;
		return count >> 8;
	default:
		*next = state;
		return count;
	}
}

u8 pit_read(struct pit_counter *c, u64 now)
{
	u8 value, next;

	if (c->s.status_latched) {
		c->s.status_latched = 0;
		return c->s.status;
	}
	if (c->s.count_latched) {
		value = next_byte(c->s.latched_count, c->s.count_latched, &next);
		c->s.count_latched = next == BOTH_HIGH ? HIGH_BYTE : 0;
		return value;
	}
	return next_byte(current_count(c, now), c->s.read_state, &c->s.read_state);
}

bool pit_write(struct pit_counter *c, u8 value, u64 now)
{
	switch (c->s.write_state) {
	case HIGH_BYTE:
		load(c, value << 8, now);
		return true;
	case BOTH_LOW:
		c->s.write_latch = value;
		c->s.write_state = BOTH_HIGH;
		/* In mode 0 the first byte stops the count. */
		if (c->s.mode == 0)
			c->loaded = false;
		return false;
	case BOTH_HIGH:
		c->s.write_state = BOTH_LOW;
		load(c, c->s.write_latch | value << 8, now);
		return true;
	default:
		load(c, value, now);
		return true;
	}
}

bool pit_valid(const struct kvm_pit_channel_state *s)
{
	return s->count <= COUNT_MAX && s->count_latched <= BOTH_LOW &&
	       s->status_latched <= 1 && s->read_state <= BOTH_HIGH &&
	       s->write_state <= BOTH_HIGH && s->rw_mode <= BOTH_LOW &&
	       (s->mode <= 5 || s->mode == PIT_MODE_NONE) && s->bcd <= 1 && s->gate <= 1;
}

void pit_restore(struct pit_counter *c, const struct kvm_pit_channel_state *s, u64 now)
{
	c->s = *s;
	if (!c->s.count)
		c->s.count = COUNT_MAX;
	c->s.count_load_time = now;
	c->stopped = 0;
	c->loaded = s->mode != PIT_MODE_NONE;
	c->triggered = c->loaded && s->gate;
}

void pit_reset(struct pit_counter *c, bool gate, u64 now)
{
	*c = (struct pit_counter) {
		.s.count = COUNT_MAX,
		.s.mode = PIT_MODE_NONE,
		.s.gate = gate,
		.s.count_load_time = now,
	};
}
