// SPDX-License-Identifier: GPL-2.0-only
/*
 * A crash kernel or a reset must not start with VMX on: INIT is blocked in VMX
 * root operation.  The kernel calls one registered function on every CPU when
 * it crashes or reboots by force.
 *
 * There is a single slot for that function, registering over a taken one is a
 * WARN, and one cannot ask whether it is taken.  kvm_intel wants it as well.
 * KVM's function turns VMX off whoever turned it on, so the slot is left to
 * KVM whenever kvm_intel is loaded, and is ours otherwise.
 */
#include "../vellum.h"

#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <asm/reboot.h>
#include <asm/tlbflush.h>

#include "emergency.h"
#include "insn.h"
#include "root.h"
#include "vmcs.h"

static DEFINE_MUTEX(slot_lock);
static bool kvm_loaded;		/* under slot_lock */
static bool armed;		/* under slot_lock */
static bool registered;		/* under slot_lock */

/* NMI or panic context, on each CPU: take nothing, wait for nothing. */
static void emergency_off(void)
{
	if (!vmx_root_is_on())
		return;
	this_cpu_write(vmx_root_on, false);
	vmcs_clear_all_here();
	vmxoff();
	cr4_clear_bits(X86_CR4_VMXE);
}

static void update_slot(void)
{
	bool want = armed && !kvm_loaded;

	lockdep_assert_held(&slot_lock);
	if (want == registered)
		return;
	if (want)
		cpu_emergency_register_virt_callback(emergency_off);
	else
		cpu_emergency_unregister_virt_callback(emergency_off);
	registered = want;
}

void vmx_emergency_arm(void)
{
	mutex_lock(&slot_lock);
	armed = true;
	update_slot();
	mutex_unlock(&slot_lock);
}

void vmx_emergency_disarm(void)
{
	mutex_lock(&slot_lock);
	armed = false;
	update_slot();
	mutex_unlock(&slot_lock);
}

/* COMING is told before the module's init runs, GOING after its exit. */
static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = data;

	if (strcmp(mod->name, "kvm_intel"))
		return NOTIFY_DONE;

	mutex_lock(&slot_lock);
	if (event == MODULE_STATE_COMING)
		kvm_loaded = true;
	else if (event == MODULE_STATE_GOING)
		kvm_loaded = false;
	update_slot();
	mutex_unlock(&slot_lock);
	return NOTIFY_OK;
}

static struct notifier_block module_nb = {
	.notifier_call = module_event,
};

int vmx_emergency_init(void)
{
	struct kobject *kobj;
	int err;

	err = register_module_notifier(&module_nb);
	if (err)
		return err;

	/* All modules live in one kset, ours among them. */
	mutex_lock(&slot_lock);
	kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, "kvm_intel");
	if (kobj) {
		kvm_loaded = true;
		kobject_put(kobj);
	}
	mutex_unlock(&slot_lock);
	return 0;
}

void vmx_emergency_exit(void)
{
	unregister_module_notifier(&module_nb);
}
