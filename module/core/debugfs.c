// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs, for a quick look: vellum/PROCESS-VM is a file of each VM's statistics as
 * text.  It stands for no reference: debugfs_remove() waits for those who read it, and
 * comes before anything of the VM goes.
 */
#include "../vellum.h"

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "stats.h"
#include "vm.h"

static struct dentry *root;

static int vm_stats_show(struct seq_file *m, void *unused)
{
	vlm_stats_show(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vm_stats);

void vlm_debugfs_add(struct vlm_vm *vm)
{
	char name[24];

	snprintf(name, sizeof(name), "%u-%u", vm->owner, vm->id);
	vm->debugfs = debugfs_create_file(name, 0400, root, vm, &vm_stats_fops);
}

void vlm_debugfs_remove(struct vlm_vm *vm)
{
	debugfs_remove(vm->debugfs);
}

void __init vlm_debugfs_init(void)
{
	root = debugfs_create_dir("vellum", NULL);
}

void vlm_debugfs_exit(void)
{
	debugfs_remove(root);
}
