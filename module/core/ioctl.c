// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctl dispatcher.
 */
#include "../vellum.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ioctl.h"

/* Most structures are small; regs and sregs fit here. */
#define ON_STACK	320

static long call_with_copy(const struct vlm_ioctl *row, void *obj, void __user *user)
{
	size_t size = _IOC_SIZE(row->cmd);
	u8 small[ON_STACK] __aligned(8);
	void *data = small;
	long ret;

	/* Zeroed, so that no handler can leak what it left unset. */
	if (size > sizeof(small)) {
		data = kzalloc(size, GFP_KERNEL_ACCOUNT);
		if (!data)
			return -ENOMEM;
	} else {
		memset(small, 0, sizeof(small));
	}

	ret = -EFAULT;
	if ((_IOC_DIR(row->cmd) & _IOC_WRITE) && copy_from_user(data, user, size))
		goto out;

	ret = row->fn(obj, (unsigned long)data);

	if (ret >= 0 && (_IOC_DIR(row->cmd) & _IOC_READ) &&
	    copy_to_user(user, data, size))
		ret = -EFAULT;
out:
	if (data != small)
		kfree(data);
	return ret;
}

void *vlm_copy_in(const void __user *from, size_t size)
{
	void *copy = kvmalloc(size, GFP_KERNEL_ACCOUNT);

	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(copy, from, size)) {
		kvfree(copy);
		return ERR_PTR(-EFAULT);
	}
	return copy;
}

long vlm_ioctl_dispatch(const struct vlm_ioctl *table, unsigned int rows, void *obj,
			unsigned int cmd, unsigned long arg)
{
	unsigned int i;

	for (i = 0; i < rows; i++) {
		const struct vlm_ioctl *row = &table[i];

		if (row->cmd != cmd)
			continue;
		if ((row->flags & VLM_RAW) || !_IOC_SIZE(cmd))
			return row->fn(obj, arg);
		return call_with_copy(row, obj, (void __user *)arg);
	}
	return -ENOTTY;
}
