// SPDX-License-Identifier: GPL-2.0-only
/* How many exits an operation on the local APIC takes, in each of its modes. */
#include <linux/kvm.h>
#include <string.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define LOOPS	1000

FIXTURE(cost) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(cost)
{
	vt_irq_create(&self->vm, &self->vcpu);
}

FIXTURE_TEARDOWN(cost)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

/* RBX rounds, RDI the register, RCX its MSR, RAX and RDX the value. */
#define REPEATED(name, what) \
	VT_GUEST(name, 64, "1: " what "; dec %ebx; jnz 1b; 2: out %al, $0xf4; jmp 2b")

REPEATED(cost_cr8, "mov %rax, %cr8");
REPEATED(cost_page, "mov %eax, (%rdi)");
REPEATED(cost_msr, "wrmsr");

static uint64_t exits(struct vt_vcpu *vcpu)
{
	return vt_stat(vcpu->fd, "exits");
}

/* Exits for a thousand: one each, and a few for the interrupts of the host. */
#define MOST	(1000 + 100 * vt_slow())

/* Rounded to hundreds. */
static unsigned int count(struct vt_vcpu *vcpu, struct vt_payload code, unsigned int offset,
			  uint32_t value, uint32_t high)
{
	struct kvm_regs regs = {
		.rip = VT_DATA,
		.rsp = VT_STACK_TOP,
		.rflags = 2,
		.rbx = LOOPS,
		.rdi = VT_LAPIC + offset,
		.rcx = MSR_X2APIC(offset),
		.rax = value,
		.rdx = high,
	};
	uint64_t before;

	memcpy(vcpu->vm->mem + VT_DATA, code.start, code.end - code.start);
	vt_set_regs(vcpu, &regs);
	before = exits(vcpu);
	vt_run_to_out(vcpu, 0xf4);
	return (exits(vcpu) - before + 50) / 100 * 100;
}

TEST_F(cost, exits)
{
	static const struct {
		const char *name;
		unsigned int offset;
		uint32_t value, high;
	} ops[] = {
		{ "TPR", APIC_TPR, 0x20, 0 },
		{ "EOI", APIC_EOI, 0, 0 },
		{ "self-IPI", APIC_ICR, ICR_SELF | 0x51, 0 },
		{ "IPI", APIC_ICR, ICR_ASSERT | 0x51, 1 },
		{ "timer", APIC_TMICT, 0x7fffffff, 0 },
	};
	struct vt_vcpu *vcpu = &self->vcpu, other;
	unsigned int n;

	if (!vt_cap(self->vm.dev, KVM_CAP_BINARY_STATS_FD))
		SKIP(return, "KVM_CAP_BINARY_STATS_FD is 0");
	vt_irq_vcpu(&self->vm, &other, 1);
	vt_apic_write(vcpu, APIC_ICR2, 1 << 24);
	n = count(vcpu, VT_PAYLOAD(cost_cr8), 0, 5, 0);
	printf("# show: exits per 1000: CR8 %u", n);
	EXPECT_GE(MOST, n);
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		n = count(vcpu, VT_PAYLOAD(cost_page), ops[i].offset, ops[i].value,
			  ops[i].high);
		printf(", %s %u", ops[i].name, n);
		EXPECT_GE(MOST, n);
	}
	vt_enable_x2apic(vcpu);
	printf("; x2APIC mode:");
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		n = count(vcpu, VT_PAYLOAD(cost_msr), ops[i].offset, ops[i].value,
			  ops[i].high);
		printf(" %s %u,", ops[i].name, n);
		EXPECT_GE(MOST, n);
	}
	n = count(vcpu, VT_PAYLOAD(cost_msr), 0x3f0, 0x51, 0);
	printf(" SELF IPI %u\n", n);
	EXPECT_GE(MOST, n);
	vt_vcpu_destroy(&other);
}

/* As Linux does it: a deadline R10 ticks ahead, its interrupt, EOI; RBX rounds. */
VT_GUEST(cost_fire, 64,
	 "jmp 1f; .balign 16\n"
	 "push %rax; push %rcx; push %rdx; inc %r12\n"
	 "mov $0x80b, %ecx; xor %eax, %eax; xor %edx, %edx; wrmsr\n"
	 "pop %rdx; pop %rcx; pop %rax; iretq\n"
	 "1: mov $0x6e0, %ecx; rdtsc; shl $32, %rdx; or %rdx, %rax; add %r10, %rax\n"
	 "mov %rax, %rdx; shr $32, %rdx; wrmsr; inc %r9\n"
	 "2: cmp %r9, %r12; jne 2b; dec %ebx; jnz 1b\n"
	 "3: out %al, $0xf4; jmp 3b");

#define FIRE_VECTOR	0x61
#define AHEAD		2000

static uint64_t tsc(void)
{
	return __builtin_ia32_rdtsc();
}

/* What it takes to arm the timer, and for it to fire; EOI is one of the exits. */
TEST_F(cost, timer)
{
	struct vt_payload code = VT_PAYLOAD(cost_fire);
	struct vt_vcpu *vcpu = &self->vcpu;
	struct kvm_regs regs = {
		.rip = VT_DATA,
		.rsp = VT_STACK_TOP,
		.rflags = 0x202,
		.rbx = LOOPS,
		.r10 = AHEAD,
	};
	uint64_t before, begin, ticks;

	if (!vt_cap(self->vm.dev, KVM_CAP_BINARY_STATS_FD))
		SKIP(return, "KVM_CAP_BINARY_STATS_FD is 0");
	vt_enable_x2apic(vcpu);
	vt_apic_write(vcpu, APIC_LVTT, LVT_DEADLINE | FIRE_VECTOR);
	memcpy(self->vm.mem + VT_DATA, code.start, code.end - code.start);
	vt_set_gate(&self->vm, FIRE_VECTOR, VT_DATA + 16);
	vt_set_regs(vcpu, &regs);
	before = exits(vcpu);
	begin = tsc();
	vt_run_to_out(vcpu, 0xf4);
	ticks = (tsc() - begin) / LOOPS;
	vt_get_regs(vcpu, &regs);
	EXPECT_EQ(LOOPS, regs.r12);
	EXPECT_LE(AHEAD, ticks);
	printf("# show: timer armed, fired, EOI: %lu exits per 1000, %lu ticks beside the wait\n",
	       (exits(vcpu) - before + 50) / 100 * 100, ticks - AHEAD);
}

TEST_HARNESS_MAIN
