// SPDX-License-Identifier: GPL-2.0-only
/*
 * Putting a vCPU straight into a processor mode, with the tables that the mode
 * wants in guest memory: GDT, TSS, page tables that map the first 4 GiB one to
 * one.
 */
#include <asm/processor-flags.h>
#include <string.h>

#include "vt.h"

#define EFER_SCE	(1u << 0)
#define EFER_LME	(1u << 8)
#define EFER_LMA	(1u << 10)

/* Page-table bits. SDM 3A, "4-Level Paging and 5-Level Paging". */
#define PT_P		0x001u
#define PT_RW		0x002u
#define PT_US		0x004u
#define PT_PS		0x080u
#define PT_ADDR		0x000ffffffffff000ull

/* Segment types. SDM 3A, "Code- and Data-Segment Descriptor Types". */
#define TYPE_DATA	3	/* read, write, accessed */
#define TYPE_CODE	11	/* execute, read, accessed */
#define TYPE_TSS_BUSY	11

static const char *const mode_names[VT_MODES] = {
	[VT_REAL] = "real mode",
	[VT_PROT16] = "protected mode, 16-bit",
	[VT_FLAT32] = "protected mode, flat 32-bit",
	[VT_PAGED32] = "32-bit paging",
	[VT_PAE] = "PAE paging",
	[VT_LONG] = "64-bit, 4-level paging",
};

const char *vt_mode_name(enum vt_mode mode)
{
	return mode_names[mode];
}

static uint64_t *table(struct vt_vm *vm, uint64_t gpa)
{
	return (uint64_t *)(vm->mem + gpa);
}

/* The descriptor that a kvm_segment would have been loaded from. */
static uint64_t descriptor(const struct kvm_segment *seg)
{
	uint64_t limit = seg->g ? seg->limit >> 12 : seg->limit;
	uint64_t desc;

	desc = limit & 0xffff;
	desc |= (seg->base & 0xffffff) << 16;
	desc |= (uint64_t)(seg->type | seg->s << 4 | seg->dpl << 5 |
			   seg->present << 7) << 40;
	desc |= (limit >> 16 & 0xf) << 48;
	desc |= (uint64_t)(seg->avl | seg->l << 1 | seg->db << 2 | seg->g << 3) << 52;
	desc |= (seg->base >> 24 & 0xff) << 56;
	return desc;
}

static struct kvm_segment flat(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.selector = selector,
		.limit = 0xffffffff,
		.type = type,
		.present = 1,
		.dpl = selector & 3,
		.db = 1,
		.s = 1,
		.g = 1,
	};
}

static struct kvm_segment small(uint16_t selector, uint32_t base, uint8_t type)
{
	return (struct kvm_segment){
		.selector = selector,
		.base = base,
		.limit = 0xffff,
		.type = type,
		.present = 1,
		.s = 1,
	};
}

static void set_all_data(struct kvm_sregs *sregs, struct kvm_segment data)
{
	sregs->ds = data;
	sregs->es = data;
	sregs->fs = data;
	sregs->gs = data;
	sregs->ss = data;
}

static void set_system_tables(struct vt_vm *vm, struct kvm_sregs *sregs,
			      enum vt_mode mode)
{
	struct kvm_segment user_code = sregs->cs, user_data = sregs->ds;
	uint64_t *gdt = table(vm, VT_GDT);

	sregs->tr = (struct kvm_segment){
		.selector = VT_SEL_TSS,
		.base = VT_TSS,
		.limit = 0x67,
		.type = TYPE_TSS_BUSY,
		.present = 1,
	};
	sregs->ldt = (struct kvm_segment){ .unusable = 1 };
	user_code.dpl = 3;
	user_data.dpl = 3;
	gdt[VT_SEL_CODE / 8] = descriptor(&sregs->cs);
	gdt[VT_SEL_DATA / 8] = descriptor(&sregs->ds);
	gdt[VT_SEL_TSS / 8] = descriptor(&sregs->tr);
	gdt[VT_SEL_TSS / 8 + 1] = 0;
	gdt[VT_SEL_UCODE / 8] = descriptor(&user_code);
	gdt[VT_SEL_UDATA / 8] = descriptor(&user_data);
	sregs->gdt.base = VT_GDT;
	sregs->gdt.limit = 0x3f;
	sregs->idt.base = VT_IDT;
	sregs->idt.limit = mode == VT_REAL ? 0x3ff : 0xfff;
	if (mode == VT_REAL)
		sregs->idt.base = 0;

	/* No I/O bitmap: it would begin behind the limit. */
	*(uint16_t *)(vm->mem + VT_TSS + 0x66) = 0x68;
	/* A stack for ring 0, for guests that go to ring 3 and come back. */
	if (mode == VT_LONG) {
		*(uint64_t *)(vm->mem + VT_TSS + 4) = VT_STACK_TOP;
	} else {
		*(uint32_t *)(vm->mem + VT_TSS + 4) = VT_STACK_TOP;
		*(uint32_t *)(vm->mem + VT_TSS + 8) = VT_SEL_DATA;
	}
}

/* 1024 entries of 4 MiB. */
static void map_paged32(struct vt_vm *vm)
{
	uint32_t *pd = (uint32_t *)(vm->mem + VT_TABLES);

	for (uint32_t i = 0; i < 1024; i++)
		pd[i] = i << 22 | PT_PS | PT_US | PT_RW | PT_P;
}

/* Four page directories of 512 entries of 2 MiB each. */
static void map_directories(struct vt_vm *vm, uint64_t gpa)
{
	uint64_t *pd = table(vm, gpa);

	for (uint64_t i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | PT_PS | PT_US | PT_RW | PT_P;
}

static void map_pae(struct vt_vm *vm)
{
	uint64_t *pdpt = table(vm, VT_TABLES);

	/* PDPTEs of PAE paging have neither R/W nor U/S. */
	for (uint64_t i = 0; i < 4; i++)
		pdpt[i] = (VT_TABLES + (i + 1) * VT_PAGE) | PT_P;
	map_directories(vm, VT_TABLES + VT_PAGE);
}

static void map_4level(struct vt_vm *vm)
{
	const uint64_t flags = PT_US | PT_RW | PT_P;
	uint64_t *pml4 = table(vm, VT_TABLES);
	uint64_t *pdpt = table(vm, VT_TABLES + VT_PAGE);

	pml4[0] = (VT_TABLES + VT_PAGE) | flags;
	for (uint64_t i = 0; i < 4; i++)
		pdpt[i] = (VT_TABLES + (i + 2) * VT_PAGE) | flags;
	map_directories(vm, VT_TABLES + 2 * VT_PAGE);
	vm->next_table = VT_TABLES + 6 * VT_PAGE;
}

static uint64_t new_table(struct vt_vm *vm)
{
	uint64_t gpa = vm->next_table;

	if (gpa + VT_PAGE > VT_CODE)
		vt_die("vt_map_long: no room for another page table");
	vm->next_table += VT_PAGE;
	memset(vm->mem + gpa, 0, VT_PAGE);
	return gpa;
}

/*
 * Map guest-virtual pages of a 64-bit guest, 4 KiB each, outside the first
 * 4 GiB, which stay one to one.
 */
void vt_map_long(struct vt_vm *vm, uint64_t gva, uint64_t gpa, size_t size,
		 uint64_t flags)
{
	const uint64_t dir = PT_US | PT_RW | PT_P;

	for (size_t done = 0; done < size; done += VT_PAGE) {
		uint64_t at = VT_TABLES;

		for (int level = 3; level > 0; level--) {
			uint64_t *entry = table(vm, at) +
				((gva + done) >> (12 + 9 * level) & 511);

			if (!(*entry & PT_P))
				*entry = new_table(vm) | dir;
			at = *entry & PT_ADDR;
		}
		table(vm, at)[(gva + done) >> 12 & 511] = (gpa + done) | flags;
	}
}

static void set_paging(struct vt_vm *vm, struct kvm_sregs *sregs, enum vt_mode mode)
{
	if (mode == VT_PAGED32) {
		map_paged32(vm);
		sregs->cr4 |= X86_CR4_PSE;
	} else if (mode == VT_PAE) {
		map_pae(vm);
		sregs->cr4 |= X86_CR4_PAE;
	} else {
		map_4level(vm);
		sregs->cr4 |= X86_CR4_PAE;
		sregs->efer = EFER_SCE | EFER_LME | EFER_LMA;
	}
	sregs->cr3 = VT_TABLES;
	sregs->cr0 |= X86_CR0_PG;
}

void vt_enter_mode(struct vt_vcpu *vcpu, enum vt_mode mode)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rflags = X86_EFLAGS_FIXED };

	vt_get_sregs(vcpu, &sregs);
	sregs.cr0 = X86_CR0_ET | X86_CR0_NE;
	sregs.cr4 = 0;
	sregs.efer = 0;
	regs.rip = VT_CODE;
	regs.rsp = VT_STACK_TOP;

	if (mode == VT_REAL || mode == VT_PROT16) {
		bool real = mode == VT_REAL;

		sregs.cs = small(real ? VT_CODE >> 4 : VT_SEL_CODE, VT_CODE, TYPE_CODE);
		set_all_data(&sregs, small(real ? VT_DATA >> 4 : VT_SEL_DATA, VT_DATA,
					   TYPE_DATA));
		sregs.ss = small(real ? VT_STACK_BASE >> 4 : VT_SEL_DATA,
				 VT_STACK_BASE, TYPE_DATA);
		regs.rip = 0;
		regs.rsp = VT_STACK_TOP - VT_STACK_BASE;
	} else {
		sregs.cs = flat(VT_SEL_CODE, TYPE_CODE);
		set_all_data(&sregs, flat(VT_SEL_DATA, TYPE_DATA));
	}
	if (mode == VT_LONG) {
		sregs.cs.l = 1;
		sregs.cs.db = 0;
	}
	set_system_tables(vcpu->vm, &sregs, mode);
	if (mode != VT_REAL)
		sregs.cr0 |= X86_CR0_PE;
	if (mode >= VT_PAGED32)
		set_paging(vcpu->vm, &sregs, mode);

	vt_set_sregs(vcpu, &sregs);
	vt_set_regs(vcpu, &regs);
}

void vt_load(struct vt_vcpu *vcpu, struct vt_payload code)
{
	size_t size = code.end - code.start;

	if (size > VT_CODE_SIZE)
		vt_die("payload of %zu bytes is larger than %u", size, VT_CODE_SIZE);
	memcpy(vcpu->vm->mem + VT_CODE, code.start, size);
}

void vt_start(struct vt_vcpu *vcpu, enum vt_mode mode, struct vt_payload code)
{
	vt_enter_mode(vcpu, mode);
	vt_load(vcpu, code);
}
