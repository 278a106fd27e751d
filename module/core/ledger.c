// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger of a VM as a file: exits of its vCPUs by reason and cause.
 */
#include "../vellum.h"

#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <asm/tsc.h>

#include "recorder.h"
#include "vcpu.h"

/**
 * struct ledger_file - an open ledger
 * @vm: a reference on it
 * @lock: guards the rest
 * @image: as it was when a reader last began
 * @size: of it
 */
struct ledger_file {
	struct vlm_vm *vm;
	struct mutex lock;
	struct vellum_ledger *image;
	size_t size;
};

#define MOST_ENTRIES	(VLM_LEDGER_SLOTS + VLM_EXIT_ROWS + 1)

static u32 add(struct vellum_ledger_entry *to, u32 vcpu, const struct vlm_ledger_slot *slot,
	       u16 reason, u16 flags)
{
	/* Pairs with the release in count(). */
	u64 count = smp_load_acquire(&slot->count);

	if (!count)
		return 0;
	*to = (struct vellum_ledger_entry) {
		.vcpu = vcpu, .reason = reason, .flags = flags, .cause = slot->cause,
		.count = count, .host = READ_ONCE(slot->host),
	};
	return 1;
}

static u32 add_vcpu(struct vellum_ledger_entry *to, const struct vlm_vcpu *vcpu)
{
	/* Pairs with the release in set_recorder(). */
	const struct vlm_recorder *r = smp_load_acquire(&vcpu->recorder);
	u32 i, n = 0;

	if (!r)
		return 0;
	for (i = 0; i < VLM_LEDGER_SLOTS; i++)
		n += add(to + n, vcpu->id, &r->slots[i], r->slots[i].reason, 0);
	for (i = 0; i <= VLM_EXIT_ROWS; i++)
		n += add(to + n, vcpu->id, &r->rest[i], i, VELLUM_LEDGER_REST);
	return n;
}

static int take(struct ledger_file *f)
{
	struct vellum_ledger_entry *entries;
	u32 i, n = 0, vcpus = READ_ONCE(f->vm->nr_vcpus);
	struct vellum_ledger *image;
	struct vlm_vcpu *vcpu;

	image = kvzalloc(sizeof(*image) + vcpus * MOST_ENTRIES * sizeof(*entries),
			 GFP_KERNEL_ACCOUNT);
	if (!image)
		return -ENOMEM;
	entries = (void *)(image + 1);
	for (i = 0; i < vcpus; i++) {
		vcpu = xa_load(&f->vm->vcpus, i);
		if (vcpu)
			n += add_vcpu(entries + n, vcpu);
	}
	image->entry_size = sizeof(*entries);
	image->entries = n;
	image->tsc_khz = tsc_khz;
	kvfree(f->image);
	f->image = image;
	f->size = sizeof(*image) + n * sizeof(*entries);
	return 0;
}

static ssize_t ledger_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct ledger_file *f = file->private_data;
	ssize_t ret = 0;

	if (mutex_lock_interruptible(&f->lock))
		return -EINTR;
	if (!*pos || !f->image)
		ret = take(f);
	if (!ret)
		ret = simple_read_from_buffer(to, size, pos, f->image, f->size);
	mutex_unlock(&f->lock);
	return ret;
}

static int ledger_release(struct inode *inode, struct file *file)
{
	struct ledger_file *f = file->private_data;

	vlm_vm_put(f->vm);
	kvfree(f->image);
	kfree(f);
	return 0;
}

static const struct file_operations ledger_fops = {
	.owner = THIS_MODULE,
	.read = ledger_read,
	.release = ledger_release,
	.llseek = default_llseek,
};

static bool recorded(struct vlm_vm *vm)
{
	struct vlm_vcpu *vcpu;
	unsigned long index;

	vlm_vm_for_each_vcpu(vm, index, vcpu) {
		if (READ_ONCE(vcpu->recorder))
			return true;
	}
	return READ_ONCE(vm->record);
}

long vlm_ledger_fd(struct vlm_vm *vm)
{
	struct ledger_file *f;
	int fd;

	if (!recorded(vm))
		return -ENOENT;
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	f->vm = vm;
	/* It is the file's from the moment on that there is one. */
	vlm_vm_get(vm);
	fd = anon_inode_getfd("vellum-ledger", &ledger_fops, f, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		vlm_vm_put(vm);
		kfree(f);
	}
	return fd;
}
