// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware tasks with an address space of their own, in ring 3 and in
 * virtual-8086 mode; and what debugging has to do with them.
 */
#include <asm/processor-flags.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "vt_fixture.h"
#include "vt_task.h"

#define IOPL3		X86_EFLAGS_IOPL
#define NEW_CR3		0x106000u
#define WINDOW		0x40000000u	/* guest memory again, in the new space */
#define DR6_BT		0x8000

VT_FIXTURE(task_modes)

/* Task B reads by way of an address that only its own space maps. */
VT_GUEST(space, 32,
	 "lcall $0x40, $0; hlt\n"
	 ".org guest_space_start + 0x400; mov 0x40020000, %eax; hlt; iret");

static void start_space(struct vt_vcpu *vcpu, enum vt_mode mode)
{
	struct vt_vm *vm = vcpu->vm;
	uint8_t *new = vm->mem + NEW_CR3;

	vt_task_start(vcpu, mode, VT_PAYLOAD(space));
	*(uint32_t *)(vm->mem + VT_DATA) = 0x600dda7a;
	memcpy(new, vm->mem + VT_TABLES, VT_PAGE);
	if (mode == VT_PAE)
		((uint64_t *)new)[WINDOW >> 30] = ((uint64_t *)new)[0];
	else
		((uint32_t *)new)[WINDOW >> 22] = ((uint32_t *)new)[0];
	vt_tss32(vm, VT_TSS_B)->cr3 = NEW_CR3;
	vt_tss32(vm, VT_TSS)->cr3 = VT_TABLES;
}

TEST_F(task_modes, address_space)
{
	static const enum vt_mode modes[] = { VT_PAGED32, VT_PAE };
	struct kvm_sregs s;
	struct kvm_regs r;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		start_space(&self->vcpu, modes[i]);
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
		vt_get_regs(&self->vcpu, &r);
		vt_get_sregs(&self->vcpu, &s);
		EXPECT_EQ(0x600dda7a, r.rax)
			TH_LOG("%s", vt_mode_name(modes[i]));
		EXPECT_EQ(NEW_CR3, s.cr3);
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		vt_get_sregs(&self->vcpu, &s);
		EXPECT_EQ(VT_TABLES, s.cr3);
		EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
	}
}

/* "If paging is not enabled, [...] it is not loaded"; nor from a 16-bit TSS. */
TEST_F(task_modes, cr3_is_left_alone)
{
	struct kvm_sregs s;

	if (vt_on_kvm())
		SKIP(return, "KVM loads CR3 in any case");
	vt_task_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(space));
	vt_get_sregs(&self->vcpu, &s);
	s.cr3 = 0x5000;
	vt_set_sregs(&self->vcpu, &s);
	vt_tss32(&self->vm, VT_TSS_B)->cr3 = NEW_CR3;
	vt_tss32(&self->vm, VT_TSS_B)->eip = VT_CODE_B + 5;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_B, s.tr.selector);
	EXPECT_EQ(0x5000, s.cr3);

	vt_task_start(&self->vcpu, VT_PAGED32, VT_PAYLOAD(space));
	*(uint16_t *)(self->vm.mem + VT_CODE + 5) = VT_SEL_16;
	self->vm.mem[VT_CODE + VT_IP_16] = 0xf4;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_16, s.tr.selector);
	EXPECT_EQ(VT_TABLES, s.cr3);
}

/* PDPTEs that are not legal: the old task gets the fault, as for MOV to CR3. */
TEST_F(task_modes, pdptes)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_sregs s;

	if (vt_on_kvm())
		SKIP(return, "KVM loses the fault");
	start_space(&self->vcpu, VT_PAE);
	((uint64_t *)(self->vm.mem + NEW_CR3))[3] |= 2;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(1, caught->count);
	EXPECT_EQ(13, caught->vector);
	EXPECT_EQ(0, caught->error);
	EXPECT_EQ(VT_CODE, caught->rip);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_TSS, s.tr.selector);
	EXPECT_EQ(VT_TABLES, s.cr3);
	EXPECT_EQ(VT_ACC_TSS32, *vt_desc_access(&self->vm, VT_SEL_B));
	EXPECT_EQ(0xdddd, vt_tss32(&self->vm, VT_TSS_B)->link);
}

VT_GUEST(ring3, 32,
	 "lcall $0x40, $0; hlt\n"
	 ".org guest_ring3_start + 0x400; out %al, $0x80; int $0x80; out %al, $0x81; iret\n"
	 ".org guest_ring3_start + 0x800; hlt; iret");

/* From ring 0 to ring 3, through a gate to ring 0 again, and all the way back. */
TEST_F(task_modes, rings)
{
	struct vt_tss32 *b = vt_tss32(&self->vm, VT_TSS_B);
	struct kvm_sregs s;

	vt_task_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(ring3));
	vt_task_gate(&self->vm, 0x80, VT_SEL_C);
	for (int i = 0; i < 6; i++)
		b->seg[i] = VT_SEL_UDATA;
	b->seg[T_CS] = VT_SEL_UCODE;
	b->eflags = 2 | IOPL3;
	vt_run_to_out(&self->vcpu, 0x80);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_UCODE, s.cs.selector);
	EXPECT_EQ(3, s.cs.dpl);
	EXPECT_EQ(3, s.ss.dpl);
	EXPECT_EQ(VT_SEL_UDATA, s.ds.selector);

	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_C, s.tr.selector);
	EXPECT_EQ(0, s.ss.dpl);
	EXPECT_EQ(VT_SEL_B, vt_tss32(&self->vm, VT_TSS_C)->link & 0xffff);
	EXPECT_EQ(VT_SEL_UCODE, b->seg[T_CS]);
	EXPECT_EQ(VT_CODE_B + 4, b->eip);

	vt_run_to_out(&self->vcpu, 0x81);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_B, s.tr.selector);
	EXPECT_EQ(3, s.ss.dpl);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_TSS, s.tr.selector);
	EXPECT_EQ(0, s.ss.dpl);
	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
}

VT_GUEST(v86, 32,
	 "lcall $0x40, $0; hlt\n"
	 ".org guest_v86_start + 0x400; .code16\n"
	 "mov 4, %ax; out %ax, $0x80; int $0x80; mov %ax, 6; hlt\n"
	 ".code32; .org guest_v86_start + 0x800; 1: hlt; iret; jmp 1b");

TEST_F(task_modes, virtual_8086)
{
	struct vt_tss32 *b = vt_tss32(&self->vm, VT_TSS_B);
	uint16_t *data = (uint16_t *)(self->vm.mem + VT_DATA);
	uint32_t *stack = (uint32_t *)(self->vm.mem + VT_STACK_C) - 1;
	const uint16_t cs = VT_CODE_B >> 4;
	struct kvm_sregs s;
	struct kvm_regs r;

	vt_task_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(v86));
	vt_task_gate(&self->vm, 0x80, VT_SEL_C);
	vt_task_gate(&self->vm, 13, VT_SEL_C);
	/* Ports are allowed by the bitmap behind the TSS: zeroes. */
	vt_set_desc(&self->vm, VT_SEL_B, VT_TSS_B, 0xff, VT_ACC_TSS32, 0);
	for (int i = 0; i < 6; i++)
		b->seg[i] = VT_DATA >> 4;
	b->seg[T_CS] = cs;
	b->seg[T_SS] = VT_STACK_BASE >> 4;
	b->gpr[T_ESP] = 0x1000;
	b->eip = 0;
	b->eflags = 2 | X86_EFLAGS_VM | IOPL3;
	data[2] = 0x8086;
	EXPECT_EQ(0x8086, vt_run_to_out(&self->vcpu, 0x80));
	vt_get_sregs(&self->vcpu, &s);
	vt_get_regs(&self->vcpu, &r);
	EXPECT_EQ(X86_EFLAGS_VM, r.rflags & X86_EFLAGS_VM);
	EXPECT_EQ(cs, s.cs.selector);
	EXPECT_EQ(cs << 4, s.cs.base);
	EXPECT_EQ(0xffff, s.cs.limit);
	EXPECT_EQ(VT_STACK_BASE, s.ss.base);
	EXPECT_EQ(VT_DATA, s.gs.base);
	EXPECT_EQ(3, s.ss.dpl);

	/* Out of it by a task gate, and in again by IRET. */
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_C, s.tr.selector);
	EXPECT_EQ(X86_EFLAGS_VM, b->eflags & X86_EFLAGS_VM);
	EXPECT_EQ(cs, b->seg[T_CS]);
	EXPECT_EQ(VT_DATA >> 4, b->seg[T_FS]);
	EXPECT_EQ(7, b->eip);
	/* HLT is not for it: #GP, and task C for its handler. */
	*stack = ~0u;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0x8086, data[3]);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_C, s.tr.selector);
	EXPECT_EQ(0, *stack);
	EXPECT_EQ(10, b->eip);
	EXPECT_EQ(cs, b->seg[T_CS]);
	EXPECT_EQ(X86_EFLAGS_VM, b->eflags & X86_EFLAGS_VM);
}

VT_TASK_GUEST(call, "lcall $0x40, $0; hlt");

/* The T flag: #DB before the new task's first instruction. */
TEST_F(task_modes, trap_flag)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_debugregs dr;

	if (vt_on_kvm())
		SKIP(return, "KVM does not look at it");
	vt_task_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	vt_tss32(&self->vm, VT_TSS_B)->trap = 1;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(1, caught->count);
	EXPECT_EQ(1, caught->vector);
	EXPECT_EQ(VT_CODE_B, caught->rip);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_DEBUGREGS, &dr));
	EXPECT_EQ(DR6_BT, dr.dr6 & 0xe00f);
}

/* Local breakpoints are the old task's. */
TEST_F(task_modes, local_breakpoints)
{
	struct kvm_debugregs dr = { .dr6 = 0xffff0ff0, .dr7 = 0x7ff };

	vt_task_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_DEBUGREGS, &dr));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_DEBUGREGS, &dr));
	EXPECT_EQ(0x6aa, dr.dr7);
}

TEST_F(task_modes, single_step)
{
	const struct kvm_guest_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
	};

	if (vt_on_kvm())
		SKIP(return, "KVM steps by RFLAGS.TF, which the new task has not");
	/* Once without, so that the pages are there: see docs/lab.md on Bochs 2.7. */
	vt_task_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_task_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_GUEST_DEBUG, &debug));
	vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
	EXPECT_EQ(VT_CODE_B, self->vcpu.run->debug.arch.pc);
}

/* The SDM knows of no answer: user space is asked, and may mend it. */
TEST_F(task_modes, tss_is_no_memory)
{
	struct kvm_regs before, r;
	struct kvm_sregs s;

	if (vt_on_kvm())
		SKIP(return, "KVM goes on behind the CALL");
	vt_task_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	vt_set_desc(&self->vm, VT_SEL_B, 0xd0000000, 0x67, VT_ACC_TSS32, 0);
	vt_get_regs(&self->vcpu, &before);
	vt_run_to(&self->vcpu, KVM_EXIT_INTERNAL_ERROR);
	EXPECT_EQ(KVM_INTERNAL_ERROR_EMULATION, self->vcpu.run->internal.suberror);
	EXPECT_EQ(0, self->vcpu.run->internal.ndata);
	vt_get_regs(&self->vcpu, &r);
	EXPECT_EQ(0, memcmp(&before, &r, sizeof(r)));
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_TSS, s.tr.selector);
	EXPECT_EQ(VT_ACC_TSS32, *vt_desc_access(&self->vm, VT_SEL_B));

	vt_set_desc(&self->vm, VT_SEL_B, VT_TSS_B, 0x67, VT_ACC_TSS32, 0);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_B, s.tr.selector);
}

/* Memory that does not come is -EFAULT, before anything has happened. */
TEST_F(task_modes, memory_does_not_come)
{
	const struct vt_tss32 *b = vt_tss32(&self->vm, VT_TSS_B);
	void *page = vt_anon(VT_PAGE);
	struct kvm_sregs s;

	if (vt_on_kvm())
		SKIP(return, "KVM goes on behind the CALL");
	vt_task_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	vt_set_slot(&self->vm, 1, 0xd0000000, VT_PAGE, page, 0);
	vt_set_desc(&self->vm, VT_SEL_B, 0xd0000000, 0x67, VT_ACC_TSS32, 0);
	memcpy(page, b, sizeof(*b));
	ASSERT_EQ(0, mprotect(page, VT_PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, vt_run(&self->vcpu));
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_TSS, s.tr.selector);
	ASSERT_EQ(0, mprotect(page, VT_PAGE, PROT_READ | PROT_WRITE));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
	vt_get_sregs(&self->vcpu, &s);
	EXPECT_EQ(VT_SEL_B, s.tr.selector);
	EXPECT_EQ(VT_SEL_TSS, *(uint16_t *)page);
}

TEST_HARNESS_MAIN
