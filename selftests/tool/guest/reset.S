/* SPDX-License-Identifier: GPL-2.0-only */
/* Real mode: reset by the keyboard controller. */
	.code16
	mov $0xfe, %al
	out %al, $0x64
	hlt
