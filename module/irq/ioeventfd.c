// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest writes that signal an eventfd instead of going to user space.
 */
#include "../vellum.h"

#include <linux/eventfd.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../compat.h"
#include "../core/vm.h"
#include "eventfd.h"
#include "irqchip_priv.h"

#define KNOWN_FLAGS	(KVM_IOEVENTFD_FLAG_DATAMATCH | KVM_IOEVENTFD_FLAG_PIO | \
			 KVM_IOEVENTFD_FLAG_DEASSIGN)

/**
 * struct ioeventfd - a place, and what is signalled when it is written to
 * @node: in vlm_irq.ioeventfds
 * @dev: [I] its place on the bus
 * @bus: [I] which bus
 * @len: [I] bytes that a write must have; 0: any
 * @match: [I] only writes of @data count
 * @data: [I] see @match
 * @eventfd: [I] signalled
 */
struct ioeventfd {
	struct list_head node;
	struct vlm_iodev dev;
	enum vlm_bus_id bus;
	u32 len;
	bool match;
	u64 data;
	struct eventfd_ctx *eventfd;
};

static noinline bool matches(const struct ioeventfd *io, const void *data, int len)
{
	u64 value = 0;

	memcpy(&value, data, len);
	return io->data == value;
}

static int ioeventfd_write(struct vlm_iodev *dev, struct vlm_vcpu *vcpu, gpa_t addr, int len,
			   const void *data)
{
	struct ioeventfd *io = container_of(dev, struct ioeventfd, dev);

	if (addr != dev->start || (io->len && io->len != len))
		return BUS_UNHANDLED;
	if (io->match && !matches(io, data, len))
		return BUS_UNHANDLED;
	vlm_eventfd_signal(io->eventfd);
	return BUS_HANDLED;
}

static const struct vlm_iodev_ops ioeventfd_ops = { .write = ioeventfd_write };

static int check(const struct kvm_ioeventfd *args)
{
	switch (args->len) {
	case 0:
	case 1:
	case 2:
	case 4:
	case 8:
		break;
	default:
		return -EINVAL;
	}
	if (args->addr + args->len < args->addr)
		return -EINVAL;
	if (args->flags & ~KNOWN_FLAGS)
		return -EINVAL;
	/* A value has a length. */
	if (!args->len && (args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH))
		return -EINVAL;
	return 0;
}

/* Of a datamatch, the bytes that are written; the rest is not looked at. */
static u64 data_of(const struct kvm_ioeventfd *args)
{
	u64 data = 0;

	if (args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH)
		memcpy(&data, &args->datamatch, args->len);
	return data;
}

static enum vlm_bus_id bus_of(const struct kvm_ioeventfd *args)
{
	return args->flags & KVM_IOEVENTFD_FLAG_PIO ? BUS_PIO : BUS_MMIO;
}

/* Could one write mean both? */
static bool collide(const struct ioeventfd *a, const struct ioeventfd *b)
{
	if (a->bus != b->bus || a->dev.start != b->dev.start)
		return false;
	if (!a->len || !b->len)
		return true;
	return a->len == b->len && (!a->match || !b->match || a->data == b->data);
}

static int plug(struct vlm_vm *vm, struct ioeventfd *io)
{
	struct ioeventfd *other;
	int err;

	lockdep_assert_held(&vm->lock);
	list_for_each_entry(other, &vm->irq.ioeventfds, node) {
		if (collide(io, other))
			return -EEXIST;
	}
	err = vlm_bus_add(vm, io->bus, &io->dev);
	if (!err)
		list_add_tail(&io->node, &vm->irq.ioeventfds);
	return err;
}

static int assign(struct vlm_vm *vm, const struct kvm_ioeventfd *args,
		  struct eventfd_ctx *eventfd)
{
	struct ioeventfd *io;
	int err;

	io = kzalloc(sizeof(*io), GFP_KERNEL_ACCOUNT);
	if (!io)
		return -ENOMEM;
	io->bus = bus_of(args);
	io->len = args->len;
	io->match = args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH;
	io->data = data_of(args);
	io->eventfd = eventfd;
	io->dev.ops = &ioeventfd_ops;
	io->dev.start = args->addr;
	io->dev.end = args->addr + (args->len ? args->len - 1 : 0);
	io->dev.any_len = !args->len;

	mutex_lock(&vm->lock);
	err = plug(vm, io);
	mutex_unlock(&vm->lock);
	if (err)
		kfree(io);
	return err;
}

static void ioeventfd_free(struct ioeventfd *io)
{
	list_del(&io->node);
	eventfd_ctx_put(io->eventfd);
	kfree(io);
}

static bool is_it(const struct ioeventfd *io, const struct kvm_ioeventfd *args,
		  const struct eventfd_ctx *eventfd)
{
	return io->bus == bus_of(args) && io->dev.start == args->addr && io->len == args->len &&
	       io->match == !!(args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH) &&
	       io->data == data_of(args) && io->eventfd == eventfd;
}

static int deassign(struct vlm_vm *vm, const struct kvm_ioeventfd *args,
		    const struct eventfd_ctx *eventfd)
{
	struct ioeventfd *io;
	int err = -ENOENT;

	mutex_lock(&vm->lock);
	list_for_each_entry(io, &vm->irq.ioeventfds, node) {
		if (!is_it(io, args, eventfd))
			continue;
		vlm_bus_remove(vm, io->bus, &io->dev);
		ioeventfd_free(io);
		err = 0;
		break;
	}
	mutex_unlock(&vm->lock);
	return err;
}

int vlm_ioeventfd(struct vlm_vm *vm, const struct kvm_ioeventfd *args)
{
	struct eventfd_ctx *eventfd;
	int err;

	err = check(args);
	if (err)
		return err;
	eventfd = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	if (args->flags & KVM_IOEVENTFD_FLAG_DEASSIGN) {
		err = deassign(vm, args, eventfd);
		eventfd_ctx_put(eventfd);
		return err;
	}
	/* On success it keeps the reference. */
	err = assign(vm, args, eventfd);
	if (err)
		eventfd_ctx_put(eventfd);
	return err;
}

void vlm_ioeventfd_destroy(struct vlm_vm *vm)
{
	struct ioeventfd *io, *next;

	list_for_each_entry_safe(io, next, &vm->irq.ioeventfds, node)
		ioeventfd_free(io);
}
