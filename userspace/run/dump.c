// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's state in text.
 */
#include "machine.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"

#define CODE_BYTES	32
#define SHOWN_BYTES	16
#define DISASSEMBLER	"vellum-disas"

static void dump_segment(FILE *out, const char *name, const struct kvm_segment *s)
{
	fprintf(out, "  %-4s %04x base %016llx limit %08x type %x dpl %u%s%s%s%s%s\n", name,
		s->selector, (unsigned long long)s->base, s->limit, s->type, s->dpl,
		s->s ? "" : " system", s->present ? "" : " absent", s->l ? " 64-bit" : "",
		s->db ? " 32-bit" : "", s->unusable ? " unusable" : "");
}

/* What @fd has to say, until its end. */
static void copy_text(FILE *out, int fd)
{
	char text[512];
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			fwrite(text, 1, n, out);
}

/* The helper's words for @code; silence when there is no such helper. */
static void disassemble(FILE *out, const char *bits, uint64_t linear, const uint8_t *code,
			unsigned int n)
{
	char path[4096], address[20], hex[CODE_BYTES][3];
	char *argv[3 + CODE_BYTES + 1] = { DISASSEMBLER, (char *)bits, address };
	posix_spawn_file_actions_t actions;
	int fds[2], err;
	unsigned int i;
	pid_t pid;

	if (helper_find(DISASSEMBLER, path, sizeof(path)) || pipe(fds))
		return;
	snprintf(address, sizeof(address), "%llx", (unsigned long long)linear);
	for (i = 0; i < n; i++) {
		snprintf(hex[i], sizeof(hex[i]), "%02x", code[i]);
		argv[3 + i] = hex[i];
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	err = posix_spawn(&pid, path, &actions, NULL, argv, NULL);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (!err) {
		copy_text(out, fds[0]);
		waitpid(pid, NULL, 0);
	}
	close(fds[0]);
}

static const char *code_bits(const struct kvm_sregs *s)
{
	if (s->efer & (1 << 10) && s->cs.l)
		return "64";
	return s->cr0 & 1 && s->cs.db ? "32" : "16";
}

static void dump_code(FILE *out, const struct cpu *cpu, const struct kvm_sregs *s,
		      uint64_t linear)
{
	const struct ram *ram = &cpu->machine->ram;
	struct kvm_translation tr;
	uint8_t code[CODE_BYTES];
	const uint8_t *from;
	unsigned int i, n;

	if (vellum_vcpu_translate(&cpu->vcpu, linear, &tr) || !tr.valid) {
		fprintf(out, "  code: the guest has not mapped %llx\n",
			(unsigned long long)linear);
		return;
	}
	n = 4096 - (linear & 4095);
	if (n > CODE_BYTES)
		n = CODE_BYTES;
	from = ram_at(ram, tr.physical_address, n);
	if (!from) {
		fprintf(out, "  code: %llx is no RAM\n",
			(unsigned long long)tr.physical_address);
		return;
	}
	/* The guest may change it under our eyes. */
	memcpy(code, from, n);
	fprintf(out, "  code at %llx:", (unsigned long long)linear);
	for (i = 0; i < n && i < SHOWN_BYTES; i++)
		fprintf(out, " %02x", code[i]);
	fputc('\n', out);
	fflush(out);
	disassemble(out, code_bits(s), linear, code, n);
}

static void dump_regs(FILE *out, const struct kvm_regs *r)
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
		fprintf(out, "  %-3s %016llx%s", regs[i].name, regs[i].value,
			i % 4 == 3 ? "\n" : "");
	fputc('\n', out);
}

void cpu_dump(const struct cpu *cpu, FILE *out)
{
	struct kvm_regs regs;
	struct kvm_sregs s;

	if (vellum_vcpu_get_regs(&cpu->vcpu, &regs) || vellum_vcpu_get_sregs(&cpu->vcpu, &s)) {
		say("vCPU %u: its registers cannot be read", cpu->vcpu.id);
		return;
	}
	fprintf(out, "vCPU %u\n", cpu->vcpu.id);
	dump_regs(out, &regs);
	fprintf(out, "  cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx apic %llx\n",
		s.cr0, s.cr2, s.cr3, s.cr4, s.efer, s.apic_base);
	dump_segment(out, "cs", &s.cs);
	dump_segment(out, "ss", &s.ss);
	dump_segment(out, "ds", &s.ds);
	dump_segment(out, "es", &s.es);
	dump_segment(out, "fs", &s.fs);
	dump_segment(out, "gs", &s.gs);
	dump_segment(out, "tr", &s.tr);
	dump_segment(out, "ldtr", &s.ldt);
	fprintf(out, "  gdt  base %016llx limit %04x, idt base %016llx limit %04x\n",
		s.gdt.base, s.gdt.limit, s.idt.base, s.idt.limit);
	dump_code(out, cpu, &s, s.cs.base + regs.rip);
	cpu_last_exits(cpu, out);
}
