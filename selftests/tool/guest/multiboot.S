/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A multiboot kernel: says M, its command line, and the memory that the loader tells
 * of. Then off.
 */
	.code32
	jmp multiboot
	.balign 4
	.long 0x1badb002, 2, -(0x1badb002 + 2)	/* with a memory map, please */
multiboot:
	mov $0x3f8, %edx
	cmp $0x2badb002, %eax
	jne off
	mov $'M', %al
	out %al, %dx
	mov $' ', %al
	out %al, %dx
	mov 16(%ebx), %esi		/* cmdline */
1:	lodsb
	out %al, %dx
	test %al, %al
	jnz 1b
	mov 8(%ebx), %ebp		/* mem_upper */
	mov $8, %ecx
2:	rol $4, %ebp
	mov %ebp, %eax
	and $15, %al
	cmp $10, %al
	sbb $0x69, %al
	das
	out %al, %dx
	loop 2b
off:
	mov $0x604, %edx
	mov $0x2000, %eax
	out %ax, %dx
	hlt
