// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmxstate: tells, for every online CPU, whether CR4.VMXE is set in the
 * register, whether it is set in the kernel's copy of CR4, and whether the CPU
 * is in VMX operation. It knows nothing of Vellum, so that a test can hold
 * what Vellum did against what the CPU says.
 *
 *	# cat /proc/vmxstate
 *	cpu 0 vmxe 0 kernel 0 vmx 0
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <asm/asm.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>

/**
 * struct vmxstate - what one CPU says
 * @vmxe: CR4.VMXE as read from the register
 * @kernel: CR4.VMXE as the kernel believes it to be
 * @vmx: in VMX operation
 */
struct vmxstate {
	bool vmxe;
	bool kernel;
	bool vmx;
};

/*
 * VMPTRST does nothing but store eight bytes in VMX operation and raises #UD
 * outside it, whatever CR4.VMXE says. SDM 3C, "VMX Instruction Reference".
 */
static bool in_vmx_operation(void)
{
	u64 vmcs = 0;
	int fault = 1;

	asm volatile("1: vmptrst %[vmcs]\n\t"
		     "xor %[fault], %[fault]\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : [vmcs] "+m" (vmcs), [fault] "+r" (fault)
		     :
		     : "cc");
	return !fault;
}

static void read_state(void *info)
{
	struct vmxstate *state = info;

	state->vmxe = __read_cr4() & X86_CR4_VMXE;
	state->kernel = cr4_read_shadow() & X86_CR4_VMXE;
	state->vmx = in_vmx_operation();
}

static int vmxstate_show(struct seq_file *file, void *unused)
{
	unsigned int cpu;
	int err = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct vmxstate state = {};

		err = smp_call_function_single(cpu, read_state, &state, 1);
		if (err)
			break;
		seq_printf(file, "cpu %u vmxe %d kernel %d vmx %d\n", cpu,
			   state.vmxe, state.kernel, state.vmx);
	}
	cpus_read_unlock();
	return err;
}

static int __init vmxstate_init(void)
{
	if (!proc_create_single("vmxstate", 0400, NULL, vmxstate_show))
		return -ENOMEM;
	return 0;
}

static void __exit vmxstate_exit(void)
{
	remove_proc_entry("vmxstate", NULL);
}

module_init(vmxstate_init);
module_exit(vmxstate_exit);

MODULE_DESCRIPTION("Reports the VMX state of every CPU, for tests");
MODULE_LICENSE("GPL");
