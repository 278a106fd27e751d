/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest with several hardware tasks. Task A is what vt_start() makes, with the
 * TSS at VT_TSS; the others have a TSS of their own and code that stops with HLT
 * and goes back with IRET. SDM 3A, "Task Management".
 */
#ifndef VT_TASK_H
#define VT_TASK_H

#include "vt.h"

struct vt_tss32 {
	uint32_t link;
	uint32_t esp0, ss0, esp1, ss1, esp2, ss2;
	uint32_t cr3, eip, eflags;
	uint32_t gpr[8];
	uint32_t seg[6];
	uint32_t ldt;
	uint16_t trap, io_map;
};

struct vt_tss16 {
	uint16_t link;
	uint16_t sp0, ss0, sp1, ss1, sp2, ss2;
	uint16_t ip, flags;
	uint16_t gpr[8];
	uint16_t seg[4];
	uint16_t ldt;
};

enum { T_EAX, T_ECX, T_EDX, T_EBX, T_ESP, T_EBP, T_ESI, T_EDI };
enum { T_ES, T_CS, T_SS, T_DS, T_FS, T_GS };

#define VT_TSS_B	0x100000u	/* 32-bit */
#define VT_TSS_C	0x101000u	/* 32-bit */
#define VT_TSS_16	0x102000u
#define VT_TASK_LDT	0x103000u
#define VT_STACK_B	0x111000u	/* tops */
#define VT_STACK_C	0x112000u
#define VT_STACK_16	0x2ff0u		/* in VT_SEL_DATA16 */

#define VT_SEL_B	0x40
#define VT_SEL_C	0x48
#define VT_SEL_16	0x50
#define VT_SEL_GATE_B	0x58	/* task gate */
#define VT_SEL_LDT	0x60
#define VT_SEL_FS	0x68	/* data, not used before */
#define VT_SEL_GS	0x0c	/* in the LDT */
#define VT_SEL_CODE16	0x70
#define VT_SEL_DATA16	0x78	/* at VT_FREE */
#define VT_SEL_SPARE	0x80	/* for a test's own */

#define VT_FS_BASE	0x104000u
#define VT_GS_BASE	0x105000u

#define VT_CODE_B	(VT_CODE + 0x400)
#define VT_CODE_C	(VT_CODE + 0x800)
#define VT_IP_16	0xc00		/* in VT_SEL_CODE16 */

/* Descriptor bytes 5 and 6: type, S, DPL, P; flags. */
#define VT_ACC_TSS32	0x89
#define VT_ACC_TSS16	0x81
#define VT_ACC_GATE	0x85
#define VT_ACC_LDT	0x82
#define VT_ACC_DATA	0x92
#define VT_ACC_CODE	0x9a
#define VT_ACC_BUSY	0x02
#define VT_FLAG_BIG	0x4
#define VT_FLAG_PAGES	0x8

/* Code of task A, with that of the others behind it. */
#define VT_TASK_GUEST(name, a)						\
	VT_GUEST(name, 32, a "\n"					\
		 ".org guest_" #name "_start + 0x400\n"		\
		 "1: hlt; iret; jmp 1b\n"				\
		 ".org guest_" #name "_start + 0x800\n"		\
		 "1: hlt; iret; jmp 1b\n"				\
		 ".org guest_" #name "_start + 0xc00\n"		\
		 ".code16; 1: hlt; iret; jmp 1b\n")

/* vt_start() and vt_catch(), and the tasks. */
void vt_task_start(struct vt_vcpu *vcpu, enum vt_mode mode, struct vt_payload code);

void vt_set_desc(struct vt_vm *vm, uint16_t selector, uint32_t base, uint32_t limit,
		 uint8_t access, uint8_t flags);
/* Byte 5 of a descriptor in the GDT. */
uint8_t *vt_desc_access(struct vt_vm *vm, uint16_t selector);
/* A task gate in the IDT. */
void vt_task_gate(struct vt_vm *vm, unsigned int vector, uint16_t selector);

static inline struct vt_tss32 *vt_tss32(struct vt_vm *vm, uint32_t gpa)
{
	return (struct vt_tss32 *)(vm->mem + gpa);
}

static inline struct vt_tss16 *vt_tss16(struct vt_vm *vm)
{
	return (struct vt_tss16 *)(vm->mem + VT_TSS_16);
}

#endif
