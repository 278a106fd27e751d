/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fills a mebibyte with numbers that follow from each other, adds them up again and
 * again, and says the sum in hexadecimal when all rounds agreed. Then off.
 */
	sti
	mov $0x200000, %edi
	mov $0x20000, %ecx
	mov $1, %eax
1:	imul $1664525, %eax, %eax
	add $1013904223, %eax
	mov %rax, (%rdi)
	add $8, %rdi
	dec %ecx
	jnz 1b
	xor %r9d, %r9d
	mov $4, %r8d
2:	mov $0x200000, %edi
	mov $0x20000, %ecx
	xor %eax, %eax
3:	add (%rdi), %rax
	add $8, %rdi
	dec %ecx
	jnz 3b
	test %r9, %r9
	jz 4f
	cmp %rax, %r9
	jne 7f
4:	mov %rax, %r9
	dec %r8d
	jnz 2b
	mov $16, %ecx
	mov $0x3f8, %edx
5:	rol $4, %r9
	mov %r9d, %eax
	and $15, %eax
	add $'0', %al
	cmp $'9', %al
	jbe 6f
	add $'a' - '0' - 10, %al
6:	out %al, %dx
	dec %ecx
	jnz 5b
7:	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
	hlt
