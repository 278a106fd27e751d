// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the device tells about itself: version, capabilities, size of the run
 * mapping. Clients decide by these answers, so each is checked for the value
 * that a client relies on.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt.h"

FIXTURE(api)
{
	int dev;
	int vm;
};

FIXTURE_SETUP(api)
{
	self->dev = vt_open();
	self->vm = vt_ioctl(self->dev, KVM_CREATE_VM, 0);
	ASSERT_GE(self->vm, 0);
}

FIXTURE_TEARDOWN(api)
{
	close(self->vm);
	close(self->dev);
}

TEST_F(api, version)
{
	EXPECT_EQ(12, vt_ioctl(self->dev, KVM_GET_API_VERSION, 0));
}

/* The API document: the argument is not used and must be zero. */
TEST_F(api, version_wants_no_argument)
{
	EXPECT_EQ(-EINVAL, vt_ioctl(self->dev, KVM_GET_API_VERSION, 1));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->dev, KVM_GET_VCPU_MMAP_SIZE, 1));
}

/* Run page, port data page, coalesced ring. */
TEST_F(api, mmap_size)
{
	EXPECT_EQ(3 * VT_PAGE, vt_ioctl(self->dev, KVM_GET_VCPU_MMAP_SIZE, 0));
}

/* Asked of the device and of a VM, the answer is the same. */
TEST_F(api, extensions_same_on_vm)
{
	for (int cap = 0; cap < 512; cap++) {
		long dev = vt_ioctl(self->dev, KVM_CHECK_EXTENSION, cap);
		long vm = vt_ioctl(self->vm, KVM_CHECK_EXTENSION, cap);

		EXPECT_EQ(dev, vm)
			TH_LOG("capability %d: device %ld, VM %ld", cap, dev, vm);
		EXPECT_GE(dev, 0)
			TH_LOG("capability %d", cap);
	}
}

TEST_F(api, unknown_extensions_are_zero)
{
	static const unsigned long none[] = {
		600, 4095, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
	};

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_EQ(0, vt_ioctl(self->dev, KVM_CHECK_EXTENSION, none[i]))
			TH_LOG("capability %#lx", none[i]);
	}
}

/* Not for this processor, or out of scope: never a yes. */
TEST_F(api, foreign_extensions_are_zero)
{
	static const int none[] = {
		KVM_CAP_PPC_SMT, KVM_CAP_S390_PSW, KVM_CAP_ARM_PSCI,
		KVM_CAP_MIPS_FPU, KVM_CAP_SPAPR_TCE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_EQ(0, vt_cap(self->dev, none[i]))
			TH_LOG("capability %d", none[i]);
	}
}

TEST_F(api, user_memory)
{
	EXPECT_EQ(1, vt_cap(self->dev, KVM_CAP_USER_MEMORY));
	EXPECT_EQ(1, vt_cap(self->dev, KVM_CAP_DESTROY_MEMORY_REGION_WORKS));
	EXPECT_EQ(1, vt_cap(self->dev, KVM_CAP_JOIN_MEMORY_REGIONS_WORKS));
	EXPECT_GE(vt_cap(self->dev, KVM_CAP_NR_MEMSLOTS), 509);
}

TEST_F(api, vcpu_limits)
{
	int soft = vt_cap(self->dev, KVM_CAP_NR_VCPUS);
	int hard = vt_cap(self->dev, KVM_CAP_MAX_VCPUS);
	int ids = vt_cap(self->dev, KVM_CAP_MAX_VCPU_ID);

	EXPECT_GE(soft, 1);
	EXPECT_GE(hard, soft);
	EXPECT_GE(ids, hard);
}

/* A machine type other than 0 does not exist on x86. */
TEST_F(api, vm_type)
{
	EXPECT_EQ(-EINVAL, vt_ioctl(self->dev, KVM_CREATE_VM, 77));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->dev, KVM_CREATE_VM, ~0ul));
}

/* Pages for shadow paging: too few are refused. */
TEST_F(api, shadow_pages)
{
	EXPECT_EQ(0, vt_ioctl(self->vm, KVM_SET_NR_MMU_PAGES, 64));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vm, KVM_SET_NR_MMU_PAGES, 63));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vm, KVM_SET_NR_MMU_PAGES, 0));
}

TEST_HARNESS_MAIN
