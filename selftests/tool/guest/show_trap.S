/* SPDX-License-Identifier: GPL-2.0-only */
/* Privileged instructions that a hypervisor must do for its guest, each so often. */
	.include "print.inc"
	mov $100, %r8d
1:	xor %eax, %eax
	cpuid
	dec %r8d
	jnz 1b
	mov $50, %r8d
1:	mov $0x8b, %ecx			/* the microcode's revision */
	rdmsr
	dec %r8d
	jnz 1b
	mov $30, %r8d
1:	wbinvd
	dec %r8d
	jnz 1b
	mov $20, %r8d
1:	in $0x71, %al
	dec %r8d
	jnz 1b
	print "it went on behind each of them\n"
	power_off
	hlt
