/* SPDX-License-Identifier: GPL-2.0-only */
/* 32-bit paging: 4 MiB as they are, and one page at 0x405000 that is 0x3000. */
	.include "paging.inc"
	movl $0x83, 0x10000
	movl $0x11003, 0x10004
	movl $0x3003, 0x11000 + 5 * 4
	mov %cr4, %eax
	or $0x10, %eax			/* PSE */
	mov %eax, %cr4
	jmp paging_on
