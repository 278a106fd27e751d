/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Into an instruction under test with all registers loaded, and out of it.  All
 * addresses are below 4 GBytes, so 16- and 32-bit code gets back here too.
 */
#include "native.h"

	.text
	.globl native_run, native_exit, native_unwind, native_far

native_run:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	pushfq
	mov	%rsp, host_rsp
	cmpb	$0, native_state + NATIVE_USE_VECTORS
	je	1f
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	native_state + NATIVE_VECTOR + \n * 32, %ymm\n
	.endr
1:	mov	native_state + NATIVE_DS, %ds
	mov	native_state + NATIVE_ES, %es
	push	native_state + NATIVE_FLAGS
	popfq
	mov	native_state + 0 * 8, %rax
	mov	native_state + 1 * 8, %rcx
	mov	native_state + 2 * 8, %rdx
	mov	native_state + 3 * 8, %rbx
	mov	native_state + 4 * 8, %rsp
	mov	native_state + 5 * 8, %rbp
	mov	native_state + 6 * 8, %rsi
	mov	native_state + 7 * 8, %rdi
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	mov	native_state + \n * 8, %r\n
	.endr
	jmp	*native_state + NATIVE_TARGET

native_far:
	ljmpl	*native_state + NATIVE_FAR

	/* The instruction is followed by a jump to here. */
native_exit:
	mov	%rax, native_state + 0 * 8
	mov	%rcx, native_state + 1 * 8
	mov	%rdx, native_state + 2 * 8
	mov	%rbx, native_state + 3 * 8
	mov	%rsp, native_state + 4 * 8
	mov	%rbp, native_state + 5 * 8
	mov	%rsi, native_state + 6 * 8
	mov	%rdi, native_state + 7 * 8
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	mov	%r\n, native_state + \n * 8
	.endr
	mov	host_rsp, %rsp
	pushfq
	pop	native_state + NATIVE_FLAGS

	/* The signal handler comes to here. */
native_unwind:
	mov	host_rsp, %rsp
	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	cmpb	$0, native_state + NATIVE_USE_VECTORS
	je	1f
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	%ymm\n, native_state + NATIVE_VECTOR + \n * 32
	.endr
	vzeroupper
1:	popfq
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.bss
	.balign	8
host_rsp:
	.quad	0

	.section .note.GNU-stack, "", @progbits
