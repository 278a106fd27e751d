// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of a vCPU.
 */
#include "../vellum.h"

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <asm/msr-index.h>

#include <vellum.h>

#include "../compat.h"
#include "../irq/irqchip.h"
#include "../irq/lapic.h"
#include "../trace_irq.h"
#include "ioctl.h"
#include "recorder.h"
#include "vcpu.h"

static struct kmem_cache *vcpu_cache;

int __init vlm_vcpu_init(void)
{
	vcpu_cache = KMEM_CACHE(vlm_vcpu, SLAB_ACCOUNT);
	return vcpu_cache ? 0 : -ENOMEM;
}

void vlm_vcpu_exit(void)
{
	kmem_cache_destroy(vcpu_cache);
}

void vlm_vcpu_destroy(struct vlm_vcpu *vcpu)
{
	trace_vcpu_destroy(vcpu);
	vlm_lapic_destroy(vcpu);
	vmx_vcpu_destroy(vcpu);
	vlm_x86_destroy(vcpu);
	vlm_ept_vcpu_destroy(vcpu);
	vlm_emul_destroy(vcpu);
	vlm_recorder_free(vcpu);
	vlm_doctor_vcpu_destroy(vcpu);
	free_page((unsigned long)vcpu->run);
	free_page((unsigned long)vcpu->pio_data);
	kmem_cache_free(vcpu_cache, vcpu);
}

static int alloc_run_pages(struct vlm_vcpu *vcpu)
{
	vcpu->run = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	vcpu->pio_data = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	return vcpu->run && vcpu->pio_data ? 0 : -ENOMEM;
}

static struct vlm_vcpu *vcpu_build(struct vlm_vm *vm, u32 id)
{
	struct vlm_vcpu *vcpu;
	int err;

	vcpu = kmem_cache_zalloc(vcpu_cache, GFP_KERNEL_ACCOUNT);
	if (!vcpu)
		return ERR_PTR(-ENOMEM);

	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->cpu = -1;
	mutex_init(&vcpu->lock);
	init_waitqueue_head(&vcpu->wait);

	vlm_ept_vcpu_init(vcpu);

	err = alloc_run_pages(vcpu);
	if (!err)
		err = vlm_x86_create(vcpu);
	if (!err)
		err = vmx_vcpu_create(vcpu);
	if (!err && vlm_irq_mode(vm) != IRQCHIP_NONE)
		err = vlm_lapic_create(vcpu);
	if (err) {
		vlm_vcpu_destroy(vcpu);
		return ERR_PTR(err);
	}
	vlm_x86_reset(vcpu);
	vlm_request(vcpu, VLM_REQ_EVENT);
	/* With local APICs all but the bootstrap processor wait for INIT and SIPI. */
	vcpu->mp_state = vcpu->lapic && !(vcpu->x86.apic_base & MSR_IA32_APICBASE_BSP) ?
			 KVM_MP_STATE_UNINITIALIZED : KVM_MP_STATE_RUNNABLE;
	return vcpu;
}

static long vcpu_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return vlm_ioctl_vcpu(file->private_data, cmd, arg);
}

static int vcpu_file_release(struct inode *inode, struct file *file)
{
	struct vlm_vcpu *vcpu = file->private_data;

	/* The vCPU itself lives as long as its VM. */
	vlm_vm_put(vcpu->vm);
	return 0;
}

static vm_fault_t run_fault(struct vm_fault *vmf)
{
	struct vlm_vcpu *vcpu = vmf->vma->vm_file->private_data;
	struct page *ring;
	void *page;

	switch (vmf->pgoff) {
	case 0:
		page = vcpu->run;
		break;
	case KVM_PIO_PAGE_OFFSET:
		page = vcpu->pio_data;
		break;
	case KVM_COALESCED_MMIO_PAGE_OFFSET:
		page = vcpu->vm->irq.ring;
		break;
	default:
		/* Recording may have begun after the mapping. */
		ring = vlm_recorder_page(vcpu, vmf->pgoff - VELLUM_RING_PAGE);
		if (!ring)
			return VM_FAULT_SIGBUS;
		vmf->page = ring;
		get_page(ring);
		return 0;
	}
	vmf->page = virt_to_page(page);
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct run_vm_ops = {
	.fault = run_fault,
};

static int vcpu_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff, end = first + vma_pages(vma);

	if (first >= VELLUM_RING_PAGE && end <= VELLUM_RING_PAGE + VELLUM_RING_PAGES) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vlm_vm_flags_clear(vma, VM_MAYWRITE);
	} else if (end > VELLUM_RUN_PAGES) {
		return -EINVAL;
	}
	/* Or mremap() would make a mapping of the run page reach the ring. */
	vlm_vm_flags_set(vma, VM_DONTEXPAND);
	vma->vm_ops = &run_vm_ops;
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.release = vcpu_file_release,
	.unlocked_ioctl = vcpu_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vcpu_file_mmap,
	.llseek = noop_llseek,
};

static bool id_in_use(struct vlm_vm *vm, u32 id)
{
	struct vlm_vcpu *other;
	unsigned long index;

	vlm_vm_for_each_vcpu(vm, index, other) {
		if (other->id == id)
			return true;
	}
	return false;
}

/* A descriptor and the file that it will be of; -errno. */
static int open_vcpu(struct vlm_vcpu *vcpu, struct file **file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0)
		return fd;
	*file = anon_inode_getfile("vellum-vcpu", &vcpu_fops, vcpu, O_RDWR);
	if (!IS_ERR(*file))
		return fd;
	put_unused_fd(fd);
	return PTR_ERR(*file);
}

/* Gives @vcpu its place, and user space a descriptor; vm->lock is held. */
static int vcpu_publish(struct vlm_vm *vm, struct vlm_vcpu *vcpu)
{
	struct file *file;
	int fd, err;

	if (vm->nr_vcpus >= VLM_MAX_VCPUS)
		return -EINVAL;
	if (vm->max_vcpu_ids && vcpu->id >= vm->max_vcpu_ids)
		return -EINVAL;
	if (id_in_use(vm, vcpu->id))
		return -EEXIST;
	/* An irqchip came while this vCPU was being built without an APIC. */
	if ((vlm_irq_mode(vm) != IRQCHIP_NONE) != !!vcpu->lapic)
		return -EINVAL;

	err = vlm_record_vcpu(vcpu);
	if (err)
		return err;
	vcpu->index = vm->nr_vcpus;
	err = xa_reserve(&vm->vcpus, vcpu->index, GFP_KERNEL_ACCOUNT);
	if (err)
		return err;

	vlm_vm_get(vm);
	fd = open_vcpu(vcpu, &file);
	if (fd < 0) {
		xa_release(&vm->vcpus, vcpu->index);
		vlm_vm_put(vm);
		return fd;
	}
	/* Filters set from now on reach it; this takes the one in force. */
	vmx_msr_filter_changed(vcpu);
	xa_store(&vm->vcpus, vcpu->index, vcpu, GFP_KERNEL_ACCOUNT);
	/* After the entry: see vlm_vm_for_each_vcpu(). */
	smp_store_release(&vm->nr_vcpus, vm->nr_vcpus + 1);
	trace_vcpu_create(vcpu);
	/* Last: whoever guesses the descriptor finds a vCPU that the VM knows of. */
	fd_install(fd, file);
	return fd;
}

long vlm_vcpu_create(struct vlm_vm *vm, unsigned long id)
{
	struct vlm_vcpu *vcpu;
	int fd;

	if (id >= VLM_MAX_VCPUS)
		return -EINVAL;

	vcpu = vcpu_build(vm, id);
	if (IS_ERR(vcpu))
		return PTR_ERR(vcpu);

	mutex_lock(&vm->lock);
	fd = vcpu_publish(vm, vcpu);
	mutex_unlock(&vm->lock);
	if (fd < 0)
		vlm_vcpu_destroy(vcpu);
	return fd;
}
