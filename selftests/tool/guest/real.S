/* SPDX-License-Identifier: GPL-2.0-only */
/* Real mode: a letter, then off by ACPI's port. */
	.code16
	mov $0x3f8, %dx
	mov $'R', %al
	out %al, %dx
	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
	hlt
