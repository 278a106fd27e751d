// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSRs as user space lists, reads and writes them.
 */
#include "../vellum.h"

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>
#include <asm/msr-index.h>
#include <asm/processor.h>

#include "../core/ioctl.h"
#include "../core/vcpu.h"

/* As many as KVM takes in one call. */
#define MAX_ENTRIES	256

static bool in_list(const struct vlm_msr *msr, u8 list)
{
	return (msr->flags & list) && (vlm_supported_features() & BIT_ULL(msr->feature));
}

static unsigned int count_list(u8 list)
{
	unsigned int i, n = 0;

	for (i = 0; i < vlm_nr_msrs; i++)
		if (in_list(&vlm_msrs[i], list))
			n += vlm_msrs[i].count;
	return n;
}

static long put_list(struct kvm_msr_list __user *user, u8 list)
{
	u32 total = count_list(list);
	unsigned int i, j, n = 0;
	u32 room;

	if (get_user(room, &user->nmsrs) || put_user(total, &user->nmsrs))
		return -EFAULT;
	if (room < total)
		return -E2BIG;

	for (i = 0; i < vlm_nr_msrs; i++) {
		if (!in_list(&vlm_msrs[i], list))
			continue;
		for (j = 0; j < vlm_msrs[i].count; j++)
			if (put_user(vlm_msrs[i].first + j, &user->indices[n++]))
				return -EFAULT;
	}
	return 0;
}

long vlm_get_msr_index_list(struct kvm_msr_list __user *user)
{
	return put_list(user, MSR_LISTED);
}

long vlm_get_msr_feature_index_list(struct kvm_msr_list __user *user)
{
	return put_list(user, MSR_FEATURE);
}

/*
 * Both calls take entries one after the other, stop at the first that is
 * refused, and return how many went through.
 */
typedef int (*access_fn)(struct vlm_vcpu *vcpu, u32 index, u64 *value);

static long access_all(struct vlm_vcpu *vcpu, struct kvm_msrs __user *user, access_fn access,
		       bool write_back)
{
	struct kvm_msr_entry *entries;
	struct kvm_msrs head;
	size_t size;
	u32 i;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (head.nmsrs >= MAX_ENTRIES)
		return -E2BIG;
	size = array_size(head.nmsrs, sizeof(*entries));
	entries = vlm_copy_in(user->entries, size);
	if (IS_ERR(entries))
		return PTR_ERR(entries);

	for (i = 0; i < head.nmsrs; i++)
		if (access(vcpu, entries[i].index, &entries[i].data))
			break;

	if (write_back && copy_to_user(user->entries, entries, size)) {
		kvfree(entries);
		return -EFAULT;
	}
	kvfree(entries);
	return i;
}

static int read_msr(struct vlm_vcpu *vcpu, u32 index, u64 *value)
{
	u64 v;

	if (vlm_msr_read(vcpu, index, &v, true))
		return 1;
	*value = v;
	return 0;
}

static int write_msr(struct vlm_vcpu *vcpu, u32 index, u64 *value)
{
	return vlm_msr_write(vcpu, index, *value, true);
}

/* What the host's CPU has, before there is any vCPU. */
static int read_feature(struct vlm_vcpu *none, u32 index, u64 *value)
{
	switch (index) {
	case MSR_IA32_UCODE_REV:
		rdmsrl_safe(index, value);
		return 0;
	case MSR_PLATFORM_INFO:
	case MSR_IA32_PERF_CAPABILITIES:
		*value = 0;
		return 0;
	case MSR_IA32_ARCH_CAPABILITIES:
		if (!(vlm_supported_features() & BIT_ULL(VF_ARCH_CAPS)))
			return 1;
		*value = vlm_arch_capabilities();
		return 0;
	}
	return 1;
}

long vlm_sys_get_msrs(struct kvm_msrs __user *user)
{
	return access_all(NULL, user, read_feature, true);
}

long vlm_get_msrs(struct vlm_vcpu *vcpu, struct kvm_msrs __user *user)
{
	return access_all(vcpu, user, read_msr, true);
}

long vlm_set_msrs(struct vlm_vcpu *vcpu, struct kvm_msrs __user *user)
{
	return access_all(vcpu, user, write_msr, false);
}
