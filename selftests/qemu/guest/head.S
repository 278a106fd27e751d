/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the reset vector to 32-bit code. A firmware of 64 KiB, seen at F000:0000 and
 * linked at 0x10000, where it copies itself: a breakpoint wants memory.
 */
	.set	ROM, 0xf0000

	.globl	base
	.section .head, "ax"
	.code16
base:
	cli
	lgdtl	%cs:gdtr - base
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$8, $(start32 - base + ROM)

	.code32
start32:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$ROM, %esi
	movl	$base, %edi
	movl	$0x4000, %ecx
	rep movsl
	movl	$base, %esp
	movl	$1f, %eax
	jmp	*%eax
1:	lgdt	gdtr
	call	main

	.globl	tick_entry
tick_entry:
	pushal
	cld
	call	tick
	popal
	iret

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00cf93000000ffff
gdtr:	.word	gdtr - gdt - 1
	.long	gdt - base + ROM

	.section .reset, "ax"
	.code16
	.byte	0xe9			/* jmp to offset 0 */
	.word	-0xfff3
	.balign	16
