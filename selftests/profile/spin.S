/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest of docs/profiling.md: a driver that asks the serial port whether it may
 * send, POLLS times. Ends with HLT.
 */
	.globl	_start
_start:
	mov	$0x200000, %esp
	mov	$40, %esi
next:
	call	wait_for_serial
	call	send
	dec	%esi
	jnz	next
	hlt

	.type	wait_for_serial, @function
wait_for_serial:
	mov	$0x3fd, %edx
	mov	$POLLS, %ecx
1:	in	%dx, %al
	dec	%ecx
	jnz	1b
	ret

	.type	send, @function
send:
	mov	$0x3f8, %edx
	mov	$'.', %al
	out	%al, %dx
	xor	%eax, %eax
	cpuid
	ret
