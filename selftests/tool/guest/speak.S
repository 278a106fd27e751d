/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mebibyte to the serial port, in lines of 16 bytes that count from 0 in
 * hexadecimal: string output, 4096 bytes an instruction. Then off.
 */
	xor %ebp, %ebp			/* the line's number */
1:	mov $0x200000, %edi
2:	mov %ebp, %eax
	mov $8, %ecx
3:	rol $4, %eax			/* eight digits */
	mov %eax, %edx
	and $15, %edx
	add $'0', %edx
	cmp $'9', %edx
	jbe 4f
	add $'a' - '0' - 10, %edx
4:	mov %dl, (%rdi)
	inc %rdi
	dec %ecx
	jnz 3b
	movabs $0x0a2e2e2e2e2e2e2e, %rax	/* seven dots, and the line's end */
	mov %rax, (%rdi)
	add $8, %rdi
	inc %ebp
	test $0xff, %ebp
	jnz 2b
	mov $0x200000, %esi
	mov $4096, %ecx
	mov $0x3f8, %edx
	rep outsb
	cmp $65536, %ebp
	jb 1b
	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
	hlt
