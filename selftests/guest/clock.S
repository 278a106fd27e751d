/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the paravirtual clock R13 times, and sees that it never goes back, on
 * whichever vCPU it was read before.
 *
 * R15: page of the clock; R14: the latest time that any vCPU saw.
 * OUT to F4H: done; to F6H: time went back, from RBP to RAX.
 */
#include "payload.inc"

payload clock 64
again:
	mov	(%r14), %rbp
read:
	mov	(%r15), %esi
	test	$1, %esi
	jnz	read
	lfence
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	sub	8(%r15), %rax
	movzbl	28(%r15), %ecx
	test	%cl, %cl
	js	slow
	shl	%cl, %rax
	jmp	scaled
slow:
	neg	%cl
	shr	%cl, %rax
scaled:
	mov	24(%r15), %edx
	mul	%rdx
	shrd	$32, %rdx, %rax
	add	16(%r15), %rax
	cmp	(%r15), %esi
	jne	read

	cmp	%rbp, %rax
	jb	back
	mov	%rax, %rbx
store:
	mov	(%r14), %rax
	cmp	%rax, %rbx
	jbe	stored
	lock cmpxchg %rbx, (%r14)
	jnz	store
stored:
	dec	%r13
	jnz	again
done:
	out	%al, $0xf4
	jmp	done
back:
	out	%al, $0xf6
	jmp	back
payload_end clock
.section .note.GNU-stack, "", @progbits
