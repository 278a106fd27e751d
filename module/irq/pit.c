// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 8254 of a PC: its first counter drives interrupt line 0.
 */
#include "../vellum.h"

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/timex.h>

#include "../compat.h"
#include "pit.h"
#include "pit_priv.h"

/* A guest must not keep the host busy with its timer. */
#define MIN_PERIOD_NS	(200 * NSEC_PER_USEC)

/* Ticks that are caught up with; the guest was stopped if there are more. */
#define MAX_PENDING	10000

#define KNOWN_FLAGS	(KVM_PIT_FLAGS_HPET_LEGACY | KVM_PIT_FLAGS_SPEAKER_DATA_ON)

static void forget_ticks(struct vlm_pit *pit)
{
	pit->pending = 0;
	pit->acked = true;
}

/* OUT rises; what the controllers want of it is the edge. */
static void tick(struct vlm_pit *pit)
{
	unsigned long flags;
	int ret;

	ret = vlm_irq_set(pit->vm, IRQ_SOURCE_PIT, VLM_PIT_GSI, 1);
	vlm_irq_set(pit->vm, IRQ_SOURCE_PIT, VLM_PIT_GSI, 0);
	if (ret >= 0)
		return;
	/* Masked everywhere: nobody will end it. */
	spin_lock_irqsave(&pit->lock, flags);
	forget_ticks(pit);
	spin_unlock_irqrestore(&pit->lock, flags);
}

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct vlm_pit *pit = container_of(timer, struct vlm_pit, timer);
	enum hrtimer_restart restart = HRTIMER_NORESTART;
	bool fire = true;
	unsigned long flags;
	u64 ticks = 1;

	spin_lock_irqsave(&pit->lock, flags);
	/* It was stopped, or set to another time, while this callback began. */
	if (!pit->armed || hrtimer_is_queued(timer)) {
		spin_unlock_irqrestore(&pit->lock, flags);
		return HRTIMER_NORESTART;
	}
	if (pit->period) {
		ticks = hrtimer_forward_now(timer, ns_to_ktime(pit->period));
		restart = HRTIMER_RESTART;
	}
	pit->armed = pit->period;
	if (pit->reinject) {
		pit->pending = min_t(u64, pit->pending + ticks, MAX_PENDING);
		fire = pit->acked;
		pit->acked = false;
	}
	spin_unlock_irqrestore(&pit->lock, flags);

	if (fire)
		tick(pit);
	return restart;
}

static void acked(struct vlm_irq_ack *ack)
{
	struct vlm_pit *pit = container_of(ack, struct vlm_pit, ack);
	unsigned long flags;
	bool fire = false;

	spin_lock_irqsave(&pit->lock, flags);
	if (pit->reinject) {
		if (pit->pending)
			pit->pending--;
		fire = pit->pending;
		pit->acked = !fire;
	}
	spin_unlock_irqrestore(&pit->lock, flags);
	if (fire)
		tick(pit);
}

void vlm_pit_unmasked(struct vlm_vm *vm)
{
	struct vlm_pit *pit = READ_ONCE(vm->irq.pit);
	unsigned long flags;

	if (!pit)
		return;
	spin_lock_irqsave(&pit->lock, flags);
	forget_ticks(pit);
	spin_unlock_irqrestore(&pit->lock, flags);
}

/* Counter 0 has a new count or mode. */
void pit_set_timer(struct vlm_pit *pit)
{
	const struct pit_counter *c = &pit->counter[0];
	u64 ns = mul_u64_u32_div(c->s.count, NSEC_PER_SEC, PIT_TICK_RATE);

	/* The callback may be waiting for the lock: it looks at @armed. */
	hrtimer_try_to_cancel(&pit->timer);
	pit->armed = false;
	forget_ticks(pit);
	if (!c->loaded || (pit->flags & KVM_PIT_FLAGS_HPET_LEGACY))
		return;

	switch (c->s.mode) {
	case 0:
	case 4:
		pit->period = 0;
		break;
	case 2:
	case 3:
		pit->period = max_t(u64, ns, MIN_PERIOD_NS);
		break;
	default:
		/* Modes 1 and 5 wait for the gate, which is tied high. */
		return;
	}
	pit->armed = true;
	hrtimer_start(&pit->timer, ns_to_ktime(c->s.count_load_time + ns), HRTIMER_MODE_ABS);
}

int vlm_pit_get(struct vlm_vm *vm, struct kvm_pit_state2 *out)
{
	struct vlm_pit *pit = READ_ONCE(vm->irq.pit);
	unsigned long flags;
	unsigned int n;

	if (!pit)
		return -ENXIO;
	spin_lock_irqsave(&pit->lock, flags);
	for (n = 0; n < ARRAY_SIZE(pit->counter); n++)
		out->channels[n] = pit->counter[n].s;
	out->flags = pit->flags;
	spin_unlock_irqrestore(&pit->lock, flags);
	return 0;
}

int vlm_pit_set(struct vlm_vm *vm, const struct kvm_pit_state2 *in)
{
	struct vlm_pit *pit = READ_ONCE(vm->irq.pit);
	unsigned long flags;
	unsigned int n;

	if (!pit)
		return -ENXIO;
	if (in->flags & ~KNOWN_FLAGS)
		return -EINVAL;
	for (n = 0; n < ARRAY_SIZE(pit->counter); n++) {
		if (!pit_valid(&in->channels[n]))
			return -EINVAL;
	}
	spin_lock_irqsave(&pit->lock, flags);
	pit->flags = in->flags;
	for (n = 0; n < ARRAY_SIZE(pit->counter); n++)
		pit_restore(&pit->counter[n], &in->channels[n], ktime_get_ns());
	pit_set_timer(pit);
	spin_unlock_irqrestore(&pit->lock, flags);
	return 0;
}

int vlm_pit_set_reinject(struct vlm_vm *vm, bool reinject)
{
	struct vlm_pit *pit = READ_ONCE(vm->irq.pit);
	unsigned long flags;

	if (!pit)
		return -ENXIO;
	spin_lock_irqsave(&pit->lock, flags);
	if (pit->reinject != reinject)
		forget_ticks(pit);
	pit->reinject = reinject;
	spin_unlock_irqrestore(&pit->lock, flags);
	return 0;
}

static struct vlm_pit *pit_alloc(struct vlm_vm *vm)
{
	struct vlm_pit *pit;
	unsigned int n;

	pit = kzalloc(sizeof(*pit), GFP_KERNEL_ACCOUNT);
	if (!pit)
		return NULL;
	spin_lock_init(&pit->lock);
	pit->vm = vm;
	pit->reinject = true;
	forget_ticks(pit);
	vlm_hrtimer_setup(&pit->timer, timer_fired, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	/* Port 61h drives the gate of counter 2; the others' are tied high. */
	for (n = 0; n < ARRAY_SIZE(pit->counter); n++)
		pit_reset(&pit->counter[n], n != 2, ktime_get_ns());

	pit->ack.gsi = VLM_PIT_GSI;
	pit->ack.acked = acked;
	return pit;
}

int vlm_pit_create(struct vlm_vm *vm, u32 flags)
{
	struct vlm_pit *pit;
	int err;

	if (flags & ~KVM_PIT_SPEAKER_DUMMY)
		return -EINVAL;
	if (vlm_irq_mode(vm) != IRQCHIP_KERNEL)
		return -ENOENT;

	pit = pit_alloc(vm);
	if (!pit)
		return -ENOMEM;
	mutex_lock(&vm->lock);
	err = vm->irq.pit ? -EEXIST : pit_plug(pit, flags & KVM_PIT_SPEAKER_DUMMY);
	if (!err) {
		/* Whoever sees it sees all of it. */
		smp_store_release(&vm->irq.pit, pit);
		mutex_lock(&vm->irq.lock);
		vlm_irq_ack_add(vm, &pit->ack);
		mutex_unlock(&vm->irq.lock);
	}
	mutex_unlock(&vm->lock);
	if (err)
		kfree(pit);
	return err;
}

/* At the VM's end: the bus is empty, and nobody ends interrupts any more. */
void vlm_pit_destroy(struct vlm_vm *vm)
{
	struct vlm_pit *pit = vm->irq.pit;

	if (!pit)
		return;
	hrtimer_cancel(&pit->timer);
	vm->irq.pit = NULL;
	kfree(pit);
}
