// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vellum: load and unload.
 */
#include "vellum.h"

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include <vellum.h>

#include "core/debugfs.h"
#include "core/ioctl.h"
#include "core/stats.h"
#include "core/vcpu.h"
#include "irq/eventfd.h"
#include "vmx/vmx.h"

static long vellum_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return vlm_ioctl_sys(cmd, arg);
}

static const struct file_operations vellum_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vellum_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice vellum_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = VELLUM_DEVICE_NAME,
	.mode = 0660,
	.fops = &vellum_fops,
};

static int __init vellum_init(void)
{
	int err;

	err = vmx_init();
	if (err)
		return err;
	err = vlm_x86_init();
	if (err)
		goto err_vmx;
	vlm_stats_init();
	err = vlm_vcpu_init();
	if (err)
		goto err_vmx;
	err = vlm_irqfd_init();
	if (err)
		goto err_vcpu;

	vlm_debugfs_init();

	/* Last: from here on user space can call in. */
	err = misc_register(&vellum_dev);
	if (err)
		goto err_debugfs;
	return 0;

err_debugfs:
	vlm_debugfs_exit();
	vlm_irqfd_exit();
err_vcpu:
	vlm_vcpu_exit();
err_vmx:
	vmx_exit();
	return err;
}

static void __exit vellum_exit(void)
{
	misc_deregister(&vellum_dev);
	vlm_debugfs_exit();
	vlm_irqfd_exit();
	vlm_vcpu_exit();
	vmx_exit();
}

module_init(vellum_init);
module_exit(vellum_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Vellum, a minimal VT-x hypervisor that speaks KVM's ABI");
MODULE_AUTHOR("The Vellum developers");
