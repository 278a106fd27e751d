// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts from event file descriptors.
 *
 * A write to the eventfd calls back here, in the writer's context, and the line
 * is driven at once.  With resampling the line stays high until the guest ends
 * the interrupt; then it falls, and whoever asked is told by another eventfd,
 * so that a device that still wants service raises it again.
 */
#include "../vellum.h"

#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/lockdep.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "../core/vm.h"
#include "eventfd.h"
#include "irqchip_priv.h"

/* Where what was detached is freed; its waiter may not be, in its own call. */
static struct workqueue_struct *cleanup_wq;

/**
 * struct resampler - lowers a line when its interrupt ends
 * @vm: [I] the VM
 * @node: in vlm_irq.resamplers
 * @ack: tells of the end
 * @irqfds: [k] who is to be told; RCU readers
 */
struct resampler {
	struct vlm_vm *vm;
	struct list_head node;
	struct vlm_irq_ack ack;
	struct list_head irqfds;
};

/**
 * struct irqfd - one eventfd and the line that it drives
 * @vm: [I] the VM
 * @gsi: [I] the line
 * @eventfd: [I] raises it
 * @wait: [I] our place among those who wait for @eventfd
 * @poll: used once, to get there
 * @node: [f] in vlm_irq.irqfds; empty once it was detached
 * @cleanup: frees it
 * @resampler: [I] or NULL
 * @resamplefd: [I] told when the interrupt ends
 * @resampler_node: [k] in the resampler
 */
struct irqfd {
	struct vlm_vm *vm;
	u32 gsi;
	struct eventfd_ctx *eventfd;
	wait_queue_entry_t wait;
	poll_table poll;
	struct list_head node;
	struct work_struct cleanup;
	struct resampler *resampler;
	struct eventfd_ctx *resamplefd;
	struct list_head resampler_node;
};

/* Any context that may take spinlocks. */
static void inject(struct irqfd *irqfd)
{
	if (irqfd->resampler) {
		vlm_irq_set(irqfd->vm, IRQ_SOURCE_RESAMPLE, irqfd->gsi, 1);
		return;
	}
	vlm_irq_set(irqfd->vm, IRQ_SOURCE_USER, irqfd->gsi, 1);
	vlm_irq_set(irqfd->vm, IRQ_SOURCE_USER, irqfd->gsi, 0);
}

static void resampler_acked(struct vlm_irq_ack *ack)
{
	struct resampler *r = container_of(ack, struct resampler, ack);
	struct irqfd *irqfd;

	vlm_irq_set(r->vm, IRQ_SOURCE_RESAMPLE, ack->gsi, 0);
	list_for_each_entry_rcu(irqfd, &r->irqfds, resampler_node)
		vlm_eventfd_signal(irqfd->resamplefd);
}

static struct resampler *resampler_get(struct vlm_vm *vm, u32 gsi)
{
	struct resampler *r;

	lockdep_assert_held(&vm->irq.lock);
	list_for_each_entry(r, &vm->irq.resamplers, node) {
		if (r->ack.gsi == gsi)
			return r;
	}
	r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		return NULL;
	r->vm = vm;
	INIT_LIST_HEAD(&r->irqfds);
	r->ack.gsi = gsi;
	r->ack.acked = resampler_acked;
	list_add(&r->node, &vm->irq.resamplers);
	vlm_irq_ack_add(vm, &r->ack);
	return r;
}

/* The last irqfd takes the resampler, and its pull at the line, with it. */
static void resampler_put(struct resampler *r)
{
	struct vlm_vm *vm = r->vm;

	lockdep_assert_held(&vm->irq.lock);
	if (!list_empty(&r->irqfds))
		return;
	list_del(&r->node);
	vlm_irq_ack_remove(vm, &r->ack);
	vlm_irq_set(vm, IRQ_SOURCE_RESAMPLE, r->ack.gsi, 0);
	kfree(r);
}

/* Accepts one at any stage of assign(). */
static void irqfd_free(struct irqfd *irqfd)
{
	if (!IS_ERR_OR_NULL(irqfd->resamplefd))
		eventfd_ctx_put(irqfd->resamplefd);
	if (!IS_ERR_OR_NULL(irqfd->eventfd))
		eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

static void irqfd_cleanup(struct work_struct *work)
{
	struct irqfd *irqfd = container_of(work, struct irqfd, cleanup);
	struct vlm_vm *vm = irqfd->vm;
	u64 count;

	/* No callback after this. */
	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
	if (irqfd->resampler) {
		mutex_lock(&vm->irq.lock);
		list_del_rcu(&irqfd->resampler_node);
		synchronize_rcu();
		resampler_put(irqfd->resampler);
		mutex_unlock(&vm->irq.lock);
	}
	irqfd_free(irqfd);
}

/* From here on it belongs to the work queue. */
static void detach(struct irqfd *irqfd)
{
	lockdep_assert_held(&irqfd->vm->irq.irqfd_lock);
	list_del_init(&irqfd->node);
	queue_work(cleanup_wq, &irqfd->cleanup);
}

/* Called with the eventfd's lock held and interrupts off. */
static int irqfd_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct irqfd *irqfd = container_of(wait, struct irqfd, wait);
	struct vlm_irq *irq = &irqfd->vm->irq;
	__poll_t events = key_to_poll(key);
	unsigned long flags;
	u64 count;

	if (events & EPOLLIN) {
		/* Taken, so that it does not stay readable for ever. */
		eventfd_ctx_do_read(irqfd->eventfd, &count);
		inject(irqfd);
	}
	if (events & EPOLLHUP) {
		spin_lock_irqsave(&irq->irqfd_lock, flags);
		/* Unless somebody else was faster. */
		if (!list_empty(&irqfd->node))
			detach(irqfd);
		spin_unlock_irqrestore(&irq->irqfd_lock, flags);
	}
	return 0;
}

static void irqfd_queue(struct file *file, wait_queue_head_t *head, poll_table *poll)
{
	struct irqfd *irqfd = container_of(poll, struct irqfd, poll);

	/* Before readers in user space, who would take the event. */
	add_wait_queue_priority(head, &irqfd->wait);
}

static int publish(struct irqfd *irqfd)
{
	struct vlm_irq *irq = &irqfd->vm->irq;
	struct irqfd *other;
	int err = 0;

	spin_lock_irq(&irq->irqfd_lock);
	list_for_each_entry(other, &irq->irqfds, node) {
		if (other->eventfd == irqfd->eventfd)
			err = -EBUSY;
	}
	if (!err)
		list_add_tail(&irqfd->node, &irq->irqfds);
	spin_unlock_irq(&irq->irqfd_lock);
	return err;
}

/* @file keeps the eventfd open, vlm_irq.lock keeps KVM_IRQFD away. */
static int plug(struct irqfd *irqfd, struct file *file, bool resample)
{
	struct vlm_vm *vm = irqfd->vm;
	int err;

	if (resample) {
		irqfd->resampler = resampler_get(vm, irqfd->gsi);
		if (!irqfd->resampler)
			return -ENOMEM;
		list_add_rcu(&irqfd->resampler_node, &irqfd->resampler->irqfds);
	}
	err = publish(irqfd);
	if (err) {
		if (resample) {
			list_del_rcu(&irqfd->resampler_node);
			synchronize_rcu();
			resampler_put(irqfd->resampler);
		}
		return err;
	}
	/* What was written before counts, too. */
	if (vfs_poll(file, &irqfd->poll) & EPOLLIN)
		inject(irqfd);
	return 0;
}

static int assign(struct vlm_vm *vm, const struct kvm_irqfd *args, struct file *file)
{
	bool resample = args->flags & KVM_IRQFD_FLAG_RESAMPLE;
	struct irqfd *irqfd;
	int err;

	irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd)
		return -ENOMEM;
	irqfd->vm = vm;
	irqfd->gsi = args->gsi;
	INIT_LIST_HEAD(&irqfd->node);
	INIT_WORK(&irqfd->cleanup, irqfd_cleanup);
	init_waitqueue_func_entry(&irqfd->wait, irqfd_wake);
	init_poll_funcptr(&irqfd->poll, irqfd_queue);

	irqfd->eventfd = eventfd_ctx_fileget(file);
	err = PTR_ERR_OR_ZERO(irqfd->eventfd);
	if (!err && resample) {
		irqfd->resamplefd = eventfd_ctx_fdget(args->resamplefd);
		err = PTR_ERR_OR_ZERO(irqfd->resamplefd);
	}
	if (!err) {
		mutex_lock(&vm->irq.lock);
		err = plug(irqfd, file, resample);
		mutex_unlock(&vm->irq.lock);
	}
	if (err)
		irqfd_free(irqfd);
	return err;
}

static int deassign(struct vlm_vm *vm, const struct kvm_irqfd *args)
{
	struct vlm_irq *irq = &vm->irq;
	struct irqfd *irqfd, *next;
	struct eventfd_ctx *eventfd;

	eventfd = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	mutex_lock(&irq->lock);
	spin_lock_irq(&irq->irqfd_lock);
	list_for_each_entry_safe(irqfd, next, &irq->irqfds, node) {
		if (irqfd->eventfd == eventfd && irqfd->gsi == args->gsi)
			detach(irqfd);
	}
	spin_unlock_irq(&irq->irqfd_lock);
	mutex_unlock(&irq->lock);
	eventfd_ctx_put(eventfd);

	/* On return the eventfd does nothing here any more. */
	flush_workqueue(cleanup_wq);
	return 0;
}

int vlm_irqfd(struct vlm_vm *vm, const struct kvm_irqfd *args)
{
	int mode = vlm_irq_mode(vm);
	struct file *file;
	int err;

	if (args->flags & ~(KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE))
		return -EINVAL;
	if (args->flags & KVM_IRQFD_FLAG_DEASSIGN)
		return deassign(vm, args);
	if (mode == IRQCHIP_NONE || args->gsi >= VLM_MAX_ROUTES)
		return -EINVAL;
	/* The end of an interrupt is seen by a PIC or I/O APIC in the kernel. */
	if ((args->flags & KVM_IRQFD_FLAG_RESAMPLE) && mode != IRQCHIP_KERNEL)
		return -EINVAL;

	file = eventfd_fget(args->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = assign(vm, args, file);
	fput(file);
	return err;
}

void vlm_irqfd_destroy(struct vlm_vm *vm)
{
	struct vlm_irq *irq = &vm->irq;
	struct irqfd *irqfd, *next;

	spin_lock_irq(&irq->irqfd_lock);
	list_for_each_entry_safe(irqfd, next, &irq->irqfds, node)
		detach(irqfd);
	spin_unlock_irq(&irq->irqfd_lock);
	/* Also for those that were detached because their eventfd was closed. */
	flush_workqueue(cleanup_wq);
}

int __init vlm_irqfd_init(void)
{
	cleanup_wq = alloc_workqueue("vellum-irqfd", 0, 0);
	return cleanup_wq ? 0 : -ENOMEM;
}

void vlm_irqfd_exit(void)
{
	destroy_workqueue(cleanup_wq);
}
