/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who owns a VMCS: at most one CPU has it active, and at most one VMCS is
 * current on a CPU (SDM 3C, "Overview" of virtual-machine control structures).
 *
 * A VMCS is made current with preemption off and is used only until preemption
 * comes back on; it stays active on that CPU, cached, until another CPU wants
 * it, the CPU leaves VMX operation, or it is freed.  So nothing has to be done
 * when a vCPU thread is scheduled out.
 */
#ifndef VELLUM_VMX_VMCS_H
#define VELLUM_VMX_VMCS_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct vmcs - a VMCS region and where it is active
 * @page: the region, one page
 * @pa: its physical address
 * @cpu: CPU on which it is active, or -1
 * @launched: VMLAUNCH succeeded since the last VMCLEAR
 * @link: in the list of VMCSs active on @cpu, changed only on @cpu with
 *        interrupts off
 */
struct vmcs {
	void *page;
	u64 pa;
	int cpu;
	bool launched;
	struct list_head link;
};

/** vmcs_alloc() - allocate a cleared VMCS; -ENOMEM.  May sleep. */
int vmcs_alloc(struct vmcs *v);

/** vmcs_free() - deactivate @v wherever it is, and free it.  May sleep. */
void vmcs_free(struct vmcs *v);

/**
 * vmcs_load() - make @v current on this CPU
 *
 * Return: false when this CPU is not in VMX operation.
 * Context: preemption off, interrupts on.
 */
bool vmcs_load(struct vmcs *v);

/** vmcs_assert_current() - complain when @v is not current on this CPU. */
void vmcs_assert_current(const struct vmcs *v);

/** vmcs_clear_all_here() - deactivate every VMCS of this CPU.  Interrupts off. */
void vmcs_clear_all_here(void);

/** vmcs_init_lists() - set up the per-CPU lists, once at load. */
void vmcs_init_lists(void);

#endif /* VELLUM_VMX_VMCS_H */
