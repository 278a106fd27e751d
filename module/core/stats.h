/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics of VMs and vCPUs, as KVM_GET_STATS_FD gives them.
 */
#ifndef VELLUM_CORE_STATS_H
#define VELLUM_CORE_STATS_H

#include "../exits/exit.h"

struct seq_file;

enum vlm_halt_stat {
	HALT_ATTEMPTED_POLL,
	HALT_SUCCESSFUL_POLL,
	HALT_WAKEUP,
	HALT_POLL_SUCCESS_NS,
	HALT_POLL_FAIL_NS,
	HALT_WAIT_NS,
	HALT_BLOCKING,
	NR_HALT_STATS
};

/**
 * struct vlm_vcpu_stats - counted by the vCPU's thread, read by anyone
 * @exits: VM exits by basic exit reason; [VLM_EXIT_ROWS]: newer reasons
 * @halt: by enum vlm_halt_stat
 */
struct vlm_vcpu_stats {
	u64 halt[NR_HALT_STATS];
	u64 exits[VLM_EXIT_ROWS + 1];
};

void vlm_stats_init(void);

/** vlm_vcpu_exits() - VM exits so far. */
u64 vlm_vcpu_exits(const struct vlm_vcpu *vcpu);

/**
 * vlm_vcpu_stats_fd() - KVM_GET_STATS_FD on a vCPU
 *
 * Return: a descriptor to be read as the KVM API's section "KVM_GET_STATS_FD"
 * says, or a negative errno.  It keeps the VM.  Its id names the process that made
 * the VM, the VM and the vCPU.  Context: may sleep, any process, with or without
 * the vCPU's mutex.
 */
long vlm_vcpu_stats_fd(struct vlm_vcpu *vcpu);

/** vlm_vm_stats_fd() - likewise on a VM. */
long vlm_vm_stats_fd(struct vlm_vm *vm);

/**
 * vlm_stats_show() - all of it that is not 0, as text
 * @m: where it goes
 * @vm: the VM
 *
 * A line for each statistic; those of vCPUs as their sum, and with several vCPUs each
 * one's part after it.  Context: may sleep.
 */
void vlm_stats_show(struct seq_file *m, struct vlm_vm *vm);

#endif /* VELLUM_CORE_STATS_H */
