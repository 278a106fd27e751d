// SPDX-License-Identifier: GPL-2.0-only
/* Paravirtual end of interrupt: who may end one without a word, and who may not. */
#include <string.h>

#include "kselftest_harness.h"
#include "vt_pv.h"

#define FLAG	0x100000u
#define COUNTS	0x100100u	/* ended by the flag, by the register */

FIXTURE(eoi) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(eoi)
{
	vt_irq_create(&self->vm, &self->vcpu);
}

FIXTURE_TEARDOWN(eoi)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

/* RDI: the APIC's ICR. */
VT_GUEST(eoi_handler, 64,
	 "btrl $0, 0x100000; jc 1f\n"
	 "movl $0, -0x250(%rdi); incq 0x100108; iretq\n"
	 "1: incq 0x100100; iretq\n");
VT_GUEST(eoi_self, 64, "1: mov %eax, (%rdi); nop; dec %ebx; jnz 1b; 2: out %al, $0xf4; jmp 2b");
VT_GUEST(eoi_two, 64,
	 "cli; mov %eax, (%rdi); mov %edx, (%rdi); sti; nop; nop; nop\n"
	 "2: out %al, $0xf4; jmp 2b");
VT_GUEST(eoi_wait, 64, "sti; 1: cmpl $0, 0x100108; je 1b; 2: out %al, $0xf4; jmp 2b");

static volatile uint64_t *counts(struct vt_vm *vm)
{
	return (volatile uint64_t *)(vm->mem + COUNTS);
}

static void gate(struct vt_vm *vm, unsigned int vector)
{
	struct vt_payload code = VT_PAYLOAD(eoi_handler);
	const uint64_t to = VT_DATA + 0x1000;

	memcpy(vm->mem + to, code.start, code.end - code.start);
	vt_set_gate(vm, vector, to);
}

static void run(struct vt_vcpu *vcpu, struct vt_payload code, uint32_t eax, uint32_t edx,
		uint32_t rounds)
{
	struct kvm_regs regs = {
		.rip = VT_DATA, .rsp = VT_STACK_TOP, .rflags = 0x202,
		.rdi = VT_LAPIC + APIC_ICR, .rax = eax, .rdx = edx, .rbx = rounds,
	};

	gate(vcpu->vm, 0x51);
	gate(vcpu->vm, 0x61);
	memset(vcpu->vm->mem + COUNTS, 0, 16);
	memcpy(vcpu->vm->mem + VT_DATA, code.start, code.end - code.start);
	vt_set_regs(vcpu, &regs);
	vt_run_to_out(vcpu, 0xf4);
}

static bool in_service(struct vt_vcpu *vcpu)
{
	struct kvm_lapic_state state;

	vt_get_lapic(vcpu, &state);
	for (unsigned int i = 0; i < 8; i++)
		if (vt_lapic_reg(&state, APIC_ISR + 0x10 * i))
			return true;
	return false;
}

TEST_F(eoi, msr)
{
	EXPECT_FALSE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, FLAG | 3));
	EXPECT_FALSE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, 1ull << 40 | 1));
	EXPECT_EQ(0, vt_set_msr(&self->vcpu, MSR_KVM_PV_EOI_EN, 1ull << 40 | 1));
	EXPECT_EQ(0, vt_get_msr(&self->vcpu, MSR_KVM_PV_EOI_EN));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, FLAG | 1));
	EXPECT_EQ(FLAG | 1, vt_get_msr(&self->vcpu, MSR_KVM_PV_EOI_EN));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, 0));
}

TEST_F(eoi, off)
{
	run(&self->vcpu, VT_PAYLOAD(eoi_self), ICR_SELF | 0x51, 0, 100);
	EXPECT_EQ(0, counts(&self->vm)[0]);
	EXPECT_EQ(100, counts(&self->vm)[1]);
}

/* Each is delivered, each ends by the flag alone, and the APIC knows. */
TEST_F(eoi, on)
{
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, FLAG | 1));
	run(&self->vcpu, VT_PAYLOAD(eoi_self), ICR_SELF | 0x51, 0, 100);
	EXPECT_EQ(100, counts(&self->vm)[0] + counts(&self->vm)[1]);
	EXPECT_LE(90, counts(&self->vm)[0]);
	EXPECT_FALSE(in_service(&self->vcpu));
	EXPECT_EQ(0, self->vm.mem[FLAG]);
}

/* The lower one waits for the end of the higher one, which has to be told. */
TEST_F(eoi, another_waits)
{
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, FLAG | 1));
	run(&self->vcpu, VT_PAYLOAD(eoi_two), ICR_SELF | 0x51, ICR_SELF | 0x61, 0);
	EXPECT_EQ(1, counts(&self->vm)[0]);
	EXPECT_EQ(1, counts(&self->vm)[1]);
	EXPECT_FALSE(in_service(&self->vcpu));
}

/* As eoi_handler, but it sends a lower one first. */
VT_GUEST(eoi_sends, 64,
	 "movl $0x40051, (%rdi); btrl $0, 0x100000; jc 1f\n"
	 "movl $0, -0x250(%rdi); incq 0x100108; iretq\n"
	 "1: incq 0x100100; iretq\n");

/* The other one comes while the first is served: its word is taken back. */
TEST_F(eoi, another_comes)
{
	struct vt_payload code = VT_PAYLOAD(eoi_sends);

	memcpy(self->vm.mem + VT_DATA + 0x1100, code.start, code.end - code.start);
	vt_set_gate(&self->vm, 0x71, VT_DATA + 0x1100);
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, FLAG | 1));
	run(&self->vcpu, VT_PAYLOAD(eoi_self), ICR_SELF | 0x71, 0, 1);
	EXPECT_EQ(1, counts(&self->vm)[0]);
	EXPECT_EQ(1, counts(&self->vm)[1]);
	EXPECT_FALSE(in_service(&self->vcpu));
}

/* The I/O APIC waits for the end of a level-triggered interrupt. */
TEST_F(eoi, level)
{
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, FLAG | 1));
	vt_ioapic_set(&self->vcpu, 20, ICR_LEVEL | 0x51);
	/* It stays pending when the line has fallen. */
	vt_line(&self->vm, 20, 1);
	vt_line(&self->vm, 20, 0);
	run(&self->vcpu, VT_PAYLOAD(eoi_wait), 0, 0, 0);
	EXPECT_EQ(0, counts(&self->vm)[0]);
	EXPECT_EQ(1, counts(&self->vm)[1]);
}

VT_GUEST(eoi_leaves, 64, "1: out %al, $0xf5; jmp 1b");

/* A handler that comes out to user space: the state that is saved is right. */
TEST_F(eoi, leaves_in_service)
{
	struct vt_payload code = VT_PAYLOAD(eoi_leaves);
	struct kvm_regs regs = {
		.rip = VT_DATA, .rsp = VT_STACK_TOP, .rflags = 0x202,
		.rdi = VT_LAPIC + APIC_ICR, .rax = ICR_SELF | 0x51, .rbx = 1,
	};

	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, FLAG | 1));
	gate(&self->vm, 0x51);
	memcpy(self->vm.mem + VT_DATA + 0x1000, code.start, code.end - code.start);
	code = VT_PAYLOAD(eoi_self);
	memcpy(self->vm.mem + VT_DATA, code.start, code.end - code.start);
	vt_set_regs(&self->vcpu, &regs);
	vt_run_to_out(&self->vcpu, 0xf5);
	EXPECT_TRUE(in_service(&self->vcpu));
	EXPECT_EQ(0, self->vm.mem[FLAG]);
}

/* The page goes while the handler runs: the interrupt ends all the same. */
TEST_F(eoi, memory_goes)
{
	uint8_t *mem = vt_anon(VT_PAGE);

	vt_set_slot(&self->vm, 1, 0x10000000, VT_PAGE, mem, 0);
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, 0x10000001));
	vt_set_slot(&self->vm, 1, 0x10000000, 0, mem, 0);
	run(&self->vcpu, VT_PAYLOAD(eoi_self), ICR_SELF | 0x51, 0, 10);
	EXPECT_EQ(10, counts(&self->vm)[1]);
	EXPECT_FALSE(in_service(&self->vcpu));
}

/* What Vellum writes into the page is in the dirty log. */
TEST_F(eoi, dirty_log)
{
	uint64_t bits = 0;
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = &bits };
	uint8_t *mem = vt_anon(2 * VT_PAGE);

	vt_set_slot(&self->vm, 1, 0x10000000, 2 * VT_PAGE, mem, KVM_MEM_LOG_DIRTY_PAGES);
	mem[VT_PAGE] = 0;
	ASSERT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_KVM_PV_EOI_EN, 0x10001001));
	run(&self->vcpu, VT_PAYLOAD(eoi_self), ICR_SELF | 0x51, 0, 10);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &log));
	EXPECT_EQ(2, bits);
}

TEST_F(eoi, init_turns_it_off)
{
	struct vt_vcpu other;

	vt_irq_vcpu(&self->vm, &other, 1);
	ASSERT_TRUE(vt_try_wrmsr(&other, MSR_KVM_PV_EOI_EN, FLAG | 1));
	ASSERT_TRUE(vt_try_wrmsr(&other, MSR_KVM_STEAL_TIME, FLAG | 1));
	ASSERT_TRUE(vt_try_wrmsr(&other, MSR_KVM_SYSTEM_TIME_NEW, FLAG | 1));
	vt_ipi(&self->vcpu, ICR_INIT | ICR_ASSERT, 1);
	EXPECT_EQ(KVM_MP_STATE_INIT_RECEIVED, vt_mp_state(&other));
	EXPECT_EQ(0, vt_get_msr(&other, MSR_KVM_PV_EOI_EN));
	EXPECT_EQ(0, vt_get_msr(&other, MSR_KVM_STEAL_TIME));
	vt_vcpu_destroy(&other);
}

TEST_HARNESS_MAIN
