/* SPDX-License-Identifier: GPL-2.0-only */
/* Long mode: a letter, then a HLT that nothing ends. */
	mov $0x3f8, %dx
	mov $'L', %al
	out %al, %dx
	cli
	hlt
