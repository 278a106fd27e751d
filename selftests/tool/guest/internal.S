/* SPDX-License-Identifier: GPL-2.0-only */
/* A store to no memory by an instruction that no hypervisor emulates. */
	mov $0xc0000000, %eax
	mov $0x1234, %ebx
	fxsave (%rax)
	hlt
