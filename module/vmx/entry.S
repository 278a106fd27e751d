/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Into the guest and back.  The straightest line in Vellum: each instruction
 * here is paid at every exit.
 */
#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/unwind_hints.h>

/* Offsets in struct vlm_vcpu, checked in section.c. */
#define RAX		0x00
#define RCX		0x08
#define RDX		0x10
#define RBX		0x18
#define RBP		0x28
#define RSI		0x30
#define RDI		0x38
#define R8		0x40
#define R9		0x48
#define R10		0x50
#define R11		0x58
#define R12		0x60
#define R13		0x68
#define R14		0x70
#define R15		0x78
#define HOST_RSP_VALUE	0x80
#define GUEST_SPEC_CTRL	0x88
#define HOST_SPEC_CTRL	0x90

#define VMCS_HOST_RSP	0x6c14

/* Write the MSR only when guest and host want different values. */
.macro SWITCH_SPEC_CTRL to:req
	ALTERNATIVE "jmp .Lspec_done_\@", "", X86_FEATURE_MSR_SPEC_CTRL
	mov	GUEST_SPEC_CTRL(%rdi), %rax
	cmp	HOST_SPEC_CTRL(%rdi), %rax
	je	.Lspec_done_\@
	mov	\to(%rdi), %eax
	xor	%edx, %edx
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	wrmsr
.Lspec_done_\@:
.endm

	.section .noinstr.text, "ax"

/**
 * vmx_enter_guest - run the guest until its next VM exit
 * @vcpu:	(%rdi) struct vlm_vcpu
 * @launched:	(%esi) VMRESUME rather than VMLAUNCH
 *
 * Returns 0 after a VM exit, 1 when the instruction failed.  Interrupts off.
 */
SYM_FUNC_START(vmx_enter_guest)
	push	%rbp
	mov	%rsp, %rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	%rdi

	/* The stack is as deep at each entry from one loop: one compare. */
	cmp	%rsp, HOST_RSP_VALUE(%rdi)
	je	.Lrsp_done
	mov	%rsp, HOST_RSP_VALUE(%rdi)
	mov	$VMCS_HOST_RSP, %eax
.Lwrite_rsp:
	vmwrite	%rsp, %rax
.Lrsp_done:
	SWITCH_SPEC_CTRL GUEST_SPEC_CTRL

	/* CF tells VMRESUME from VMLAUNCH; nothing below changes it. */
	bt	$0, %esi

	/* For objtool: the stack at this point is the stack at VM exit. */
	UNWIND_HINT_SAVE

	mov	RAX(%rdi), %rax
	mov	RCX(%rdi), %rcx
	mov	RDX(%rdi), %rdx
	mov	RBX(%rdi), %rbx
	mov	RBP(%rdi), %rbp
	mov	RSI(%rdi), %rsi
	mov	R8(%rdi), %r8
	mov	R9(%rdi), %r9
	mov	R10(%rdi), %r10
	mov	R11(%rdi), %r11
	mov	R12(%rdi), %r12
	mov	R13(%rdi), %r13
	mov	R14(%rdi), %r14
	mov	R15(%rdi), %r15
	mov	RDI(%rdi), %rdi

	/*
	 * No memory is touched after the CPU's buffers were cleared: by one feature
	 * where user space could read from them too (MDS, TAA), by the other where
	 * only guests could.
	 */
	CLEAR_CPU_BUFFERS
	VM_CLEAR_CPU_BUFFERS

	jnc	.Llaunch
.Lresume:
	vmresume
	jmp	.Lfailed
.Llaunch:
	vmlaunch
	jmp	.Lfailed

	_ASM_EXTABLE(.Lwrite_rsp, .Lfailed)
	_ASM_EXTABLE(.Lresume, .Lfailed)
	_ASM_EXTABLE(.Llaunch, .Lfailed)

/* HOST_RIP: the CPU comes back here, on the stack that HOST_RSP names. */
SYM_INNER_LABEL(vmx_exit_point, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
	ENDBR
	push	%rax
	mov	8(%rsp), %rax
	pop	RAX(%rax)
	mov	%rcx, RCX(%rax)
	mov	%rdx, RDX(%rax)
	mov	%rbx, RBX(%rax)
	mov	%rbp, RBP(%rax)
	mov	%rsi, RSI(%rax)
	mov	%rdi, RDI(%rax)
	mov	%r8, R8(%rax)
	mov	%r9, R9(%rax)
	mov	%r10, R10(%rax)
	mov	%r11, R11(%rax)
	mov	%r12, R12(%rax)
	mov	%r13, R13(%rax)
	mov	%r14, R14(%rax)
	mov	%r15, R15(%rax)
	xor	%esi, %esi
.Lback:
	/*
	 * No guest value stays in a register that the host might use to
	 * address memory under speculation.  RBX, RBP and R12 to R15 are popped
	 * below.
	 */
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d

	/* The guest filled the return stack: refill it before the first RET. */
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE

	pop	%rdi
	SWITCH_SPEC_CTRL HOST_SPEC_CTRL
	/* The compare above may have been predicted wrongly. */
	ALTERNATIVE "", "lfence", X86_FEATURE_MSR_SPEC_CTRL
	CLEAR_BRANCH_HISTORY_VMEXIT

	mov	%esi, %eax
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET

.Lfailed:
	UNWIND_HINT_RESTORE
	mov	$1, %esi
	jmp	.Lback
SYM_FUNC_END(vmx_enter_guest)
