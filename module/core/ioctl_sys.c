// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctls on the device itself.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/kvm.h>
#include <linux/err.h>
#include <linux/mm.h>

#include <vellum.h>

#include "../x86/x86.h"
#include "ioctl.h"
#include "vm.h"

static long sys_get_api_version(void *unused, unsigned long arg)
{
	return arg ? -EINVAL : KVM_API_VERSION;
}

static long sys_check_extension(void *unused, unsigned long arg)
{
	return vlm_check_extension(arg);
}

static long sys_get_vcpu_mmap_size(void *unused, unsigned long arg)
{
	return arg ? -EINVAL : VELLUM_RUN_PAGES * PAGE_SIZE;
}

/* The type is a machine type, and x86 has only the one. */
static long sys_create_vm(void *unused, unsigned long type)
{
	struct vlm_vm *vm;
	int fd;

	if (type)
		return -EINVAL;
	vm = vlm_vm_create();
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	fd = vlm_vm_open(vm);
	if (fd < 0)
		vlm_vm_put(vm);
	return fd;
}

static long sys_get_supported_cpuid(void *unused, unsigned long arg)
{
	return vlm_get_supported_cpuid((struct kvm_cpuid2 __user *)arg);
}

static long sys_get_msr_index_list(void *unused, unsigned long arg)
{
	return vlm_get_msr_index_list((struct kvm_msr_list __user *)arg);
}

static long sys_get_msr_feature_index_list(void *unused, unsigned long arg)
{
	return vlm_get_msr_feature_index_list((struct kvm_msr_list __user *)arg);
}

static long sys_get_msrs(void *unused, unsigned long arg)
{
	return vlm_sys_get_msrs((struct kvm_msrs __user *)arg);
}

static long sys_get_mce_cap_supported(void *unused, unsigned long arg)
{
	*(u64 *)arg = vlm_mce_caps();
	return 0;
}

static const struct vlm_ioctl sys_ioctls[] = {
	{ KVM_GET_API_VERSION, 0, sys_get_api_version },
	{ KVM_CHECK_EXTENSION, 0, sys_check_extension },
	{ KVM_GET_VCPU_MMAP_SIZE, 0, sys_get_vcpu_mmap_size },
	{ KVM_CREATE_VM, 0, sys_create_vm },
	{ KVM_GET_SUPPORTED_CPUID, VLM_RAW, sys_get_supported_cpuid },
	{ KVM_GET_MSR_INDEX_LIST, VLM_RAW, sys_get_msr_index_list },
	{ KVM_GET_MSR_FEATURE_INDEX_LIST, VLM_RAW, sys_get_msr_feature_index_list },
	{ KVM_X86_GET_MCE_CAP_SUPPORTED, 0, sys_get_mce_cap_supported },
	{ KVM_GET_MSRS, VLM_RAW, sys_get_msrs },
};

long vlm_ioctl_sys(unsigned int cmd, unsigned long arg)
{
	return vlm_ioctl_dispatch(sys_ioctls, ARRAY_SIZE(sys_ioctls), NULL, cmd, arg);
}
