/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMLAUNCH, and the host's state put back whatever the VMCS had for it.  After a
 * VM exit nothing but RIP, RSP, CR3, CS and TR can be relied upon.
 */
#include <linux/linkage.h>
#include <asm/msr-index.h>
#include <asm/segment.h>
#include <asm/unwind_hints.h>

/* struct entrytry_host, see entrytry.c */
#define HOST_CR0	0x00
#define HOST_CR4	0x08
#define HOST_GDT	0x10
#define HOST_IDT	0x20
#define HOST_DS		0x30
#define HOST_ES		0x32
#define HOST_FS		0x34
#define HOST_GS		0x36
#define HOST_LDT	0x38
#define HOST_MSRS	0x40

#define VMCS_HOST_RSP	0x6c14

	.section .noinstr.text, "ax"

/*
 * int entrytry_enter(struct entrytry_host *host): 0 after a VM exit, 1 after
 * VMfail with an error number, 2 after VMfail without.  Interrupts off.
 */
SYM_FUNC_START(entrytry_enter)
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	$VMCS_HOST_RSP, %eax
	vmwrite	%rsp, %rax
	UNWIND_HINT_SAVE
	vmlaunch
	mov	$2, %r15d
	jc	.Lback
	mov	$1, %r15d
	jmp	.Lback

SYM_INNER_LABEL(entrytry_exit, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
	ENDBR
	xor	%r15d, %r15d
.Lback:
	pop	%rdi
	mov	HOST_CR0(%rdi), %rax
	mov	%rax, %cr0
	mov	HOST_CR4(%rdi), %rax
	mov	%rax, %cr4
	lgdt	HOST_GDT(%rdi)
	lidt	HOST_IDT(%rdi)
	mov	$__KERNEL_DS, %eax
	mov	%eax, %ss
	mov	HOST_DS(%rdi), %ds
	mov	HOST_ES(%rdi), %es
	mov	HOST_FS(%rdi), %fs
	mov	HOST_GS(%rdi), %gs
	lldt	HOST_LDT(%rdi)

	/* Index and value, up to an index of 0. */
	lea	HOST_MSRS(%rdi), %rbx
.Lnext:
	mov	(%rbx), %ecx
	test	%ecx, %ecx
	jz	.Lmsrs_done
	mov	8(%rbx), %eax
	mov	12(%rbx), %edx
	wrmsr
	add	$16, %rbx
	jmp	.Lnext
.Lmsrs_done:
	mov	%r15d, %eax
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	RET
SYM_FUNC_END(entrytry_enter)
