// SPDX-License-Identifier: GPL-2.0-only
/* KVM_GET_SREGS2 and KVM_SET_SREGS2: SREGS with the PDPTEs of PAE paging. */
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(sregs2)

static void get(struct vt_vcpu *vcpu, struct kvm_sregs2 *sregs)
{
	long ret = VT_IOCTL(vcpu->fd, KVM_GET_SREGS2, sregs);

	if (ret)
		vt_die("KVM_GET_SREGS2: %s", strerror(-ret));
}

TEST_F(sregs2, same_as_sregs)
{
	struct kvm_sregs2 two;
	struct kvm_sregs one;

	VT_NEED_CAP(KVM_CAP_SREGS2);
	vt_enter_mode(&self->vcpu, VT_LONG);
	vt_get_sregs(&self->vcpu, &one);
	get(&self->vcpu, &two);
	EXPECT_EQ(0, memcmp(&one, &two, offsetof(struct kvm_sregs, interrupt_bitmap)));
	EXPECT_EQ(0, two.flags);
}

TEST_F(sregs2, pdptrs)
{
	struct kvm_sregs2 set, got;

	VT_NEED_CAP(KVM_CAP_SREGS2);
	vt_enter_mode(&self->vcpu, VT_PAE);
	get(&self->vcpu, &set);
	EXPECT_EQ(KVM_SREGS2_FLAGS_PDPTRS_VALID, set.flags);
	EXPECT_EQ((VT_TABLES + VT_PAGE) | 1, set.pdptrs[0]);
	/* Not what memory holds, and kept all the same. */
	set.pdptrs[3] = 0x9000 | 1;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_SREGS2, &set));
	get(&self->vcpu, &got);
	EXPECT_EQ(0, memcmp(set.pdptrs, got.pdptrs, sizeof(set.pdptrs)));
}

TEST_F(sregs2, forbidden)
{
	struct kvm_sregs2 before, bad, after;

	VT_NEED_CAP(KVM_CAP_SREGS2);
	vt_enter_mode(&self->vcpu, VT_LONG);
	get(&self->vcpu, &before);
	for (int i = 0; i < 3; i++) {
		bad = before;
		bad.gdt.base += 0x1000;
		if (i == 0)
			bad.flags = 1ull << 40;
		else if (i == 1)
			bad.flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
		else
			bad.cr4 |= 1ull << 40;
		EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_SREGS2, &bad))
			TH_LOG("case %d", i);
		get(&self->vcpu, &after);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	}
}

TEST_HARNESS_MAIN
