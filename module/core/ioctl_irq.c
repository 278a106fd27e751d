// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctls on a VM's interrupt controllers, timers and event descriptors.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/kvm.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../irq/eventfd.h"
#include "../irq/pit.h"
#include "../irq/routing.h"
#include "ioctl.h"
#include "vm.h"

static long vm_create_irqchip(void *vm, unsigned long arg)
{
	return vlm_irq_create(vm);
}

static long vm_get_irqchip(void *vm, unsigned long arg)
{
	return vlm_irq_get_chip(vm, (struct kvm_irqchip *)arg);
}

/* Some commands that set something are declared as if they got something. */
static long vm_set_irqchip(void *vm, unsigned long arg)
{
	struct kvm_irqchip *chip = vlm_copy_in((void __user *)arg, sizeof(*chip));
	long ret;

	if (IS_ERR(chip))
		return PTR_ERR(chip);
	ret = vlm_irq_set_chip(vm, chip);
	kvfree(chip);
	return ret;
}

static long vm_irq_line(void *vm, unsigned long arg)
{
	struct kvm_irq_level *line = (void *)arg;

	if (vlm_irq_mode((struct vlm_vm *)vm) == IRQCHIP_NONE)
		return -ENXIO;
	line->status = vlm_irq_set(vm, IRQ_SOURCE_USER, line->irq, !!line->level);
	return 0;
}

static long vm_signal_msi(void *vm, unsigned long arg)
{
	return vlm_msi_send(vm, (const struct kvm_msi *)arg);
}

static long vm_set_gsi_routing(void *obj, unsigned long arg)
{
	struct kvm_irq_routing __user *user = (void __user *)arg;
	struct kvm_irq_routing_entry *entries = NULL;
	struct kvm_irq_routing head;
	struct vlm_vm *vm = obj;
	long ret;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (vlm_irq_mode(vm) == IRQCHIP_NONE || head.nr > VLM_MAX_ROUTES || head.flags)
		return -EINVAL;
	if (head.nr) {
		entries = vlm_copy_in(user->entries, array_size(head.nr, sizeof(*entries)));
		if (IS_ERR(entries))
			return PTR_ERR(entries);
	}
	mutex_lock(&vm->irq.lock);
	ret = vlm_routing_set(vm, entries, head.nr);
	mutex_unlock(&vm->irq.lock);
	kvfree(entries);
	return ret;
}

static long vm_create_pit(void *vm, unsigned long arg)
{
	return vlm_pit_create(vm, KVM_PIT_SPEAKER_DUMMY);
}

static long vm_create_pit2(void *vm, unsigned long arg)
{
	const struct kvm_pit_config *config = (const void *)arg;

	return vlm_pit_create(vm, config->flags);
}

static long vm_get_pit2(void *vm, unsigned long arg)
{
	return vlm_pit_get(vm, (struct kvm_pit_state2 *)arg);
}

static long vm_set_pit2(void *vm, unsigned long arg)
{
	return vlm_pit_set(vm, (const struct kvm_pit_state2 *)arg);
}

static long vm_get_pit(void *vm, unsigned long arg)
{
	struct kvm_pit_state *out = (void *)arg;
	struct kvm_pit_state2 state;
	long ret;

	ret = vlm_pit_get(vm, &state);
	if (!ret)
		memcpy(out->channels, state.channels, sizeof(out->channels));
	return ret;
}

/* The older form has no flags, and leaves them as they are. */
static long vm_set_pit(void *vm, unsigned long arg)
{
	struct kvm_pit_state2 state;
	struct kvm_pit_state in;
	long ret;

	if (copy_from_user(&in, (void __user *)arg, sizeof(in)))
		return -EFAULT;
	ret = vlm_pit_get(vm, &state);
	if (ret)
		return ret;
	memcpy(state.channels, in.channels, sizeof(state.channels));
	return vlm_pit_set(vm, &state);
}

static long vm_reinject_control(void *vm, unsigned long arg)
{
	struct kvm_reinject_control control;

	if (copy_from_user(&control, (void __user *)arg, sizeof(control)))
		return -EFAULT;
	return vlm_pit_set_reinject(vm, control.pit_reinject);
}

static long vm_irqfd(void *vm, unsigned long arg)
{
	return vlm_irqfd(vm, (const struct kvm_irqfd *)arg);
}

static long vm_ioeventfd(void *vm, unsigned long arg)
{
	return vlm_ioeventfd(vm, (const struct kvm_ioeventfd *)arg);
}

static long vm_register_coalesced(void *vm, unsigned long arg)
{
	return vlm_coalesced_add(vm, (const struct kvm_coalesced_mmio_zone *)arg);
}

static long vm_unregister_coalesced(void *vm, unsigned long arg)
{
	return vlm_coalesced_remove(vm, (const struct kvm_coalesced_mmio_zone *)arg);
}

static const struct vlm_ioctl irq_ioctls[] = {
	{ KVM_CREATE_IRQCHIP, 0, vm_create_irqchip },
	{ KVM_GET_IRQCHIP, 0, vm_get_irqchip },
	{ KVM_SET_IRQCHIP, VLM_RAW, vm_set_irqchip },
	{ KVM_IRQ_LINE, 0, vm_irq_line },
	{ KVM_IRQ_LINE_STATUS, 0, vm_irq_line },
	{ KVM_SIGNAL_MSI, 0, vm_signal_msi },
	{ KVM_SET_GSI_ROUTING, VLM_RAW, vm_set_gsi_routing },
	{ KVM_CREATE_PIT, VLM_RAW, vm_create_pit },
	{ KVM_CREATE_PIT2, 0, vm_create_pit2 },
	{ KVM_GET_PIT, 0, vm_get_pit },
	{ KVM_SET_PIT, VLM_RAW, vm_set_pit },
	{ KVM_GET_PIT2, 0, vm_get_pit2 },
	{ KVM_SET_PIT2, 0, vm_set_pit2 },
	{ KVM_REINJECT_CONTROL, VLM_RAW, vm_reinject_control },
	{ KVM_IRQFD, 0, vm_irqfd },
	{ KVM_IOEVENTFD, 0, vm_ioeventfd },
	{ KVM_REGISTER_COALESCED_MMIO, 0, vm_register_coalesced },
	{ KVM_UNREGISTER_COALESCED_MMIO, 0, vm_unregister_coalesced },
};

long vlm_ioctl_irq(struct vlm_vm *vm, unsigned int cmd, unsigned long arg)
{
	return vlm_ioctl_dispatch(irq_ioctls, ARRAY_SIZE(irq_ioctls), vm, cmd, arg);
}
