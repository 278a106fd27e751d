/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same code in ring 0 and in ring 3: each says its CS, counts ten million
 * loops, and ring 3 tries what it must not.
 */
	.include "print.inc"
	print "ring 0: CS "
	mov %cs, %eax
	print_hex 4
	call count
	/* Pages of the first 2 MiB for ring 3 too. */
	orq $4, 0x9000
	orq $4, 0xa000
	orq $4, 0xb000
	mov %cr3, %rax
	mov %rax, %cr3
	lgdt gdtr
	lidt idtr
	movq $stack0, tss + 4
	mov $0x30, %eax
	ltr %ax
	pushq $0x23			/* SS, RSP, RFLAGS with IOPL 3, CS, RIP */
	pushq $0x1f000
	pushq $0x3202
	pushq $0x2b
	pushq $ring3
	iretq
ring3:
	print "ring 3: CS "
	mov %cs, %eax
	print_hex 4
	call count
	print "ring 3: CLI is allowed by IOPL, MOV from CR0 is not: "
	mov %cr0, %rax
	print "it was\n"
	power_off

count:
	mov $5000000, %ecx
1:	dec %ecx
	jnz 1b
	print ", ten million instructions\n"
	ret

gp:					/* in ring 0 again, by the IDT */
	print "#GP from CS "
	mov 16(%rsp), %rax
	print_hex 4
	print "\n"
	power_off
	hlt

	.balign 16
gdt:
	.quad 0, 0
	.quad 0x00af9b000000ffff	/* 10: 64-bit code, ring 0 */
	.quad 0x00cf93000000ffff	/* 18: data */
	.quad 0x00cff3000000ffff	/* 20: data, ring 3 */
	.quad 0x00affb000000ffff	/* 28: 64-bit code, ring 3 */
tss_low:
	.word 0x67, tss - begin_of_image
	.quad 0x0000000000008910	/* 30: TSS, from 1 MiB on */
	.word 0, 0
gdtr:
	.word . - gdt - 1
	.quad gdt
	.balign 16
tss:
	.fill 104, 1, 0
	.fill 64, 8, 0
stack0:
idt:
	.fill 2 * 13, 8, 0
	.word gp - begin_of_image, 0x10, 0x8e00, 0x10
	.quad 0
idtr:
	.word . - idt - 1
	.quad idt
