/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the PIT's timer and its ports share.
 */
#ifndef VELLUM_IRQ_PIT_PRIV_H
#define VELLUM_IRQ_PIT_PRIV_H

#include <linux/hrtimer.h>

#include "../core/vcpu.h"
#include "irqchip_priv.h"
#include "pit_counter.h"

/**
 * struct vlm_pit - the PIT
 * @lock: guards all of it; taken with interrupts off, and innermost: lines are
 *        driven without it
 * @vm: [I] the VM
 * @counter: the three counters
 * @flags: KVM_PIT_FLAGS_*
 * @timer: when counter 0 reaches its end
 * @armed: @timer is to do something when it fires
 * @period: of counter 0, in ns; 0 when it ends once
 * @reinject: ticks that the guest misses are given to it later
 * @acked: the guest has ended its last tick
 * @pending: ticks that it has not ended, the one it has in hand included
 * @ack: tells of the end
 * @ports: [I] the counters' place on the bus
 * @speaker: [I] that of port 61h
 */
struct vlm_pit {
	spinlock_t lock;
	struct vlm_vm *vm;
	struct pit_counter counter[3];
	u32 flags;
	struct hrtimer timer;
	bool armed;
	u64 period;
	bool reinject;
	bool acked;
	u32 pending;
	struct vlm_irq_ack ack;
	struct vlm_iodev ports;
	struct vlm_iodev speaker;
};

/** pit_set_timer() - counter 0 has a new count or mode; @lock held. */
void pit_set_timer(struct vlm_pit *pit);

/** pit_plug() - put the PIT on the bus; vm->lock held. */
int pit_plug(struct vlm_pit *pit, bool speaker);

#endif /* VELLUM_IRQ_PIT_PRIV_H */
