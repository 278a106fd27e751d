// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot vCPU's first state: segments, control registers, page tables, and
 * what firmware would have left in its local APIC and MSRs.
 */
#include "entry.h"

#include <string.h>

#define CR0_PE		(1ull << 0)
#define CR0_ET		(1ull << 4)
#define CR0_NE		(1ull << 5)
#define CR0_PG		(1ull << 31)
#define CR4_PAE		(1ull << 5)
#define EFER_LME	(1ull << 8)
#define EFER_LMA	(1ull << 10)

#define PTE_TABLE	0x3ull		/* present, writable */
#define PTE_LARGE	0x83ull

/* Selectors: those that Linux's 64-bit boot protocol names, and one for 32-bit code. */
#define SEL_CODE32	0x08
#define SEL_CODE64	0x10
#define SEL_DATA	0x18
#define SEL_TSS		0x20

#define MSR_MISC_ENABLE		0x1a0
#define MISC_FAST_STRING	1
#define MSR_MTRR_DEFTYPE	0x2ff
#define MTRR_ON_WRITEBACK	0x806

#define APIC_LVT0		0x350
#define APIC_LVT1		0x360
#define APIC_EXTINT		0x700
#define APIC_NMI		0x400

static const struct kvm_segment code32 = {
	.limit = 0xffffffff, .selector = SEL_CODE32, .type = 0xb, .present = 1,
	.s = 1, .db = 1, .g = 1,
};

static const struct kvm_segment code64 = {
	.limit = 0xffffffff, .selector = SEL_CODE64, .type = 0xb, .present = 1,
	.s = 1, .l = 1, .g = 1,
};

static const struct kvm_segment data32 = {
	.limit = 0xffffffff, .selector = SEL_DATA, .type = 3, .present = 1,
	.s = 1, .db = 1, .g = 1,
};

static const struct kvm_segment tss = {
	.limit = 0x67, .selector = SEL_TSS, .type = 0xb, .present = 1,
};

/* As it stands in a GDT (SDM 3A, "Segment Descriptors"). */
static uint64_t descriptor(const struct kvm_segment *s)
{
	uint64_t limit = s->g ? s->limit >> 12 : s->limit;

	return (limit & 0xffff) | (s->base & 0xffffff) << 16 |
	       (uint64_t)(s->type | s->s << 4 | s->dpl << 5 | s->present << 7) << 40 |
	       (limit >> 16 & 15) << 48 |
	       (uint64_t)(s->avl | s->l << 1 | s->db << 2 | s->g << 3) << 52 |
	       (s->base >> 24 & 0xff) << 56;
}

static void put_gdt(struct machine *m, struct kvm_sregs *s)
{
	uint64_t *gdt = ram_at(&m->ram, LOW_GDT, 6 * sizeof(*gdt));

	memset(gdt, 0, 6 * sizeof(*gdt));
	gdt[SEL_CODE32 / 8] = descriptor(&code32);
	gdt[SEL_CODE64 / 8] = descriptor(&code64);
	gdt[SEL_DATA / 8] = descriptor(&data32);
	gdt[SEL_TSS / 8] = descriptor(&tss);
	s->gdt.base = LOW_GDT;
	s->gdt.limit = 6 * sizeof(*gdt) - 1;
	s->idt.base = 0;
	s->idt.limit = 0;
}

static void protected_mode(struct machine *m, struct kvm_sregs *s, const struct kvm_segment *code)
{
	put_gdt(m, s);
	s->cs = *code;
	s->ds = data32;
	s->es = data32;
	s->fs = data32;
	s->gs = data32;
	s->ss = data32;
	s->tr = tss;
	s->cr0 = CR0_PE | CR0_ET | CR0_NE;
}

/* The first 4 GiB as they are, in 2 MiB pages. */
static void put_tables(struct machine *m)
{
	uint64_t *pml4 = ram_at(&m->ram, LOW_TABLES, 6 * 4096);
	uint64_t *pdpt = pml4 + 512, *pd = pml4 + 1024;
	uint64_t i;

	memset(pml4, 0, 2 * 4096);
	pml4[0] = (LOW_TABLES + 4096) | PTE_TABLE;
	for (i = 0; i < 4; i++)
		pdpt[i] = (LOW_TABLES + (2 + i) * 4096) | PTE_TABLE;
	for (i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | PTE_LARGE;
}

static void long_mode(struct machine *m, struct kvm_sregs *s)
{
	protected_mode(m, s, &code64);
	put_tables(m);
	s->cr3 = LOW_TABLES;
	s->cr4 = CR4_PAE;
	s->cr0 |= CR0_PG;
	s->efer = EFER_LME | EFER_LMA;
}

static void real_mode(struct kvm_sregs *s)
{
	struct kvm_segment *segs[] = { &s->cs, &s->ds, &s->es, &s->fs, &s->gs, &s->ss };
	size_t i;

	/* The rest is as after reset, which is real mode. */
	for (i = 0; i < sizeof(segs) / sizeof(*segs); i++) {
		segs[i]->selector = 0;
		segs[i]->base = 0;
	}
}

/* What firmware does: MTRRs on, the PIC's line through local APIC pin LINT0, NMI at LINT1. */
static int firmware_state(struct machine *m, struct cpu *cpu)
{
	struct kvm_lapic_state lapic;
	uint32_t lvt;
	int err;

	/* Either may be a register that this hypervisor does not have: no harm. */
	vellum_vcpu_set_msr(&cpu->vcpu, MSR_MISC_ENABLE, MISC_FAST_STRING);
	vellum_vcpu_set_msr(&cpu->vcpu, MSR_MTRR_DEFTYPE, MTRR_ON_WRITEBACK);
	if (!m->irqchip)
		return 0;
	err = vellum_vcpu_get_lapic(&cpu->vcpu, &lapic);
	if (err)
		return err;
	lvt = APIC_EXTINT;
	memcpy(lapic.regs + APIC_LVT0, &lvt, sizeof(lvt));
	lvt = APIC_NMI;
	memcpy(lapic.regs + APIC_LVT1, &lvt, sizeof(lvt));
	return vellum_vcpu_set_lapic(&cpu->vcpu, &lapic);
}

int entry_apply(struct machine *m, const struct entry *entry)
{
	struct cpu *cpu = &m->cpus[0];
	struct kvm_regs regs = {
		.rip = entry->rip, .rsp = entry->rsp, .rax = entry->rax, .rbx = entry->rbx,
		.rsi = entry->rsi, .rflags = 2,
	};
	struct kvm_sregs sregs;
	unsigned int i;
	int err;

	err = vellum_vcpu_get_sregs(&cpu->vcpu, &sregs);
	if (err)
		return fail("cannot read the boot vCPU's state: %s", strerror(-err));
	switch (entry->mode) {
	case ENTRY_REAL:
		real_mode(&sregs);
		break;
	case ENTRY_FLAT32:
		protected_mode(m, &sregs, &code32);
		break;
	case ENTRY_LONG:
		long_mode(m, &sregs);
		break;
	}
	err = vellum_vcpu_set_sregs(&cpu->vcpu, &sregs);
	if (!err)
		err = vellum_vcpu_set_regs(&cpu->vcpu, &regs);
	for (i = 0; !err && i < m->opt->cpus; i++)
		err = firmware_state(m, &m->cpus[i]);
	return err ? fail("the vCPU refuses its first state: %s", strerror(-err)) : 0;
}
