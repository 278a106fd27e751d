// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring 3: the guest goes there and back by SYSCALL, SYSENTER, interrupts and
 * exceptions, and reads its true privilege level from CS.
 */
#include <asm/processor-flags.h>
#include <string.h>

#include "msr.h"
#include "vt_fixture.h"

VT_FIXTURE(rings)

/* To ring 3 by IRET; there store CS, and come back by INT 0x80. */
VT_GUEST(user64, 64,
	 "push $0x3b; push $0x50000; push $0x2; push $0x33\n"
	 "lea 1f(%rip), %rax; push %rax; iretq\n"
	 "1: mov %cs, %ebx; mov %ss, %ecx\n"
	 "int $0x80\n"
	 "hlt");		/* #GP in ring 3 */

TEST_F(rings, there_and_back)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(user64));
	vt_catch(&self->vcpu, VT_LONG);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_SEL_UCODE, regs.rbx);
	EXPECT_EQ(VT_SEL_UDATA, regs.rcx);
	EXPECT_EQ(0x80, caught->vector);
	EXPECT_EQ(VT_SEL_UCODE, caught->cs);
	EXPECT_EQ(VT_SEL_UDATA, caught->ss);
	EXPECT_EQ(0x50000, caught->rsp);
	vt_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(VT_SEL_CODE, sregs.cs.selector);

	/* On from the handler: HLT is not for ring 3. */
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(13, caught->vector);
	EXPECT_EQ(VT_SEL_UCODE, caught->cs);
}

VT_GUEST(syscall64, 64,
	 "mov $0xc0000082, %ecx; lea 2f(%rip), %rax; mov %rax, %rdx; shr $32, %rdx; wrmsr\n"
	 "mov $0xc0000081, %ecx; xor %eax, %eax; mov $0x002b0008, %edx; wrmsr\n"
	 "mov $0xc0000084, %ecx; mov $0x400, %eax; xor %edx, %edx; wrmsr\n"
	 "push $0x3b; push $0x50000; push $0x402; push $0x33\n"
	 "lea 1f(%rip), %rax; push %rax; iretq\n"
	 "1: syscall\n"
	 "mov %cs, %ebx\n"
	 "int $0x80\n"
	 "2: mov %cs, %edi; pushf; pop %rsi; mov %r11, %r8\n"
	 "sysretq");

TEST_F(rings, syscall_and_sysret)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(syscall64));
	vt_catch(&self->vcpu, VT_LONG);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0x80, caught->vector);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_SEL_CODE, regs.rdi);
	EXPECT_EQ(0, regs.rsi & 0x400);
	EXPECT_EQ(0x400, regs.r8 & 0x400);
	/* SYSRET takes the selectors from STAR: 0x2b + 16 and + 8, in ring 3. */
	EXPECT_EQ(0x3b, regs.rbx);
}

VT_GUEST(sysenter32, 32,
	 "mov $0x174, %ecx; mov $0x08, %eax; xor %edx, %edx; wrmsr\n"
	 "mov $0x175, %ecx; mov $0x7fff0, %eax; wrmsr\n"
	 "mov $0x176, %ecx; lea 0x10000 + 2f - guest_sysenter32_start, %eax; wrmsr\n"
	 "push $0x3b; push $0x50000; push $2; push $0x33\n"
	 "lea 0x10000 + 1f - guest_sysenter32_start, %eax; push %eax; iret\n"
	 "1: mov %cs, %ebx; sysenter\n"
	 "2: mov %cs, %esi; hlt");

TEST_F(rings, sysenter)
{
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_PAGED32, VT_PAYLOAD(sysenter32));
	vt_catch(&self->vcpu, VT_PAGED32);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_SEL_UCODE, regs.rbx);
	EXPECT_EQ(VT_SEL_CODE, regs.rsi);
	EXPECT_EQ(0x7fff0, regs.rsp);
}

/* Instructions that must fault in ring 3, in the guest, without the host. */
VT_GUEST(privileged, 64,
	 "push $0x3b; push $0x50000; push $0x2; push $0x33\n"
	 "lea 1f(%rip), %rax; push %rax; iretq\n"
	 ".balign 16\n"
	 "1: mov %cr3, %rax\n"
	 ".balign 16\n"
	 "rdmsr\n"
	 ".balign 16\n"
	 "out %al, $0x80\n"
	 ".balign 16\n"
	 "cli\n"
	 ".balign 16\n"
	 "lgdt (%rax)\n"
	 ".balign 16\n"
	 "mov %rax, %dr7\n");

TEST_F(rings, privileged_instructions)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	const uint64_t first = VT_CODE + 0x20;
	uint64_t *frame;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(privileged));
	vt_catch(&self->vcpu, VT_LONG);
	for (uint64_t i = 0; i < 6; i++) {
		struct kvm_regs regs;

		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(13, caught->vector);
		EXPECT_EQ(first + 16 * i, caught->rip)
			TH_LOG("instruction %u", (unsigned int)i);
		EXPECT_EQ(VT_SEL_UCODE, caught->cs);
		/* Let the handler return to the next one. */
		vt_get_regs(&self->vcpu, &regs);
		frame = (uint64_t *)(self->vm.mem + regs.rsp);
		frame[2] = first + 16 * (i + 1);
		/* RF was for the one that faulted. */
		frame[4] &= ~(uint64_t)X86_EFLAGS_RF;
	}
}

TEST_HARNESS_MAIN
