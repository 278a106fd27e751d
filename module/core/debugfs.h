/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics of VMs in debugfs.  What cannot be made there is left out.
 */
#ifndef VELLUM_CORE_DEBUGFS_H
#define VELLUM_CORE_DEBUGFS_H

struct vlm_vm;

void vlm_debugfs_init(void);
void vlm_debugfs_exit(void);

/** vlm_debugfs_add() - the VM is whole. */
void vlm_debugfs_add(struct vlm_vm *vm);

/**
 * vlm_debugfs_remove() - nobody reads of the VM any more when it returns
 *
 * Accepts a VM that was never added.  May sleep.
 */
void vlm_debugfs_remove(struct vlm_vm *vm);

#endif /* VELLUM_CORE_DEBUGFS_H */
