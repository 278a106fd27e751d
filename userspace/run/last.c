// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last exits of a vCPU whose guest has died, from the flight recorder.
 */
#include "machine.h"

#include <asm/vmx.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../../uapi/vellum.h"

#define PAGE		4096
#define RING_SIZE	(VELLUM_RING_PAGES * PAGE)
#define SHOWN		16
#define VALID		0x80000000u

static bool recorded;

static const struct {
	unsigned int reason;
	const char *name;
} reasons[] = { VMX_EXIT_REASONS };

static const char *reason_name(unsigned int reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (reasons[i].reason == reason)
			return reasons[i].name;
	}
	return "?";
}

static const char *const exceptions[] = {
	"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9", "#TS", "#NP", "#SS",
	"#GP", "#PF", "15", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
};

/* What the reason was about. */
static void put_cause(const struct vellum_exit *e, FILE *out)
{
	switch (e->reason) {
	case EXIT_REASON_CPUID:
		fprintf(out, " leaf 0x%llx", e->cause);
		break;
	case EXIT_REASON_IO_INSTRUCTION:
		fprintf(out, " %s port 0x%llx", e->qualification & 8 ? "from" : "to", e->cause);
		break;
	case EXIT_REASON_MSR_READ:
	case EXIT_REASON_MSR_WRITE:
		fprintf(out, " 0x%llx", e->cause);
		break;
	case EXIT_REASON_EPT_VIOLATION:
		fprintf(out, " at 0x%llx", e->cause);
		break;
	case EXIT_REASON_VMCALL:
		fprintf(out, " number %llu", e->cause);
		break;
	case EXIT_REASON_EXCEPTION_NMI:
		if (e->cause < sizeof(exceptions) / sizeof(*exceptions))
			fprintf(out, " %s", exceptions[e->cause]);
		break;
	}
}

static void put_event(const char *what, uint32_t info, FILE *out)
{
	unsigned int vector = info & 0xff, type = info >> 8 & 7;

	if (!(info & VALID))
		return;
	if (type == 3 && vector < sizeof(exceptions) / sizeof(*exceptions))
		fprintf(out, ", %s %s", what, exceptions[vector]);
	else
		fprintf(out, ", %s vector 0x%x", what, vector);
}

static void put_exit(const struct vellum_ring *ring, const struct vellum_exit *e, FILE *out)
{
	static const char *const by[] = { "?", "resumed", "resumed, slow", "to vellum" };

	fprintf(out, "  %10llu  rip %016llx  %s", e->number, e->rip, reason_name(e->reason));
	put_cause(e, out);
	put_event("which broke off", e->vectoring, out);
	if (e->host && ring->tsc_khz)
		fprintf(out, "; %s after %.1f us", by[e->by & 3],
			e->host * 1000.0 / ring->tsc_khz);
	put_event("with", e->event, out);
	fputc('\n', out);
}

/* A page fault has left its address in CR2; no gate to take it is what kills. */
static void put_why(const struct vellum_ring *ring, FILE *out)
{
	if (ring->frozen != VELLUM_FROZEN_SHUTDOWN)
		return;
	fprintf(out, "  then an exception, #DF, and shutdown at rip %016llx", ring->regs.rip);
	if (ring->sregs.cr2)
		fprintf(out, "; last page fault at %016llx", ring->sregs.cr2);
	if (ring->sregs.idt.limit < 8 * 16)
		fprintf(out, "; the IDT (limit %x) has no gate for #DF", ring->sregs.idt.limit);
	fputc('\n', out);
}

void cpu_last_exits(const struct cpu *cpu, FILE *out)
{
	const struct vellum_exit *records;
	const struct vellum_ring *ring;
	uint64_t n, head;

	if (!recorded)
		return;
	ring = mmap(NULL, RING_SIZE, PROT_READ, MAP_SHARED, cpu->vcpu.fd, VELLUM_RING_PAGE * PAGE);
	if (ring == MAP_FAILED)
		return;
	records = (const void *)((const char *)ring + PAGE);
	head = ring->head;
	if (head)
		fprintf(out, "vCPU %u: its last exits, of %" PRIu64 "\n", cpu->vcpu.id, head);
	for (n = head > SHOWN ? head - SHOWN : 0; n < head; n++)
		put_exit(ring, &records[n % VELLUM_RING_RECORDS], out);
	put_why(ring, out);
	munmap((void *)ring, RING_SIZE);
}

void machine_record(const struct machine *m)
{
	/* KVM has no such thing, and the guest runs as well without. */
	recorded = !ioctl(m->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING);
}
