// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of a VM.
 */
#include "../vellum.h"

#include <linux/anon_inodes.h>
#include <linux/bug.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "../vmx/root.h"
#include "../trace_irq.h"
#include "debugfs.h"
#include "ioctl.h"
#include "recorder.h"
#include "vcpu.h"
#include "vm.h"

/* Traces and statistics tell VMs apart by it. */
static atomic_t last_id = ATOMIC_INIT(0);

/* Takes a VM at any stage of vlm_vm_create(). */
static void vm_destroy(struct vlm_vm *vm)
{
	struct vlm_vcpu *vcpu;
	unsigned long index;

	vlm_debugfs_remove(vm);
	vlm_record_end(vm);
	vlm_irq_destroy(vm);
	/*
	 * No file is left, so no vCPU runs and no ioctl is under way.  But MMU
	 * notifiers do run, and look at the vCPUs, until the memory is gone.
	 */
	vlm_mem_destroy(vm);
	vlm_vm_for_each_vcpu(vm, index, vcpu)
		vlm_vcpu_destroy(vcpu);
	xa_destroy(&vm->vcpus);
	vlm_ept_destroy(vm);
	vlm_msr_filter_destroy(vm);
	vlm_doctor_vm_destroy(vm);
	if (vm->mm)
		mmdrop(vm->mm);
	kfree(vm);
}

struct vlm_vm *vlm_vm_create(void)
{
	struct vlm_vm *vm;
	int err;

	vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return ERR_PTR(-ENOMEM);

	vm->id = atomic_inc_return(&last_id);
	vm->owner = task_tgid_nr(current);
	refcount_set(&vm->refs, 1);
	mutex_init(&vm->lock);
	xa_init(&vm->vcpus);
	vlm_clock_init(vm);
	vm->mm = current->mm;
	vm->halt_poll_ns = -1;
	mmgrab(vm->mm);

	err = vlm_irq_init(vm);
	if (!err)
		err = vmx_root_get();
	if (err)
		goto err_free;
	err = vlm_ept_init(vm);
	if (!err)
		err = vlm_mem_init(vm);
	if (err)
		goto err_root;
	vlm_debugfs_add(vm);
	trace_vm_create(vm);
	return vm;

err_root:
	vmx_root_put();
err_free:
	vm_destroy(vm);
	return ERR_PTR(err);
}

void vlm_vm_put(struct vlm_vm *vm)
{
	if (!refcount_dec_and_test(&vm->refs))
		return;
	trace_vm_destroy(vm);
	vm_destroy(vm);
	vmx_root_put();
}

static long vm_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return vlm_ioctl_vm(file->private_data, cmd, arg);
}

static int vm_file_release(struct inode *inode, struct file *file)
{
	vlm_vm_put(file->private_data);
	return 0;
}

static const struct file_operations vm_fops = {
	.owner = THIS_MODULE,
	.release = vm_file_release,
	.unlocked_ioctl = vm_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

int vlm_vm_open(struct vlm_vm *vm)
{
	return anon_inode_getfd("vellum-vm", &vm_fops, vm, O_RDWR | O_CLOEXEC);
}

void vlm_vm_bug(struct vlm_vm *vm, const char *what)
{
	WARN_ONCE(1, "vellum: bug: %s; this VM is dead\n", what);
	WRITE_ONCE(vm->dead, true);
	vlm_vm_request_sync(vm, VLM_REQ_DEAD);
}
