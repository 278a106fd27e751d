/* SPDX-License-Identifier: GPL-2.0-only */
/* PAE paging: 2 MiB as they are, and one page at 0x405000 that is 0x3000. */
	.include "paging.inc"
	movl $0x11001, 0x10000
	movl $0x83, 0x11000
	movl $0x12003, 0x11000 + 2 * 8
	movl $0x3003, 0x12000 + 5 * 8
	mov %cr4, %eax
	or $0x20, %eax			/* PAE */
	mov %eax, %cr4
	jmp paging_on
