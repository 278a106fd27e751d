// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctls on a VM.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/kvm.h>
#include <linux/sched.h>

#include <vellum.h>

#include "ioctl.h"
#include "recorder.h"
#include "stats.h"
#include "vcpu.h"
#include "vm.h"

#define LEAST_SHADOW_PAGES	64

static long vm_check_extension(void *vm, unsigned long cap)
{
	return vlm_check_extension(cap);
}

static long vm_create_vcpu(void *vm, unsigned long id)
{
	return vlm_vcpu_create(vm, id);
}

static long vm_set_user_memory_region(void *vm, unsigned long arg)
{
	return vlm_mem_set_region(vm, (const void *)arg);
}

static long vm_get_dirty_log(void *vm, unsigned long arg)
{
	return vlm_mem_get_dirty_log(vm, (void *)arg);
}

static long vm_clear_dirty_log(void *vm, unsigned long arg)
{
	return vlm_mem_clear_dirty_log(vm, (void *)arg);
}

/*
 * Real mode needs no helper pages of an unrestricted guest, so the addresses
 * are checked as the API asks, and not used.
 */
static long vm_set_tss_addr(void *vm, unsigned long addr)
{
	return addr > 0xffffffff - 3 * PAGE_SIZE ? -EINVAL : 0;
}

static long vm_set_identity_map_addr(void *vm, unsigned long arg)
{
	struct vlm_vm *v = vm;

	/* "Fails if any VCPU has already been created." */
	return READ_ONCE(v->nr_vcpus) ? -EINVAL : 0;
}

/* What is limited here is shadow paging, of which there is none. */
static long vm_set_nr_mmu_pages(void *vm, unsigned long pages)
{
	return pages < LEAST_SHADOW_PAGES ? -EINVAL : 0;
}

static long set_flags(u64 value, u64 valid, u64 *where)
{
	if (value & ~valid)
		return -EINVAL;
	WRITE_ONCE(*where, value);
	return 0;
}

static long set_platform_info(struct vlm_vm *vm, u64 shown)
{
	WRITE_ONCE(vm->hide_platform_info, !shown);
	return 0;
}

static long set_x2apic_api(struct vlm_vm *vm, u64 flags)
{
	if (flags & ~(u64)VLM_X2APIC_API)
		return -EINVAL;
	/* As in KVM, what was asked for once stays. */
	WRITE_ONCE(vm->irq.x2apic_api, vm->irq.x2apic_api | flags);
	return 0;
}

/* Once, to something that Vellum can do; saying the same again is no error. */
static long set_max_vcpu_id(struct vlm_vm *vm, u64 ids)
{
	long err = 0;

	if (ids > VLM_MAX_VCPUS)
		return -EINVAL;
	mutex_lock(&vm->lock);
	if (!vm->max_vcpu_ids && !vm->nr_vcpus)
		vm->max_vcpu_ids = ids;
	else if (ids != vm->max_vcpu_ids)
		err = -EINVAL;
	mutex_unlock(&vm->lock);
	return err;
}

static long set_halt_poll(struct vlm_vm *vm, u64 ns)
{
	if (ns > U32_MAX)
		return -EINVAL;
	WRITE_ONCE(vm->halt_poll_ns, ns);
	return 0;
}

static long vm_enable_cap(void *vm, unsigned long arg)
{
	const struct kvm_enable_cap *cap = (const void *)arg;
	struct vlm_vm *v = vm;

	switch (cap->cap) {
	case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		if (cap->flags)
			return -EINVAL;
		return vlm_mem_set_dirty_caps(vm, cap->args[0]);
	case KVM_CAP_SPLIT_IRQCHIP:
		return cap->flags ? -EINVAL : vlm_irq_split(vm, cap->args[0]);
	case KVM_CAP_HALT_POLL:
		return cap->flags ? -EINVAL : set_halt_poll(v, cap->args[0]);
	case KVM_CAP_X86_USER_SPACE_MSR:
		return cap->flags ? -EINVAL : vlm_set_msr_exits(vm, cap->args[0]);
	case KVM_CAP_DISABLE_QUIRKS2:
		return cap->flags ? -EINVAL : set_flags(cap->args[0], VLM_QUIRKS, &v->quirks_off);
	case KVM_CAP_MAX_VCPU_ID:
		return cap->flags ? -EINVAL : set_max_vcpu_id(v, cap->args[0]);
	case KVM_CAP_MSR_PLATFORM_INFO:
		return cap->flags ? -EINVAL : set_platform_info(v, cap->args[0]);
	case KVM_CAP_X2APIC_API:
		return cap->flags ? -EINVAL : set_x2apic_api(v, cap->args[0]);
	case KVM_CAP_EXIT_ON_EMULATION_FAILURE:
		return cap->flags ? -EINVAL : set_flags(cap->args[0], 1, &v->emulation_exits);
	case VELLUM_CAP_DOCTOR:
		return cap->flags ? -EINVAL : vlm_doctor_enable(vm, cap->args[0]);
	}
	return -EINVAL;
}

static long vm_get_stats_fd(void *vm, unsigned long arg)
{
	return vlm_vm_stats_fd(vm);
}

static long vm_record(void *vm, unsigned long what)
{
	return vlm_record(vm, what);
}

static long vm_get_ledger_fd(void *vm, unsigned long arg)
{
	return vlm_ledger_fd(vm);
}

static long vm_set_msr_filter(void *vm, unsigned long arg)
{
	return vlm_set_msr_filter(vm, (const struct kvm_msr_filter *)arg);
}

static long vm_get_clock(void *vm, unsigned long arg)
{
	return vlm_get_clock(vm, (struct kvm_clock_data *)arg);
}

static long vm_set_clock(void *vm, unsigned long arg)
{
	return vlm_set_clock(vm, (const struct kvm_clock_data *)arg);
}

static long vm_set_boot_cpu_id(void *vm, unsigned long id)
{
	struct vlm_vm *v = vm;
	long err = 0;

	if (id >= VLM_MAX_VCPUS)
		return -EINVAL;
	mutex_lock(&v->lock);
	if (v->nr_vcpus)
		err = -EBUSY;
	else
		WRITE_ONCE(v->boot_cpu_id, id);
	mutex_unlock(&v->lock);
	return err;
}

static long vm_walk_ept(void *vm, unsigned long arg)
{
	return vlm_ept_walk(vm, (struct vellum_ept_walk *)arg);
}

static const struct vlm_ioctl vm_ioctls[] = {
	{ KVM_CHECK_EXTENSION, 0, vm_check_extension },
	{ KVM_CREATE_VCPU, 0, vm_create_vcpu },
	{ KVM_SET_USER_MEMORY_REGION, 0, vm_set_user_memory_region },
	{ KVM_GET_DIRTY_LOG, 0, vm_get_dirty_log },
	{ KVM_CLEAR_DIRTY_LOG, 0, vm_clear_dirty_log },
	{ KVM_SET_TSS_ADDR, 0, vm_set_tss_addr },
	{ KVM_SET_NR_MMU_PAGES, 0, vm_set_nr_mmu_pages },
	{ KVM_SET_BOOT_CPU_ID, 0, vm_set_boot_cpu_id },
	{ KVM_SET_IDENTITY_MAP_ADDR, 0, vm_set_identity_map_addr },
	{ KVM_GET_CLOCK, 0, vm_get_clock },
	{ KVM_SET_CLOCK, 0, vm_set_clock },
	{ KVM_X86_SET_MSR_FILTER, 0, vm_set_msr_filter },
	{ KVM_ENABLE_CAP, 0, vm_enable_cap },
	{ KVM_GET_STATS_FD, 0, vm_get_stats_fd },
	{ VELLUM_RECORD, 0, vm_record },
	{ VELLUM_GET_LEDGER_FD, 0, vm_get_ledger_fd },
	{ VELLUM_WALK_EPT, 0, vm_walk_ept },
};

/* For whoever holds the descriptor: what was counted. */
static const struct vlm_ioctl open_ioctls[] = {
	{ KVM_GET_STATS_FD, 0, vm_get_stats_fd },
};

long vlm_ioctl_vm(struct vlm_vm *vm, unsigned int cmd, unsigned long arg)
{
	long ret;

	if (vlm_vm_is_dead(vm))
		return -EIO;
	/* Guest memory is the creator's; nobody else may act on it. */
	if (vm->mm != current->mm) {
		ret = vlm_ioctl_dispatch(open_ioctls, ARRAY_SIZE(open_ioctls), vm, cmd, arg);
		return ret == -ENOTTY ? -EIO : ret;
	}
	ret = vlm_ioctl_dispatch(vm_ioctls, ARRAY_SIZE(vm_ioctls), vm, cmd, arg);
	return ret == -ENOTTY ? vlm_ioctl_irq(vm, cmd, arg) : ret;
}
