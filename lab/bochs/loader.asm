; SPDX-License-Identifier: GPL-2.0-only
; An option ROM that starts Linux.
;
; Bochs has put kernel, initramfs and zero page into RAM before power-on. The
; BIOS calls this ROM late in POST, when its ACPI and MP tables are in place and
; every CPU has been counted, and never gets control back: no boot device, no
; boot loader, no decompression. What the kernel wants to find is described in
; its Documentation/arch/x86/boot.rst, "64-bit Boot Protocol".
;
; nasm -f bin -DENTRY=address -DSCRATCH=address -DPAYLOAD_END=address; the byte
; that makes the sum of all zero is appended by machine.sh

%include "layout.inc"

COM2		equ 0x2f8
LCR		equ 3
LCR_8_BITS	equ 3
LSR		equ 5
LSR_THR_EMPTY	equ 0x20
E820_SIGNATURE	equ 0x534d4150
E820_SIZE	equ 20
E820_MAX	equ 128

; Fields of the zero page.
ZP_E820_COUNT	equ 0x1e8
ZP_E820_TABLE	equ 0x2d0

CR0_PE_PG	equ 0x80000001
CR4_PAE		equ 0x20
MSR_EFER	equ 0xc0000080
EFER_LME	equ 0x100

SEL_CODE	equ 0x10
SEL_DATA	equ 0x18

	bits 16
	org 0
	db 0x55, 0xaa, 1
	cli
	cld

	; Tell lab/run, on its control port, that the firmware has run.
	mov dx, COM2 + LCR
	mov al, LCR_8_BITS
	out dx, al
	mov dx, COM2
	mov si, hello
.say:	add dx, LSR
.busy:	in al, dx
	test al, LSR_THR_EMPTY
	jz .busy
	sub dx, LSR
	cs lodsb
	out dx, al
	cmp al, 10
	jne .say

	; The memory map, into the zero page.
	mov ax, ZERO_PAGE >> 4
	mov es, ax
	mov di, ZP_E820_TABLE
	xor ebx, ebx
.e820:	mov eax, 0xe820
	mov edx, E820_SIGNATURE
	mov ecx, E820_SIZE
	int 0x15
	jc .e820_done
	add di, E820_SIZE
	inc byte [es:ZP_E820_COUNT]
	test ebx, ebx
	jnz .e820
.e820_done:
	cli

	in al, 0x92		; A20, by the fast gate
	or al, 2
	out 0x92, al

	; Page tables: 4 GiB mapped to itself in 2 MiB pages.
	mov ax, PAGE_TABLES >> 4
	mov es, ax
	xor di, di
	xor eax, eax
	mov cx, 0x6000 / 4
	rep stosd
	mov dword [es:0], PAGE_TABLES + 0x1003
	mov ecx, 4
	mov di, 0x1000
	mov eax, PAGE_TABLES + 0x2003
.pdpt:	mov [es:di], eax
	add eax, 0x1000
	add di, 8
	loop .pdpt
	mov cx, 4 * 512
	mov di, 0x2000
	mov eax, 0x83		; present, writable, large
.pd:	mov [es:di], eax
	add eax, 0x200000
	add di, 8
	loop .pd

	; Straight from real mode into long mode.
	o32 lgdt [cs:gdt_pointer]
	mov eax, CR4_PAE
	mov cr4, eax
	mov eax, PAGE_TABLES
	mov cr3, eax
	mov ecx, MSR_EFER
	xor edx, edx
	mov eax, EFER_LME
	wrmsr
	mov eax, cr0
	or eax, CR0_PE_PG
	mov cr0, eax
	jmp dword SEL_CODE:LOADER_ROM + long_mode

	bits 64
long_mode:
	mov eax, SEL_DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	xor eax, eax
	mov fs, eax
	mov gs, eax
	mov esp, PAGE_TABLES	; grows down, below the tables

	; Bring the image's blocks into place.
	mov esi, SCRATCH + BLOCK
	mov ecx, [rsi]
	jrcxz .gap_done
.gap:	add esi, BLOCK
	mov eax, [rsi]
	loop .gap
.gap_done:
	mov esi, KERNEL
.image:	mov eax, [rsi]
	add esi, BLOCK
	cmp esi, PAYLOAD_END
	jb .image
	cmp dword [rsi - 4], PAYLOAD_MAGIC
	jne mangled

	mov esi, ZERO_PAGE
	mov eax, ENTRY
	jmp rax

	; Say so on the control port; lab/run then ends.
mangled:
	mov esi, LOADER_ROM + sorry
.next:	mov dx, COM2 + LSR
.wait:	in al, dx
	test al, LSR_THR_EMPTY
	jz .wait
	mov dx, COM2
	mov al, [rsi]
	inc esi
	out dx, al
	cmp al, 10
	jne .next
	jmp $

	align 8
gdt:	dq 0, 0
	dq 0x00af9a000000ffff	; code, 64 bits
	dq 0x00cf92000000ffff	; data
gdt_pointer:
	dw $ - gdt - 1
	dd LOADER_ROM + gdt

hello:	db "firmware", 10
sorry:	db "mangled", 10

	times 511 - ($ - $$) db 0
