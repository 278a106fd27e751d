/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver of the first virtio device that offers more in queue 1 than the ring has,
 * and waits until the device wants to be reset. Then off.
 */
	.macro reg offset value
	movl $\value, \offset(%rbx)
	.endm

	/* Of 16 entries, at \at. */
	.macro queue number at
	reg 0x30 \number
	reg 0x38 16
	reg 0x80 \at
	reg 0x90 (\at + 0x1000)
	reg 0xa0 (\at + 0x2000)
	reg 0x44 1
	.endm

	mov $0xd0000000, %ebx
	movw $0x7fff, 0x214002		/* the index of what is available */
	reg 0x70 0
	reg 0x70 3			/* acknowledged, driver */
	reg 0x24 1
	reg 0x20 1			/* VIRTIO_F_VERSION_1 */
	reg 0x70 11			/* features are chosen */
	queue 0 0x210000
	queue 1 0x213000
	reg 0x70 15			/* driver OK */
	reg 0x50 1
1:	pause
	testl $0x40, 0x70(%rbx)
	jz 1b
	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
	hlt
