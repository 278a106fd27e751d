// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware task switches: each way into a task and out of it, and what is in
 * registers, TSS and descriptors then.
 */
#include <asm/processor-flags.h>
#include <string.h>

#include "vt_fixture.h"
#include "vt_task.h"

#define TF_NT	X86_EFLAGS_NT

VT_FIXTURE(task_switch)

static const struct kvm_regs in_a = {
	.rax = 0xa0, .rcx = 0xa1, .rdx = 0xa2, .rbx = 0xa3, .rsp = VT_STACK_TOP,
	.rbp = 0xa5, .rsi = 0xa6, .rdi = 0xa7, .rip = VT_CODE, .rflags = 0xad7,
};

static void start(struct vt_vcpu *vcpu, enum vt_mode mode, struct vt_payload code)
{
	vt_task_start(vcpu, mode, code);
	vt_set_regs(vcpu, &in_a);
	/* What must not be written, and what must. */
	vt_tss32(vcpu->vm, VT_TSS)->link = 0x55555555;
	vt_tss32(vcpu->vm, VT_TSS)->cr3 = 0x66666666;
	vt_tss32(vcpu->vm, VT_TSS)->ldt = 0x77777777;
}

static bool busy(struct vt_vm *vm, uint16_t selector)
{
	return *vt_desc_access(vm, selector) & VT_ACC_BUSY;
}

#define EXPECT_BUSY(a, b) do {						\
	EXPECT_EQ(a, busy(&self->vm, VT_SEL_TSS));			\
	EXPECT_EQ(b, busy(&self->vm, VT_SEL_B));			\
} while (0)

/* The vCPU stands in task B, at its HLT. */
static void expect_b(struct __test_metadata *_metadata, struct vt_vcpu *vcpu, uint32_t flags,
		     uint32_t esp)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	vt_run_to(vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0, vt_caught(vcpu)->count);
	vt_get_regs(vcpu, &r);
	vt_get_sregs(vcpu, &s);
	EXPECT_EQ(VT_CODE_B + 1, r.rip);
	EXPECT_EQ(2 | flags, r.rflags);
	EXPECT_EQ(0xb0000000, r.rax);
	EXPECT_EQ(0xb0000001, r.rcx);
	EXPECT_EQ(0xb0000002, r.rdx);
	EXPECT_EQ(0xb0000003, r.rbx);
	EXPECT_EQ(esp, r.rsp);
	EXPECT_EQ(0xb0000005, r.rbp);
	EXPECT_EQ(0xb0000006, r.rsi);
	EXPECT_EQ(0xb0000007, r.rdi);
	EXPECT_EQ(X86_CR0_TS, s.cr0 & X86_CR0_TS);
	EXPECT_EQ(VT_SEL_B, s.tr.selector);
	EXPECT_EQ(VT_TSS_B, s.tr.base);
	EXPECT_EQ(0x67, s.tr.limit);
	EXPECT_EQ(11, s.tr.type);
	EXPECT_EQ(VT_SEL_LDT, s.ldt.selector);
	EXPECT_EQ(VT_TASK_LDT, s.ldt.base);
	EXPECT_EQ(0xf, s.ldt.limit);
	EXPECT_EQ(VT_SEL_CODE, s.cs.selector);
	EXPECT_EQ(0xffffffff, s.cs.limit);
	EXPECT_EQ(VT_SEL_DATA, s.ss.selector);
	EXPECT_EQ(VT_SEL_DATA, s.ds.selector);
	EXPECT_EQ(VT_SEL_DATA, s.es.selector);
	EXPECT_EQ(VT_SEL_FS, s.fs.selector);
	EXPECT_EQ(VT_FS_BASE, s.fs.base);
	EXPECT_EQ(0xffff, s.fs.limit);
	EXPECT_EQ(VT_SEL_GS, s.gs.selector);
	EXPECT_EQ(VT_GS_BASE, s.gs.base);
	/* Loading a segment sets its accessed flag. */
	EXPECT_EQ(VT_ACC_DATA | 1, *vt_desc_access(vcpu->vm, VT_SEL_FS));
	EXPECT_EQ(VT_ACC_DATA | 1, vcpu->vm->mem[VT_TASK_LDT + 8 + 5]);
}

/* What task A left behind. */
static void expect_a_saved(struct __test_metadata *_metadata, struct vt_vm *vm,
			   const char *name, uint32_t eip, uint32_t eflags)
{
	const struct vt_tss32 *tss = vt_tss32(vm, VT_TSS);

	EXPECT_EQ(0x55555555, tss->link);
	EXPECT_EQ(0x66666666, tss->cr3);
	EXPECT_EQ(0x77777777, tss->ldt);
	EXPECT_EQ(0x68, tss->io_map);
	EXPECT_EQ(eip, tss->eip)
		TH_LOG("%s", name);
	EXPECT_EQ(eflags, tss->eflags)
		TH_LOG("%s", name);
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(i == T_ESP ? VT_STACK_TOP : 0xa0 + i, tss->gpr[i]);
	for (int i = 0; i < 6; i++)
		EXPECT_EQ(i == T_CS ? VT_SEL_CODE : VT_SEL_DATA, tss->seg[i]);
}

/* From B back to A: its registers are as they were. */
static void expect_back_in_a(struct __test_metadata *_metadata, struct vt_vcpu *vcpu,
			     uint32_t eip, uint64_t rflags)
{
	struct kvm_regs r, want = in_a;
	struct kvm_sregs s;

	vt_run_to(vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0, vt_caught(vcpu)->count);
	vt_get_regs(vcpu, &r);
	want.rip = eip;
	want.rflags = rflags;
	EXPECT_EQ(0, memcmp(&want, &r, sizeof(r)))
		TH_LOG("RIP %#llx RFLAGS %#llx", r.rip, r.rflags);
	vt_get_sregs(vcpu, &s);
	EXPECT_EQ(VT_SEL_TSS, s.tr.selector);
	EXPECT_EQ(VT_TSS, s.tr.base);
	EXPECT_EQ(11, s.tr.type);
	EXPECT_EQ(VT_SEL_DATA, s.fs.selector);
}

VT_TASK_GUEST(call, "lcall $0x40, $0x12345; hlt; lcall $0x58, $0; hlt");

/* CALL of a TSS, and again by way of a task gate in the GDT. */
TEST_F(task_switch, call_and_iret)
{
	struct vt_tss32 *a = vt_tss32(&self->vm, VT_TSS), *b = vt_tss32(&self->vm, VT_TSS_B);

	start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	for (int gate = 0; gate < 2; gate++) {
		const uint32_t next = VT_CODE + (gate ? 15 : 7);

		/* The first IRET of task B leaves a JMP for its next turn. */
		b->eip = VT_CODE_B;
		b->eflags = 2;
		a->ldt = 0x77777777;
		a->cr3 = 0x66666666;
		expect_b(_metadata, &self->vcpu, TF_NT, VT_STACK_B);
		expect_a_saved(_metadata, &self->vm, "CALL", next, 0xad7);
		EXPECT_EQ(VT_SEL_TSS, b->link & 0xffff);
		EXPECT_BUSY(true, true);

		a->ldt = 0;
		expect_back_in_a(_metadata, &self->vcpu, next + 1, 0xad7);
		EXPECT_EQ(VT_CODE_B + 2, b->eip);
		EXPECT_EQ(2, b->eflags);
		EXPECT_EQ(VT_STACK_B, b->gpr[T_ESP]);
		EXPECT_EQ(VT_SEL_GS, b->seg[T_GS]);
		EXPECT_BUSY(true, false);
	}
}

VT_TASK_GUEST(jmp, "ljmp $0x40, $0; hlt; ljmp $0x58, $0; hlt");
VT_GUEST(jmp_back, 32, "hlt; ljmp $0x20, $0; hlt; ljmp $0x20, $0");

/* JMP nests nothing: no link, no NT, one busy task. */
TEST_F(task_switch, jmp)
{
	struct vt_payload back = VT_PAYLOAD(jmp_back);
	struct vt_tss32 *a = vt_tss32(&self->vm, VT_TSS), *b = vt_tss32(&self->vm, VT_TSS_B);

	start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(jmp));
	memcpy(self->vm.mem + VT_CODE_B, back.start, back.end - back.start);
	for (int gate = 0; gate < 2; gate++) {
		const uint32_t next = VT_CODE + (gate ? 15 : 7);

		b->eip = VT_CODE_B;
		/* NT is as the new task has it. */
		b->eflags = 2 | (gate ? TF_NT : 0);
		a->ldt = 0x77777777;
		a->cr3 = 0x66666666;
		expect_b(_metadata, &self->vcpu, gate ? TF_NT : 0, VT_STACK_B);
		expect_a_saved(_metadata, &self->vm, "JMP", next, 0xad7);
		EXPECT_EQ(0xdddd, b->link);
		EXPECT_BUSY(false, true);

		a->ldt = 0;
		expect_back_in_a(_metadata, &self->vcpu, next + 1, 0xad7);
		EXPECT_EQ(VT_CODE_B + 8, b->eip);
		EXPECT_EQ(2 | (gate ? TF_NT : 0), b->eflags);
		EXPECT_BUSY(true, false);
	}
}

VT_TASK_GUEST(int80, "int $0x80; hlt");
VT_TASK_GUEST(int3, "int3; hlt");
VT_TASK_GUEST(undefined, "ud2; hlt");
VT_TASK_GUEST(nothing, "nop; hlt");

/*
 * Task gates in the IDT. A software interrupt returns behind its instruction, a
 * fault to it, with RF set.
 */
TEST_F(task_switch, interrupt_gates)
{
	const struct {
		const char *name;
		struct vt_payload code;
		unsigned int vector;
		uint32_t eip, rf;
	} all[] = {
		{ "INT 80H", VT_PAYLOAD(int80), 0x80, VT_CODE + 2, 0 },
		{ "INT3", VT_PAYLOAD(int3), 3, VT_CODE + 1, 0 },
		{ "#UD", VT_PAYLOAD(undefined), 6, VT_CODE, X86_EFLAGS_RF },
		{ "interrupt", VT_PAYLOAD(nothing), 0x33, VT_CODE, 0 },
	};
	struct vt_tss32 *a = vt_tss32(&self->vm, VT_TSS), *b = vt_tss32(&self->vm, VT_TSS_B);

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct kvm_interrupt irq = { .irq = all[i].vector };

		start(&self->vcpu, VT_FLAT32, all[i].code);
		vt_task_gate(&self->vm, all[i].vector, VT_SEL_B);
		if (all[i].vector == 0x33)
			ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_INTERRUPT, &irq));
		expect_b(_metadata, &self->vcpu, TF_NT, VT_STACK_B);
		/* Bochs has RF set in what an INT n leaves. */
		if (all[i].vector == 0x80)
			a->eflags &= ~X86_EFLAGS_RF;
		expect_a_saved(_metadata, &self->vm, all[i].name, all[i].eip,
			       0xad7 | all[i].rf);
		EXPECT_EQ(VT_SEL_TSS, b->link & 0xffff);
		EXPECT_BUSY(true, true);

		/* Past an instruction that would only fault again. */
		if (all[i].rf)
			a->eip += 2;
		a->ldt = 0;
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
		EXPECT_BUSY(true, false);
		EXPECT_EQ(2, b->eflags);
	}
}

/* An error code goes to the new task's stack. */
TEST_F(task_switch, error_code)
{
	const uint32_t *stack = (uint32_t *)(self->vm.mem + VT_STACK_B) - 1;

	start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	/* The descriptor is of no type that can be called. */
	vt_task_gate(&self->vm, 13, VT_SEL_B);
	*(uint16_t *)(self->vm.mem + VT_CODE + 5) = VT_SEL_SPARE;
	expect_b(_metadata, &self->vcpu, TF_NT, VT_STACK_B - 4);
	expect_a_saved(_metadata, &self->vm, "#GP", VT_CODE, 0xad7 | X86_EFLAGS_RF);
	EXPECT_EQ(VT_SEL_SPARE, *stack);
}

/* NMIs are blocked from the task gate to the IRET. */
TEST_F(task_switch, nmi)
{
	struct kvm_vcpu_events events;

	vt_stay_on(0);
	start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(nothing));
	vt_task_gate(&self->vm, 2, VT_SEL_B);
	vt_tss32(&self->vm, VT_TSS)->ldt = 0;
	ASSERT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_NMI, 0));
	expect_b(_metadata, &self->vcpu, TF_NT, VT_STACK_B);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_VCPU_EVENTS, &events));
	EXPECT_EQ(1, events.nmi.masked);
	EXPECT_EQ(0, events.nmi.injected);

	expect_back_in_a(_metadata, &self->vcpu, VT_CODE + 2, 0xad7);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_VCPU_EVENTS, &events));
	/* KVM leaves them blocked. */
	if (!vt_on_kvm())
		EXPECT_EQ(0, events.nmi.masked);
}

VT_TASK_GUEST(call16, "lcall $0x50, $0; hlt");

/* To a 16-bit TSS and back, and from there to a 32-bit one. */
TEST_F(task_switch, tss16)
{
	struct vt_tss16 *n = vt_tss16(&self->vm);
	struct kvm_sregs s;
	struct kvm_regs r;

	if (vt_on_kvm())
		SKIP(return, "KVM saves the old task in the form of the new one");
	start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call16));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &r);
	vt_get_sregs(&self->vcpu, &s);
	expect_a_saved(_metadata, &self->vm, "CALL", VT_CODE + 7, 0xad7);
	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
	EXPECT_EQ(VT_IP_16 + 1, r.rip);
	EXPECT_EQ(2 | TF_NT, r.rflags);
	EXPECT_EQ(0x1600, r.rax & 0xffff);
	EXPECT_EQ(0x1603, r.rbx & 0xffff);
	EXPECT_EQ(VT_STACK_16, r.rsp & 0xffff);
	EXPECT_EQ(0x1607, r.rdi & 0xffff);
	EXPECT_EQ(VT_SEL_16, s.tr.selector);
	EXPECT_EQ(3, s.tr.type);
	EXPECT_EQ(VT_SEL_CODE16, s.cs.selector);
	EXPECT_EQ(VT_CODE, s.cs.base);
	EXPECT_EQ(VT_FREE, s.ss.base);
	EXPECT_EQ(1, s.ldt.unusable);
	/* A 16-bit TSS has no FS and GS: nothing of the old task stays in them. */
	EXPECT_EQ(1, s.fs.unusable);
	EXPECT_EQ(0, s.fs.selector | s.gs.selector);
	EXPECT_EQ(VT_SEL_TSS, n->link);
	EXPECT_EQ(true, busy(&self->vm, VT_SEL_16));

	vt_tss32(&self->vm, VT_TSS)->ldt = 0;
	expect_back_in_a(_metadata, &self->vcpu, VT_CODE + 8, 0xad7);
	EXPECT_EQ(VT_IP_16 + 2, n->ip);
	EXPECT_EQ(2, n->flags);
	EXPECT_EQ(0x1605, n->gpr[T_EBP]);
	EXPECT_EQ(VT_SEL_DATA16, n->seg[T_DS]);
	EXPECT_EQ(false, busy(&self->vm, VT_SEL_16));
}

/* The error code is as wide as the TSS. */
TEST_F(task_switch, error_code16)
{
	const uint16_t *stack = (uint16_t *)(self->vm.mem + VT_FREE + VT_STACK_16) - 1;
	struct kvm_regs r;

	start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	vt_task_gate(&self->vm, 13, VT_SEL_16);
	*(uint16_t *)(self->vm.mem + VT_CODE + 5) = VT_SEL_SPARE;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &r);
	EXPECT_EQ(VT_IP_16 + 1, r.rip);
	EXPECT_EQ(VT_STACK_16 - 2, r.rsp & 0xffff);
	EXPECT_EQ(VT_SEL_SPARE, *stack);
}

TEST_HARNESS_MAIN
