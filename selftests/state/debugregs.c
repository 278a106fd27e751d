// SPDX-License-Identifier: GPL-2.0-only
/* KVM_GET_DEBUGREGS and KVM_SET_DEBUGREGS, and what the guest sees of them. */
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(debugregs)

/* Bits that always read as one. SDM 3B, "Debug Registers". */
#define DR6_FIXED	0xffff0ff0u
#define DR7_FIXED	0x400u

static void get(struct vt_vcpu *vcpu, struct kvm_debugregs *regs)
{
	long ret = VT_IOCTL(vcpu->fd, KVM_GET_DEBUGREGS, regs);

	if (ret)
		vt_die("KVM_GET_DEBUGREGS: %s", strerror(-ret));
}

TEST_F(debugregs, after_reset)
{
	struct kvm_debugregs regs;

	VT_NEED_CAP(KVM_CAP_DEBUGREGS);
	get(&self->vcpu, &regs);
	EXPECT_EQ(DR6_FIXED, regs.dr6);
	EXPECT_EQ(DR7_FIXED, regs.dr7);
	EXPECT_EQ(0, regs.db[0]);
}

TEST_F(debugregs, set_get)
{
	struct kvm_debugregs set = {
		.db = { 0x1000, 0xffff800000002000, 0x3000, 0x7fff12345678 },
		.dr6 = DR6_FIXED | 0x4001,
		.dr7 = DR7_FIXED | 0x1,
	}, got;

	VT_NEED_CAP(KVM_CAP_DEBUGREGS);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_DEBUGREGS, &set));
	memset(&got, 0x55, sizeof(got));
	get(&self->vcpu, &got);
	EXPECT_EQ(0, memcmp(&set, &got, sizeof(set)));
}

TEST_F(debugregs, forbidden)
{
	struct kvm_debugregs before, bad, after;

	VT_NEED_CAP(KVM_CAP_DEBUGREGS);
	get(&self->vcpu, &before);
	for (int i = 0; i < 3; i++) {
		bad = before;
		bad.db[0] = 0x1234;
		if (i == 0)
			bad.dr6 = 1ull << 32;
		else if (i == 1)
			bad.dr7 = 1ull << 32;
		else
			bad.flags = 1;
		EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_DEBUGREGS, &bad))
			TH_LOG("case %d", i);
		get(&self->vcpu, &after);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	}
}

/* Store what the host set, then leave something for the host to find. */
VT_GUEST(debugregs, 64,
	 "mov $0x20000, %edi\n"
	 "mov %dr0, %rax; mov %rax, (%rdi)\n"
	 "mov %dr3, %rax; mov %rax, 8(%rdi)\n"
	 "mov %dr6, %rax; mov %rax, 16(%rdi)\n"
	 "mov %dr7, %rax; mov %rax, 24(%rdi)\n"
	 "mov $0x5555, %eax; mov %rax, %dr1\n"
	 "mov $0xffff0ff2, %eax; mov %rax, %dr6\n"
	 "mov $0x10400, %eax; mov %rax, %dr7\n"
	 "hlt");

TEST_F(debugregs, reach_the_guest_and_come_back)
{
	const uint64_t *mem = (uint64_t *)(self->vm.mem + VT_DATA);
	struct kvm_debugregs set = {
		.db = { 0x123456, 0, 0, 0xffff800000003000 },
		.dr6 = DR6_FIXED | 8,
		.dr7 = DR7_FIXED | 0x20000,
	}, got;

	VT_NEED_CAP(KVM_CAP_DEBUGREGS);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(debugregs));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_DEBUGREGS, &set));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(set.db[0], mem[0]);
	EXPECT_EQ(set.db[3], mem[1]);
	EXPECT_EQ(set.dr6, mem[2]);
	EXPECT_EQ(set.dr7, mem[3]);
	get(&self->vcpu, &got);
	EXPECT_EQ(set.db[0], got.db[0]);
	EXPECT_EQ(0x5555, got.db[1]);
	EXPECT_EQ(DR6_FIXED | 2, got.dr6);
	EXPECT_EQ(0x10400, got.dr7);
}

/* The guest's breakpoint is the guest's own business: it gets a #DB. */
VT_GUEST(own_breakpoint, 64,
	 "mov $0x10000, %ebx\n"
	 "lea 1f - guest_own_breakpoint_start(%rbx), %rax; mov %rax, %dr0\n"
	 "mov $0x402, %eax; mov %rax, %dr7\n"
	 "xor %ecx, %ecx\n"
	 "inc %ecx\n"
	 "1: inc %ecx\n"
	 "hlt");

TEST_F(debugregs, breakpoint_of_the_guest)
{
	struct kvm_regs regs;
	struct kvm_debugregs debug;

	VT_NEED_CAP(KVM_CAP_DEBUGREGS);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(own_breakpoint));
	vt_catch(&self->vcpu, VT_LONG);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	get(&self->vcpu, &debug);
	EXPECT_EQ(1, vt_caught(&self->vcpu)->vector);
	EXPECT_EQ(1, (uint32_t)regs.rcx);
	EXPECT_EQ(1, debug.dr6 & 0xf);
}

TEST_HARNESS_MAIN
