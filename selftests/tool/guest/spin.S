/* SPDX-License-Identifier: GPL-2.0-only */
/* Says that it runs, touches its memory page by page, and goes on for ever. */
	mov $0x3f8, %dx
	mov $'S', %al
	out %al, %dx
	sti
1:	mov $0x200000, %edi
2:	incq (%rdi)
	pause
	add $4096, %edi
	cmp $0x400000, %edi
	jb 2b
	jmp 1b
