// SPDX-License-Identifier: GPL-2.0-only
/* KVM_TRANSLATE: the walk of a guest's page tables, in every mode. */
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(translate)

static struct kvm_translation ask(struct vt_vcpu *vcpu, uint64_t gva)
{
	struct kvm_translation tr = { .linear_address = gva };
	long ret = VT_IOCTL(vcpu->fd, KVM_TRANSLATE, &tr);

	if (ret)
		vt_die("KVM_TRANSLATE: %s", strerror(-ret));
	return tr;
}

TEST_F(translate, one_to_one_in_every_mode)
{
	for (int mode = 0; mode < VT_MODES; mode++) {
		struct kvm_translation tr;

		vt_enter_mode(&self->vcpu, mode);
		tr = ask(&self->vcpu, 0x1234567);
		EXPECT_EQ(1, tr.valid)
			TH_LOG("%s", vt_mode_name(mode));
		EXPECT_EQ(0x1234567, tr.physical_address)
			TH_LOG("%s", vt_mode_name(mode));
	}
}

TEST_F(translate, small_pages)
{
	struct kvm_translation tr;

	vt_enter_mode(&self->vcpu, VT_LONG);
	vt_map_long(&self->vm, 0xffff800000000000, 0x123000, VT_PAGE, 3);
	tr = ask(&self->vcpu, 0xffff800000000abc);
	EXPECT_EQ(1, tr.valid);
	EXPECT_EQ(0x123abc, tr.physical_address);
	tr = ask(&self->vcpu, 0xffff800000001000);
	EXPECT_EQ(0, tr.valid);
}

TEST_F(translate, not_mapped)
{
	vt_enter_mode(&self->vcpu, VT_LONG);
	EXPECT_EQ(0, ask(&self->vcpu, 5ull << 30).valid);
	EXPECT_EQ(0, ask(&self->vcpu, 0x7fff00000000).valid);
}

/* The tables themselves may lie where there is no memory. */
TEST_F(translate, tables_outside_memory)
{
	struct kvm_sregs sregs;

	vt_enter_mode(&self->vcpu, VT_LONG);
	vt_get_sregs(&self->vcpu, &sregs);
	sregs.cr3 = 0x40000000;
	vt_set_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(0, ask(&self->vcpu, 0x1000).valid);
}

TEST_HARNESS_MAIN
