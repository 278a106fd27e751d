// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deadlines that are so near that they come while the write to IA32_TSC_DEADLINE is
 * being handled, before and after: none is lost.  SDM 3A, "TSC-Deadline Mode".
 */
#include <string.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define VECTOR		0x51
#define COUNTER		(VT_DATA + 0x1000)
#define CODE		(VT_DATA + 0x1800)
#define LOST		0xf4	/* the ports that the guest ends with */
#define DONE		0xf5
#define FARTHEST	4000	/* ticks: longer than any way through the module */

/*
 * The first 16 bytes are for the vector.  RDI goes up to RSI: a deadline so many ticks
 * away, and a wait for its interrupt.
 */
VT_GUEST(deadlines, 64,
	 "jmp 4f; .balign 16\n"
	 "1: mov 0x21000, %r8\n"
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; add %rdi, %rax\n"
	 "mov %rax, %rdx; shr $32, %rdx; mov $0x6e0, %ecx; wrmsr\n"
	 "mov $1000000, %r9d\n"
	 "2: cmp %r8, 0x21000; jne 3f; dec %r9d; jnz 2b\n"
	 "out %al, $0xf4\n"
	 "3: inc %rdi; cmp %rsi, %rdi; jb 1b\n"
	 "out %al, $0xf5\n"
	 "4: push %rax; push %rcx; push %rdx; incq 0x21000\n"
	 "mov $0x80b, %ecx; xor %eax, %eax; xor %edx, %edx; wrmsr\n"
	 "pop %rdx; pop %rcx; pop %rax; iretq\n");

FIXTURE(deadlines) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(deadlines)
{
	struct vt_payload code = VT_PAYLOAD(deadlines);

	vt_irq_create(&self->vm, &self->vcpu);
	vt_enable_x2apic(&self->vcpu);
	vt_apic_write(&self->vcpu, APIC_LVTT, LVT_DEADLINE | VECTOR);
	memset(self->vm.mem + COUNTER, 0, 8);
	memcpy(self->vm.mem + CODE, code.start, code.end - code.start);
	vt_set_gate(&self->vm, VECTOR, CODE);
}

FIXTURE_TEARDOWN(deadlines)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

TEST_F(deadlines, none_is_lost)
{
	struct kvm_regs regs = {
		.rip = CODE + 16, .rsp = VT_STACK_TOP, .rflags = 0x202,
		.rsi = FARTHEST,
	};

	vt_set_regs(&self->vcpu, &regs);
	vt_run_to(&self->vcpu, KVM_EXIT_IO);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(DONE, self->vcpu.run->io.port)
		TH_LOG("lost: a deadline %llu ticks away", regs.rdi);
	EXPECT_EQ(FARTHEST, *(volatile uint64_t *)(self->vm.mem + COUNTER));
}

TEST_HARNESS_MAIN
