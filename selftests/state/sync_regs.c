// SPDX-License-Identifier: GPL-2.0-only
/* KVM_CAP_SYNC_REGS: registers in the run page instead of by ioctl. */
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(sync_regs)

#define ALL	(KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS)

VT_GUEST(count, 64, "1: inc %rbx; mov %rbx, %cr2; hlt; jmp 1b");

TEST_F(sync_regs, unknown_bits)
{
	struct kvm_run *run = self->vcpu.run;
	int bits = vt_cap(self->vm.dev, KVM_CAP_SYNC_REGS);

	VT_NEED_CAP(KVM_CAP_SYNC_REGS);
	EXPECT_EQ(ALL, bits);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(count));
	run->kvm_valid_regs = 1u << 31;
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	run->kvm_valid_regs = 0;
	run->kvm_dirty_regs = 1u << 31;
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	run->kvm_dirty_regs = 0;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

TEST_F(sync_regs, out)
{
	struct kvm_run *run = self->vcpu.run;
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	VT_NEED_CAP(KVM_CAP_SYNC_REGS);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(count));
	run->kvm_valid_regs = ALL;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	vt_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(1, regs.rbx);
	EXPECT_EQ(0, memcmp(&regs, &run->s.regs.regs, sizeof(regs)));
	EXPECT_EQ(0, memcmp(&sregs, &run->s.regs.sregs, sizeof(sregs)));
	EXPECT_EQ(1, run->s.regs.sregs.cr2);
}

TEST_F(sync_regs, in)
{
	struct kvm_run *run = self->vcpu.run;

	VT_NEED_CAP(KVM_CAP_SYNC_REGS);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(count));
	run->kvm_valid_regs = ALL;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	run->s.regs.regs.rbx = 0x1000;
	/* Not marked as changed: not looked at. */
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(2, run->s.regs.regs.rbx);
	run->s.regs.regs.rbx = 0x1000;
	run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0x1001, run->s.regs.regs.rbx);
	EXPECT_EQ(0, run->kvm_dirty_regs);
}

TEST_F(sync_regs, bad_sregs)
{
	struct kvm_run *run = self->vcpu.run;

	VT_NEED_CAP(KVM_CAP_SYNC_REGS);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(count));
	run->kvm_valid_regs = ALL;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	run->s.regs.sregs.cr4 |= 1ull << 40;
	run->kvm_dirty_regs = KVM_SYNC_X86_SREGS;
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
}

TEST_HARNESS_MAIN
