/* SPDX-License-Identifier: GPL-2.0-only */
/* Emulated devices: the clock, the interval timer, the local APIC, ACPI's timer. */
	.include "print.inc"
	print "RTC says "
	mov $4, %al			/* hours */
	out %al, $0x70
	in $0x71, %al
	print_hex 2
	print ":"
	mov $2, %al			/* minutes */
	out %al, $0x70
	in $0x71, %al
	print_hex 2
	mov $0x34, %al			/* the 8254's counter 0, mode 2, from 65536 */
	out %al, $0x43
	xor %eax, %eax
	out %al, $0x40
	out %al, $0x40
	mov $20, %r8d
1:	xor %eax, %eax
	out %al, $0x43			/* latched */
	in $0x40, %al
	mov %al, %bl
	in $0x40, %al
	mov %al, %bh
	dec %r8d
	jnz 1b
	print ", PIT counts at "
	movzwl %bx, %eax
	print_hex 4
	mov $0xfee00000, %ebp
	movl $0x1ff, 0xf0(%rbp)
	print ", APIC version "
	mov 0x30(%rbp), %eax
	print_hex 2
	print ", ACPI timer at "
	mov $0x608, %dx
	in %dx, %eax
	print_hex 6
	print "\n"
	power_off
	hlt
