// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of the interrupt controllers that a VM's CPUs share.
 */
#include "../vellum.h"

#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/rculist.h>

#include "../core/vcpu.h"
#include "../core/vm.h"
#include "eventfd.h"
#include "irqchip_priv.h"
#include "pit.h"
#include "routing.h"

int vlm_irq_init(struct vlm_vm *vm)
{
	struct vlm_irq *irq = &vm->irq;

	mutex_init(&irq->lock);
	INIT_HLIST_HEAD(&irq->acks);
	INIT_LIST_HEAD(&irq->irqfds);
	spin_lock_init(&irq->irqfd_lock);
	INIT_LIST_HEAD(&irq->resamplers);
	INIT_LIST_HEAD(&irq->ioeventfds);
	INIT_LIST_HEAD(&irq->zones);
	spin_lock_init(&irq->ring_lock);
	irq->ring = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	return irq->ring ? 0 : -ENOMEM;
}

static void destroy_chips(struct vlm_vm *vm)
{
	vlm_pic_destroy(vm);
	vlm_ioapic_destroy(vm);
	vlm_routing_destroy(vm);
}

void vlm_irq_destroy(struct vlm_vm *vm)
{
	/* First what acts of itself. */
	vlm_irqfd_destroy(vm);
	vlm_pit_destroy(vm);
	/* No vCPU runs: what is on the buses need not be taken off one by one. */
	vlm_bus_destroy(vm);
	vlm_ioeventfd_destroy(vm);
	vlm_coalesced_destroy(vm);
	destroy_chips(vm);
	free_page((unsigned long)vm->irq.ring);
}

static int create_chips(struct vlm_vm *vm)
{
	int err;

	err = vlm_pic_create(vm);
	if (!err)
		err = vlm_ioapic_create(vm);
	if (!err) {
		mutex_lock(&vm->irq.lock);
		err = vlm_routing_default(vm);
		mutex_unlock(&vm->irq.lock);
	}
	if (err)
		destroy_chips(vm);
	return err;
}

int vlm_irq_create(struct vlm_vm *vm)
{
	int err;

	mutex_lock(&vm->lock);
	if (vm->irq.mode != IRQCHIP_NONE)
		err = -EEXIST;
	else if (vm->nr_vcpus)
		err = -EINVAL;
	else
		err = create_chips(vm);
	if (!err) {
		/* Pairs with vlm_irq_mode(): who sees the mode sees the chips. */
		smp_store_release(&vm->irq.mode, IRQCHIP_KERNEL);
	}
	mutex_unlock(&vm->lock);
	return err;
}

int vlm_irq_split(struct vlm_vm *vm, u64 pins)
{
	int err;

	if (pins > VLM_MAX_ROUTES)
		return -EINVAL;

	mutex_lock(&vm->lock);
	err = -EEXIST;
	if (vm->irq.mode == IRQCHIP_NONE && !vm->nr_vcpus) {
		mutex_lock(&vm->irq.lock);
		err = vlm_routing_empty(vm);
		mutex_unlock(&vm->irq.lock);
	}
	if (!err) {
		vm->irq.split_pins = pins;
		/* The pins first; pairs with vlm_irq_mode(). */
		smp_store_release(&vm->irq.mode, IRQCHIP_SPLIT);
	}
	mutex_unlock(&vm->lock);
	return err;
}

int vlm_irq_get_chip(struct vlm_vm *vm, struct kvm_irqchip *chip)
{
	if (vlm_irq_mode(vm) != IRQCHIP_KERNEL)
		return -ENXIO;
	switch (chip->chip_id) {
	case KVM_IRQCHIP_PIC_MASTER:
	case KVM_IRQCHIP_PIC_SLAVE:
		vlm_pic_get(vm, chip->chip_id, &chip->chip.pic);
		return 0;
	case KVM_IRQCHIP_IOAPIC:
		vlm_ioapic_get(vm, &chip->chip.ioapic);
		return 0;
	}
	return -EINVAL;
}

int vlm_irq_set_chip(struct vlm_vm *vm, const struct kvm_irqchip *chip)
{
	if (vlm_irq_mode(vm) != IRQCHIP_KERNEL)
		return -ENXIO;
	switch (chip->chip_id) {
	case KVM_IRQCHIP_PIC_MASTER:
	case KVM_IRQCHIP_PIC_SLAVE:
		return vlm_pic_set(vm, chip->chip_id, &chip->chip.pic);
	case KVM_IRQCHIP_IOAPIC:
		return vlm_ioapic_set(vm, &chip->chip.ioapic);
	}
	return -EINVAL;
}

void vlm_irq_acked(struct vlm_vm *vm, unsigned int chip, unsigned int pin)
{
	struct vlm_irq_ack *ack;
	int gsi;

	rcu_read_lock();
	gsi = vlm_routing_gsi(vm, chip, pin);
	hlist_for_each_entry_rcu(ack, &vm->irq.acks, node) {
		if (gsi >= 0 && ack->gsi == gsi)
			ack->acked(ack);
	}
	rcu_read_unlock();
}

bool vlm_irq_has_ack(struct vlm_vm *vm, unsigned int chip, unsigned int pin)
{
	int gsi = vlm_routing_gsi(vm, chip, pin);
	struct vlm_irq_ack *ack;

	hlist_for_each_entry_rcu(ack, &vm->irq.acks, node) {
		if (gsi >= 0 && ack->gsi == gsi)
			return true;
	}
	return false;
}

void vlm_irq_unmasked(struct vlm_vm *vm, unsigned int chip, unsigned int pin)
{
	rcu_read_lock();
	if (vlm_routing_gsi(vm, chip, pin) == VLM_PIT_GSI)
		vlm_pit_unmasked(vm);
	rcu_read_unlock();
}

void vlm_irq_set_eoi_vectors(struct vlm_vm *vm, const unsigned long *vectors)
{
	struct vlm_vcpu *vcpu;
	unsigned long index;
	bool same = true;
	int i;

	for (i = 0; i < ARRAY_SIZE(vm->irq.eoi_vectors); i++) {
		same &= vm->irq.eoi_vectors[i] == vectors[i];
		WRITE_ONCE(vm->irq.eoi_vectors[i], vectors[i]);
	}
	if (same)
		return;
	/*
	 * Before it can have such an interrupt, a vCPU must leave the guest to
	 * take it, and takes this on the way.
	 */
	vlm_vm_for_each_vcpu(vm, index, vcpu)
		vlm_request_kick(vcpu, VLM_REQ_EOI_MAP);
}

/* The I/O APIC must see other vectors' EOIs, too. */
static void acks_changed(struct vlm_vm *vm)
{
	if (vlm_irq_mode(vm) == IRQCHIP_KERNEL)
		vlm_ioapic_scan(vm);
}

void vlm_irq_ack_add(struct vlm_vm *vm, struct vlm_irq_ack *ack)
{
	lockdep_assert_held(&vm->irq.lock);
	hlist_add_head_rcu(&ack->node, &vm->irq.acks);
	acks_changed(vm);
}

void vlm_irq_ack_remove(struct vlm_vm *vm, struct vlm_irq_ack *ack)
{
	lockdep_assert_held(&vm->irq.lock);
	hlist_del_rcu(&ack->node);
	acks_changed(vm);
	synchronize_rcu();
}
