// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's state in text.
 */
#include "machine.h"

#include <stdio.h>
#include <string.h>

#define CODE_BYTES	16

static void dump_segment(const char *name, const struct kvm_segment *s)
{
	fprintf(stderr, "  %-4s %04x base %016llx limit %08x type %x dpl %u%s%s%s%s%s\n", name,
		s->selector, (unsigned long long)s->base, s->limit, s->type, s->dpl,
		s->s ? "" : " system", s->present ? "" : " absent", s->l ? " 64-bit" : "",
		s->db ? " 32-bit" : "", s->unusable ? " unusable" : "");
}

static void dump_code(const struct cpu *cpu, uint64_t linear)
{
	const struct ram *ram = &cpu->machine->ram;
	struct kvm_translation tr;
	const uint8_t *code;
	unsigned int i, n;

	if (vellum_vcpu_translate(&cpu->vcpu, linear, &tr) || !tr.valid) {
		fprintf(stderr, "  code: the guest has not mapped %llx\n",
			(unsigned long long)linear);
		return;
	}
	n = 4096 - (linear & 4095);
	if (n > CODE_BYTES)
		n = CODE_BYTES;
	code = ram_at(ram, tr.physical_address, n);
	if (!code) {
		fprintf(stderr, "  code: %llx is no RAM\n",
			(unsigned long long)tr.physical_address);
		return;
	}
	fprintf(stderr, "  code at %llx:", (unsigned long long)linear);
	for (i = 0; i < n; i++)
		fprintf(stderr, " %02x", code[i]);
	fputc('\n', stderr);
}

static void dump_regs(const struct kvm_regs *r)
{
	const struct {
		const char *name;
		unsigned long long value;
	} regs[] = {
		{ "rax", r->rax }, { "rbx", r->rbx }, { "rcx", r->rcx }, { "rdx", r->rdx },
		{ "rsi", r->rsi }, { "rdi", r->rdi }, { "rbp", r->rbp }, { "rsp", r->rsp },
		{ "r8", r->r8 }, { "r9", r->r9 }, { "r10", r->r10 }, { "r11", r->r11 },
		{ "r12", r->r12 }, { "r13", r->r13 }, { "r14", r->r14 }, { "r15", r->r15 },
		{ "rip", r->rip }, { "rfl", r->rflags },
	};
	size_t i;

	for (i = 0; i < sizeof(regs) / sizeof(*regs); i++)
		fprintf(stderr, "  %-3s %016llx%s", regs[i].name, regs[i].value,
			i % 4 == 3 ? "\n" : "");
	fputc('\n', stderr);
}

void cpu_dump(const struct cpu *cpu)
{
	struct kvm_regs regs;
	struct kvm_sregs s;

	if (vellum_vcpu_get_regs(&cpu->vcpu, &regs) || vellum_vcpu_get_sregs(&cpu->vcpu, &s)) {
		say("vCPU %u: its registers cannot be read", cpu->vcpu.id);
		return;
	}
	fprintf(stderr, "vCPU %u\n", cpu->vcpu.id);
	dump_regs(&regs);
	fprintf(stderr, "  cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx apic %llx\n",
		s.cr0, s.cr2, s.cr3, s.cr4, s.efer, s.apic_base);
	dump_segment("cs", &s.cs);
	dump_segment("ss", &s.ss);
	dump_segment("ds", &s.ds);
	dump_segment("es", &s.es);
	dump_segment("fs", &s.fs);
	dump_segment("gs", &s.gs);
	dump_segment("tr", &s.tr);
	dump_segment("ldtr", &s.ldt);
	fprintf(stderr, "  gdt  base %016llx limit %04x, idt base %016llx limit %04x\n",
		s.gdt.base, s.gdt.limit, s.idt.base, s.idt.limit);
	dump_code(cpu, s.cs.base + regs.rip);
}
