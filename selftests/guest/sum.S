/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checksum over memory, carried in every general register that all modes have.
 * One text, assembled three times: the 16-bit form uses operand and address
 * size prefixes.
 *
 * In: ESI = memory (multiple of 4 bytes, not zero), ECX = words, EBP = rounds.
 * Out: EAX = sum; the memory is changed. vcpu/modes.c has the same in C.
 */
#include "payload.inc"

.macro sum bits
	payload sum\bits, \bits
	xorl	%eax, %eax
	movl	$0x12345678, %ebx
	movl	$0x9e3779b9, %edi
.Lround\bits:
	movl	%ecx, %edx
.Lword\bits:
	addl	(%esi), %eax
	roll	$5, %eax
	xorl	%ebx, %eax
	addl	%edi, %ebx
	movl	%eax, (%esi)
	pushw	%ax
	popw	%di
	addl	$4, %esi
	subl	$1, %edx
	jnz	.Lword\bits
	shll	$2, %ecx
	subl	%ecx, %esi
	shrl	$2, %ecx
	subl	$1, %ebp
	jnz	.Lround\bits
	hlt
	payload_end sum\bits
.endm

	sum 16
	sum 32
	sum 64

	.section .note.GNU-stack, "", @progbits
