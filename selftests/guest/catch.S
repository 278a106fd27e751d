/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Handlers for all 256 vectors, 16 bytes apart. Each writes what it caught into
 * the record at VT_CAUGHT (struct vt_caught) and stops with HLT; run again, the
 * guest goes back to where it was.
 */
#include "payload.inc"

#define RECORD	0x6f000

/* Vectors with an error code: SDM 3A, "Error Code". */
.macro stubs push
	.set vector, 0
	.rept 256
	.balign 16
	.if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21
	\push	$0
	.endif
	\push	$vector
	jmp	1f
	.set vector, vector + 1
	.endr
	.balign 16
1:
.endm

	payload catch64, 64
	stubs pushq
	pushq	%rax
	pushq	%rbx
	movl	$RECORD, %ebx
	.set field, 0
	.rept 7		/* vector, error code, RIP, CS, RFLAGS, RSP, SS */
	movq	16 + field(%rsp), %rax
	movq	%rax, field(%rbx)
	.set field, field + 8
	.endr
	movq	%cr2, %rax
	movq	%rax, field(%rbx)
	incq	field + 8(%rbx)
	popq	%rbx
	popq	%rax
	hlt
	addq	$16, %rsp
	iretq
	payload_end catch64

	payload catch32, 32
	stubs pushl
	pushl	%eax
	pushl	%ebx
	movl	$RECORD, %ebx
	.set field, 0
	.rept 7		/* ESP and SS mean something when it came from ring 3 */
	movl	8 + field(%esp), %eax
	movl	%eax, 2 * field(%ebx)
	movl	$0, 2 * field + 4(%ebx)
	.set field, field + 4
	.endr
	movl	%cr2, %eax
	movl	%eax, 2 * field(%ebx)
	incl	2 * field + 8(%ebx)
	popl	%ebx
	popl	%eax
	hlt
	addl	$8, %esp
	iretl
	payload_end catch32

	.section .note.GNU-stack, "", @progbits
