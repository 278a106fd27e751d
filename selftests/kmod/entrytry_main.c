// SPDX-License-Identifier: GPL-2.0-only
/*
 * entrytry: shows the CPU a VMCS with whatever values a test wants, and tells what
 * the CPU says of it, and what the VM-entry doctor says, which is linked in here
 * from the sources of Vellum.  It is in VMX operation only for the moment of a try
 * and needs nothing of Vellum, so that Vellum needs no door for tests.
 *
 * The guest has no memory: its EPT, and its page table where it has no EPT, are
 * empty.  It leaves at its first instruction, mostly before, by a VMX-preemption
 * timer that has run down.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/apic.h>
#include <asm/cpu_entry_area.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/tlbflush.h>

#include "entrytry.h"
#include "entrytry_priv.h"

static DEFINE_MUTEX(lock);
static struct entrytry_pages pages;

static void base_host(u64 *v)
{
	struct desc_ptr dt;

	v[DF_HOST_CR0] = read_cr0() & ~(u64)X86_CR0_TS;
	v[DF_HOST_CR3] = __read_cr3();
	v[DF_HOST_CR4] = __read_cr4() | X86_CR4_VMXE;
	v[DF_HOST_CS_SEL] = __KERNEL_CS;
	v[DF_HOST_SS_SEL] = __KERNEL_DS;
	v[DF_HOST_TR_SEL] = GDT_ENTRY_TSS * 8;
	store_idt(&dt);
	v[DF_HOST_IDTR_BASE] = dt.address;
	native_store_gdt(&dt);
	v[DF_HOST_GDTR_BASE] = dt.address;
	v[DF_HOST_TR_BASE] = (u64)&get_cpu_entry_area(smp_processor_id())->tss.x86_tss;
	rdmsrl(MSR_FS_BASE, v[DF_HOST_FS_BASE]);
	rdmsrl(MSR_GS_BASE, v[DF_HOST_GS_BASE]);
	rdmsrl(MSR_IA32_SYSENTER_CS, v[DF_HOST_SYSENTER_CS]);
	rdmsrl(MSR_IA32_SYSENTER_ESP, v[DF_HOST_SYSENTER_ESP]);
	rdmsrl(MSR_IA32_SYSENTER_EIP, v[DF_HOST_SYSENTER_EIP]);
	rdmsrl(MSR_IA32_CR_PAT, v[DF_HOST_PAT]);
	rdmsrl(MSR_EFER, v[DF_HOST_EFER]);
	v[DF_HOST_RIP] = (u64)entrytry_exit;
}

/* What differs between CPUs, or from one try to the next, is made anew for each. */
static void make_base(struct entrytry_base *base)
{
	memset(base, 0, sizeof(*base));
	entrytry_caps(&base->caps);
	base_host(base->value);
	base->at = pages.at;
	entrytry_fill(&base->caps, &base->at, base->value);
	memcpy(base->have, pages.have, sizeof(base->have));
}

static void take_values(struct doctor_state *s, const struct entrytry_base *base,
			const struct entrytry *t)
{
	int i;

	s->caps = base->caps;
	for (i = DF_NONE + 1; i < NR_DOCTOR_FIELDS; i++) {
		if (base->have[i])
			doctor_set(s, i, t->value[i]);
	}
	s->msrs = t->msrs;
	s->nr_msrs = t->nr_msrs;
}

static u64 read_tpr(void)
{
	u64 value;

	asm volatile("mov %%cr8, %0" : "=r" (value));
	return value;
}

static void write_tpr(u64 value)
{
	asm volatile("mov %0, %%cr8" : : "r" (value) : "memory");
}

/* Interrupts off; the host's fields are those of this CPU. */
static void try_here(struct entrytry_base *base, struct entrytry *t)
{
	u64 kept_tpr;

	memset(pages.scratch, 0, PAGE_SIZE);
	memset(pages.vapic, 0, PAGE_SIZE);
	*(u32 *)(pages.vapic + APIC_TASKPRI) = t->value[DF_VTPR];
	*(u32 *)pages.link = t->value[DF_LINK_REVISION];
	memcpy(pages.msrs, t->msrs, sizeof(t->msrs));

	/* No interrupt is for the guest, nor acknowledged by its exit. */
	kept_tpr = read_tpr();
	write_tpr(15);
	entrytry_launch(&pages, base, t);
	write_tpr(kept_tpr);
	load_fixmap_gdt(smp_processor_id());
	invalidate_tss_limit();
}

/* The host's part of a base was read on another CPU, perhaps: translate. */
static void refresh_host(const struct entrytry_base *here, const struct entrytry_base *seen,
			 struct entrytry *t)
{
	int i;

	for (i = DF_HOST_ES_SEL; i <= DF_HOST_SSP_TABLE; i++) {
		if (t->value[i] == seen->value[i])
			t->value[i] = here->value[i];
	}
}

/**
 * struct session - of one open file
 * @seen: the base that user space was given
 * @here: that of the CPU and the moment of a try
 * @state: what the doctor is asked about
 */
struct session {
	struct entrytry_base seen;
	struct entrytry_base here;
	struct doctor_state state;
};

static long try(struct session *session, struct entrytry *t)
{
	struct entrytry_base *here = &session->here;
	struct doctor_state *s = &session->state;

	if (t->nr_msrs > ENTRYTRY_MSRS)
		return -EINVAL;
	/* Vellum or KVM came in the meantime. */
	if (__read_cr4() & X86_CR4_VMXE)
		return -EBUSY;
	cr4_set_bits(X86_CR4_VMXE);
	make_base(here);
	refresh_host(here, &session->seen, t);
	take_values(s, here, t);
	t->nr_broken = doctor_examine(s, t->broken, ENTRYTRY_BROKEN);
	t->verdict = ENTRYTRY_NOT_TRIED;
	if (entrytry_is_safe(&pages, here, s, t))
		try_here(here, t);
	cr4_clear_bits(X86_CR4_VMXE);
	return 0;
}

static long get_base(struct session *session, void __user *arg)
{
	local_irq_disable();
	make_base(&session->seen);
	local_irq_enable();
	return copy_to_user(arg, &session->seen, sizeof(session->seen)) ? -EFAULT : 0;
}

static long try_one(struct session *session, void __user *arg)
{
	struct entrytry *t = memdup_user(arg, sizeof(*t));
	long err;

	if (IS_ERR(t))
		return PTR_ERR(t);
	local_irq_disable();
	err = try(session, t);
	local_irq_enable();
	if (!err && copy_to_user(arg, t, sizeof(*t)))
		err = -EFAULT;
	kfree(t);
	return err;
}

static long entrytry_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long err = -ENOTTY;

	mutex_lock(&lock);
	if (cmd == ENTRYTRY_GET_BASE)
		err = get_base(file->private_data, (void __user *)arg);
	else if (cmd == ENTRYTRY_TRY)
		err = try_one(file->private_data, (void __user *)arg);
	mutex_unlock(&lock);
	return err;
}

static int entrytry_open(struct inode *inode, struct file *file)
{
	struct session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	file->private_data = session;
	return session ? 0 : -ENOMEM;
}

static int entrytry_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations entrytry_fops = {
	.owner = THIS_MODULE,
	.open = entrytry_open,
	.release = entrytry_release,
	.unlocked_ioctl = entrytry_ioctl,
};

static struct miscdevice entrytry_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = ENTRYTRY_DEVICE,
	.mode = 0600,
	.fops = &entrytry_fops,
};

static int __init entrytry_init(void)
{
	int err = entrytry_setup(&pages);

	if (!err)
		err = misc_register(&entrytry_dev);
	if (err)
		entrytry_free(&pages);
	return err;
}

static void __exit entrytry_end(void)
{
	misc_deregister(&entrytry_dev);
	entrytry_free(&pages);
}

module_init(entrytry_init);
module_exit(entrytry_end);

MODULE_DESCRIPTION("Shows VMCSs to the CPU, for tests of the VM-entry doctor");
MODULE_LICENSE("GPL");
