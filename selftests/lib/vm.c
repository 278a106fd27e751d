// SPDX-License-Identifier: GPL-2.0-only
/* VMs, memory slots and vCPUs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

/* Memory of the test that becomes memory of a guest. */
void *vt_anon(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		vt_die("mmap of %zu bytes: %s", size, strerror(errno));
	return mem;
}

void vt_vm_create_bare(struct vt_vm *vm)
{
	long ret;

	memset(vm, 0, sizeof(*vm));
	vm->dev = vt_open();
	ret = vt_ioctl(vm->dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (ret < 0)
		vt_die("KVM_GET_VCPU_MMAP_SIZE: %s", strerror(-ret));
	vm->run_size = ret;
	ret = vt_ioctl(vm->dev, KVM_CREATE_VM, 0);
	if (ret < 0)
		vt_die("KVM_CREATE_VM: %s", strerror(-ret));
	vm->fd = ret;
}

void vt_vm_create(struct vt_vm *vm)
{
	vt_vm_create_bare(vm);
	vm->mem_size = VT_LOW_SIZE;
	vm->mem = vt_anon(vm->mem_size);
	vt_set_slot(vm, 0, 0, vm->mem_size, vm->mem, 0);
}

void vt_vm_destroy(struct vt_vm *vm)
{
	close(vm->fd);
	close(vm->dev);
	if (vm->mem)
		munmap(vm->mem, vm->mem_size);
	memset(vm, 0, sizeof(*vm));
}

long vt_try_slot(int vm_fd, unsigned int slot, uint64_t gpa, size_t size,
		 const void *hva, unsigned int flags)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)hva,
	};

	return VT_IOCTL(vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
}

void vt_set_slot(struct vt_vm *vm, unsigned int slot, uint64_t gpa, size_t size,
		 const void *hva, unsigned int flags)
{
	long ret = vt_try_slot(vm->fd, slot, gpa, size, hva, flags);

	if (ret)
		vt_die("memory slot %u (%#zx bytes at %#llx): %s", slot, size,
		       (unsigned long long)gpa, strerror(-ret));
}

void vt_vcpu_create(struct vt_vm *vm, struct vt_vcpu *vcpu, unsigned int id)
{
	long ret = vt_ioctl(vm->fd, KVM_CREATE_VCPU, id);

	if (ret < 0)
		vt_die("KVM_CREATE_VCPU %u: %s", id, strerror(-ret));
	vcpu->vm = vm;
	vcpu->fd = ret;
	vcpu->id = id;
	vcpu->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		vt_die("mmap of the run page of vCPU %u: %s", id, strerror(errno));
}

void vt_vcpu_destroy(struct vt_vcpu *vcpu)
{
	munmap(vcpu->run, vcpu->vm->run_size);
	close(vcpu->fd);
	memset(vcpu, 0, sizeof(*vcpu));
}

static void must(struct vt_vcpu *vcpu, const char *name, unsigned long cmd,
		 const void *arg)
{
	long ret = VT_IOCTL(vcpu->fd, cmd, arg);

	if (ret)
		vt_die("%s: %s", name, strerror(-ret));
}

void vt_get_regs(struct vt_vcpu *vcpu, struct kvm_regs *regs)
{
	must(vcpu, "KVM_GET_REGS", KVM_GET_REGS, regs);
}

void vt_set_regs(struct vt_vcpu *vcpu, const struct kvm_regs *regs)
{
	must(vcpu, "KVM_SET_REGS", KVM_SET_REGS, regs);
}

void vt_get_sregs(struct vt_vcpu *vcpu, struct kvm_sregs *sregs)
{
	must(vcpu, "KVM_GET_SREGS", KVM_GET_SREGS, sregs);
}

void vt_set_sregs(struct vt_vcpu *vcpu, const struct kvm_sregs *sregs)
{
	must(vcpu, "KVM_SET_SREGS", KVM_SET_SREGS, sregs);
}

struct one_msr {
	struct kvm_msrs head;
	struct kvm_msr_entry entry;
};

/* 1 when the MSR was read, 0 when it was refused, or -errno. */
long vt_try_get_msr(struct vt_vcpu *vcpu, uint32_t index, uint64_t *value)
{
	struct one_msr msr = { .head.nmsrs = 1, .entry.index = index };
	long ret = VT_IOCTL(vcpu->fd, KVM_GET_MSRS, &msr);

	*value = msr.entry.data;
	return ret;
}

uint64_t vt_get_msr(struct vt_vcpu *vcpu, uint32_t index)
{
	uint64_t value;
	long ret = vt_try_get_msr(vcpu, index, &value);

	if (ret != 1)
		vt_die("KVM_GET_MSRS of %#x answered %ld", index, ret);
	return value;
}

/* 1 when the MSR was set, 0 when it was refused, or -errno. */
long vt_set_msr(struct vt_vcpu *vcpu, uint32_t index, uint64_t value)
{
	struct one_msr msr = {
		.head.nmsrs = 1,
		.entry = { .index = index, .data = value },
	};

	return VT_IOCTL(vcpu->fd, KVM_SET_MSRS, &msr);
}

/* What KVM_GET_SUPPORTED_CPUID says; the caller frees it. */
struct kvm_cpuid2 *vt_supported_cpuid(int dev)
{
	const unsigned int room = 256;
	struct kvm_cpuid2 *cpuid;
	long ret;

	cpuid = calloc(1, sizeof(*cpuid) + room * sizeof(cpuid->entries[0]));
	if (!cpuid)
		vt_die("out of memory");
	cpuid->nent = room;
	ret = VT_IOCTL(dev, KVM_GET_SUPPORTED_CPUID, cpuid);
	if (ret)
		vt_die("KVM_GET_SUPPORTED_CPUID: %s", strerror(-ret));
	return cpuid;
}

/* One leaf of a list, or NULL. */
const struct kvm_cpuid_entry2 *vt_cpuid_leaf(const struct kvm_cpuid2 *cpuid,
					     uint32_t function, uint32_t index)
{
	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function &&
		    cpuid->entries[i].index == index)
			return &cpuid->entries[i];
	return NULL;
}

/* Give the guest every CPUID leaf that the hypervisor supports. */
void vt_pass_cpuid(struct vt_vcpu *vcpu)
{
	struct kvm_cpuid2 *cpuid = vt_supported_cpuid(vcpu->vm->dev);

	must(vcpu, "KVM_SET_CPUID2", KVM_SET_CPUID2, cpuid);
	free(cpuid);
}
