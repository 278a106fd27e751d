// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctls on a vCPU.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/kvm.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/uaccess.h>

#include <vellum.h>

#include "../irq/lapic.h"
#include "ioctl.h"
#include "vcpu.h"

/* A row's body that only passes the copied structure on. */
#define VCPU_CALL(name, type)						\
static long vcpu_##name(void *vcpu, unsigned long arg)			\
{									\
	return vlm_##name(vcpu, (type)arg);				\
}

VCPU_CALL(get_regs, struct kvm_regs *)
VCPU_CALL(set_regs, const struct kvm_regs *)
VCPU_CALL(get_sregs, struct kvm_sregs *)
VCPU_CALL(set_sregs, const struct kvm_sregs *)
VCPU_CALL(get_sregs2, struct kvm_sregs2 *)
VCPU_CALL(set_sregs2, const struct kvm_sregs2 *)
VCPU_CALL(get_fpu, struct kvm_fpu *)
VCPU_CALL(set_fpu, const struct kvm_fpu *)
VCPU_CALL(get_xsave, struct kvm_xsave *)
VCPU_CALL(set_xsave, const struct kvm_xsave *)
VCPU_CALL(get_xsave2, void __user *)
VCPU_CALL(get_xcrs, struct kvm_xcrs *)
VCPU_CALL(set_xcrs, const struct kvm_xcrs *)
VCPU_CALL(get_msrs, struct kvm_msrs __user *)
VCPU_CALL(set_msrs, struct kvm_msrs __user *)
VCPU_CALL(set_cpuid2, struct kvm_cpuid2 __user *)
VCPU_CALL(get_cpuid2, struct kvm_cpuid2 __user *)
VCPU_CALL(get_debugregs, struct kvm_debugregs *)
VCPU_CALL(set_debugregs, const struct kvm_debugregs *)
VCPU_CALL(get_events, struct kvm_vcpu_events *)
VCPU_CALL(set_events, const struct kvm_vcpu_events *)
VCPU_CALL(get_mp_state, struct kvm_mp_state *)
VCPU_CALL(set_mp_state, const struct kvm_mp_state *)
VCPU_CALL(set_guest_debug, const struct kvm_guest_debug *)
VCPU_CALL(translate, struct kvm_translation *)
VCPU_CALL(get_lapic, struct kvm_lapic_state *)
VCPU_CALL(set_lapic, const struct kvm_lapic_state *)
VCPU_CALL(set_tsc_khz, unsigned long)

static long vcpu_get_tsc_khz(void *obj, unsigned long arg)
{
	struct vlm_vcpu *vcpu = obj;

	return vcpu->x86.tsc_khz;
}

static long vcpu_interrupt(void *obj, unsigned long arg)
{
	const struct kvm_interrupt *irq = (const void *)arg;
	struct vlm_vcpu *vcpu = obj;

	if (irq->irq > 255)
		return -EINVAL;
	/* Whose PIC is it? */
	if (vlm_irq_mode(vcpu->vm) == IRQCHIP_KERNEL)
		return -ENXIO;
	if (vcpu->events.interrupt.pending || vcpu->events.interrupt.injected)
		return -EEXIST;
	vcpu->events.interrupt.pending = true;
	vcpu->events.interrupt.soft = false;
	vcpu->events.interrupt.vector = irq->irq;
	return 0;
}

static long vcpu_nmi(void *obj, unsigned long arg)
{
	struct vlm_vcpu *vcpu = obj;

	vmx_queue_nmis(vcpu, 1);
	return 0;
}

static long vcpu_setup_mce(void *vcpu, unsigned long arg)
{
	return vlm_setup_mce(vcpu, *(const u64 *)arg);
}

static long vcpu_set_mce(void *vcpu, unsigned long arg)
{
	return vlm_set_mce(vcpu, (const struct kvm_x86_mce *)arg);
}

static long vcpu_set_vapic_addr(void *vcpu, unsigned long arg)
{
	return vlm_vapic_set(vcpu, ((const struct kvm_vapic_addr *)arg)->vapic_addr);
}

static long vcpu_kvmclock_ctrl(void *vcpu, unsigned long arg)
{
	return vlm_clock_ctrl(vcpu);
}

static long vcpu_has_attr(void *vcpu, unsigned long arg)
{
	return vlm_tsc_attr(vcpu, (const struct kvm_device_attr *)arg, VLM_ATTR_HAS);
}

static long vcpu_get_attr(void *vcpu, unsigned long arg)
{
	return vlm_tsc_attr(vcpu, (const struct kvm_device_attr *)arg, VLM_ATTR_GET);
}

static long vcpu_set_attr(void *vcpu, unsigned long arg)
{
	return vlm_tsc_attr(vcpu, (const struct kvm_device_attr *)arg, VLM_ATTR_SET);
}

static long vcpu_enable_cap(void *obj, unsigned long arg)
{
	const struct kvm_enable_cap *cap = (const void *)arg;
	struct vlm_vcpu *vcpu = obj;

	if (cap->flags || cap->cap != KVM_CAP_ENFORCE_PV_FEATURE_CPUID)
		return -EINVAL;
	vcpu->pv.enforce = cap->args[0];
	return 0;
}

static long vcpu_set_signal_mask(void *obj, unsigned long arg)
{
	struct kvm_signal_mask __user *user = (void __user *)arg;
	struct vlm_vcpu *vcpu = obj;
	struct kvm_signal_mask mask;
	sigset_t set;

	if (!user) {
		vcpu->sigset_active = false;
		return 0;
	}
	if (copy_from_user(&mask, user, sizeof(mask)))
		return -EFAULT;
	if (mask.len != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, user->sigset, sizeof(set)))
		return -EFAULT;
	sigdelsetmask(&set, sigmask(SIGKILL) | sigmask(SIGSTOP));
	vcpu->sigset = set;
	vcpu->sigset_active = true;
	return 0;
}

static long vcpu_get_doctor(void *vcpu, unsigned long arg)
{
	return vlm_doctor_get(vcpu, (struct vellum_doctor *)arg);
}

static long vcpu_get_stats_fd(void *vcpu, unsigned long arg)
{
	return vlm_vcpu_stats_fd(vcpu);
}

static const struct vlm_ioctl vcpu_ioctls[] = {
	{ KVM_GET_REGS, 0, vcpu_get_regs },
	{ KVM_SET_REGS, 0, vcpu_set_regs },
	{ KVM_GET_SREGS, 0, vcpu_get_sregs },
	{ KVM_SET_SREGS, 0, vcpu_set_sregs },
	{ KVM_GET_SREGS2, 0, vcpu_get_sregs2 },
	{ KVM_SET_SREGS2, 0, vcpu_set_sregs2 },
	{ KVM_INTERRUPT, 0, vcpu_interrupt },
	{ KVM_NMI, 0, vcpu_nmi },
	{ KVM_GET_FPU, 0, vcpu_get_fpu },
	{ KVM_SET_FPU, 0, vcpu_set_fpu },
	{ KVM_GET_XSAVE, 0, vcpu_get_xsave },
	{ KVM_SET_XSAVE, 0, vcpu_set_xsave },
	{ KVM_GET_XSAVE2, VLM_RAW, vcpu_get_xsave2 },
	{ KVM_GET_XCRS, 0, vcpu_get_xcrs },
	{ KVM_SET_XCRS, 0, vcpu_set_xcrs },
	{ KVM_GET_MSRS, VLM_RAW, vcpu_get_msrs },
	{ KVM_SET_MSRS, VLM_RAW, vcpu_set_msrs },
	{ KVM_SET_CPUID2, VLM_RAW, vcpu_set_cpuid2 },
	{ KVM_GET_CPUID2, VLM_RAW, vcpu_get_cpuid2 },
	{ KVM_GET_DEBUGREGS, 0, vcpu_get_debugregs },
	{ KVM_SET_DEBUGREGS, 0, vcpu_set_debugregs },
	{ KVM_GET_VCPU_EVENTS, 0, vcpu_get_events },
	{ KVM_SET_VCPU_EVENTS, 0, vcpu_set_events },
	{ KVM_GET_MP_STATE, 0, vcpu_get_mp_state },
	{ KVM_SET_MP_STATE, 0, vcpu_set_mp_state },
	{ KVM_SET_GUEST_DEBUG, 0, vcpu_set_guest_debug },
	{ KVM_GET_LAPIC, 0, vcpu_get_lapic },
	{ KVM_SET_LAPIC, 0, vcpu_set_lapic },
	{ KVM_SET_VAPIC_ADDR, 0, vcpu_set_vapic_addr },
	{ KVM_TRANSLATE, 0, vcpu_translate },
	{ KVM_GET_TSC_KHZ, 0, vcpu_get_tsc_khz },
	{ KVM_SET_TSC_KHZ, 0, vcpu_set_tsc_khz },
	{ KVM_HAS_DEVICE_ATTR, 0, vcpu_has_attr },
	{ KVM_GET_DEVICE_ATTR, 0, vcpu_get_attr },
	{ KVM_SET_DEVICE_ATTR, 0, vcpu_set_attr },
	{ KVM_X86_SETUP_MCE, 0, vcpu_setup_mce },
	{ KVM_X86_SET_MCE, 0, vcpu_set_mce },
	{ KVM_GET_STATS_FD, 0, vcpu_get_stats_fd },
	{ KVM_KVMCLOCK_CTRL, 0, vcpu_kvmclock_ctrl },
	{ KVM_ENABLE_CAP, 0, vcpu_enable_cap },
	{ KVM_SET_SIGNAL_MASK, VLM_RAW, vcpu_set_signal_mask },
	{ VELLUM_GET_DOCTOR, 0, vcpu_get_doctor },
};

/*
 * For whoever holds the descriptor: what was counted.  Without the mutex, which is
 * held for as long as the vCPU runs.
 */
static const struct vlm_ioctl open_ioctls[] = {
	{ KVM_GET_STATS_FD, 0, vcpu_get_stats_fd },
};

long vlm_ioctl_vcpu(struct vlm_vcpu *vcpu, unsigned int cmd, unsigned long arg)
{
	long ret;

	if (vlm_vm_is_dead(vcpu->vm))
		return -EIO;
	if (vcpu->vm->mm != current->mm) {
		ret = vlm_ioctl_dispatch(open_ioctls, ARRAY_SIZE(open_ioctls), vcpu, cmd, arg);
		return ret == -ENOTTY ? -EIO : ret;
	}
	if (mutex_lock_killable(&vcpu->lock))
		return -EINTR;
	if (cmd == KVM_RUN) {
		ret = arg ? -EINVAL : vlm_vcpu_run(vcpu);
	} else {
		/* State that is set may let an event in, or make one. */
		vlm_request(vcpu, VLM_REQ_EVENT);
		ret = vlm_ioctl_dispatch(vcpu_ioctls, ARRAY_SIZE(vcpu_ioctls), vcpu, cmd, arg);
	}
	mutex_unlock(&vcpu->lock);
	return ret;
}
