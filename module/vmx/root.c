// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one owner of VMX operation.  All that executes VMXON or VMXOFF, or
 * changes CR4.VMXE, is in this file and in emergency.c.
 */
#include "../vellum.h"

#include <linux/cpuhotplug.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <asm/perf_event.h>
#include <asm/tlbflush.h>

#include "../compat.h"
#include "caps.h"
#include "emergency.h"
#include "insn.h"
#include "root.h"
#include "vmcs.h"

DEFINE_PER_CPU(bool, vmx_root_on);
static DEFINE_PER_CPU(void *, vmxon_region);

static DEFINE_MUTEX(root_lock);
static unsigned int users;	/* VMs alive, under root_lock */
static int hp_state;		/* under root_lock */
static bool gone;		/* set once, by the reboot notifier */

void vmx_insn_failed(const char *insn, u64 operand, const void *where)
{
	u32 error = 0;

	if (!vmx_root_is_on())
		return;
	/* The error number is a VMCS field too; do not recurse over it. */
	asm volatile("vmread %1, %q0" : "+r" (error)
		     : "r" ((unsigned long)VM_INSTRUCTION_ERROR) : "cc");
	WARN_ONCE(1, "vellum: %s %#llx failed, VM-instruction error %u, from %pS\n",
		  insn, operand, error, where);
}

/* Interrupts off. */
static int root_on_here(void)
{
	if (this_cpu_read(vmx_root_on))
		return 0;
	if (cr4_read_shadow() & X86_CR4_VMXE)
		return -EBUSY;

	/* Intel PT may not be able to trace VMX operation: perf parks it. */
	intel_pt_handle_vmx(1);
	cr4_set_bits(X86_CR4_VMXE);
	if (!vmxon(__pa(this_cpu_read(vmxon_region)))) {
		cr4_clear_bits(X86_CR4_VMXE);
		intel_pt_handle_vmx(0);
		return -EIO;
	}
	this_cpu_write(vmx_root_on, true);

	/* Whoever was here before may have left translations cached. */
	invept(VMX_EPT_EXTENT_GLOBAL, 0);
	return 0;
}

/* Interrupts off. */
static void root_off_here(void)
{
	if (!this_cpu_read(vmx_root_on))
		return;
	vmcs_clear_all_here();
	this_cpu_write(vmx_root_on, false);
	vmxoff();
	cr4_clear_bits(X86_CR4_VMXE);
	intel_pt_handle_vmx(0);
}

static int root_cpu_online(unsigned int cpu)
{
	void **region = this_cpu_ptr(&vmxon_region);
	int err;

	if (READ_ONCE(gone))
		return -ESHUTDOWN;
	if (!*region) {
		*region = (void *)get_zeroed_page(GFP_KERNEL);
		if (!*region)
			return -ENOMEM;
		*(u32 *)*region = vmx_caps.revision;
	}

	local_irq_disable();
	err = root_on_here();
	local_irq_enable();
	if (err)
		vlm_err("CPU %u cannot enter VMX operation: %s\n", cpu,
			err == -EBUSY ? "CR4.VMXE is set, another hypervisor holds it" :
					"VMXON failed");
	return err;
}

/*
 * vCPU threads may still run here for a moment.  They use VMX only with
 * preemption off, so not while this runs, and look at vmx_root_on each time
 * before they do.
 */
static int root_cpu_offline(unsigned int cpu)
{
	local_irq_disable();
	root_off_here();
	local_irq_enable();
	return 0;
}

static void root_off_ipi(void *unused)
{
	root_off_here();
}

/*
 * Suspend takes all CPUs but this one offline, and those go the way of any
 * offline CPU; this one goes here, interrupts off.
 */
static int root_suspend(void)
{
	root_off_here();
	return 0;
}

static void root_resume(void)
{
	if (root_on_here())
		vlm_err("VMX operation did not come back on resume\n");
}

VLM_DEFINE_SYSCORE(root_syscore, root_suspend, root_resume);

/*
 * A reset or a kexec with VMX on would leave the next kernel with CPUs that
 * ignore INIT.  There is no way back from here: vCPUs find VMX operation gone.
 */
static int root_reboot(struct notifier_block *nb, unsigned long event, void *unused)
{
	WRITE_ONCE(gone, true);
	on_each_cpu(root_off_ipi, NULL, 1);
	return NOTIFY_OK;
}

static struct notifier_block root_reboot_nb = {
	.notifier_call = root_reboot,
};

bool vmx_root_gone(void)
{
	return READ_ONCE(gone);
}

static void count_vmxe(void *arg)
{
	atomic_t *count = arg;

	if (cr4_read_shadow() & X86_CR4_VMXE)
		atomic_inc(count);
}

int vmx_root_check(void)
{
	atomic_t count = ATOMIC_INIT(0);

	on_each_cpu(count_vmxe, &count, 1);
	if (!atomic_read(&count))
		return 0;
	vlm_err("VMX is already on (CR4.VMXE set on %d of %u CPUs): another hypervisor, such as kvm_intel, holds it\n",
		atomic_read(&count), num_online_cpus());
	return -EBUSY;
}

static int root_enable(void)
{
	int ret;

	ret = vmx_root_check();
	if (ret)
		return ret;

	vmx_emergency_arm();
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "vellum:online",
				root_cpu_online, root_cpu_offline);
	if (ret < 0) {
		vmx_emergency_disarm();
		return ret;
	}
	hp_state = ret;
	register_syscore(&root_syscore);
	return 0;
}

static void root_disable(void)
{
	unregister_syscore(&root_syscore);
	cpuhp_remove_state(hp_state);
	vmx_emergency_disarm();
}

int vmx_root_get(void)
{
	int err = 0;

	mutex_lock(&root_lock);
	if (READ_ONCE(gone))
		err = -ESHUTDOWN;
	else if (!users)
		err = root_enable();
	if (!err)
		users++;
	mutex_unlock(&root_lock);
	return err;
}

void vmx_root_put(void)
{
	mutex_lock(&root_lock);
	if (!--users)
		root_disable();
	mutex_unlock(&root_lock);
}

int vmx_root_init(void)
{
	int err;

	vmcs_init_lists();
	err = vmx_emergency_init();
	if (err)
		return err;
	err = register_reboot_notifier(&root_reboot_nb);
	if (err)
		vmx_emergency_exit();
	return err;
}

void vmx_root_exit(void)
{
	int cpu;

	unregister_reboot_notifier(&root_reboot_nb);
	vmx_emergency_exit();
	for_each_possible_cpu(cpu)
		free_page((unsigned long)per_cpu(vmxon_region, cpu));
}
