// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_GET_MSRS, KVM_SET_MSRS and their index lists. A list call answers the
 * number of entries done, and stops at the first that it cannot do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "msr.h"
#include "vt_fixture.h"

VT_FIXTURE(msrs)

static const struct {
	uint32_t index;
	uint64_t value;
} values[] = {
	{ MSR_IA32_SYSENTER_CS, 0x10 },
	{ MSR_IA32_SYSENTER_ESP, 0xffff800012345678 },
	{ MSR_IA32_SYSENTER_EIP, 0x00007fff12345678 },
	{ MSR_IA32_CR_PAT, 0x0007040600070406 },
	{ MSR_IA32_CR_PAT, 0x0606060606060606 },
	{ MSR_STAR, 0x0023001000000000 },
	{ MSR_LSTAR, 0xffffffff81234567 },
	{ MSR_CSTAR, 0xffffffff81234560 },
	{ MSR_SYSCALL_MASK, 0x47700 },
	{ MSR_KERNEL_GS_BASE, 0xffff888012345000 },
	{ MSR_FS_BASE, 0x00007f0012345000 },
	{ MSR_GS_BASE, 0xffff888000001000 },
	{ MSR_EFER, 0 },
	{ MSR_EFER, 1 },
	{ MSR_EFER, 0x801 },
	{ MSR_MTRR_DEF_TYPE, 0xc06 },
	{ MSR_MTRR_DEF_TYPE, 0 },
	{ MSR_MTRR_FIX64K_00000, 0x0606060606060606 },
	{ MSR_MTRR_FIX4K_F8000, 0x0505050505050505 },
	{ MSR_MTRR_PHYSBASE0, 0x80000006 },
	{ MSR_MTRR_PHYSMASK0, 0xff80000800 },
	{ MSR_IA32_MCG_STATUS, 5 },
	{ MSR_IA32_MISC_ENABLE, 1 },
	{ 0x1fc, 0x1234 },	/* IA32_POWER_CTL */
	{ 0x11, 0 },
	{ 0x12, 0 },
};

VT_GUEST(reads_platform_info, 64, "mov $7, %eax; mov $0xce, %ecx; rdmsr; hlt");

TEST_F(msrs, set_get)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		uint64_t got = 0;

		EXPECT_EQ(1, vt_set_msr(&self->vcpu, values[i].index, values[i].value))
			TH_LOG("%#x = %#llx", values[i].index,
			       (unsigned long long)values[i].value);
		EXPECT_EQ(1, vt_try_get_msr(&self->vcpu, values[i].index, &got));
		EXPECT_EQ(values[i].value, got)
			TH_LOG("%#x", values[i].index);
	}
}

static const struct {
	const char *name;
	uint32_t index;
	uint64_t value;
} forbidden[] = {
	{ "PAT, memory type 2", MSR_IA32_CR_PAT, 0x0007040600070402 },
	{ "PAT, reserved bits", MSR_IA32_CR_PAT, 0x0007040600070486 },
	{ "LSTAR not canonical", MSR_LSTAR, 0x1234000000000000 },
	{ "CSTAR not canonical", MSR_CSTAR, 0x8000000000000000 },
	{ "KERNEL_GS_BASE not canonical", MSR_KERNEL_GS_BASE, 0x0100000000000000 },
	{ "FS_BASE not canonical", MSR_FS_BASE, 0x0100000000000000 },
	{ "EFER, reserved bit", MSR_EFER, 1 << 1 },
	{ "EFER, high bit", MSR_EFER, 1ull << 40 },
	{ "MTRR default type 2", MSR_MTRR_DEF_TYPE, 2 },
	{ "MTRR default type, reserved bit", MSR_MTRR_DEF_TYPE, 0x1006 },
	{ "fixed MTRR type 7", MSR_MTRR_FIX64K_00000, 0x07 },
	{ "variable MTRR type 3", MSR_MTRR_PHYSBASE0, 3 },
	{ "an MSR that there is not", 0x12345, 0 },
};

TEST_F(msrs, forbidden)
{
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++) {
		uint64_t before = 0, after = 0;
		long known = vt_try_get_msr(&self->vcpu, forbidden[i].index, &before);

		EXPECT_EQ(0, vt_set_msr(&self->vcpu, forbidden[i].index,
					forbidden[i].value))
			TH_LOG("%s", forbidden[i].name);
		EXPECT_EQ(known, vt_try_get_msr(&self->vcpu, forbidden[i].index, &after));
		EXPECT_EQ(before, after)
			TH_LOG("%s", forbidden[i].name);
	}
}

struct three_msrs {
	struct kvm_msrs head;
	struct kvm_msr_entry entries[3];
};

TEST_F(msrs, stops_at_the_first_bad_one)
{
	struct three_msrs list = {
		.head.nmsrs = 3,
		.entries = {
			{ .index = MSR_LSTAR, .data = 0x1000 },
			{ .index = 0x12345 },
			{ .index = MSR_CSTAR, .data = 0x2000 },
		},
	};

	EXPECT_EQ(1, vt_set_msr(&self->vcpu, MSR_CSTAR, 0x3000));
	EXPECT_EQ(1, VT_IOCTL(self->vcpu.fd, KVM_SET_MSRS, &list));
	EXPECT_EQ(0x1000, vt_get_msr(&self->vcpu, MSR_LSTAR));
	EXPECT_EQ(0x3000, vt_get_msr(&self->vcpu, MSR_CSTAR));

	list.entries[2].data = 0x55;
	EXPECT_EQ(1, VT_IOCTL(self->vcpu.fd, KVM_GET_MSRS, &list));
	EXPECT_EQ(0x1000, list.entries[0].data);
	EXPECT_EQ(0x55, list.entries[2].data);
	list.head.nmsrs = 0;
	EXPECT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_MSRS, &list));
}

static struct kvm_msr_list *index_list(struct __test_metadata *_metadata, int dev,
				       unsigned long cmd)
{
	struct kvm_msr_list head = { .nmsrs = 0 }, *list;

	/* Too small: the size that is wanted comes back. */
	EXPECT_EQ(-E2BIG, VT_IOCTL(dev, cmd, &head));
	EXPECT_GT(head.nmsrs, 0);
	list = calloc(1, sizeof(*list) + head.nmsrs * sizeof(list->indices[0]));
	list->nmsrs = head.nmsrs;
	EXPECT_EQ(0, VT_IOCTL(dev, cmd, list));
	EXPECT_EQ(head.nmsrs, list->nmsrs);
	return list;
}

static bool listed(const struct kvm_msr_list *list, uint32_t index)
{
	for (uint32_t i = 0; i < list->nmsrs; i++)
		if (list->indices[i] == index)
			return true;
	return false;
}

TEST_F(msrs, index_list)
{
	static const uint32_t wanted[] = {
		MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP,
		MSR_IA32_CR_PAT, MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK,
		MSR_KERNEL_GS_BASE, MSR_IA32_TSC,
	};
	struct kvm_msr_list *list;

	list = index_list(_metadata, self->vm.dev, KVM_GET_MSR_INDEX_LIST);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		EXPECT_TRUE(listed(list, wanted[i]))
			TH_LOG("%#x is not listed", wanted[i]);
	}
	for (uint32_t i = 0; i < list->nmsrs; i++) {
		for (uint32_t j = 0; j < i; j++) {
			EXPECT_NE(list->indices[i], list->indices[j])
				TH_LOG("listed twice");
		}
	}
	free(list);
}

/* A client saves every MSR of the list and writes it back. */
TEST_F(msrs, listed_can_be_saved_and_restored)
{
	struct kvm_msr_list *list;

	list = index_list(_metadata, self->vm.dev, KVM_GET_MSR_INDEX_LIST);
	for (uint32_t i = 0; i < list->nmsrs; i++) {
		uint64_t value;

		EXPECT_EQ(1, vt_try_get_msr(&self->vcpu, list->indices[i], &value))
			TH_LOG("get of %#x", list->indices[i]);
		/* MSR_KVM_ASYNC_PF_INT: only with an APIC in the kernel. */
		if (list->indices[i] == 0x4b564d06 && vt_on_kvm())
			continue;
		EXPECT_EQ(1, vt_set_msr(&self->vcpu, list->indices[i], value))
			TH_LOG("set of %#x to %#llx", list->indices[i],
			       (unsigned long long)value);
	}
	free(list);
}

/* MSR_PLATFORM_INFO is user space's to set, and to hide from the guest. */
TEST_F(msrs, platform_info)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_MSR_PLATFORM_INFO, .args = { 1 } };
	const uint32_t index = 0xce;

	VT_NEED_CAP(KVM_CAP_MSR_PLATFORM_INFO);
	vt_catch(&self->vcpu, VT_LONG);
	EXPECT_EQ(1, vt_set_msr(&self->vcpu, index, 0xff00));
	for (int shown = 1; shown >= 0; shown--) {
		struct kvm_regs regs;

		cap.args[0] = shown;
		EXPECT_EQ(0, VT_IOCTL(self->vm.fd, KVM_ENABLE_CAP, &cap));
		vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(reads_platform_info));
		vt_catch(&self->vcpu, VT_LONG);
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(shown ? 0xff00 : 7, regs.rax);
		EXPECT_EQ(shown ? 0 : 1, vt_caught(&self->vcpu)->count);
		/* It is there for user space all the same. */
		EXPECT_EQ(0xff00, vt_get_msr(&self->vcpu, index));
	}
}

TEST_F(msrs, features)
{
	struct three_msrs one = { .head.nmsrs = 1 };
	struct kvm_msr_list *list;

	VT_NEED_CAP(KVM_CAP_GET_MSR_FEATURES);
	list = index_list(_metadata, self->vm.dev, KVM_GET_MSR_FEATURE_INDEX_LIST);
	for (uint32_t i = 0; i < list->nmsrs; i++) {
		one.entries[0].index = list->indices[i];
		EXPECT_EQ(1, VT_IOCTL(self->vm.dev, KVM_GET_MSRS, &one))
			TH_LOG("feature MSR %#x", list->indices[i]);
	}
	one.entries[0].index = 0x12345;
	EXPECT_EQ(0, VT_IOCTL(self->vm.dev, KVM_GET_MSRS, &one));
	free(list);
}

TEST_F(msrs, tsc_moves)
{
	const uint64_t far = 1ull << 50;
	uint64_t first, second;

	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_IA32_TSC, far));
	first = vt_get_msr(&self->vcpu, MSR_IA32_TSC);
	second = vt_get_msr(&self->vcpu, MSR_IA32_TSC);
	EXPECT_GE(first, far);
	EXPECT_GE(second, first);
	EXPECT_LT(second, far + (1ull << 40));
}

TEST_HARNESS_MAIN
