/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the debugger: a second CPU is started and counts in real mode; the first one
 * calls a function again and again, counts, and takes an INT3 of its own, which its
 * handler counts too.
 */
#define APIC_ICR	0xfee00300
#define AP_PAGE		0x10000

	.globl _start, loop, work, worked, own, after_own, handler, counter, caught
_start:
	lidt idtr
	lea ap, %rsi
	mov $AP_PAGE, %edi
	mov $(ap_end - ap), %ecx
	rep movsb
	mov $0xfee000f0, %ebx		/* the local APIC on */
	movl $0x1ff, (%rbx)
	mov $APIC_ICR, %ebx
	movl $0xc4500, (%rbx)		/* INIT to all but me */
	movl $0xc4600 | AP_PAGE >> 12, (%rbx)
	sti
loop:
	call work
own:
	int3
after_own:
	pause
	jmp loop

work:
	incq counter
	mov counter, %rax
worked:
	ret

handler:
	incq caught
	iretq

	.balign 16
counter:
	.quad 0
caught:
	.quad 0
idtr:
	.word 4 * 16 - 1
	.quad idt
	.balign 16
idt:
	.fill 3 * 2, 8, 0
	.word handler - _start, 0x10	/* below 64 KiB from 1 MiB on; 64-bit code */
	.word 0x8e00, 0x10
	.quad 0

	.code16
ap:
	sti
1:	incl %cs:(counted - ap)
	pause
	jmp 1b
	.balign 4
counted:
	.long 0
ap_end:
	.code64
