/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes in at the second serial port goes out there, the next letter each; q is off. */
	mov $0x2fd, %edx
1:	pause
	in %dx, %al
	test $1, %al
	jz 1b
	mov $0x2f8, %edx
	in %dx, %al
	cmp $'q', %al
	je off
	inc %al
	out %al, %dx
	mov $0x2fd, %edx
	jmp 1b
off:
	mov $0x604, %edx
	mov $0x2000, %eax
	out %ax, %dx
	hlt
