/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the VMX instructions of insn.h to vmx_insn_failed().
 */
#include <linux/linkage.h>
#include <asm/nospec-branch.h>

#define SAVED	(9 * 8)		/* the registers that a C function may change */

/**
 * vmx_insn_failed_asm - report a failure, keep all general registers
 * On the stack: the operand, the name of the instruction.
 */
SYM_FUNC_START(vmx_insn_failed_asm)
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	mov	SAVED + 16(%rsp), %rdi
	mov	SAVED + 8(%rsp), %rsi
	mov	SAVED(%rsp), %rdx
	call	vmx_insn_failed
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	RET
SYM_FUNC_END(vmx_insn_failed_asm)
