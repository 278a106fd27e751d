// SPDX-License-Identifier: GPL-2.0-only
/* The tables behind vt_task.h. */
#include <string.h>

#include "vt_task.h"

/* SDM 3A, "Segment Descriptors". */
static void put_desc(uint8_t *at, uint32_t base, uint32_t limit, uint8_t access, uint8_t flags)
{
	const uint64_t desc = (uint64_t)(limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 |
		(uint64_t)access << 40 | (uint64_t)(limit >> 16 & 0xf) << 48 |
		(uint64_t)flags << 52 | (uint64_t)(base >> 24) << 56;

	memcpy(at, &desc, sizeof(desc));
}

void vt_set_desc(struct vt_vm *vm, uint16_t selector, uint32_t base, uint32_t limit,
		 uint8_t access, uint8_t flags)
{
	put_desc(vm->mem + VT_GDT + (selector & ~7u), base, limit, access, flags);
}

uint8_t *vt_desc_access(struct vt_vm *vm, uint16_t selector)
{
	return vm->mem + VT_GDT + (selector & ~7u) + 5;
}

void vt_task_gate(struct vt_vm *vm, unsigned int vector, uint16_t selector)
{
	put_desc(vm->mem + VT_IDT + 8 * vector, selector, 0, VT_ACC_GATE | 0x60, 0);
}

/* Values that tell which task and which register they are of. */
static void fill32(struct vt_tss32 *tss, uint32_t mark, uint32_t eip, uint32_t esp)
{
	memset(tss, 0, sizeof(*tss));
	tss->link = 0xdddd;
	tss->esp0 = VT_STACK_TOP;
	tss->ss0 = VT_SEL_DATA;
	tss->cr3 = VT_TABLES;
	tss->eip = eip;
	tss->eflags = 2;
	for (int i = 0; i < 8; i++)
		tss->gpr[i] = mark + i;
	tss->gpr[T_ESP] = esp;
	for (int i = 0; i < 6; i++)
		tss->seg[i] = VT_SEL_DATA;
	tss->seg[T_CS] = VT_SEL_CODE;
	tss->io_map = 0x68;
}

static void fill16(struct vt_tss16 *tss)
{
	memset(tss, 0, sizeof(*tss));
	tss->link = 0xdddd;
	tss->ip = VT_IP_16;
	tss->flags = 2;
	for (int i = 0; i < 8; i++)
		tss->gpr[i] = 0x1600 + i;
	tss->gpr[T_ESP] = VT_STACK_16;
	for (int i = 0; i < 4; i++)
		tss->seg[i] = VT_SEL_DATA16;
	tss->seg[T_CS] = VT_SEL_CODE16;
}

void vt_task_start(struct vt_vcpu *vcpu, enum vt_mode mode, struct vt_payload code)
{
	struct vt_vm *vm = vcpu->vm;
	struct kvm_sregs sregs;

	vt_start(vcpu, mode, code);
	vt_catch(vcpu, mode);
	fill32(vt_tss32(vm, VT_TSS_B), 0xb0000000, VT_CODE_B, VT_STACK_B);
	fill32(vt_tss32(vm, VT_TSS_C), 0xc0000000, VT_CODE_C, VT_STACK_C);
	fill16(vt_tss16(vm));
	/* Task B uses what it can; the LDT has one segment. */
	vt_tss32(vm, VT_TSS_B)->ldt = VT_SEL_LDT;
	vt_tss32(vm, VT_TSS_B)->seg[T_FS] = VT_SEL_FS;
	vt_tss32(vm, VT_TSS_B)->seg[T_GS] = VT_SEL_GS;
	put_desc(vm->mem + VT_TASK_LDT + 8, VT_GS_BASE, 0xfff, VT_ACC_DATA, VT_FLAG_BIG);

	vt_set_desc(vm, VT_SEL_B, VT_TSS_B, 0x67, VT_ACC_TSS32, 0);
	vt_set_desc(vm, VT_SEL_C, VT_TSS_C, 0x67, VT_ACC_TSS32, 0);
	vt_set_desc(vm, VT_SEL_16, VT_TSS_16, 0x2b, VT_ACC_TSS16, 0);
	put_desc(vm->mem + VT_GDT + VT_SEL_GATE_B, VT_SEL_B, 0, VT_ACC_GATE, 0);
	vt_set_desc(vm, VT_SEL_LDT, VT_TASK_LDT, 0xf, VT_ACC_LDT, 0);
	vt_set_desc(vm, VT_SEL_FS, VT_FS_BASE, 0xf, VT_ACC_DATA, VT_FLAG_BIG | VT_FLAG_PAGES);
	vt_set_desc(vm, VT_SEL_CODE16, VT_CODE, 0xffff, VT_ACC_CODE, 0);
	vt_set_desc(vm, VT_SEL_DATA16, VT_FREE, 0xffff, VT_ACC_DATA, 0);
	vt_set_desc(vm, VT_SEL_SPARE, 0, 0, 0, 0);

	vt_get_sregs(vcpu, &sregs);
	sregs.gdt.limit = VT_SEL_SPARE + 7;
	vt_set_sregs(vcpu, &sregs);
}
