/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioctls are rows of a table; the dispatcher copies and locks, so that a
 * handler only does its work.
 */
#ifndef VELLUM_CORE_IOCTL_H
#define VELLUM_CORE_IOCTL_H

#include <linux/ioctl.h>

#include "types.h"

/* The largest structure that the dispatcher copies: struct kvm_xsave. */
#define VLM_IOCTL_MAX_SIZE	4096

/*
 * What a row asks of the dispatcher.  Without VLM_RAW, a command that carries
 * a structure has it copied in and out, as the direction bits of the command
 * say, and the handler gets a kernel pointer.  With it, or when the command
 * carries no structure, the handler gets the ioctl's argument as it is.
 */
#define VLM_RAW		BIT(0)

/**
 * struct vlm_ioctl - one ioctl command
 * @cmd: the full command; its low byte alone is not unique in KVM's ABI
 * @flags: VLM_RAW
 * @fn: @obj is the VM or vCPU, @arg a kernel pointer or the raw argument;
 *      returns what ioctl(2) returns
 */
struct vlm_ioctl {
	unsigned int cmd;
	unsigned int flags;
	long (*fn)(void *obj, unsigned long arg);
};

/**
 * vlm_ioctl_dispatch() - find @cmd in @table and run it
 *
 * Return: the handler's value; -ENOTTY when @cmd is not in the table; -EFAULT
 * for a bad user pointer; -ENOMEM.  Context: may sleep.
 */
long vlm_ioctl_dispatch(const struct vlm_ioctl *table, unsigned int rows, void *obj,
			unsigned int cmd, unsigned long arg);

long vlm_ioctl_sys(unsigned int cmd, unsigned long arg);
long vlm_ioctl_vm(struct vlm_vm *vm, unsigned int cmd, unsigned long arg);
long vlm_ioctl_irq(struct vlm_vm *vm, unsigned int cmd, unsigned long arg);
long vlm_ioctl_vcpu(struct vlm_vcpu *vcpu, unsigned int cmd, unsigned long arg);

/**
 * vlm_copy_in() - a copy of an argument, charged to the caller as memdup_user()'s is not
 *
 * Return: what kvfree() takes; -ENOMEM, -EFAULT.  Context: may sleep.
 */
void *vlm_copy_in(const void __user *from, size_t size);

/** vlm_check_extension() - the value of a KVM_CAP_*; 0 when there is none. */
long vlm_check_extension(unsigned long cap);

#endif /* VELLUM_CORE_IOCTL_H */
