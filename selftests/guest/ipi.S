/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests that send each other interrupts and wait for them by HLT, so that one
 * interrupt or wake-up that is lost stops everything, and counters tell of one
 * too many.
 *
 * The first entries, 16 bytes each, are jumps: 0 is entered by a vCPU that sends,
 * 1 by one that does something of everything, the others are handlers; see
 * irq/lapic_smp.c.
 *
 *   r15  counters of this vCPU, struct counters
 *   r14  its APIC id
 *   r13  rounds
 *   rbx  ICR of one round's request
 *   r10  acknowledgements that a round brings
 *   r9   number of senders
 *   r8   address of the APIC's page, or 0 in x2APIC mode
 */
#include "payload.inc"

#define ACKS(r)		(r)
#define REQUESTS(r, s)	8 + 8 * (s)(r)
#define TIMER(r)	40(r)
#define LINE(r)		48(r)
#define MMIO(r)		56(r)
#define WANTED(r)	64(r)
#define DONE		0x21000
#define PORT		0xf4
#define NOTHING		0x20000000

#define ACK_VECTOR	0x80
#define DONE_VECTOR	0xc0
#define ASSERT		0x4000
#define OTHERS		0xc0000

payload ipi, 64
	.macro	entry, to
	.balign	16
	jmp	\to
	.endm

	entry	sender
	entry	mixture
	.irp	s, 0, 1, 2, 3
	entry	request\s
	.endr
	.irp	s, 0, 1, 2, 3
	entry	acked
	.endr
	entry	nothing
	entry	timer
	entry	line

/* ICR: RDX the destination, EAX the rest. Interrupts off. */
send:	test	%r8, %r8
	jnz	1f
	mov	$0x830, %ecx
	wrmsr
	ret
1:	shl	$24, %edx
	mov	%edx, 0x310(%r8)
	mov	%eax, 0x300(%r8)
	ret

finish:	xor	%eax, %eax
	xor	%edx, %edx
	test	%r8, %r8
	jnz	1f
	mov	$0x80b, %ecx
	wrmsr
	jmp	2f
1:	mov	%eax, 0xb0(%r8)
2:	pop	%rdx
	pop	%rcx
	pop	%rax
	iretq

	.macro	begin
	push	%rax
	push	%rcx
	push	%rdx
	.endm

	.irp	s, 0, 1, 2, 3
request\s:
	begin
	incq	REQUESTS(%r15, \s)
	mov	%r14d, %eax
	shl	$4, %eax
	add	$(ASSERT | ACK_VECTOR), %eax
	mov	$\s, %edx
	call	send
	jmp	finish
	.endr

acked:	begin
	incq	ACKS(%r15)
	jmp	finish

nothing:
	begin
	jmp	finish

timer:	begin
	incq	TIMER(%r15)
	mov	WANTED(%r15), %rax
	cmp	%rax, TIMER(%r15)
	jae	finish
	call	arm
	jmp	finish

line:	begin
	incq	LINE(%r15)
	jmp	finish

/* A one-shot timer of 50 us. */
arm:	mov	$50000, %eax
	xor	%edx, %edx
	test	%r8, %r8
	jnz	1f
	mov	$0x838, %ecx
	wrmsr
	ret
1:	mov	%eax, 0x380(%r8)
	ret

sender:	xor	%r12, %r12
1:	cli
	mov	%rbx, %rax
	mov	%rbx, %rdx
	shr	$32, %rdx
	call	send
	add	%r10, %r12
2:	cmp	%r12, ACKS(%r15)
	jae	3f
	sti
	hlt
	cli
	jmp	2b
3:	sti
	dec	%r13
	jnz	1b

	lock incq DONE
4:	cli
	cmp	%r9, DONE
	jae	5f
	sti
	hlt
	jmp	4b
5:	mov	$(OTHERS | ASSERT | DONE_VECTOR), %eax
	xor	%edx, %edx
	call	send
	sti
6:	out	%al, $PORT
	jmp	6b

mixture:
	cli
	call	arm
	sti
1:	incq	MMIO(%r15)
	mov	MMIO(%r15), %rax
	mov	%eax, NOTHING
	mov	WANTED(%r15), %rax
	cmp	%rax, TIMER(%r15)
	jb	1b
	cmp	%rax, LINE(%r15)
	jb	1b
	cmp	%rax, REQUESTS(%r15, 1)
	jb	1b
	cmp	%rax, MMIO(%r15)
	jb	1b
2:	out	%al, $PORT
	jmp	2b
payload_end ipi

	.section .note.GNU-stack, "", @progbits
