/* SPDX-License-Identifier: GPL-2.0-only */
/* A known number of exits, then a letter, then sleep. */
	mov $1000, %r8d
1:	xor %eax, %eax
	cpuid
	dec %r8d
	jnz 1b
	mov $0x3f8, %dx
	mov $'S', %al
	out %al, %dx
	sti
2:	hlt
	jmp 2b
