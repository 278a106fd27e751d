// SPDX-License-Identifier: GPL-2.0-only
/* KVM_SET_GUEST_DEBUG: single step, breakpoints in software and in hardware. */
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(guest_debug)

static void debug(struct vt_vcpu *vcpu, uint32_t control, uint64_t dr7, uint64_t dr0)
{
	struct kvm_guest_debug debug = {
		.control = control,
		.arch.debugreg = { [0] = dr0, [7] = dr7 },
	};
	long ret = VT_IOCTL(vcpu->fd, KVM_SET_GUEST_DEBUG, &debug);

	if (ret)
		vt_die("KVM_SET_GUEST_DEBUG: %s", strerror(-ret));
}

/*
 * Once through the code without a debugger, so that its pages are there. Bochs
 * 2.7 takes a single step that was cut short by an EPT violation for done.
 */
static void start(struct vt_vcpu *vcpu, struct vt_payload code)
{
	vt_start(vcpu, VT_LONG, code);
	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_start(vcpu, VT_LONG, code);
}

/* Five instructions of known lengths: 2, 2, 5, 1, 1. */
VT_GUEST(steps, 64,
	 "xor %eax, %eax\n"
	 "inc %eax\n"
	 "mov $0x1234, %ebx\n"
	 "nop\n"
	 "hlt");

TEST_F(guest_debug, single_step)
{
	static const uint64_t after[] = { 2, 4, 9, 10 };
	const struct kvm_debug_exit_arch *arch = &self->vcpu.run->debug.arch;

	VT_NEED_CAP(KVM_CAP_SET_GUEST_DEBUG);
	start(&self->vcpu, VT_PAYLOAD(steps));
	debug(&self->vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(after); i++) {
		vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
		EXPECT_EQ(1, arch->exception);
		EXPECT_EQ(VT_CODE + after[i], arch->pc);
		EXPECT_TRUE(arch->dr6 & 1u << 14)
			TH_LOG("DR6.BS is not set: %#llx", arch->dr6);
	}
	debug(&self->vcpu, 0, 0, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

/* The guest must not see the trap flag that the host set. */
VT_GUEST(pushf, 64, "nop; pushf; pop %rax; hlt");

TEST_F(guest_debug, trap_flag_stays_hidden)
{
	struct kvm_regs regs;

	VT_NEED_CAP(KVM_CAP_SET_GUEST_DEBUG);
	start(&self->vcpu, VT_PAYLOAD(pushf));
	debug(&self->vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP, 0, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rflags & 0x100);
	debug(&self->vcpu, 0, 0, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rflags & 0x100);
	EXPECT_EQ(0, regs.rax & 0x100);
}

/*
 * KVM_CAP_X86_ROBUST_SINGLESTEP: registers may be written in between. KVM wants to be
 * asked for the next step after that.
 */
TEST_F(guest_debug, set_regs_between_steps)
{
	static const uint64_t after[] = { 2, 4, 9, 10 };
	const struct kvm_debug_exit_arch *arch = &self->vcpu.run->debug.arch;
	struct kvm_regs regs;

	VT_NEED_CAP(KVM_CAP_X86_ROBUST_SINGLESTEP);
	start(&self->vcpu, VT_PAYLOAD(steps));
	debug(&self->vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(after); i++) {
		vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
		EXPECT_EQ(VT_CODE + after[i], arch->pc);
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(0, regs.rflags & 0x100);
		regs.rcx = i;
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_REGS, &regs));
		debug(&self->vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP, 0, 0);
	}
	debug(&self->vcpu, 0, 0, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(ARRAY_SIZE(after) - 1, regs.rcx);
	EXPECT_EQ(0, regs.rflags & 0x100);
}

VT_GUEST(int3, 64, "nop; int3; mov $7, %eax; hlt");

TEST_F(guest_debug, software_breakpoint)
{
	const struct kvm_debug_exit_arch *arch = &self->vcpu.run->debug.arch;
	struct kvm_regs regs;

	VT_NEED_CAP(KVM_CAP_SET_GUEST_DEBUG);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(int3));
	debug(&self->vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP, 0, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
	EXPECT_EQ(3, arch->exception);
	EXPECT_EQ(VT_CODE + 1, arch->pc);
	/* A debugger puts the instruction back and goes on. */
	self->vm.mem[VT_CODE + 1] = 0x90;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(7, regs.rax);
}

/* Without the host's wish, INT3 is the guest's. */
TEST_F(guest_debug, breakpoint_of_the_guest)
{
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(int3));
	vt_catch(&self->vcpu, VT_LONG);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(3, vt_caught(&self->vcpu)->vector);
	EXPECT_EQ(VT_CODE + 2, vt_caught(&self->vcpu)->rip);
}

TEST_F(guest_debug, hardware_breakpoint)
{
	const struct kvm_debug_exit_arch *arch = &self->vcpu.run->debug.arch;
	struct kvm_debugregs regs;

	VT_NEED_CAP(KVM_CAP_SET_GUEST_DEBUG);
	start(&self->vcpu, VT_PAYLOAD(steps));
	/* DR7: breakpoint 0 globally enabled, execution. */
	debug(&self->vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP, 0x402,
	      VT_CODE + 4);
	vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
	EXPECT_EQ(1, arch->exception);
	EXPECT_EQ(VT_CODE + 4, arch->pc);
	EXPECT_EQ(1, arch->dr6 & 0xf);
	/* The guest's own registers are as they were. */
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_DEBUGREGS, &regs));
	EXPECT_EQ(0, regs.db[0]);
	EXPECT_EQ(0x400, regs.dr7);
}

/* What would interrupt the step waits until the debugger is done. */
TEST_F(guest_debug, block_interrupts)
{
	const struct kvm_debug_exit_arch *arch = &self->vcpu.run->debug.arch;
	struct kvm_vcpu_events events;

	if (!(vt_cap(self->vm.dev, KVM_CAP_SET_GUEST_DEBUG2) & KVM_GUESTDBG_BLOCKIRQ))
		SKIP(return, "no KVM_GUESTDBG_BLOCKIRQ");
	vt_stay_on(0);
	start(&self->vcpu, VT_PAYLOAD(steps));
	vt_catch(&self->vcpu, VT_LONG);
	ASSERT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_NMI, 0));
	debug(&self->vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP |
	      KVM_GUESTDBG_BLOCKIRQ, 0, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
	EXPECT_EQ(VT_CODE + 2, arch->pc);
	vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
	EXPECT_EQ(VT_CODE + 4, arch->pc);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_VCPU_EVENTS, &events));
	EXPECT_EQ(1, events.nmi.pending);
	debug(&self->vcpu, 0, 0, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(2, vt_caught(&self->vcpu)->vector);
	EXPECT_EQ(VT_CODE + 4, vt_caught(&self->vcpu)->rip);
	/* To its IRET: Bochs 2.7 takes blocking by NMI along to the CPU's next VM. */
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

VT_GUEST(moves_dr, 64, "nop; mov %db0, %rax; hlt");

/* DR7.GD of the debugger's: the guest does not get at the registers. */
TEST_F(guest_debug, general_detect)
{
	const struct kvm_debug_exit_arch *arch = &self->vcpu.run->debug.arch;

	VT_NEED_CAP(KVM_CAP_SET_GUEST_DEBUG);
	start(&self->vcpu, VT_PAYLOAD(moves_dr));
	debug(&self->vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP, 0x2400, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
	EXPECT_EQ(1, arch->exception);
	EXPECT_EQ(VT_CODE + 1, arch->pc);
	EXPECT_EQ(0xffff2ff0, arch->dr6);
	debug(&self->vcpu, 0, 0, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

VT_GUEST(watched, 64, "mov $0x20000, %edi; movb $1, 1(%rdi); movb $2, (%rdi); nop; hlt");

TEST_F(guest_debug, watchpoint)
{
	const struct kvm_debug_exit_arch *arch = &self->vcpu.run->debug.arch;

	VT_NEED_CAP(KVM_CAP_SET_GUEST_DEBUG);
	start(&self->vcpu, VT_PAYLOAD(watched));
	/* DR7: breakpoint 0 globally enabled, writes, one byte. */
	debug(&self->vcpu, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP, 0x10402,
	      VT_DATA);
	vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
	EXPECT_EQ(1, arch->exception);
	EXPECT_EQ(1, arch->dr6 & 0xf);
	EXPECT_EQ(2, self->vm.mem[VT_DATA]);
	debug(&self->vcpu, 0, 0, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

TEST_HARNESS_MAIN
