// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of an address: guest-linear by the guest's page tables to guest-physical,
 * by the EPT to host-physical; and what the host's own page table says of it.
 * SDM 3A, "Paging"; SDM 3C, "The Extended Page Table Mechanism (EPT)".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../../uapi/vellum.h"
#include "control.h"

#define CR0_PG		(1ull << 31)
#define CR4_PSE		(1ull << 4)
#define CR4_PAE		(1ull << 5)
#define CR4_LA57	(1ull << 12)
#define EFER_LMA	(1ull << 10)

#define PTE_PRESENT	(1ull << 0)
#define PTE_LARGE	(1ull << 7)
#define PTE_ADDR	0x000ffffffffff000ull

#define EPT_RIGHTS	7ull
#define EPT_LARGE	(1ull << 7)

/* A bit of an entry, and what it says when it is set and when it is not. */
struct bit {
	unsigned int bit;
	const char *set, *clear;
};

static const struct bit guest_bits[] = {
	{ 1, "writable", "read-only" }, { 2, "user", "supervisor" }, { 5, "accessed", NULL },
	{ 6, "dirty", NULL }, { 8, "global", NULL }, { 3, "write-through", NULL },
	{ 4, "uncached", NULL },
};

static const struct bit ept_bits[] = {
	{ 0, "read", NULL }, { 1, "write", NULL }, { 2, "execute", NULL },
	{ 8, "accessed", NULL }, { 9, "dirty", NULL },
};

static void show_bits(FILE *out, uint64_t entry, const struct bit *bits, size_t n)
{
	const char *word;
	size_t i;

	for (i = 0; i < n; i++) {
		word = entry >> bits[i].bit & 1 ? bits[i].set : bits[i].clear;
		if (word)
			fprintf(out, " %s", word);
	}
}

#define SHOW_BITS(out, entry, bits)	show_bits(out, entry, bits, sizeof(bits) / sizeof(*(bits)))

/**
 * struct paging - how a guest's tables are built
 * @levels: how many, 0 without paging
 * @size: of an entry in bytes
 * @bits: of the address that one level takes
 * @root: address of the first table
 * @large: the lowest level but one may map pages
 */
struct paging {
	unsigned int levels;
	unsigned int size;
	unsigned int bits;
	uint64_t root;
	bool large;
};

static const char * const names[] = { "", "PTE", "PDE", "PDPTE", "PML4E", "PML5E" };

static struct paging paging_of(const struct kvm_sregs *s)
{
	struct paging p = { .size = 8, .bits = 9, .root = s->cr3 & PTE_ADDR, .large = true };

	if (!(s->cr0 & CR0_PG))
		return p;
	if (s->efer & EFER_LMA) {
		p.levels = s->cr4 & CR4_LA57 ? 5 : 4;
	} else if (s->cr4 & CR4_PAE) {
		p.levels = 3;
		p.root = s->cr3 & 0xffffffe0;
	} else {
		p.levels = 2;
		p.size = 4;
		p.bits = 10;
		p.root &= 0xffffffff;
		p.large = s->cr4 & CR4_PSE;
	}
	return p;
}

static unsigned int shift_of(const struct paging *p, unsigned int level)
{
	return 12 + p->bits * (level - 1);
}

/* Where a leaf maps @linear to. Of a 4 MiB page, bits 13 to 20 are address bits 32 up. */
static uint64_t leaf_address(const struct paging *p, uint64_t entry, unsigned int level,
			     uint64_t linear)
{
	uint64_t offset = (1ull << shift_of(p, level)) - 1, base = entry & PTE_ADDR & ~offset;

	if (p->size == 4 && level == 2)
		base = (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32;
	return base | (linear & offset);
}

/* Each level of the guest's; 0 and @gpa, or -1 where it ends in nothing. */
static int walk_guest(const struct cpu *cpu, const struct paging *p, uint64_t linear,
		      uint64_t *gpa, FILE *out)
{
	uint64_t table = p->root;
	unsigned int level;

	for (level = p->levels; level; level--) {
		unsigned int index = linear >> shift_of(p, level) & ((1u << p->bits) - 1);
		uint64_t at, entry = 0;
		const void *from;

		if (p->levels == 3 && level == 3)
			index &= 3;
		at = table + index * p->size;
		from = ram_at(&cpu->machine->ram, at, p->size);
		if (!from) {
			fprintf(out, "  %-5s [%3u] at %" PRIx64 ": no RAM is there\n", names[level],
				index, at);
			return -1;
		}
		memcpy(&entry, from, p->size);
		fprintf(out, "  %-5s [%3u] at %012" PRIx64 " = %016" PRIx64, names[level], index,
			at, entry);
		if (!(entry & PTE_PRESENT)) {
			fprintf(out, "  not present: a page fault\n");
			return -1;
		}
		SHOW_BITS(out, entry, guest_bits);
		if (p->size == 8 && entry >> 63)
			fprintf(out, " no-execute");
		if (level == 1 || (level < 4 && p->large && entry & PTE_LARGE &&
				   !(p->levels == 3 && level == 3))) {
			fprintf(out, ", page of %llu KiB\n", 1ull << (shift_of(p, level) - 10));
			*gpa = leaf_address(p, entry, level, linear);
			return 0;
		}
		fprintf(out, "\n");
		table = entry & PTE_ADDR;
	}
	*gpa = linear;
	return 0;
}

/* What VELLUM_WALK_EPT found; 0 and @hpa, or -1 where it ends in nothing. */
static int show_ept(const struct vellum_ept_walk *w, uint64_t gpa, uint64_t *hpa, FILE *out)
{
	static const char * const types[] = { "UC", "WC", "?", "?", "WT", "WP", "WB", "?" };
	unsigned int i;

	fprintf(out, "EPT, EPTP %" PRIx64 "\n", (uint64_t)w->eptp);
	for (i = 0; i < w->levels && i < VELLUM_EPT_LEVELS; i++) {
		unsigned int level = VELLUM_EPT_LEVELS - i, shift = 12 + 9 * (level - 1);
		uint64_t entry = w->level[i].entry, offset = (1ull << shift) - 1;

		fprintf(out, "  level %u [%3u] at %012" PRIx64 " = %016" PRIx64, level,
			(unsigned int)(gpa >> shift & 511),
			(uint64_t)w->level[i].table + (gpa >> shift & 511) * 8, entry);
		if (!(entry & EPT_RIGHTS)) {
			fprintf(out, "  not present: the first access is an EPT violation\n");
			return -1;
		}
		SHOW_BITS(out, entry, ept_bits);
		if (level > 1 && !(entry & EPT_LARGE)) {
			fprintf(out, "\n");
			continue;
		}
		fprintf(out, ", %s%s, page of %llu KiB\n", types[entry >> 3 & 7],
			entry >> 6 & 1 ? " whatever PAT says" : "", 1ull << (shift - 10));
		*hpa = (entry & PTE_ADDR & ~offset) | (gpa & offset);
		return 0;
	}
	return -1;
}

static void walk_ept(const struct cpu *cpu, uint64_t gpa, uint64_t *hpa, FILE *out)
{
	struct vellum_ept_walk w;
	int err = vellum_vm_walk_ept(&cpu->machine->vm, gpa, &w);

	if (!err)
		err = show_ept(&w, gpa, hpa, out);
	else if (err == -EPERM)
		fprintf(out, "EPT: for CAP_SYS_ADMIN only\n");
	else if (err == -ENOTTY)
		fprintf(out, "EPT: %s does not tell\n", cpu->machine->opt->device);
	else
		fprintf(out, "EPT: %s\n", strerror(-err));
	if (err)
		*hpa = 0;
}

/* The host's page table, as the kernel tells its owner. */
static uint64_t host_frame(const void *page)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, 8, (uintptr_t)page / 4096 * 8) != 8 || !(entry >> 63))
		entry = 0;
	close(fd);
	return entry & ((1ull << 55) - 1);
}

static void show_host(const struct cpu *cpu, uint64_t gpa, uint64_t hpa, FILE *out)
{
	const void *page = ram_at(&cpu->machine->ram, gpa, 1);
	uint64_t frame;

	if (!page) {
		fprintf(out, "guest-physical %" PRIx64 " is no RAM\n", gpa);
		return;
	}
	frame = host_frame(page);
	fprintf(out, "host\n  host-virtual %p in process %d", page, getpid());
	if (frame)
		fprintf(out, ", host-physical %" PRIx64 "\n", frame << 12 | (gpa & 4095));
	else
		fprintf(out, ", no page there, or not ours to know\n");
	if (frame && hpa)
		fprintf(out, "  the EPT and the host's page table name %s frame\n",
			frame == hpa >> 12 ? "the same" : "NOT the same");
}

void walk_show(const struct cpu *cpu, uint64_t linear, FILE *out)
{
	uint64_t gpa, hpa = 0;
	struct kvm_sregs s;
	struct paging p;

	if (vellum_vcpu_get_sregs(&cpu->vcpu, &s)) {
		fprintf(out, "vCPU %u does not tell its registers\n", cpu->vcpu.id);
		return;
	}
	p = paging_of(&s);
	fprintf(out, "guest-linear %" PRIx64 ", vCPU %u\n", linear, cpu->vcpu.id);
	if (p.levels)
		fprintf(out, "guest's page tables, %u levels, CR3 %" PRIx64 "\n", p.levels,
			(uint64_t)s.cr3);
	else
		fprintf(out, "paging is off\n");
	if (walk_guest(cpu, &p, linear, &gpa, out))
		return;
	fprintf(out, "guest-physical %" PRIx64 "\n", gpa);
	walk_ept(cpu, gpa, &hpa, out);
	show_host(cpu, gpa, hpa, out);
}
