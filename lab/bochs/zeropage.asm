; SPDX-License-Identifier: GPL-2.0-only
; The zero page (struct boot_params) and the command line behind it. The set-up
; header comes out of the packaged kernel, as a boot loader would copy it.
;
; nasm -f bin -DVMLINUZ='"vmlinuz"' -DHEADER_END=offset -DCMDLINE='"file"'
;	-DINITRD=address -DINITRD_SIZE=bytes

%include "layout.inc"

HEADER		equ 0x1f1
TYPE_OF_LOADER	equ 0x210
RAMDISK_IMAGE	equ 0x218
RAMDISK_SIZE	equ 0x21c
CMD_LINE_PTR	equ 0x228
LOADER_UNNAMED	equ 0xff

	org ZERO_PAGE
	times HEADER db 0
	incbin VMLINUZ, HEADER, TYPE_OF_LOADER - HEADER
	db LOADER_UNNAMED
	incbin VMLINUZ, TYPE_OF_LOADER + 1, RAMDISK_IMAGE - TYPE_OF_LOADER - 1
	dd INITRD, INITRD_SIZE
	incbin VMLINUZ, RAMDISK_SIZE + 4, CMD_LINE_PTR - RAMDISK_SIZE - 4
	dd COMMAND_LINE
	incbin VMLINUZ, CMD_LINE_PTR + 4, HEADER_END - CMD_LINE_PTR - 4
	times COMMAND_LINE - ZERO_PAGE - ($ - $$) db 0
	incbin CMDLINE
	db 0
