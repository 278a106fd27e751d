// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ports of the PIT: three counters behind four of them, and port 61h, which
 * drives the gate of the third.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/ktime.h>

#include "pit_priv.h"

#define PIT_BASE	0x40
#define PIT_CONTROL	3	/* of its four ports */
#define PIT_PORTS	4

#define SPEAKER_PORT	0x61
#define SPEAKER_GATE	BIT(0)
#define SPEAKER_DATA	BIT(1)
#define SPEAKER_REFRESH	BIT(4)
#define SPEAKER_OUT	BIT(5)
#define REFRESH_SHIFT	14	/* toggles about every 15 microseconds */

/* Read-back command; its bits are active when low, but for the counters'. */
#define READ_BACK		3
#define READ_BACK_NO_COUNT	BIT(5)
#define READ_BACK_NO_STATUS	BIT(4)

static void write_control(struct vlm_pit *pit, u8 word, u64 now)
{
	unsigned int n = word >> 6;

	if (n != READ_BACK) {
		pit_control(&pit->counter[n], word, now);
		if (!n && !pit->counter[0].loaded)
			pit_set_timer(pit);
		return;
	}
	for (n = 0; n < ARRAY_SIZE(pit->counter); n++) {
		if (!(word & BIT(n + 1)))
			continue;
		if (!(word & READ_BACK_NO_COUNT))
			pit_latch_count(&pit->counter[n], now);
		if (!(word & READ_BACK_NO_STATUS))
			pit_latch_status(&pit->counter[n], now);
	}
}

/* An 8-bit device: the chip set makes single cycles of a wider access. */
static int pit_port_write(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
			  const void *data)
{
	struct vlm_pit *pit = container_of(dev, struct vlm_pit, ports);
	unsigned int n = addr - PIT_BASE;
	u64 now = ktime_get_ns();
	const u8 *byte = data;
	unsigned long flags;
	bool loaded;

	spin_lock_irqsave(&pit->lock, flags);
	for (; len; len--, n++, byte++) {
		if (n == PIT_CONTROL) {
			write_control(pit, *byte, now);
			continue;
		}
		loaded = pit_write(&pit->counter[n], *byte, now);
		if (!n && (loaded || !pit->counter[0].loaded))
			pit_set_timer(pit);
	}
	spin_unlock_irqrestore(&pit->lock, flags);
	return BUS_HANDLED;
}

static int pit_port_read(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
			 void *data)
{
	struct vlm_pit *pit = container_of(dev, struct vlm_pit, ports);
	unsigned int n = addr - PIT_BASE;
	u64 now = ktime_get_ns();
	unsigned long flags;
	u8 *byte = data;

	spin_lock_irqsave(&pit->lock, flags);
	for (; len; len--, n++)
		*byte++ = n == PIT_CONTROL ? 0 : pit_read(&pit->counter[n], now);
	spin_unlock_irqrestore(&pit->lock, flags);
	return BUS_HANDLED;
}

static const struct vlm_iodev_ops pit_ops = { .read = pit_port_read, .write = pit_port_write };

static int speaker_write(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
			 const void *data)
{
	struct vlm_pit *pit = container_of(dev, struct vlm_pit, speaker);
	u8 value = *(const u8 *)data;
	unsigned long flags;

	spin_lock_irqsave(&pit->lock, flags);
	pit->flags &= ~KVM_PIT_FLAGS_SPEAKER_DATA_ON;
	if (value & SPEAKER_DATA)
		pit->flags |= KVM_PIT_FLAGS_SPEAKER_DATA_ON;
	pit_gate(&pit->counter[2], value & SPEAKER_GATE, ktime_get_ns());
	spin_unlock_irqrestore(&pit->lock, flags);
	return BUS_HANDLED;
}

static int speaker_read(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
			void *data)
{
	struct vlm_pit *pit = container_of(dev, struct vlm_pit, speaker);
	u64 now = ktime_get_ns();
	unsigned long flags;
	u8 value = 0;

	spin_lock_irqsave(&pit->lock, flags);
	if (pit->counter[2].s.gate)
		value |= SPEAKER_GATE;
	if (pit->flags & KVM_PIT_FLAGS_SPEAKER_DATA_ON)
		value |= SPEAKER_DATA;
	if (now >> REFRESH_SHIFT & 1)
		value |= SPEAKER_REFRESH;
	if (pit_out(&pit->counter[2], now))
		value |= SPEAKER_OUT;
	spin_unlock_irqrestore(&pit->lock, flags);
	*(u8 *)data = value;
	return BUS_HANDLED;
}

static const struct vlm_iodev_ops speaker_ops = { .read = speaker_read, .write = speaker_write };

int pit_plug(struct vlm_pit *pit, bool speaker)
{
	int err;

	pit->ports.ops = &pit_ops;
	pit->ports.start = PIT_BASE;
	pit->ports.end = PIT_BASE + PIT_PORTS - 1;
	err = vlm_bus_add(pit->vm, BUS_PIO, &pit->ports);
	if (err || !speaker)
		return err;

	pit->speaker.ops = &speaker_ops;
	pit->speaker.start = SPEAKER_PORT;
	pit->speaker.end = SPEAKER_PORT;
	err = vlm_bus_add(pit->vm, BUS_PIO, &pit->speaker);
	if (err)
		vlm_bus_remove(pit->vm, BUS_PIO, &pit->ports);
	return err;
}
