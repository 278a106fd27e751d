/* SPDX-License-Identifier: GPL-2.0-only */
/* Real mode, for ever. */
	.code16
	mov $'P', %al
	mov $0x3f8, %dx
	out %al, %dx
	sti
1:	pause
	jmp 1b
