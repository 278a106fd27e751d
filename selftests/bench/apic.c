// SPDX-License-Identifier: GPL-2.0-only
/* The local APIC: its registers, interrupts to oneself, its timer. */
#include <string.h>

#include "bench.h"

#define VECTOR	0x51

/* The guest's handler: R14 counts; the EOI is written the way the mode has it. */
VT_GUEST(bench_handler_page, 64,
	 "inc %r14; push %rax; mov $0xfee000b0, %eax; movl $0, (%rax); pop %rax; iretq");
VT_GUEST(bench_handler_msr, 64,
	 "inc %r14; push %rax; push %rcx; push %rdx\n"
	 "xor %eax, %eax; xor %edx, %edx; mov $0x80b, %ecx; wrmsr\n"
	 "pop %rdx; pop %rcx; pop %rax; iretq");

#define WAIT	"8: cmp %r13, %r14; je 8b"

BENCH_LOOP(cr8, "mov $5, %eax", "mov %rax, %cr8");
BENCH_LOOP(page_read, "mov $0xfee00020, %edi", "mov (%rdi), %eax");
BENCH_LOOP(page_tpr, "mov $0xfee00080, %edi; xor %eax, %eax", "mov %eax, (%rdi)");
BENCH_LOOP(page_eoi, "mov $0xfee000b0, %edi; xor %eax, %eax", "mov %eax, (%rdi)");
BENCH_LOOP(page_self, "mov $0xfee00300, %edi; mov $0x40051, %eax; sti",
	   "mov %r14, %r13; mov %eax, (%rdi); " WAIT);
BENCH_LOOP(page_timer, "mov $0xfee00380, %edi; mov $0x51, %eax; mov %eax, -0x60(%rdi)\n"
	   "mov $0xb, %eax; mov %eax, 0x60(%rdi); mov $1, %eax; sti",
	   "mov %r14, %r13; mov %eax, (%rdi); " WAIT);
BENCH_LOOP(page_hlt, "mov $0xfee00300, %edi; mov $0x40051, %eax",
	   "mov %eax, (%rdi); sti; hlt; cli");

BENCH_LOOP(msr_read, "mov $0x802, %ecx", "rdmsr");
BENCH_LOOP(msr_tpr, "mov $0x808, %ecx; xor %eax, %eax; xor %edx, %edx", "wrmsr");
BENCH_LOOP(msr_eoi, "mov $0x80b, %ecx; xor %eax, %eax; xor %edx, %edx", "wrmsr");
BENCH_LOOP(msr_self, "mov $0x83f, %ecx; mov $0x51, %eax; xor %edx, %edx; sti",
	   "mov %r14, %r13; wrmsr; " WAIT);
BENCH_LOOP(msr_deadline, "mov $0x832, %ecx; mov $0x40051, %eax; xor %edx, %edx; wrmsr\n"
	   "mov $0x6e0, %ecx; sti",
	   "mov %r14, %r13; rdtsc; wrmsr; " WAIT);
BENCH_LOOP(msr_hlt, "mov $0x83f, %ecx; mov $0x51, %eax; xor %edx, %edx",
	   "wrmsr; sti; hlt; cli");

/*
 * The shortest of a hundred interruptions of a loop that reads the clock: an
 * interrupt of the host, its handler, and the way back. R13 is the shortest
 * yet, R14 the reading before.
 */
VT_GUEST(bench_interrupted, 64,
	 "sti; mov $-1, %r13\n"
	 "1: rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, %r14\n"
	 "2: rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, %rbx; sub %r14, %rax\n"
	 "mov %rbx, %r14; cmp $100, %rax; jb 2b\n"
	 "cmp %r13, %rax; cmovb %rax, %r13; dec %r15; jnz 1b\n"
	 "mov %r13, %rax; 9: out %al, $0xf4; jmp 9b");

static const struct bench_row page_rows[] = {
	{ "CR8 written", 100, BENCH_CODE(cr8) },
	{ "register read, page", 35, BENCH_CODE(page_read) },
	{ "TPR, page", 35, BENCH_CODE(page_tpr) },
	{ "EOI, page", 35, BENCH_CODE(page_eoi) },
	{ "IPI to self and its handler, page", 35, BENCH_CODE(page_self) },
	{ "timer armed and its handler, page", 35, BENCH_CODE(page_timer) },
	{ "IPI to self, HLT and handler, page", 35, BENCH_CODE(page_hlt) },
};

static const struct bench_row msr_rows[] = {
	{ "register read, MSR", 35, BENCH_CODE(msr_read) },
	{ "TPR, MSR", 35, BENCH_CODE(msr_tpr) },
	{ "EOI, MSR", 35, BENCH_CODE(msr_eoi) },
	{ "IPI to self and its handler, MSR", 35, BENCH_CODE(msr_self) },
	{ "deadline passed and its handler, MSR", 35, BENCH_CODE(msr_deadline) },
	{ "IPI to self, HLT and handler, MSR", 35, BENCH_CODE(msr_hlt) },
};

static void set_handler(struct vt_vcpu *vcpu, struct vt_payload code)
{
	memcpy(vcpu->vm->mem + VT_DATA, code.start, code.end - code.start);
	vt_set_gate(vcpu->vm, VECTOR, VT_DATA);
}

void bench_apic(void)
{
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_irq_create(&vm, &vcpu);
	set_handler(&vcpu, VT_PAYLOAD(bench_handler_page));
	bench_rows("apic", &vcpu, page_rows, ARRAY_SIZE(page_rows));
	bench_report("exit", "interrupt of the host, with its handler", "ticks", 100,
		     bench_run(&vcpu, VT_PAYLOAD(bench_interrupted), 100));
	vt_irq_load(&vcpu);
	vt_enable_x2apic(&vcpu);
	set_handler(&vcpu, VT_PAYLOAD(bench_handler_msr));
	bench_rows("apic", &vcpu, msr_rows, ARRAY_SIZE(msr_rows));
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}
