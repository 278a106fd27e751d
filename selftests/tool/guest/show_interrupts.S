/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 32 times: the local APIC's timer is set, and fires while the guest is busy with
 * interrupts off; when it turns them on, the interrupt is there.
 */
#define APIC		0xfee00000
#define VECTOR		0x40
	.include "print.inc"
	lidt idtr
	mov $APIC, %ebp
	movl $0x1ff, 0xf0(%rbp)
	movl $0xb, 0x3e0(%rbp)		/* by 1 */
	movl $VECTOR, 0x320(%rbp)
	mov $32, %r8d
1:	movl $100000, 0x380(%rbp)	/* a tenth of a millisecond */
	mov $1000, %r9d
2:	xor %eax, %eax
	cpuid
	dec %r9d
	jnz 2b
	sti
	nop
	nop
	cli
	dec %r8d
	jnz 1b
	print "32 timers, interrupts taken: "
	mov taken, %eax
	print_hex 2
	print "\n"
	power_off
	hlt

handler:
	incl taken
	movl $0, 0xb0(%rbp)
	iretq

	.balign 16
taken:
	.long 0
idt:
	.fill 2 * VECTOR, 8, 0
	.word handler - begin_of_image, 0x10, 0x8e00, 0x10
	.quad 0
idtr:
	.word . - idt - 1
	.quad idt
