// SPDX-License-Identifier: GPL-2.0-only
/* KVM_GET_REGS and KVM_SET_REGS: what is set is read back, and reaches the guest. */
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(regs)

TEST_F(regs, after_reset)
{
	struct kvm_regs regs;

	/* SDM 3A, "Processor State After Reset". */
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0xfff0, regs.rip);
	EXPECT_EQ(2, regs.rflags);
	EXPECT_EQ(0, regs.rax);
	EXPECT_EQ(0, regs.rsp);
}

TEST_F(regs, set_get)
{
	struct kvm_regs set, got;
	uint64_t *words = (uint64_t *)&set;

	for (uint64_t round = 1; round < 5; round++) {
		for (size_t i = 0; i < sizeof(set) / 8; i++)
			words[i] = 0x0123456789abcdef * round + i * 0x1111111111111111;
		set.rflags = 0x202 | round << 6;
		memset(&got, 0xaa, sizeof(got));
		vt_set_regs(&self->vcpu, &set);
		vt_get_regs(&self->vcpu, &got);
		EXPECT_EQ(0, memcmp(&set, &got, sizeof(set)));
	}
}

TEST_F(regs, rflags_bit_1_is_fixed)
{
	struct kvm_regs regs = { .rflags = 0 };

	vt_set_regs(&self->vcpu, &regs);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(2, regs.rflags);
}

/* Every register is stored where the host can see it, then changed. */
VT_GUEST(all_regs, 64,
	 "push %rax; mov $0x20000, %eax; pop (%rax)\n"
	 "mov %rbx, 8(%rax); mov %rcx, 16(%rax); mov %rdx, 24(%rax)\n"
	 "mov %rsi, 32(%rax); mov %rdi, 40(%rax); mov %rsp, 48(%rax)\n"
	 "mov %rbp, 56(%rax); mov %r8, 64(%rax); mov %r9, 72(%rax)\n"
	 "mov %r10, 80(%rax); mov %r11, 88(%rax); mov %r12, 96(%rax)\n"
	 "mov %r13, 104(%rax); mov %r14, 112(%rax); mov %r15, 120(%rax)\n"
	 "mov (%rax), %rax\n"
	 "not %rax; not %rbx; not %rcx; not %rdx; not %rsi; not %rdi\n"
	 "not %rbp; not %r8; not %r9; not %r10; not %r11; not %r12\n"
	 "not %r13; not %r14; not %r15; add $0x100, %rsp; stc\n"
	 "hlt");

TEST_F(regs, reach_the_guest_and_come_back)
{
	struct kvm_regs set, got;
	uint64_t *words = (uint64_t *)&set, *back = (uint64_t *)&got;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(all_regs));
	vt_get_regs(&self->vcpu, &set);
	for (size_t i = 0; i < 16; i++)
		if (words + i != (uint64_t *)&set.rsp)
			words[i] = 0xfedcba9876543210 ^ i * 0x0101010101010101;
	vt_set_regs(&self->vcpu, &set);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &got);

	/* struct kvm_regs and the payload store in the same order. */
	EXPECT_EQ(0, memcmp(self->vm.mem + VT_DATA, &set, 16 * 8));
	for (size_t i = 0; i < 16; i++) {
		if (words + i != (uint64_t *)&set.rsp) {
			EXPECT_EQ(~words[i], back[i])
				TH_LOG("register %zu", i);
		}
	}
	EXPECT_EQ(set.rsp + 0x100, got.rsp);
	EXPECT_EQ(1, got.rflags & 1);
}

TEST_HARNESS_MAIN
