// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtual machine: memory, interrupt controllers, events.
 */
#include "vellum.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../uapi/vellum.h"

static int vm_ioctl(const struct vellum_vm *vm, unsigned long cmd, const void *arg)
{
	int answer = ioctl(vm->fd, cmd, arg);

	return answer < 0 ? -errno : answer;
}

/**
 * vellum_vm_create() - KVM_CREATE_VM
 * @dev: the device
 * @vm: filled in
 *
 * Return: 0 or -errno.
 */
int vellum_vm_create(const struct vellum *dev, struct vellum_vm *vm)
{
	do {
		vm->fd = ioctl(dev->fd, KVM_CREATE_VM, 0);
	} while (vm->fd < 0 && errno == EINTR);
	return vm->fd < 0 ? -errno : 0;
}

/**
 * vellum_vm_close() - close a machine; it goes when its vCPUs are closed too
 * @vm: the machine
 */
void vellum_vm_close(struct vellum_vm *vm)
{
	if (vm->fd >= 0)
		close(vm->fd);
	vm->fd = -1;
}

/**
 * vellum_vm_check() - KVM_CHECK_EXTENSION, asked of a machine
 * @vm: the machine
 * @cap: a KVM_CAP_*
 *
 * Return: the answer, 0 for "no", or -errno.
 */
int vellum_vm_check(const struct vellum_vm *vm, unsigned int cap)
{
	int answer = ioctl(vm->fd, KVM_CHECK_EXTENSION, (unsigned long)cap);

	return answer < 0 ? -errno : answer;
}

/**
 * vellum_vm_set_memory() - KVM_SET_USER_MEMORY_REGION
 * @vm: the machine
 * @slot: number of the slot
 * @gpa: where the guest sees it
 * @size: in bytes, 0 takes the slot away
 * @memory: where this process has it
 * @flags: KVM_MEM_*
 *
 * Return: 0 or -errno.
 */
int vellum_vm_set_memory(const struct vellum_vm *vm, unsigned int slot, uint64_t gpa,
			 uint64_t size, void *memory, unsigned int flags)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return vm_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
}

/**
 * vellum_vm_set_tss_addr() - KVM_SET_TSS_ADDR
 * @vm: the machine
 * @gpa: three pages that no memory slot covers
 *
 * Return: 0 or -errno.
 */
int vellum_vm_set_tss_addr(const struct vellum_vm *vm, uint64_t gpa)
{
	return ioctl(vm->fd, KVM_SET_TSS_ADDR, (unsigned long)gpa) ? -errno : 0;
}

/**
 * vellum_vm_set_identity_map_addr() - KVM_SET_IDENTITY_MAP_ADDR
 * @vm: the machine
 * @gpa: a page that no memory slot covers
 *
 * Return: 0 or -errno.
 */
int vellum_vm_set_identity_map_addr(const struct vellum_vm *vm, uint64_t gpa)
{
	return vm_ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &gpa);
}

/**
 * vellum_vm_create_irqchip() - KVM_CREATE_IRQCHIP: PIC, I/O APIC and local APICs
 * @vm: the machine, without vCPUs so far
 *
 * Return: 0 or -errno.
 */
int vellum_vm_create_irqchip(const struct vellum_vm *vm)
{
	return vm_ioctl(vm, KVM_CREATE_IRQCHIP, NULL);
}

/**
 * vellum_vm_create_pit() - KVM_CREATE_PIT2, with the speaker port
 * @vm: the machine, with its interrupt controllers
 *
 * Return: 0 or -errno.
 */
int vellum_vm_create_pit(const struct vellum_vm *vm)
{
	struct kvm_pit_config config = { .flags = KVM_PIT_SPEAKER_DUMMY };

	return vm_ioctl(vm, KVM_CREATE_PIT2, &config);
}

/**
 * vellum_vm_irq_line() - KVM_IRQ_LINE: move an interrupt line
 * @vm: the machine
 * @gsi: the line
 * @level: where it goes
 *
 * Return: 0 or -errno.
 */
int vellum_vm_irq_line(const struct vellum_vm *vm, unsigned int gsi, bool level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = level };

	return vm_ioctl(vm, KVM_IRQ_LINE, &line);
}

/**
 * vellum_vm_irqfd() - KVM_IRQFD: an eventfd that raises an edge on a line
 * @vm: the machine
 * @eventfd: the eventfd
 * @gsi: the line
 *
 * Return: 0 or -errno.
 */
int vellum_vm_irqfd(const struct vellum_vm *vm, int eventfd, unsigned int gsi)
{
	struct kvm_irqfd irqfd = { .fd = eventfd, .gsi = gsi };

	return vm_ioctl(vm, KVM_IRQFD, &irqfd);
}

/**
 * vellum_vm_ioeventfd() - KVM_IOEVENTFD: a guest's store becomes an event
 * @vm: the machine
 * @eventfd: the eventfd
 * @addr: guest-physical address of the store
 * @len: its size in bytes
 * @match: the value that it must have
 *
 * Return: 0 or -errno.
 */
int vellum_vm_ioeventfd(const struct vellum_vm *vm, int eventfd, uint64_t addr,
			unsigned int len, uint64_t match)
{
	struct kvm_ioeventfd event = {
		.datamatch = match,
		.addr = addr,
		.len = len,
		.fd = eventfd,
		.flags = KVM_IOEVENTFD_FLAG_DATAMATCH,
	};

	return vm_ioctl(vm, KVM_IOEVENTFD, &event);
}

/**
 * vellum_vm_walk_ept() - VELLUM_WALK_EPT
 * @vm: the machine
 * @gpa: a guest-physical address
 * @walk: filled in
 *
 * Return: 0; -ENOTTY on KVM, which has no such call; -EPERM without CAP_SYS_ADMIN;
 * or another -errno.
 */
int vellum_vm_walk_ept(const struct vellum_vm *vm, uint64_t gpa, struct vellum_ept_walk *walk)
{
	memset(walk, 0, sizeof(*walk));
	walk->gpa = gpa;
	return vm_ioctl(vm, VELLUM_WALK_EPT, walk);
}
