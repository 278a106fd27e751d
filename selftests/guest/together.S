/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vCPUs that ask all others and answer them, while timers, lines and accesses that
 * user space answers go on.  Each counts what reaches it; whoever sends something
 * waits for the answer before it sends the same again, so no two are ever one.
 *
 * The first entries, 16 bytes each, are jumps: 0 is entered by each vCPU, the others
 * are handlers; see irq/together.c.
 *
 *   r15  counters of this vCPU, struct counters
 *   r14  its APIC id
 *   r13  rounds of requests
 *   rbx  number of the others
 *   r9   number of vCPUs
 *   r8   address of the APIC's page, or 0 in x2APIC mode
 *   rdi  address where there is no memory, or 0: HLT in place of accesses
 */
#include "payload.inc"

#define ACKS		(%r15)
#define REQUESTS(s)	8 + 8 * (s)(%r15)
#define TIMER		72(%r15)
#define EDGE		80(%r15)
#define LEVEL		88(%r15)
#define SENT		96(%r15)
#define WRITES		104(%r15)
#define READS		112(%r15)
#define BAD		120(%r15)
#define WANT_TIMER	128(%r15)
#define WANT_LINE	136(%r15)
#define PERIOD		144(%r15)
#define DONE		0x21000
#define PORT		0xf4

#define REQUEST_VECTOR	0x40
#define ACK_VECTOR	0x80
#define DONE_VECTOR	0xc0
#define ASSERT		0x4000
#define OTHERS		0xc0000

payload together, 64
	.macro	entry, to
	.balign	16
	jmp	\to
	.endm

	entry	main
	.irp	s, 0, 1, 2, 3, 4, 5, 6, 7
	entry	request\s
	.endr
	entry	acked
	entry	nothing
	entry	timer
	entry	edge
	entry	level

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

	.irp	s, 0, 1, 2, 3, 4, 5, 6, 7
request\s:
	begin
	incq	REQUESTS(\s)
	lea	ASSERT | ACK_VECTOR(, %r14, 8), %eax
	mov	$\s, %edx
	call	send
	jmp	finish
	.endr

acked:	begin
	incq	ACKS
	jmp	finish

nothing:
	begin
	jmp	finish

edge:	begin
	incq	EDGE
	jmp	finish

level:	begin
	incq	LEVEL
	jmp	finish

timer:	begin
	incq	TIMER
	mov	WANT_TIMER, %rax
	cmp	%rax, TIMER
	jae	finish
	call	arm
	jmp	finish

/* The one-shot timer. */
arm:	mov	PERIOD, %eax
	xor	%edx, %edx
	test	%r8, %r8
	jnz	1f
	mov	$0x838, %ecx
	wrmsr
	ret
1:	mov	%eax, 0x380(%r8)
	ret

/* The next round of requests, if the one before was answered by all. */
pump:	mov	SENT, %rax
	cmp	%r13, %rax
	jae	1f
	imul	%rbx, %rax
	cmp	%rax, ACKS
	jb	1f
	incq	SENT
	lea	OTHERS | ASSERT | REQUEST_VECTOR(, %r14, 8), %eax
	xor	%edx, %edx
	call	send
1:	ret

/* CF: something that will come has not come yet. */
waits:	mov	%r13, %rax
	imul	%rbx, %rax
	cmp	%rax, ACKS
	jb	3f
	xor	%ecx, %ecx
1:	cmp	%r14, %rcx
	je	2f
	cmp	%r13, 8(%r15, %rcx, 8)
	jb	3f
2:	inc	%rcx
	cmp	%r9, %rcx
	jb	1b
	mov	WANT_TIMER, %rax
	cmp	%rax, TIMER
	jb	3f
	mov	WANT_LINE, %rax
	cmp	%rax, EDGE
	jb	3f
	cmp	%rax, LEVEL
3:	ret

main:	cli
	cmpq	$0, WANT_TIMER
	je	1f
	call	arm
1:	cli
	call	pump
	call	waits
	jnc	done
	test	%rdi, %rdi
	jz	2f
	sti
	incq	WRITES
	mov	WRITES, %rax
	mov	%eax, (%rdi)
	incq	READS
	mov	8(%rdi), %eax
	cmp	%eax, READS
	je	1b
	incq	BAD
	jmp	1b
2:	sti
	hlt
	jmp	1b

done:	lock incq DONE
	mov	$(OTHERS | ASSERT | DONE_VECTOR), %eax
	xor	%edx, %edx
	call	send
1:	cli
	cmp	%r9, DONE
	jae	2f
	sti
	hlt
	jmp	1b
2:	sti
3:	out	%al, $PORT
	jmp	3b
payload_end together

	.section .note.GNU-stack, "", @progbits
