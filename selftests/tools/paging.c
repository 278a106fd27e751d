// SPDX-License-Identifier: GPL-2.0-only
/*
 * paging: how many exits it costs a guest to use its own page tables, in lines
 * "NAME EXITS", for ROUNDS of each. With EPT none of it concerns the host; with
 * shadow page tables all of it does.
 */
#include <stdio.h>
#include <string.h>

#include "vt.h"

#define ROUNDS	500
#define GVA	0x7f0000000000
#define PTE	VT_DATA		/* the table's one entry that is used */

/* RCX rounds, RDI the page, RBX its entry; R8 and R9 two values for that. */
#define REPEATED(name, what)	\
	VT_GUEST(name, 64, "1: " what "; dec %rcx; jnz 1b; 2: out %al, $0xf4; jmp 2b")

REPEATED(switch_space, "mov %cr3, %rax; mov %rax, %cr3; mov (%rdi), %al");
REPEATED(change_entry,
	 "mov %r9, (%rbx); invlpg (%rdi); mov (%rdi), %al; xchg %r8, %r9");
/* The handler maps the page, as an operating system does on demand. */
VT_GUEST(page_fault, 64,
	 "jmp 1f; .balign 16\n"
	 "add $8, %rsp; mov %r8, (%rbx); iretq\n"
	 "1: movq $0, (%rbx); invlpg (%rdi); mov (%rdi), %al; dec %rcx; jnz 1b\n"
	 "2: out %al, $0xf4; jmp 2b");

/* Its page table is at PTE, so that the guest can reach the entry. */
static void map(struct vt_vm *vm)
{
	uint64_t *pd;

	vt_map_long(vm, GVA, VT_FREE, VT_PAGE, 7);
	/* What vt_map_long() took last is the table; the one before leads to it. */
	pd = (uint64_t *)(vm->mem + vm->next_table - 2 * VT_PAGE);
	pd[0] = PTE | 7;
	memset(vm->mem + PTE, 0, VT_PAGE);
	*(uint64_t *)(vm->mem + PTE) = VT_FREE | 7;
}

static void count(struct vt_vcpu *vcpu, const char *name, struct vt_payload code)
{
	struct kvm_regs regs = {
		.rip = VT_CODE,
		.rsp = VT_STACK_TOP,
		.rflags = 2,
		.rcx = ROUNDS,
		.rdi = GVA,
		.rbx = PTE,
		.r8 = VT_FREE | 7,
		.r9 = (VT_FREE + VT_PAGE) | 7,
	};
	uint64_t exits;

	vt_start(vcpu, VT_LONG, code);
	map(vcpu->vm);
	vt_set_gate(vcpu->vm, 14, VT_CODE + 16);
	vt_set_regs(vcpu, &regs);
	exits = vt_stat(vcpu->fd, "exits");
	vt_run_to_out(vcpu, 0xf4);
	printf("%s %llu\n", name, (unsigned long long)(vt_stat(vcpu->fd, "exits") - exits));
}

int main(void)
{
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_pass_cpuid(&vcpu);
	count(&vcpu, "CR3", VT_PAYLOAD(switch_space));
	count(&vcpu, "INVLPG", VT_PAYLOAD(change_entry));
	count(&vcpu, "#PF", VT_PAYLOAD(page_fault));
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
	return 0;
}
