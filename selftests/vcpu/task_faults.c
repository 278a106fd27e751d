// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware task switches that fault: before, in the old task with nothing
 * changed; and after, in the new one. SDM 3A, "Task Switching", has the table.
 */
#include <asm/processor-flags.h>
#include <string.h>

#include "vt_fixture.h"
#include "vt_task.h"

VT_FIXTURE(task_faults)

enum { UD = 6, DF = 8, TS = 10, NP, SS, GP, PF };

#define KVM_LOSES	"KVM loses the faults of a task switch"

VT_TASK_GUEST(call, "lcall $0x40, $0; hlt");
VT_TASK_GUEST(iret, "iret; hlt");

/* The old task has the fault, at its instruction, and all is as it was. */
static void expect_before(struct __test_metadata *_metadata, struct vt_vcpu *vcpu,
			  const char *name, unsigned int vector, uint32_t error)
{
	const struct vt_caught *caught = vt_caught(vcpu);
	struct kvm_sregs s;
	struct kvm_regs r;

	vt_run_to(vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(1, caught->count);
	EXPECT_EQ(vector, caught->vector)
		TH_LOG("%s", name);
	EXPECT_EQ(error, caught->error)
		TH_LOG("%s", name);
	EXPECT_EQ(VT_CODE, caught->rip);
	vt_get_regs(vcpu, &r);
	vt_get_sregs(vcpu, &s);
	EXPECT_EQ(0x11, r.rax);
	EXPECT_EQ(VT_SEL_TSS, s.tr.selector);
	EXPECT_EQ(0, s.cr0 & X86_CR0_TS);
	EXPECT_TRUE(*vt_desc_access(vcpu->vm, VT_SEL_TSS) & VT_ACC_BUSY);
	EXPECT_EQ(0xdddd, vt_tss32(vcpu->vm, VT_TSS_B)->link);
}

static void start(struct vt_vcpu *vcpu, enum vt_mode mode, struct vt_payload code)
{
	struct kvm_regs r;

	vt_task_start(vcpu, mode, code);
	vt_get_regs(vcpu, &r);
	r.rax = 0x11;
	vt_set_regs(vcpu, &r);
}

/* What the CPU looks at before its exit. */
TEST_F(task_faults, descriptor)
{
	const struct {
		const char *name;
		uint16_t selector;
		uint8_t access;
		uint8_t limit;
		unsigned int vector;
	} all[] = {
		{ "beyond the GDT", 0x88, VT_ACC_TSS32, 0x67, GP },
		{ "in the LDT", VT_SEL_GS, VT_ACC_TSS32, 0x67, GP },
		{ "busy", VT_SEL_B, VT_ACC_TSS32 | VT_ACC_BUSY, 0x67, GP },
		{ "not present", VT_SEL_B, VT_ACC_TSS32 & ~0x80, 0x67, NP },
		{ "too short", VT_SEL_B, VT_ACC_TSS32, 0x66, TS },
		{ "16-bit, too short", VT_SEL_B, VT_ACC_TSS16, 0x2a, TS },
		{ "an LDT", VT_SEL_B, VT_ACC_LDT, 0x67, GP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
		vt_set_desc(&self->vm, VT_SEL_B, VT_TSS_B, all[i].limit, all[i].access, 0);
		*(uint16_t *)(self->vm.mem + VT_CODE + 5) = all[i].selector;
		expect_before(_metadata, &self->vcpu, all[i].name, all[i].vector,
			      all[i].selector);
	}
}

/* IRET with NT: the link has to name a task that is busy. */
TEST_F(task_faults, link)
{
	static const struct {
		const char *name;
		uint16_t link;
		uint8_t access;
		unsigned int vector;
		uint32_t error;
	} all[] = {
		{ "not busy", VT_SEL_B, VT_ACC_TSS32, TS, VT_SEL_B },
		{ "beyond the GDT", 0x88, VT_ACC_TSS32 | VT_ACC_BUSY, TS, 0x88 },
		{ "data", VT_SEL_DATA, VT_ACC_TSS32 | VT_ACC_BUSY, TS, VT_SEL_DATA },
		{ "not present", VT_SEL_B, (VT_ACC_TSS32 | VT_ACC_BUSY) & ~0x80, NP, VT_SEL_B },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct kvm_regs r;

		start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(iret));
		vt_tss32(&self->vm, VT_TSS)->link = all[i].link;
		*vt_desc_access(&self->vm, VT_SEL_B) = all[i].access;
		vt_get_regs(&self->vcpu, &r);
		r.rflags |= X86_EFLAGS_NT;
		vt_set_regs(&self->vcpu, &r);
		expect_before(_metadata, &self->vcpu, all[i].name, all[i].vector, all[i].error);
	}
}

/* Both TSSs have to be in memory, and the old one has to have room. */
TEST_F(task_faults, old_and_new_tss)
{
	uint32_t *pd = (uint32_t *)(self->vm.mem + VT_TABLES);
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_sregs s;

	if (vt_on_kvm())
		SKIP(return, KVM_LOSES);
	start(&self->vcpu, VT_PAGED32, VT_PAYLOAD(call));
	pd[0x100] = 0;
	vt_set_desc(&self->vm, VT_SEL_B, 0x40100000, 0x67, VT_ACC_TSS32, 0);
	expect_before(_metadata, &self->vcpu, "new TSS", PF, 0);
	EXPECT_EQ(0x40100000, caught->cr2);
	EXPECT_EQ(VT_ACC_TSS32, *vt_desc_access(&self->vm, VT_SEL_B));

	/* The link cannot be written. */
	start(&self->vcpu, VT_PAGED32, VT_PAYLOAD(call));
	vt_set_desc(&self->vm, VT_SEL_B, 0x40100000, 0x67, VT_ACC_TSS32, 0);
	pd[0x100] = 0x81;
	vt_get_sregs(&self->vcpu, &s);
	s.cr0 |= X86_CR0_WP;
	vt_set_sregs(&self->vcpu, &s);
	expect_before(_metadata, &self->vcpu, "link", PF, 3);
	EXPECT_EQ(0x40100000, caught->cr2);

	start(&self->vcpu, VT_PAGED32, VT_PAYLOAD(call));
	pd[0x100] = 0;
	vt_get_sregs(&self->vcpu, &s);
	s.tr.base = 0x40003000;
	vt_set_sregs(&self->vcpu, &s);
	expect_before(_metadata, &self->vcpu, "old TSS", PF, 2);
	EXPECT_EQ(0x40003020, caught->cr2);
	EXPECT_EQ(VT_ACC_TSS32, *vt_desc_access(&self->vm, VT_SEL_B));

	start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	vt_get_sregs(&self->vcpu, &s);
	s.tr.limit = 0x66;
	vt_set_sregs(&self->vcpu, &s);
	expect_before(_metadata, &self->vcpu, "short old TSS", TS, VT_SEL_TSS);
}

/* A TSS across two pages, of which the second comes later. */
TEST_F(task_faults, two_pages)
{
	uint32_t *pd = (uint32_t *)(self->vm.mem + VT_TABLES);
	const uint32_t first = 0x403fffd0, split = 0x30;
	uint8_t *end = vt_anon(VT_PAGE);
	uint8_t tss[0x68];
	struct kvm_regs r;

	if (vt_on_kvm())
		SKIP(return, KVM_LOSES);
	start(&self->vcpu, VT_PAGED32, VT_PAYLOAD(call));
	/* The end of one 4-MByte page; the next is the first of memory. */
	pd[0x100] = 0x400083;
	pd[0x101] = 0;
	vt_set_slot(&self->vm, 1, 0x7ff000, VT_PAGE, end, 0);
	memcpy(tss, vt_tss32(&self->vm, VT_TSS_B), sizeof(tss));
	memcpy(end + VT_PAGE - split, tss, split);
	vt_set_desc(&self->vm, VT_SEL_B, first, 0x67, VT_ACC_TSS32, 0);
	expect_before(_metadata, &self->vcpu, "second page", PF, 0);
	EXPECT_EQ(0x40400000, vt_caught(&self->vcpu)->cr2);

	/* Memory begins with what is left of the TSS. */
	memcpy(self->vm.mem, tss + split, sizeof(tss) - split);
	pd[0x101] = 0x83;
	vt_get_regs(&self->vcpu, &r);
	r.rip = VT_CODE;
	r.rsp = VT_STACK_TOP;
	vt_set_regs(&self->vcpu, &r);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &r);
	EXPECT_EQ(VT_CODE_B + 1, r.rip);
	EXPECT_EQ(0xb0000000, r.rax);
	EXPECT_EQ(0xb0000007, r.rdi);
	EXPECT_EQ(VT_SEL_TSS, *(uint16_t *)(end + VT_PAGE - split));
}

/* Handlers are a task of their own: C, with the error code on its stack. */
static void catch_in_c(struct vt_vcpu *vcpu)
{
	vt_task_gate(vcpu->vm, DF, VT_SEL_C);
	for (int vector = TS; vector <= PF; vector++)
		vt_task_gate(vcpu->vm, vector, VT_SEL_C);
}

static void expect_after(struct __test_metadata *_metadata, struct vt_vcpu *vcpu,
			 const char *name, uint32_t error)
{
	const struct vt_tss32 *b = vt_tss32(vcpu->vm, VT_TSS_B);
	struct kvm_sregs s;

	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_sregs(vcpu, &s);
	EXPECT_EQ(0, vt_caught(vcpu)->count);
	EXPECT_EQ(VT_SEL_C, s.tr.selector);
	EXPECT_EQ(error, *(uint32_t *)(vcpu->vm->mem + VT_STACK_C - 4))
		TH_LOG("%s", name);
	/* The new task was there, but for its first instruction. */
	EXPECT_EQ(VT_SEL_B, vt_tss32(vcpu->vm, VT_TSS_C)->link & 0xffff);
	EXPECT_EQ(0xb0000006, b->gpr[T_ESI]);
	EXPECT_EQ(X86_EFLAGS_NT, b->eflags & X86_EFLAGS_NT);
	EXPECT_TRUE(*vt_desc_access(vcpu->vm, VT_SEL_B) & VT_ACC_BUSY);
}

#define SEG(reg)	(offsetof(struct vt_tss32, seg) + 4 * (reg))
#define LDT		offsetof(struct vt_tss32, ldt)

TEST_F(task_faults, segments)
{
	static const struct {
		const char *name;
		size_t field;
		uint16_t selector;
		uint8_t access;		/* of VT_SEL_SPARE */
		unsigned int vector;
	} all[] = {
		{ "LDT in an LDT", LDT, 0x64, 0, TS },
		{ "LDT beyond the GDT", LDT, 0x88, 0, TS },
		{ "LDT is data", LDT, VT_SEL_DATA, 0, TS },
		{ "LDT not present", LDT, VT_SEL_SPARE, VT_ACC_LDT & ~0x80, TS },
		{ "CS null", SEG(T_CS), 0, 0, TS },
		{ "CS beyond the GDT", SEG(T_CS), 0x88, 0, TS },
		{ "CS is data", SEG(T_CS), VT_SEL_DATA, 0, TS },
		{ "CS is a TSS", SEG(T_CS), VT_SEL_C, 0, TS },
		{ "CS, DPL is not RPL", SEG(T_CS), VT_SEL_UCODE & ~3, 0, TS },
		{ "CS conforming, DPL above RPL", SEG(T_CS), VT_SEL_SPARE, 0xfe, TS },
		{ "CS not present", SEG(T_CS), VT_SEL_SPARE, VT_ACC_CODE & ~0x80, NP },
		{ "SS null", SEG(T_SS), 0, 0, TS },
		{ "SS is read-only", SEG(T_SS), VT_SEL_SPARE, 0x90, TS },
		{ "SS is code", SEG(T_SS), VT_SEL_CODE, 0, TS },
		{ "SS not present", SEG(T_SS), VT_SEL_SPARE, VT_ACC_DATA & ~0x80, SS },
		{ "SS, DPL is not CPL", SEG(T_SS), VT_SEL_UDATA & ~3, 0, TS },
		{ "SS, RPL is not CPL", SEG(T_SS), VT_SEL_DATA | 1, 0, TS },
		{ "DS beyond the GDT", SEG(T_DS), 0x88, 0, TS },
		{ "ES is a TSS", SEG(T_ES), VT_SEL_C, 0, TS },
		{ "FS cannot be read", SEG(T_FS), VT_SEL_SPARE, 0x98, TS },
		{ "GS not present", SEG(T_GS), VT_SEL_SPARE, VT_ACC_DATA & ~0x80, NP },
		{ "DS beyond the LDT", SEG(T_DS), 0x14, 0, TS },
		{ "GS, RPL above DPL", SEG(T_GS), VT_SEL_DATA | 3, 0, TS },
	};

	if (vt_on_kvm())
		SKIP(return, KVM_LOSES);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
		catch_in_c(&self->vcpu);
		vt_set_desc(&self->vm, VT_SEL_SPARE, 0, 0xfffff, all[i].access,
			    VT_FLAG_BIG | VT_FLAG_PAGES);
		memcpy(self->vm.mem + VT_TSS_B + all[i].field, &all[i].selector, 2);
		/* Which vector it was: only that one has its gate. */
		for (unsigned int vector = TS; vector <= GP; vector++)
			if (vector != all[i].vector)
				vt_task_gate(&self->vm, vector, VT_SEL_TSS);
		expect_after(_metadata, &self->vcpu, all[i].name, all[i].selector & ~3);
		EXPECT_EQ(VT_CODE_B, vt_tss32(&self->vm, VT_TSS_B)->eip);
		EXPECT_EQ(all[i].selector,
			  *(uint16_t *)(self->vm.mem + VT_TSS_B + all[i].field));
	}
}

/* In ring 3 a handler of ring 0 will do: it has a stack. EIP comes last. */
TEST_F(task_faults, ring_3_and_eip)
{
	struct vt_tss32 *b = vt_tss32(&self->vm, VT_TSS_B);
	const struct vt_caught *caught = vt_caught(&self->vcpu);

	if (vt_on_kvm())
		SKIP(return, KVM_LOSES);
	for (int eip = 0; eip < 2; eip++) {
		start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
		for (int i = 0; i < 6; i++)
			b->seg[i] = VT_SEL_UDATA;
		b->seg[T_CS] = VT_SEL_SPARE | 3;
		vt_set_desc(&self->vm, VT_SEL_SPARE, 0, 0xfffff, 0xfa, VT_FLAG_BIG);
		if (eip)
			b->eip = 0x100000;
		else
			b->seg[T_ES] = VT_SEL_DATA;
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		ASSERT_EQ(1, caught->count);
		EXPECT_EQ(eip ? GP : TS, caught->vector);
		EXPECT_EQ(eip ? 0 : VT_SEL_DATA, caught->error);
		EXPECT_EQ(eip ? 0x100000 : VT_CODE_B, caught->rip);
		EXPECT_EQ(VT_SEL_SPARE | 3, caught->cs);
		EXPECT_EQ(VT_STACK_B, caught->rsp);
		EXPECT_EQ(VT_SEL_UDATA, caught->ss);
	}
}

VT_TASK_GUEST(undefined, "ud2; hlt");
VT_TASK_GUEST(general, "mov %eax, %ds; hlt");
VT_TASK_GUEST(int80, "int $0x80; hlt");
VT_TASK_GUEST(nothing, "nop; hlt");

/* A fault on the way to the handler of another: EXT, or a double fault. */
TEST_F(task_faults, of_an_event)
{
	const struct {
		const char *name;
		struct vt_payload code;
		unsigned int vector;
		uint32_t error;
	} all[] = {
		{ "#UD", VT_PAYLOAD(undefined), UD, VT_SEL_C | 1 },
		{ "INT 80H", VT_PAYLOAD(int80), 0x80, VT_SEL_C },
		{ "interrupt", VT_PAYLOAD(nothing), 0x33, VT_SEL_C | 1 },
		{ "#GP: a double fault", VT_PAYLOAD(general), GP, 0 },
	};
	struct kvm_vcpu_events events;

	if (vt_on_kvm())
		SKIP(return, KVM_LOSES);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct kvm_interrupt irq = { .irq = all[i].vector };

		start(&self->vcpu, VT_FLAT32, all[i].code);
		catch_in_c(&self->vcpu);
		vt_task_gate(&self->vm, all[i].vector, VT_SEL_B);
		vt_tss32(&self->vm, VT_TSS_B)->seg[T_DS] = VT_SEL_C;
		if (all[i].vector == 0x33) {
			struct kvm_regs r;

			vt_get_regs(&self->vcpu, &r);
			r.rflags |= X86_EFLAGS_IF;
			vt_set_regs(&self->vcpu, &r);
			ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_INTERRUPT, &irq));
		}
		expect_after(_metadata, &self->vcpu, all[i].name, all[i].error);
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_VCPU_EVENTS, &events));
		EXPECT_EQ(0, events.interrupt.injected | events.exception.injected);
	}
}

/* No room for the error code on the new task's stack. */
TEST_F(task_faults, stack)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct vt_tss32 *b = vt_tss32(&self->vm, VT_TSS_B);

	if (vt_on_kvm())
		SKIP(return, KVM_LOSES);
	start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(call));
	vt_task_gate(&self->vm, GP, VT_SEL_B);
	*(uint16_t *)(self->vm.mem + VT_CODE + 5) = VT_SEL_SPARE;
	for (int i = 0; i < 6; i++)
		b->seg[i] = VT_SEL_UDATA;
	b->seg[T_CS] = VT_SEL_UCODE;
	b->seg[T_SS] = VT_SEL_SPARE | 3;
	vt_set_desc(&self->vm, VT_SEL_SPARE, 0, 0xfff, 0xf2, VT_FLAG_BIG);
	b->gpr[T_ESP] = 0x1003;
	/* #GP and then #SS are a double fault. */
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(1, caught->count);
	EXPECT_EQ(DF, caught->vector);
	EXPECT_EQ(0, caught->error);
	EXPECT_EQ(VT_SEL_UCODE, caught->cs);
	EXPECT_EQ(0x1003, caught->rsp);
}

TEST_HARNESS_MAIN
