// SPDX-License-Identifier: GPL-2.0-only
/*
 * guestcount: ticks that guests run, ticks that the CPUs are idle and VM exits by
 * reason, of KVM or of Vellum, whichever is loaded: by the tracepoints that both have
 * before an entry and after an exit, and by what the VMCS says. It uses nothing of
 * either, so the same program looks at both.
 *
 *	# cat /proc/guestcount
 *	guest 123456
 *	idle 1234
 *	exit 10 1000
 *
 * What either does between those tracepoints and the entry itself is in the ticks of
 * the guest: whoever reads them measures it by a guest of a known length.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <asm/msr.h>
#include <asm/vmx.h>

#define REASONS	80

/**
 * struct counts - of one CPU, written there with interrupts off or by one thread
 * @entered: time-stamp counter before the last entry; 0: none since the last exit
 * @guest: ticks from such an entry to its exit
 * @slept: time-stamp counter when the CPU went idle
 * @idle: ticks from there to its wakeup
 * @exits: by basic reason, the last one for all others
 */
struct counts {
	u64 entered;
	u64 guest;
	u64 slept;
	u64 idle;
	u64 exits[REASONS + 1];
};

static DEFINE_PER_CPU(struct counts, counts);

static unsigned int basic_reason(void)
{
	unsigned long field = VM_EXIT_REASON, value;

	asm volatile("vmread %[field], %[value]"
		     : [value] "=r" (value)
		     : [field] "r" (field)
		     : "cc");
	return min_t(unsigned long, value & 0xffff, REASONS);
}

/* Arguments follow, which are others on KVM than on Vellum. */
static void probe_exit(void *data)
{
	u64 now = rdtsc();
	struct counts *c = this_cpu_ptr(&counts);

	if (c->entered)
		c->guest += now - c->entered;
	c->entered = 0;
	c->exits[basic_reason()]++;
}

static void probe_entry(void *data)
{
	this_cpu_ptr(&counts)->entered = rdtsc();
}

static void probe_idle(void *data, unsigned int state, unsigned int cpu)
{
	struct counts *c = this_cpu_ptr(&counts);
	u64 now = rdtsc();

	if (state != (u32)-1)
		c->slept = now;
	else if (c->slept)
		c->idle += now - c->slept;
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *found;
} probes[] = {
	{ "kvm_exit", probe_exit },
	{ "kvm_entry", probe_entry },
	{ "vm_exit", probe_exit },
	{ "vm_entry", probe_entry },
	{ "cpu_idle", probe_idle },
};

static void look_at(struct tracepoint *tp, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (strcmp(tp->name, probes[i].name))
			continue;
		if (!tracepoint_probe_register(tp, probes[i].probe, NULL))
			probes[i].found = tp;
	}
}

static void let_go(struct tracepoint *tp)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (probes[i].found == tp) {
			tracepoint_probe_unregister(tp, probes[i].probe, NULL);
			probes[i].found = NULL;
		}
	}
}

/* Called for the modules that are there, too. */
static int module_changed(struct notifier_block *block, unsigned long action, void *data)
{
	struct tp_module *module = data;
	int i;

	for (i = 0; i < module->mod->num_tracepoints; i++) {
		struct tracepoint *tp =
			tracepoint_ptr_deref(&module->mod->tracepoints_ptrs[i]);

		if (action == MODULE_STATE_COMING)
			look_at(tp, NULL);
		else
			let_go(tp);
	}
	return NOTIFY_OK;
}

static struct notifier_block modules = { .notifier_call = module_changed };

static int guestcount_show(struct seq_file *file, void *unused)
{
	u64 guest = 0, idle = 0, exits[REASONS + 1] = { };
	unsigned int cpu, i;

	for_each_possible_cpu(cpu) {
		const struct counts *c = per_cpu_ptr(&counts, cpu);

		guest += READ_ONCE(c->guest);
		idle += READ_ONCE(c->idle);
		for (i = 0; i <= REASONS; i++)
			exits[i] += READ_ONCE(c->exits[i]);
	}
	seq_printf(file, "guest %llu\nidle %llu\n", guest, idle);
	for (i = 0; i <= REASONS; i++)
		if (exits[i])
			seq_printf(file, "exit %u %llu\n", i, exits[i]);
	return 0;
}

static void look_away(void)
{
	unsigned int i;

	unregister_tracepoint_module_notifier(&modules);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].found)
			let_go(probes[i].found);
	tracepoint_synchronize_unregister();
}

static int __init guestcount_init(void)
{
	int err = register_tracepoint_module_notifier(&modules);

	if (err)
		return err;
	for_each_kernel_tracepoint(look_at, NULL);
	if (proc_create_single("guestcount", 0400, NULL, guestcount_show))
		return 0;
	look_away();
	return -ENOMEM;
}

static void __exit guestcount_exit(void)
{
	remove_proc_entry("guestcount", NULL);
	look_away();
}

module_init(guestcount_init);
module_exit(guestcount_exit);

MODULE_DESCRIPTION("Counts ticks of guests and VM exits, for the benchmark");
MODULE_LICENSE("GPL");
