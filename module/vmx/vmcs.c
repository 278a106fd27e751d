// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMCS regions: allocate, make current, deactivate, migrate.
 */
#include "../vellum.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "caps.h"
#include "insn.h"
#include "root.h"
#include "vmcs.h"
#include "vmx.h"

static DEFINE_PER_CPU(struct list_head, active_vmcss);
/* NULL on a CPU that is not in VMX operation. */
DEFINE_PER_CPU(struct vmcs *, vmcs_current);

void vmcs_init_lists(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		INIT_LIST_HEAD(per_cpu_ptr(&active_vmcss, cpu));
}

int vmcs_alloc(struct vmcs *v)
{
	u32 *page = (u32 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);

	if (!page)
		return -ENOMEM;

	/* The first word is the revision; bit 31, the shadow indicator, is 0. */
	page[0] = vmx_caps.revision;
	v->page = page;
	v->pa = __pa(page);
	v->cpu = -1;
	v->launched = false;
	INIT_LIST_HEAD(&v->link);
	return 0;
}

/*
 * Runs on the CPU where @v may be active, interrupts off.  An offline callback
 * may have been here first, so look again.
 */
static void clear_here(void *arg)
{
	struct vmcs *v = arg;

	if (v->cpu != smp_processor_id())
		return;

	vmclear(v->pa);
	if (this_cpu_read(vmcs_current) == v)
		this_cpu_write(vmcs_current, NULL);
	list_del_init(&v->link);
	v->launched = false;
	/*
	 * The CPU that takes @v over reads cpu without a lock, after this one
	 * has written the region back.
	 */
	smp_store_release(&v->cpu, -1);
}

static void clear_wherever(struct vmcs *v)
{
	/* Pairs with the release in clear_here(). */
	int cpu = smp_load_acquire(&v->cpu);

	/* -ENXIO: the CPU went offline, and its callback cleared @v. */
	if (cpu >= 0)
		smp_call_function_single(cpu, clear_here, v, 1);
}

void vmcs_free(struct vmcs *v)
{
	if (!v->page)
		return;
	clear_wherever(v);
	free_page((unsigned long)v->page);
	v->page = NULL;
}

bool vmcs_load(struct vmcs *v)
{
	int cpu = smp_processor_id();

	if (likely(this_cpu_read(vmcs_current) == v))
		return vmx_root_is_on();

	if (v->cpu != cpu)
		clear_wherever(v);

	local_irq_disable();
	if (!vmx_root_is_on() || !vmptrld(v->pa)) {
		local_irq_enable();
		return false;
	}
	if (v->cpu != cpu) {
		v->cpu = cpu;
		list_add(&v->link, this_cpu_ptr(&active_vmcss));
	}
	this_cpu_write(vmcs_current, v);
	local_irq_enable();
	return true;
}

void vmcs_assert_current(const struct vmcs *v)
{
	WARN_ON_ONCE(this_cpu_read(vmcs_current) != v);
}

void vmcs_clear_all_here(void)
{
	struct vmcs *v, *next;

	list_for_each_entry_safe(v, next, this_cpu_ptr(&active_vmcss), link)
		clear_here(v);
}
