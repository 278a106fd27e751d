// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_GET_STATS_FD: a file that describes itself.  A header says where an id,
 * the descriptors and the values are; values are those of the moment of the
 * read.
 */
#include "../vellum.h"

#include <linux/anon_inodes.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kvm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "stats.h"
#include "vcpu.h"

#define NAME_SIZE	48
/* In some kernels the name is an array of this size, in others it has none. */
#define DESC_SIZE	(offsetof(struct kvm_stats_desc, name) + NAME_SIZE)

/**
 * struct statistic - one statistic
 * @name: what user space sees
 * @type: KVM_STATS_TYPE_*, and KVM_STATS_UNIT_* if it has one
 * @number: what read() gets to tell it from others
 */
struct statistic {
	const char *name;
	u32 type;
	unsigned int number;
};

/**
 * struct stats_file - an open statistics file
 * @vm: a reference on it
 * @vcpu: whose statistics, or NULL for those of @vm
 * @stats: what is in the file
 * @nr: how many
 * @lock: guards @image
 * @image: the file's contents
 * @size: of it, in bytes
 * @values: place of the values in @image
 */
struct stats_file {
	struct vlm_vm *vm;
	struct vlm_vcpu *vcpu;
	const struct statistic *stats;
	unsigned int nr;
	struct mutex lock;
	void *image;
	size_t size;
	u64 *values;
};

enum vm_stat { VM_PAGES_4K, VM_PAGES_2M, VM_PAGES_1G, VM_EPT_TABLES, VM_EPT_FLUSHES, VM_VCPUS };

static const struct statistic vm_stats[] = {
	{ "pages_4k", KVM_STATS_TYPE_INSTANT, VM_PAGES_4K },
	{ "pages_2m", KVM_STATS_TYPE_INSTANT, VM_PAGES_2M },
	{ "pages_1g", KVM_STATS_TYPE_INSTANT, VM_PAGES_1G },
	{ "ept_tables", KVM_STATS_TYPE_INSTANT, VM_EPT_TABLES },
	{ "ept_flushes", KVM_STATS_TYPE_CUMULATIVE, VM_EPT_FLUSHES },
	{ "vcpus", KVM_STATS_TYPE_INSTANT, VM_VCPUS },
};

static u64 vm_stat(struct vlm_vm *vm, unsigned int number)
{
	switch (number) {
	case VM_PAGES_4K ... VM_PAGES_1G:
		return READ_ONCE(vm->ept.pages[number - VM_PAGES_4K]);
	case VM_EPT_TABLES:
		return READ_ONCE(vm->ept.tables);
	case VM_EPT_FLUSHES:
		/* It begins with 1: vlm_ept_init(). */
		return READ_ONCE(vm->ept.gen) - 1;
	default:
		return READ_ONCE(vm->nr_vcpus);
	}
}

#define ALL_EXITS	(VLM_EXIT_ROWS + 1)
#define HALT_STATS	(ALL_EXITS + 1)

#define CUMULATIVE_NS	(KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_SECONDS)

/* Those of KVM, by name and meaning. */
static const struct statistic halt_stats[NR_HALT_STATS] = {
	{ "halt_attempted_poll", KVM_STATS_TYPE_CUMULATIVE, HALT_STATS + HALT_ATTEMPTED_POLL },
	{ "halt_successful_poll", KVM_STATS_TYPE_CUMULATIVE, HALT_STATS + HALT_SUCCESSFUL_POLL },
	{ "halt_wakeup", KVM_STATS_TYPE_CUMULATIVE, HALT_STATS + HALT_WAKEUP },
	{ "halt_poll_success_ns", CUMULATIVE_NS, HALT_STATS + HALT_POLL_SUCCESS_NS },
	{ "halt_poll_fail_ns", CUMULATIVE_NS, HALT_STATS + HALT_POLL_FAIL_NS },
	{ "halt_wait_ns", CUMULATIVE_NS, HALT_STATS + HALT_WAIT_NS },
	{ "blocking", KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_BOOLEAN, HALT_STATS + HALT_BLOCKING },
};

/* The kernel's own names, in its list for tracing: { number, "NAME" }, ... */
static const struct {
	unsigned int reason;
	const char *name;
} exit_names[] = { VMX_EXIT_REASONS };

#define NR_VCPU_STATS	(ARRAY_SIZE(exit_names) + 2 + NR_HALT_STATS)

static struct statistic vcpu_stats[NR_VCPU_STATS];
static char vcpu_stat_names[ARRAY_SIZE(exit_names)][NAME_SIZE];

void __init vlm_stats_init(void)
{
	unsigned int i;
	char *c;

	for (i = 0; i < ARRAY_SIZE(exit_names); i++) {
		snprintf(vcpu_stat_names[i], NAME_SIZE, "exit_%s", exit_names[i].name);
		for (c = vcpu_stat_names[i]; *c; c++)
			*c = tolower(*c);
		vcpu_stats[i] = (struct statistic) {
			vcpu_stat_names[i], KVM_STATS_TYPE_CUMULATIVE, exit_names[i].reason
		};
	}
	vcpu_stats[i++] = (struct statistic) {
		"exit_other", KVM_STATS_TYPE_CUMULATIVE, VLM_EXIT_ROWS
	};
	vcpu_stats[i++] = (struct statistic) { "exits", KVM_STATS_TYPE_CUMULATIVE, ALL_EXITS };
	memcpy(&vcpu_stats[i], halt_stats, sizeof(halt_stats));
}

u64 vlm_vcpu_exits(const struct vlm_vcpu *vcpu)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i <= VLM_EXIT_ROWS; i++)
		sum += READ_ONCE(vcpu->stats.exits[i]);
	return sum;
}

static u64 vcpu_stat(struct vlm_vcpu *vcpu, unsigned int number)
{
	if (number == ALL_EXITS)
		return vlm_vcpu_exits(vcpu);
	if (number >= HALT_STATS)
		return READ_ONCE(vcpu->stats.halt[number - HALT_STATS]);
	return number <= VLM_EXIT_ROWS ? READ_ONCE(vcpu->stats.exits[number]) : 0;
}

static void take_values(struct stats_file *f)
{
	unsigned int i;

	for (i = 0; i < f->nr; i++) {
		f->values[i] = f->vcpu ? vcpu_stat(f->vcpu, f->stats[i].number) :
					 vm_stat(f->vm, f->stats[i].number);
	}
}

static ssize_t stats_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	struct stats_file *f = file->private_data;
	ssize_t ret;

	if (mutex_lock_interruptible(&f->lock))
		return -EINTR;
	take_values(f);
	ret = simple_read_from_buffer(to, count, pos, f->image, f->size);
	mutex_unlock(&f->lock);
	return ret;
}

static void stats_free(struct stats_file *f)
{
	vlm_vm_put(f->vm);
	kfree(f->image);
	kfree(f);
}

static int stats_release(struct inode *inode, struct file *file)
{
	stats_free(file->private_data);
	return 0;
}

static const struct file_operations stats_fops = {
	.owner = THIS_MODULE,
	.read = stats_read,
	.release = stats_release,
	.llseek = noop_llseek,
};

/* Header, id, descriptors, values: each part begins where the last one ends. */
static int stats_layout(struct stats_file *f)
{
	struct kvm_stats_header *header;
	struct kvm_stats_desc *desc;
	unsigned int i;

	f->size = sizeof(*header) + NAME_SIZE + f->nr * (DESC_SIZE + sizeof(u64));
	f->image = kzalloc(f->size, GFP_KERNEL_ACCOUNT);
	if (!f->image)
		return -ENOMEM;
	header = f->image;
	header->name_size = NAME_SIZE;
	header->num_desc = f->nr;
	header->id_offset = sizeof(*header);
	header->desc_offset = header->id_offset + NAME_SIZE;
	header->data_offset = header->desc_offset + f->nr * DESC_SIZE;
	if (f->vcpu)
		snprintf(f->image + header->id_offset, NAME_SIZE, "kvm-%u-%u/vcpu-%u",
			 f->vm->owner, f->vm->id, f->vcpu->id);
	else
		snprintf(f->image + header->id_offset, NAME_SIZE, "kvm-%u-%u",
			 f->vm->owner, f->vm->id);
	for (i = 0; i < f->nr; i++) {
		desc = f->image + header->desc_offset + i * DESC_SIZE;
		desc->flags = f->stats[i].type | KVM_STATS_BASE_POW10;
		/* Times are nanoseconds. */
		if ((desc->flags & KVM_STATS_UNIT_MASK) == KVM_STATS_UNIT_SECONDS)
			desc->exponent = -9;
		desc->size = 1;
		desc->offset = i * sizeof(u64);
		strscpy(desc->name, f->stats[i].name, NAME_SIZE);
	}
	f->values = f->image + header->data_offset;
	return 0;
}

static long stats_open(struct vlm_vm *vm, struct vlm_vcpu *vcpu, const struct statistic *stats,
		       unsigned int nr)
{
	struct stats_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	struct file *file;
	int fd, err;

	if (!f)
		return -ENOMEM;
	vlm_vm_get(vm);
	f->vm = vm;
	f->vcpu = vcpu;
	f->stats = stats;
	f->nr = nr;
	mutex_init(&f->lock);
	err = stats_layout(f);
	if (err)
		goto free;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		err = fd;
		goto free;
	}
	file = anon_inode_getfile("vellum-stats", &stats_fops, f, O_RDONLY);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		err = PTR_ERR(file);
		goto free;
	}
	/* Readers go back to the values by pread(). */
	file->f_mode |= FMODE_PREAD;
	fd_install(fd, file);
	return fd;

free:
	stats_free(f);
	return err;
}

long vlm_vcpu_stats_fd(struct vlm_vcpu *vcpu)
{
	return stats_open(vcpu->vm, vcpu, vcpu_stats, ARRAY_SIZE(vcpu_stats));
}

long vlm_vm_stats_fd(struct vlm_vm *vm)
{
	return stats_open(vm, NULL, vm_stats, ARRAY_SIZE(vm_stats));
}

static void show_vcpu_stat(struct seq_file *m, struct vlm_vm *vm, const struct statistic *stat)
{
	struct vlm_vcpu *vcpu;
	unsigned long index;
	u64 sum = 0;

	vlm_vm_for_each_vcpu(vm, index, vcpu)
		sum += vcpu_stat(vcpu, stat->number);
	if (!sum)
		return;
	seq_printf(m, "%-24s %12llu", stat->name, sum);
	if (READ_ONCE(vm->nr_vcpus) > 1) {
		vlm_vm_for_each_vcpu(vm, index, vcpu)
			seq_printf(m, " %llu", vcpu_stat(vcpu, stat->number));
	}
	seq_putc(m, '\n');
}

void vlm_stats_show(struct seq_file *m, struct vlm_vm *vm)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vm_stats); i++) {
		u64 value = vm_stat(vm, vm_stats[i].number);

		if (value)
			seq_printf(m, "%-24s %12llu\n", vm_stats[i].name, value);
	}
	for (i = 0; i < ARRAY_SIZE(vcpu_stats); i++)
		show_vcpu_stat(m, vm, &vcpu_stats[i]);
}
