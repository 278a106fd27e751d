// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts and NMIs from user space, the windows in which the guest takes
 * them, events whose delivery breaks off and starts again, and exceptions in
 * the delivery of others.
 */
#include <asm/processor-flags.h>
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

#define STACK	0x50000u
#define IF	X86_EFLAGS_IF

VT_FIXTURE(inject)

static void start(struct vt_vcpu *vcpu, struct vt_payload code, uint64_t rflags)
{
	struct kvm_regs regs = { .rip = VT_CODE, .rsp = STACK, .rflags = 2 | rflags };

	vt_start(vcpu, VT_LONG, code);
	vt_catch(vcpu, VT_LONG);
	vt_set_regs(vcpu, &regs);
}

static long interrupt(struct vt_vcpu *vcpu, uint32_t vector)
{
	struct kvm_interrupt irq = { .irq = vector };

	return VT_IOCTL(vcpu->fd, KVM_INTERRUPT, &irq);
}

static uint64_t rip(struct vt_vcpu *vcpu)
{
	struct kvm_regs regs;

	vt_get_regs(vcpu, &regs);
	return regs.rip;
}

VT_GUEST(halts, 64, "hlt; inc %eax; hlt");

/* An interrupt ends HLT: the handler returns to what follows it. */
TEST_F(inject, interrupt_after_hlt)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_run *run = self->vcpu.run;

	start(&self->vcpu, VT_PAYLOAD(halts), IF);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(1, run->if_flag);
	EXPECT_EQ(1, run->ready_for_interrupt_injection);
	ASSERT_EQ(0, interrupt(&self->vcpu, 0x41));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(1, caught->count);
	EXPECT_EQ(0x41, caught->vector);
	EXPECT_EQ(VT_CODE + 1, caught->rip);
	EXPECT_EQ(STACK, caught->rsp);
	EXPECT_EQ(IF, caught->rflags & IF);
	/* In the handler, and its gate is an interrupt gate. */
	EXPECT_EQ(0, run->if_flag);
	EXPECT_EQ(0, run->ready_for_interrupt_injection);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(VT_CODE + 4, rip(&self->vcpu));
	EXPECT_EQ(1, caught->count);
}

TEST_F(inject, vectors)
{
	start(&self->vcpu, VT_PAYLOAD(halts), IF);
	EXPECT_EQ(-EINVAL, interrupt(&self->vcpu, 256));
	EXPECT_EQ(-EINVAL, interrupt(&self->vcpu, ~0u));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
}

VT_GUEST(sti, 64, "sti; inc %eax; inc %ebx; hlt");
VT_GUEST(popf, 64, "push $0x202; popf; inc %eax; hlt");
VT_GUEST(shadow, 64, "mov %ss, %ecx; sti; mov %ecx, %ss; inc %eax; inc %ebx; hlt");

/* The window opens behind STI's next instruction, and MOV SS's. */
TEST_F(inject, interrupt_window)
{
	const struct {
		struct vt_payload code;
		unsigned int opens;
	} all[] = {
		{ VT_PAYLOAD(sti), 3 }, { VT_PAYLOAD(popf), 6 }, { VT_PAYLOAD(shadow), 7 },
	};
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_run *run = self->vcpu.run;

	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		start(&self->vcpu, all[i].code, 0);
		run->request_interrupt_window = 1;
		vt_run_to(&self->vcpu, KVM_EXIT_IRQ_WINDOW_OPEN);
		EXPECT_EQ(VT_CODE + all[i].opens, rip(&self->vcpu))
			TH_LOG("case %u", i);
		EXPECT_EQ(1, run->ready_for_interrupt_injection);
		EXPECT_EQ(1, run->if_flag);
		run->request_interrupt_window = 0;
		ASSERT_EQ(0, interrupt(&self->vcpu, 0xff));
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(1, caught->count);
		EXPECT_EQ(0xff, caught->vector);
		EXPECT_EQ(VT_CODE + all[i].opens, caught->rip);
	}
}

/* Without a request there is no exit for the window. */
TEST_F(inject, no_window_without_request)
{
	start(&self->vcpu, VT_PAYLOAD(sti), 0);
	self->vcpu.run->request_interrupt_window = 0;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(1, self->vcpu.run->if_flag);
}

/* NMIs do not ask for IF; the second waits for the IRET of the first. */
TEST_F(inject, nmi_window)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);

	VT_NEED_CAP(KVM_CAP_USER_NMI);
	vt_stay_on(0);
	start(&self->vcpu, VT_PAYLOAD(halts), 0);
	ASSERT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_NMI, 0));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(1, caught->count);
	EXPECT_EQ(2, caught->vector);
	EXPECT_EQ(VT_CODE, caught->rip);
	ASSERT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_NMI, 0));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(2, caught->count);
	EXPECT_EQ(2, caught->vector);
	/* At once: not one instruction of the guest has run between the two. */
	EXPECT_EQ(VT_CODE, caught->rip);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(VT_CODE + 1, rip(&self->vcpu));
	EXPECT_EQ(2, caught->count);
}

/*
 * Events that are delivered when nothing is mapped in EPT but the page of the
 * instruction: the descriptor tables, the stack and the handler each break the
 * delivery off, and the event has to come again, once, as it was.
 */

VT_GUEST(again_pf, 64, "mov $0x7f0000000123, %rax; nop; movb $1, (%rax)");
VT_GUEST(again_int, 64, "nop; int $0x55");
VT_GUEST(again_int3, 64, "nop; int3");
VT_GUEST(again_ud, 64, "nop; ud2");
VT_GUEST(again_gp, 64, "mov $0x1234, %eax; mov %eax, %ds");
VT_GUEST(again_none, 64, "1: pause; jmp 1b");

enum kind { EXCEPTION, EXTERNAL, NMI };

TEST_F(inject, delivery_starts_again)
{
	const struct {
		const char *name;
		struct vt_payload code;
		enum kind kind;
		uint64_t vector, error, rip;
	} all[] = {
		{ "#PF", VT_PAYLOAD(again_pf), EXCEPTION, 14, 2, 11 },
		{ "INT n", VT_PAYLOAD(again_int), EXCEPTION, 0x55, 0, 3 },
		{ "INT3", VT_PAYLOAD(again_int3), EXCEPTION, 3, 0, 2 },
		{ "#UD", VT_PAYLOAD(again_ud), EXCEPTION, 6, 0, 1 },
		{ "#GP", VT_PAYLOAD(again_gp), EXCEPTION, 13, 0x1234, 5 },
		{ "interrupt", VT_PAYLOAD(again_none), EXTERNAL, 0x77, 0, 0 },
		{ "NMI", VT_PAYLOAD(halts), NMI, 2, 0, 0 },
	};
	const struct vt_caught *caught = vt_caught(&self->vcpu);

	vt_stay_on(0);
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		struct kvm_regs regs;

		start(&self->vcpu, all[i].code, IF);
		/* EPT is empty again. */
		vt_set_slot(&self->vm, 0, 0, 0, self->vm.mem, 0);
		vt_set_slot(&self->vm, 0, 0, VT_LOW_SIZE, self->vm.mem, 0);
		if (all[i].kind == EXTERNAL)
			ASSERT_EQ(0, interrupt(&self->vcpu, all[i].vector));
		if (all[i].kind == NMI)
			ASSERT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_NMI, 0));
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(1, caught->count)
			TH_LOG("%s", all[i].name);
		EXPECT_EQ(all[i].vector, caught->vector);
		EXPECT_EQ(all[i].error, caught->error);
		EXPECT_EQ(VT_CODE + all[i].rip, caught->rip)
			TH_LOG("%s", all[i].name);
		EXPECT_EQ(STACK, caught->rsp);
		EXPECT_EQ(VT_SEL_CODE, caught->cs);
		if (all[i].vector == 14)
			EXPECT_EQ(0x7f0000000123, caught->cr2);
		/* The frame stands where one delivery puts it. */
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(STACK - 5 * 8 - 2 * 8, regs.rsp);
	}
	/* To its IRET: Bochs 2.7 takes blocking by NMI along to the CPU's next VM. */
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(VT_CODE + 1, rip(&self->vcpu));
	EXPECT_EQ(1, caught->count);
}

/* Where there is no memory for the tables, nothing can be delivered. */
TEST_F(inject, delivery_into_nothing)
{
	struct kvm_run *run = self->vcpu.run;
	struct kvm_sregs sregs;

	start(&self->vcpu, VT_PAYLOAD(again_ud), 0);
	vt_get_sregs(&self->vcpu, &sregs);
	sregs.idt.base = 0xd0000000;
	vt_set_sregs(&self->vcpu, &sregs);
	vt_run_to(&self->vcpu, KVM_EXIT_INTERNAL_ERROR);
	/* KVM tries to emulate the instruction under RIP, and gives up on that. */
	EXPECT_EQ(vt_on_kvm() ? KVM_INTERNAL_ERROR_EMULATION :
				KVM_INTERNAL_ERROR_DELIVERY_EV, run->internal.suberror);
	EXPECT_EQ(VT_CODE + 1, rip(&self->vcpu));
}

/* SDM 3A, "Interrupt 8--Double Fault Exception (#DF)". */

VT_GUEST(deliver_gp, 64, "mov $0x1234, %eax; mov %eax, %ds");
VT_GUEST(deliver_pf, 64, "mov $0x7f0000000123, %rax; nop; movb $1, (%rax)");
VT_GUEST(deliver_ud, 64, "ud2");

TEST_F(inject, exception_in_delivery)
{
	const struct {
		struct vt_payload code;
		uint8_t missing[3];
		uint64_t vector, error;
	} all[] = {
		/* A benign one gives way, with what is wrong with its gate. */
		{ VT_PAYLOAD(deliver_ud), { 6 }, 11, 6 * 8 + 2 },
		/* Contributory on contributory, or on a page fault: double fault. */
		{ VT_PAYLOAD(deliver_gp), { 13 }, 8, 0 },
		{ VT_PAYLOAD(deliver_pf), { 14 }, 8, 0 },
		{ VT_PAYLOAD(deliver_ud), { 6, 11 }, 8, 0 },
		/* And one in the delivery of that: shutdown. */
		{ VT_PAYLOAD(deliver_gp), { 13, 8 }, 0, 0 },
		{ VT_PAYLOAD(deliver_ud), { 6, 11, 8 }, 0, 0 },
	};
	const struct vt_caught *caught = vt_caught(&self->vcpu);

	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		start(&self->vcpu, all[i].code, 0);
		for (unsigned int k = 0; k < 3; k++)
			if (all[i].missing[k])
				self->vm.mem[VT_IDT + 16 * all[i].missing[k] + 5] &= ~0x80;
		if (!all[i].vector) {
			vt_run_to(&self->vcpu, KVM_EXIT_SHUTDOWN);
			continue;
		}
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(all[i].vector, caught->vector)
			TH_LOG("case %u", i);
		EXPECT_EQ(all[i].error & ~1ull, caught->error & ~1ull);
		EXPECT_EQ(1, caught->count);
	}
}

/* #DB and #AC, which exit, reach the guest as they are. */

VT_GUEST(step, 64, "pushf; orl $0x100, (%rsp); popf; nop; nop; hlt");
VT_GUEST(align, 64, "mov $0x20001, %ebx; nop; mov (%rbx), %eax");

TEST_F(inject, debug_trap)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_debugregs dr;

	start(&self->vcpu, VT_PAYLOAD(step), 0);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(1, caught->vector);
	/* After the instruction that follows POPF. */
	EXPECT_EQ(VT_CODE + 10, caught->rip);
	EXPECT_EQ(X86_EFLAGS_TF, caught->rflags & X86_EFLAGS_TF);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_DEBUGREGS, &dr));
	EXPECT_EQ(1 << 14, dr.dr6 & 0xe00f);
	/* Back, and after the next one again. */
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(2, caught->count);
	EXPECT_EQ(VT_CODE + 11, caught->rip);
}

TEST_F(inject, alignment_check)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_sregs sregs;

	for (int user = 0; user < 2; user++) {
		start(&self->vcpu, VT_PAYLOAD(align), X86_EFLAGS_AC);
		vt_get_sregs(&self->vcpu, &sregs);
		sregs.cr0 |= X86_CR0_AM;
		if (user) {
			sregs.cs.selector = VT_SEL_UCODE;
			sregs.cs.dpl = 3;
			sregs.ss.selector = VT_SEL_UDATA;
			sregs.ss.dpl = 3;
		}
		vt_set_sregs(&self->vcpu, &sregs);
		/* Behind the load. */
		self->vm.mem[VT_CODE + 8] = 0xcc;
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(user ? 17 : 3, caught->vector);
		EXPECT_EQ(0, caught->error);
		EXPECT_EQ(VT_CODE + (user ? 6 : 9), caught->rip);
	}
}

TEST_HARNESS_MAIN
