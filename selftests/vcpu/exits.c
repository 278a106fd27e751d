// SPDX-License-Identifier: GPL-2.0-only
/* What the guest does that stops it: HLT, ports, triple fault; and goes on. */
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(exits)

VT_GUEST(hlt, 64, "hlt; inc %rax; hlt");

TEST_F(exits, hlt)
{
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(hlt));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_CODE + 1, regs.rip);
	EXPECT_EQ(0, regs.rax);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(1, regs.rax);
}

VT_GUEST(out, 64,
	 "mov $0x1234, %dx\n"
	 "mov $0x11223344, %eax\n"
	 "out %al, %dx\n"
	 "out %ax, %dx\n"
	 "out %eax, %dx\n"
	 "out %al, $0x42\n"
	 "hlt");

TEST_F(exits, out)
{
	static const struct {
		uint16_t port;
		uint8_t size;
		uint32_t value;
	} wanted[] = {
		{ 0x1234, 1, 0x44 }, { 0x1234, 2, 0x3344 },
		{ 0x1234, 4, 0x11223344 }, { 0x42, 1, 0x44 },
	};
	const struct kvm_run *run = self->vcpu.run;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(out));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		vt_run_to(&self->vcpu, KVM_EXIT_IO);
		EXPECT_EQ(KVM_EXIT_IO_OUT, run->io.direction);
		EXPECT_EQ(wanted[i].port, run->io.port);
		EXPECT_EQ(wanted[i].size, run->io.size);
		EXPECT_EQ(1, run->io.count);
		EXPECT_EQ(wanted[i].value, vt_out_value(&self->vcpu));
		EXPECT_GE(run->io.data_offset, sizeof(*run) & ~(VT_PAGE - 1));
		EXPECT_LT(run->io.data_offset, self->vm.run_size);
	}
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

VT_GUEST(in, 64,
	 "mov $0x1234, %dx\n"
	 "mov $-1, %rax; in %dx, %al; mov %rax, %r8\n"
	 "mov $-1, %rax; in %dx, %ax; mov %rax, %r9\n"
	 "mov $-1, %rax; in %dx, %eax; mov %rax, %r10\n"
	 "hlt");

/* SDM 1, "General-Purpose Registers in 64-Bit Mode": 32 bits clear the rest. */
TEST_F(exits, in)
{
	const uint32_t answer = 0x55667788;
	struct kvm_run *run = self->vcpu.run;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(in));
	for (unsigned int size = 1; size <= 4; size *= 2) {
		vt_run_to(&self->vcpu, KVM_EXIT_IO);
		EXPECT_EQ(KVM_EXIT_IO_IN, run->io.direction);
		EXPECT_EQ(0x1234, run->io.port);
		EXPECT_EQ(size, run->io.size);
		memcpy((uint8_t *)run + run->io.data_offset, &answer, size);
	}
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0xffffffffffffff88, regs.r8);
	EXPECT_EQ(0xffffffffffff7788, regs.r9);
	EXPECT_EQ(0x55667788, regs.r10);
}

/* Registers may be read while an access waits for user space. */
TEST_F(exits, state_in_the_middle_of_io)
{
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(in));
	vt_run_to(&self->vcpu, KVM_EXIT_IO);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(~0ull, regs.rax);
	self->vcpu.run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	self->vcpu.run->immediate_exit = 0;
	/* What it was can still be read. */
	EXPECT_EQ(KVM_EXIT_IO, self->vcpu.run->exit_reason);
	/* The access is finished although nothing else has run. */
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_NE(~0ull, regs.rax);
}

VT_GUEST(outs16, 16, "mov $0x77, %dx; mov $0xabcd, %ax; out %ax, %dx; hlt");

TEST_F(exits, out_in_real_mode)
{
	vt_start(&self->vcpu, VT_REAL, VT_PAYLOAD(outs16));
	EXPECT_EQ(0xabcd, vt_run_to_out(&self->vcpu, 0x77));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

/* No IDT: the first exception is a triple fault. */
VT_GUEST(triple, 64, "push $0; push $0; lidt (%rsp); ud2");

TEST_F(exits, triple_fault)
{
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(triple));
	vt_run_to(&self->vcpu, KVM_EXIT_SHUTDOWN);
}

/* After a triple fault user space may reset the vCPU and run it again. */
TEST_F(exits, after_a_triple_fault)
{
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(triple));
	vt_run_to(&self->vcpu, KVM_EXIT_SHUTDOWN);
	vt_start(&self->vcpu, VT_REAL, VT_PAYLOAD(outs16));
	EXPECT_EQ(0xabcd, vt_run_to_out(&self->vcpu, 0x77));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

VT_GUEST(tpr, 64,
	 "mov $9, %eax; mov %rax, %cr8\n"
	 "mov $9, %eax; mov %rax, %cr8\n"
	 "mov $3, %eax; mov %rax, %cr8; mov %cr8, %rbx; hlt");

/* A lowered task priority is user space's to know, which has the local APIC. */
TEST_F(exits, task_priority)
{
	struct kvm_run *run = self->vcpu.run;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(tpr));
	run->cr8 = 2;
	vt_run_to(&self->vcpu, KVM_EXIT_SET_TPR);
	EXPECT_EQ(3, run->cr8);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_CODE + 27, regs.rip);
	EXPECT_EQ(0, regs.rbx);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(3, regs.rbx);
}

/* SDM 3C, "Checks on Guest Segment Registers": a stack that cannot be written. */
TEST_F(exits, refused_entry)
{
	struct kvm_run *run = self->vcpu.run;
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(hlt));
	vt_get_sregs(&self->vcpu, &sregs);
	sregs.ss.type = 1;
	vt_set_sregs(&self->vcpu, &sregs);
	vt_run_to(&self->vcpu, KVM_EXIT_FAIL_ENTRY);
	EXPECT_EQ(0x80000021, run->fail_entry.hardware_entry_failure_reason);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_CODE, regs.rip);
	/* The vCPU is there to be mended. */
	sregs.ss.type = 3;
	vt_set_sregs(&self->vcpu, &sregs);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

TEST_F(exits, run_page)
{
	struct kvm_run *run = self->vcpu.run;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(hlt));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0, run->if_flag);
	EXPECT_EQ(0, run->cr8);
	/* Without an interrupt controller the APIC base is what was set. */
	EXPECT_EQ(0, run->flags);
}

TEST_F(exits, run_takes_no_argument)
{
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(hlt));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vcpu.fd, KVM_RUN, 1));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

TEST_HARNESS_MAIN
