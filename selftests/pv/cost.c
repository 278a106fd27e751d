// SPDX-License-Identifier: GPL-2.0-only
/* What each paravirtual feature saves: exits for a thousand, without and with it. */
#include <linux/kvm_para.h>
#include <string.h>

#include "kselftest_harness.h"
#include "vt_pv.h"

#define LOOPS	1000
#define VCPUS	9	/* one sends IPIs to the eight others */
#define CLOCK	0x100000u
#define FLAG	0x101000u

FIXTURE(cost) {
	struct vt_vm vm;
	struct vt_vcpu vcpu[VCPUS];
};

FIXTURE_SETUP(cost)
{
	vt_irq_create(&self->vm, &self->vcpu[0]);
	for (unsigned int i = 1; i < VCPUS; i++)
		vt_irq_vcpu(&self->vm, &self->vcpu[i], i);
}

FIXTURE_TEARDOWN(cost)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		vt_vcpu_destroy(&self->vcpu[i]);
	vt_vm_destroy(&self->vm);
}

/* RDI: the APIC's ICR; R8 rounds. */
#define REPEATED(name, what) \
	VT_GUEST(name, 64, "1: " what "; dec %r8; jnz 1b; 2: out %al, $0xf4; jmp 2b")

/* An interrupt to itself, ended by the flag where it is set, else by the register. */
REPEATED(pv_self_ipi, "movl $0x40051, (%rdi); nop");
VT_GUEST(pv_handler, 64,
	 "btrl $0, 0x101000; jc 1f; movl $0, -0x250(%rdi); 1: iretq\n");

/* IPIs to vCPUs 1 to 8: destination and command for each, or one call. */
REPEATED(pv_ipis,
	 "mov $1, %ecx; 3: mov %ecx, %eax; shl $24, %eax; mov %eax, 0x10(%rdi)\n"
	 "movl $0x4051, (%rdi); inc %ecx; cmp $9, %ecx; jne 3b");
REPEATED(pv_ipis_call,
	 "mov $10, %eax; mov $0x1fe, %ebx; xor %ecx, %ecx; xor %edx, %edx; mov $0x51, %esi; vmcall");

/* The time: from the ACPI timer's port, as the program has it, or from the page. */
REPEATED(pv_timer_port, "mov $0x608, %dx; in %dx, %eax");
REPEATED(pv_clock, "mov 0x100000, %esi; rdtsc; cmp 0x100000, %esi; jne 1b");

/* A TLB flush of a vCPU that waits for a CPU: an IPI, or a word left for it. */
REPEATED(pv_flush_ipi, "movl $0x1000000, 0x10(%rdi); movl $0x4051, (%rdi)");
REPEATED(pv_flush_word,
	 "movb $1, 0x102010; mov $1, %al; mov $3, %cl; lock cmpxchg %cl, 0x102010");

static unsigned int count(struct vt_vcpu *vcpu, struct vt_payload code)
{
	struct vt_payload handler = VT_PAYLOAD(pv_handler);
	uint64_t to = VT_DATA + 0x1000, before;
	struct kvm_regs regs = {
		.rip = VT_DATA, .rsp = VT_STACK_TOP, .rflags = 0x202,
		.rdi = VT_LAPIC + APIC_ICR, .r8 = LOOPS,
	};

	vt_set_gate(vcpu->vm, 0x51, to);
	memcpy(vcpu->vm->mem + to, handler.start, handler.end - handler.start);
	memcpy(vcpu->vm->mem + VT_DATA, code.start, code.end - code.start);
	vt_set_regs(vcpu, &regs);
	before = vt_stat(vcpu->fd, "exits");
	do {
		vt_run_to(vcpu, KVM_EXIT_IO);
	} while (vcpu->run->io.port != 0xf4);
	/* The host's interrupts are in it. */
	return (vt_stat(vcpu->fd, "exits") - before + 50) / 100 * 100;
}

static void show(const char *what, unsigned int without, unsigned int with)
{
	printf("# show: exits per 1000: %s %u, paravirtual %u\n", what, without, with);
}

TEST_F_TIMEOUT(cost, exits, 120)
{
	struct vt_vcpu *vcpu = &self->vcpu[0];
	unsigned int without, with;

	if (!vt_cap(self->vm.dev, KVM_CAP_BINARY_STATS_FD))
		SKIP(return, "KVM_CAP_BINARY_STATS_FD is 0");

	without = count(vcpu, VT_PAYLOAD(pv_self_ipi));
	ASSERT_TRUE(vt_try_wrmsr(vcpu, MSR_KVM_PV_EOI_EN, FLAG | 1));
	with = count(vcpu, VT_PAYLOAD(pv_self_ipi));
	show("interrupt to itself and its end", without, with);
	EXPECT_LE(with + 900, without);

	without = count(vcpu, VT_PAYLOAD(pv_ipis));
	with = count(vcpu, VT_PAYLOAD(pv_ipis_call));
	show("IPI to eight vCPUs", without, with);
	EXPECT_LE(with + 14000, without);

	vt_clock_on(vcpu, MSR_KVM_SYSTEM_TIME_NEW, CLOCK);
	without = count(vcpu, VT_PAYLOAD(pv_timer_port));
	with = count(vcpu, VT_PAYLOAD(pv_clock));
	show("time", without, with);
	EXPECT_LE(with + 900, without);

	without = count(vcpu, VT_PAYLOAD(pv_flush_ipi));
	with = count(vcpu, VT_PAYLOAD(pv_flush_word));
	show("TLB flush of a vCPU that waits", without, with);
	EXPECT_LE(with + 1900, without);
}

TEST_HARNESS_MAIN
