// SPDX-License-Identifier: GPL-2.0-only
/* The walk of a guest's page tables, over memory made for each check. */
#include <linux/bits.h>
#include <asm/processor-flags.h>
#include <errno.h>
#include <string.h>

#include "../../module/x86/pgwalk.h"
#include "test_x86.h"

#define LMA		BIT_ULL(10)
#define NXE		BIT_ULL(11)

#define P		1ull
#define RW		2ull
#define US		4ull
#define A		0x20ull
#define D		0x40ull
#define PS		0x80ull
#define NX		BIT_ULL(63)
#define ALL		(P | RW | US)
#define PKEY(n)		((u64)(n) << 59)

/* Bits of the error code. */
#define E_P	1u
#define E_W	2u
#define E_U	4u
#define E_RSVD	8u
#define E_I	16u
#define E_PK	32u

#define MEMORY	0x10000
#define ROOT	0x1000

/* A walk must not see what the last one left. */
static u8 memory[MEMORY] __attribute__((aligned(8)));
static int races;		/* that many replacements fail */
static bool read_only;

static int read_memory(void *ctx, gpa_t gpa, void *entry, unsigned int size)
{
	(void)ctx;
	if (gpa % size || gpa + size > MEMORY)
		return -EFAULT;
	memcpy(entry, memory + gpa, size);
	return 0;
}

static int replace(void *ctx, gpa_t gpa, u64 old, u64 new, unsigned int size)
{
	(void)ctx;
	if (read_only)
		return -EFAULT;
	if (races) {
		races--;
		return -EAGAIN;
	}
	if (memcmp(memory + gpa, &old, size))
		return -EAGAIN;
	memcpy(memory + gpa, &new, size);
	return 0;
}

static struct vlm_paging paging(u64 cr0, u64 cr4, u64 efer)
{
	memset(memory, 0, sizeof(memory));
	races = 0;
	read_only = false;
	return (struct vlm_paging){
		.cr0 = cr0, .cr3 = ROOT, .cr4 = cr4, .efer = efer,
		.maxphyaddr = 40, .gbpages = true,
		.read = read_memory, .replace = replace,
	};
}

static struct vlm_paging long_mode(u64 cr4)
{
	return paging(X86_CR0_PG | X86_CR0_PE, X86_CR4_PAE | cr4, LMA | NXE);
}

static void put64(u64 table, unsigned int index, u64 entry)
{
	memcpy(memory + table + index * 8, &entry, 8);
}

static u64 get64(u64 table, unsigned int index)
{
	u64 entry;

	memcpy(&entry, memory + table + index * 8, 8);
	return entry;
}

static void put32(u64 table, unsigned int index, u32 entry)
{
	memcpy(memory + table + index * 4, &entry, 4);
}

/* Tables at 1000H to 4000H for linear address 0, with this leaf. */
static void map_long(u64 leaf)
{
	put64(0x1000, 0, 0x2000 | ALL);
	put64(0x2000, 0, 0x3000 | ALL);
	put64(0x3000, 0, 0x4000 | ALL);
	put64(0x4000, 0, leaf);
}

static void maps(const struct vlm_paging *p, gva_t gva, u32 flags, gpa_t gpa, const char *what)
{
	struct vlm_walk walk;
	int ret = vlm_walk_tables(p, gva, flags, &walk);

	check(!ret && walk.gpa == gpa, "%s: answer %d, %#llx", what, ret,
	      (unsigned long long)walk.gpa);
}

static void faults(const struct vlm_paging *p, gva_t gva, u32 flags, u32 error, const char *what)
{
	struct vlm_walk walk;
	int ret = vlm_walk_tables(p, gva, flags, &walk);

	check(ret == 1 && walk.error == error, "%s: answer %d, error %#x", what, ret, walk.error);
}

static void test_no_paging(void)
{
	struct vlm_paging p = paging(X86_CR0_PE, 0, 0);

	maps(&p, 0x12345678, 0, 0x12345678, "paging off");
	maps(&p, 0x112345678, 0, 0x12345678, "paging off wraps at 4 GiB");
}

static void test_32bit(void)
{
	struct vlm_paging p = paging(X86_CR0_PG | X86_CR0_PE, X86_CR4_PSE, 0);

	put32(0x1000, 1, 0x2000 | ALL);
	put32(0x2000, 3, 0x7000 | ALL);
	maps(&p, 0x403123, WALK_USER, 0x7123, "32-bit, 4K page");
	faults(&p, 0x404000, WALK_USER | WALK_WRITE, E_W | E_U, "32-bit, absent page");
	faults(&p, 0x800000, 0, 0, "32-bit, absent table");

	put32(0x1000, 2, 0xc00000 | ALL | PS);
	maps(&p, 0x812345, 0, 0xc12345, "32-bit, 4M page");
	put32(0x1000, 2, 0xc00000 | ALL | PS | 5 << 13);
	maps(&p, 0x812345, 0, 0x500c12345, "32-bit, 4M page above 4 GiB");
	put32(0x1000, 2, 0xc00000 | ALL | PS | 1 << 21);
	faults(&p, 0x812345, 0, E_P | E_RSVD, "32-bit, reserved bit of a 4M page");
	p.maxphyaddr = 36;
	put32(0x1000, 2, 0xc00000 | ALL | PS | 1 << 17);
	faults(&p, 0x812345, 0, E_P | E_RSVD, "32-bit, 4M page beyond 36 bits");
	p.cr4 = 0;
	put32(0x1000, 2, 0x2000 | ALL | PS);
	maps(&p, 0x803001, 0, 0x7001, "32-bit, PS means nothing without PSE");
}

static void test_pae(void)
{
	struct vlm_paging p = paging(X86_CR0_PG | X86_CR0_PE, X86_CR4_PAE, NXE);

	p.cr3 = 0xdead000;	/* not used: the PDPTEs are in registers */
	p.pdptes[1] = 0x2000 | P;
	put64(0x2000, 2, 0x3000 | ALL);
	put64(0x3000, 4, 0x7000 | ALL);
	put64(0x2000, 3, 0xa00000 | ALL | PS);
	maps(&p, 0x40404567, WALK_USER, 0x7567, "PAE, 4K page");
	maps(&p, 0x40612345, WALK_USER, 0xa12345, "PAE, 2M page");
	faults(&p, 0x00404567, 0, 0, "PAE, absent PDPTE");
	put64(0x3000, 4, 0x7000 | ALL | BIT_ULL(55));
	faults(&p, 0x40404567, 0, E_P | E_RSVD, "PAE, bit 55 is reserved");
	put64(0x3000, 4, 0x7000 | ALL | NX);
	faults(&p, 0x40404567, WALK_FETCH, E_P | E_I, "PAE, fetch from NX");
	p.efer = 0;
	faults(&p, 0x40404567, 0, E_P | E_RSVD, "PAE, NX without NXE is reserved");
}

static void test_long(void)
{
	struct vlm_paging p = long_mode(0);

	map_long(0x7000 | ALL);
	maps(&p, 0x123, 0, 0x7123, "4-level, 4K page");
	put64(0x4000, 0, 0x7000 | ALL | BIT_ULL(52));
	maps(&p, 0x123, 0, 0x7123, "4-level, bits 58:52 are ignored");
	put64(0x4000, 0, 0x7000 | ALL | BIT_ULL(45));
	faults(&p, 0x123, 0, E_P | E_RSVD, "4-level, address beyond MAXPHYADDR");
	put64(0x3000, 0, 0x600000 | ALL | PS);
	maps(&p, 0x12345, 0, 0x612345, "4-level, 2M page");
	put64(0x3000, 0, 0x602000 | ALL | PS);
	faults(&p, 0x12345, 0, E_P | E_RSVD, "4-level, 2M page off its boundary");
	put64(0x2000, 0, 0x40000000 | ALL | PS);
	maps(&p, 0x12345678, 0, 0x52345678, "4-level, 1G page");
	p.gbpages = false;
	faults(&p, 0x12345678, 0, E_P | E_RSVD, "4-level, no 1G pages");
	put64(0x1000, 0, 0x2000 | ALL | PS);
	faults(&p, 0, 0, E_P | E_RSVD, "4-level, PS in the top level");
	faults(&p, 0x800000000000, WALK_WRITE, E_W, "4-level, not canonical");

	p = long_mode(0);
	put64(0x1000, 511, 0x2000 | ALL);
	put64(0x2000, 510, 0x3000 | ALL);
	put64(0x3000, 0, 0x200000 | ALL | PS);
	maps(&p, 0xffffffff80000010, 0, 0x200010, "4-level, upper half");

	p = long_mode(X86_CR4_LA57);
	put64(0x1000, 1, 0x2000 | ALL);
	put64(0x2000, 0, 0x3000 | ALL);
	put64(0x3000, 0, 0x40000000 | ALL | PS);
	maps(&p, BIT_ULL(48) | 0x10, 0, 0x40000010, "5-level, 1G page");
}

static void test_outside(void)
{
	struct vlm_paging p = long_mode(0);
	struct vlm_walk walk;

	p.cr3 = 0x100000;
	check(vlm_walk_tables(&p, 0, 0, &walk) == -EFAULT, "root outside memory");
	p.cr3 = ROOT;
	put64(0x1000, 0, 0x900000 | ALL);
	check(vlm_walk_tables(&p, 0, 0, &walk) == -EFAULT, "table outside memory");
}

static void test_rights(void)
{
	struct vlm_paging p = long_mode(0);

	map_long(0x7000 | P);
	faults(&p, 0, WALK_USER, E_P | E_U, "user reads a supervisor page");
	maps(&p, 0, WALK_WRITE, 0x7000, "supervisor writes a read-only page without WP");
	p.cr0 |= X86_CR0_WP;
	faults(&p, 0, WALK_WRITE, E_P | E_W, "and with WP");
	map_long(0x7000 | P | US);
	faults(&p, 0, WALK_USER | WALK_WRITE, E_P | E_W | E_U, "user writes a read-only page");
	put64(0x2000, 0, 0x3000 | P | RW);
	faults(&p, 0, WALK_USER, E_P | E_U, "the tables above count too");

	p = long_mode(X86_CR4_SMEP | X86_CR4_SMAP);
	map_long(0x7000 | ALL);
	faults(&p, 0, WALK_FETCH, E_P | E_I, "SMEP");
	maps(&p, 0, WALK_FETCH | WALK_USER, 0x7000, "SMEP leaves user fetches alone");
	faults(&p, 0, 0, E_P, "SMAP");
	p.rflags_ac = true;
	maps(&p, 0, 0, 0x7000, "SMAP with AC");
	faults(&p, 0, WALK_IMPLICIT, E_P, "AC does not help an implicit access");
	maps(&p, 0, WALK_USER, 0x7000, "SMAP leaves user accesses alone");

	p = long_mode(0);
	map_long(0x7000 | ALL | NX);
	faults(&p, 0, WALK_FETCH | WALK_USER, E_P | E_U | E_I, "NX");
	maps(&p, 0, 0, 0x7000, "NX leaves data alone");
	p.efer = LMA;
	map_long(0x7000 | ALL);
	put64(0x4000, 1, 0);
	faults(&p, 0x1000, WALK_FETCH, 0, "no I bit without NXE and SMEP");
}

static void test_keys(void)
{
	struct vlm_paging p = long_mode(X86_CR4_PKE);

	map_long(0x7000 | ALL | PKEY(3));
	p.pkru = 1 << 6;
	faults(&p, 0, WALK_USER, E_P | E_U | E_PK, "protection key, no access");
	faults(&p, 0, 0, E_P | E_PK, "protection key, no access for the supervisor");
	maps(&p, 0, WALK_FETCH | WALK_USER, 0x7000, "protection keys leave fetches alone");
	p.pkru = 2 << 6;
	maps(&p, 0, WALK_USER, 0x7000, "protection key, reads allowed");
	faults(&p, 0, WALK_USER | WALK_WRITE, E_P | E_W | E_U | E_PK, "protection key, no writes");
	maps(&p, 0, WALK_WRITE, 0x7000, "protection key, supervisor write without WP");
	p.cr0 |= X86_CR0_WP;
	faults(&p, 0, WALK_WRITE, E_P | E_W | E_PK, "protection key, supervisor write with WP");
	p.cr4 &= ~X86_CR4_PKE;
	maps(&p, 0, WALK_USER | WALK_WRITE, 0x7000, "protection keys off");
}

static void test_flags(void)
{
	struct vlm_paging p = long_mode(0);
	struct vlm_walk walk;

	map_long(0x7000 | ALL);
	vlm_walk_tables(&p, 0, WALK_NO_SET | WALK_WRITE, &walk);
	check(!(get64(0x1000, 0) & A) && !(get64(0x4000, 0) & (A | D)), "flags left alone");
	vlm_walk_tables(&p, 0, 0, &walk);
	check((get64(0x1000, 0) & A) && (get64(0x2000, 0) & A) && (get64(0x3000, 0) & A),
	      "accessed in each table");
	check((get64(0x4000, 0) & (A | D)) == A, "a read does not make dirty");
	vlm_walk_tables(&p, 0, WALK_WRITE, &walk);
	check((get64(0x4000, 0) & (A | D)) == (A | D), "a write does");
	check(!(get64(0x3000, 0) & D), "but only the page itself");

	map_long(0x7000 | P);
	vlm_walk_tables(&p, 0, WALK_USER, &walk);
	check(!(get64(0x4000, 0) & A), "a fault does not make accessed");

	map_long(0x7000 | ALL);
	races = 3;
	check(!vlm_walk_tables(&p, 0, 0, &walk) && (get64(0x4000, 0) & A),
	      "a walk that raced is done again");
	map_long(0x7000 | ALL);
	races = 1000;
	check(vlm_walk_tables(&p, 0, 0, &walk) == -EAGAIN, "but not for ever");
	races = 0;
	map_long(0x7000 | ALL);
	read_only = true;
	check(vlm_walk_tables(&p, 0, 0, &walk) == -EFAULT, "tables in read-only memory");
}

void test_pgwalk(void)
{
	test_no_paging();
	test_32bit();
	test_pae();
	test_long();
	test_outside();
	test_rights();
	test_keys();
	test_flags();
}
