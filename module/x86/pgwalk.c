// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk of a guest's page tables: SDM 3A, "Paging".
 *
 * Nothing here knows a vCPU: registers and memory come with struct vlm_paging,
 * so that the unit test can hand it tables of its own.
 */
#include "../vellum.h"

#include <linux/bits.h>
#include <linux/errno.h>
#include <asm/processor-flags.h>

#include "pgwalk.h"

/* Entries of all levels. */
#define PTE_P		BIT_ULL(0)
#define PTE_RW		BIT_ULL(1)
#define PTE_US		BIT_ULL(2)
#define PTE_A		BIT_ULL(5)
#define PTE_D		BIT_ULL(6)
#define PTE_PS		BIT_ULL(7)
#define PTE_NX		BIT_ULL(63)
#define PTE_PKEY(pte)	(((pte) >> 59) & 0xf)

/* Page-fault error code: SDM 3A, "Page-Fault Exceptions". */
#define PF_P		BIT(0)
#define PF_W		BIT(1)
#define PF_U		BIT(2)
#define PF_RSVD		BIT(3)
#define PF_I		BIT(4)
#define PF_PK		BIT(5)

#define EFER_LMA_BIT	BIT_ULL(10)
#define EFER_NXE_BIT	BIT_ULL(11)

/* Two bits a key: no access, no write. */
#define PKRU_AD(pkru, key)	((pkru) >> ((key) * 2) & 1)
#define PKRU_WD(pkru, key)	((pkru) >> ((key) * 2) & 2)

#define PAGE_BITS	12
#define ENTRY_ADDRESS	GENMASK_ULL(51, 12)

/**
 * struct walker - one walk on its way
 * @p: the registers
 * @wide: entries of 8 bytes, 512 a table; else 4 bytes and 1024
 * @pae: PAE paging, where bits 62:52 are reserved rather than ignored
 * @levels: tables to read
 * @table: address of the next
 * @gpa: where each entry was found, by level from 1 at the bottom
 * @pte: each entry
 * @writable: so far
 * @user: so far
 * @nx: so far
 */
struct walker {
	const struct vlm_paging *p;
	bool wide;
	bool pae;
	u8 levels;
	gpa_t table;
	gpa_t gpa[WALK_LEVELS + 1];
	u64 pte[WALK_LEVELS + 1];
	bool writable;
	bool user;
	bool nx;
};

static unsigned int index_bits(const struct walker *w)
{
	return w->wide ? 9 : 10;
}

static unsigned int shift_of(const struct walker *w, unsigned int level)
{
	return PAGE_BITS + (level - 1) * index_bits(w);
}

static u32 fault_code(const struct vlm_paging *p, u32 flags, u32 cause)
{
	bool nxe = (p->cr4 & X86_CR4_PAE) && (p->efer & EFER_NXE_BIT);

	if (flags & WALK_WRITE)
		cause |= PF_W;
	if (flags & WALK_USER)
		cause |= PF_U;
	if ((flags & WALK_FETCH) && (nxe || (p->cr4 & X86_CR4_SMEP)))
		cause |= PF_I;
	return cause;
}

/* Is this entry the last, and maps a large page? */
static bool is_large(const struct walker *w, unsigned int level, u64 pte)
{
	if (!(pte & PTE_PS))
		return false;
	if (!w->wide)
		return level == 2 && (w->p->cr4 & X86_CR4_PSE);
	return level == 2 || (level == 3 && w->p->gbpages);
}

/* 4-MByte pages keep address bits 39:32 in bits 20:13. */
static u64 reserved_4m(const struct vlm_paging *p)
{
	unsigned int width = p->maxphyaddr < 40 ? p->maxphyaddr : 40;

	return GENMASK_ULL(21, width - 19);
}

/* SDM 3A, the tables on the formats of entries: what must be 0. */
static u64 reserved_bits(const struct walker *w, unsigned int level, u64 pte)
{
	const struct vlm_paging *p = w->p;
	u64 reserved = 0;

	if (!w->wide)
		return is_large(w, level, pte) ? reserved_4m(p) : 0;

	if (p->maxphyaddr < 52)
		reserved |= GENMASK_ULL(51, p->maxphyaddr);
	if (w->pae)
		reserved |= GENMASK_ULL(62, 52);
	if (!(p->efer & EFER_NXE_BIT))
		reserved |= PTE_NX;
	if (is_large(w, level, pte))
		reserved |= GENMASK_ULL(shift_of(w, level) - 1, 13);
	else if (level >= 3)
		reserved |= PTE_PS;
	return reserved;
}

/* Where the walk starts.  1: the PDPTE register is not present. */
static int start(struct walker *w, gva_t gva)
{
	const struct vlm_paging *p = w->p;

	w->writable = true;
	w->user = true;
	if (p->efer & EFER_LMA_BIT) {
		w->wide = true;
		w->levels = p->cr4 & X86_CR4_LA57 ? 5 : 4;
		w->table = p->cr3 & ENTRY_ADDRESS;
	} else if (p->cr4 & X86_CR4_PAE) {
		u64 pdpte = p->pdptes[gva >> 30 & 3];

		if (!(pdpte & PTE_P))
			return 1;
		w->wide = true;
		w->pae = true;
		w->levels = 2;
		w->table = pdpte & ENTRY_ADDRESS;
	} else {
		w->levels = 2;
		w->table = p->cr3 & GENMASK_ULL(31, 12);
	}
	return 0;
}

static int read_entry(struct walker *w, unsigned int level, gva_t gva)
{
	unsigned int size = w->wide ? 8 : 4;
	u64 index = gva >> shift_of(w, level) & (BIT_ULL(index_bits(w)) - 1);

	w->gpa[level] = w->table + index * size;
	w->pte[level] = 0;
	return w->p->read(w->p->ctx, w->gpa[level], &w->pte[level], size);
}

static gpa_t leaf_address(const struct walker *w, unsigned int level, gva_t gva)
{
	u64 offset = BIT_ULL(shift_of(w, level)) - 1;
	u64 pte = w->pte[level];

	if (!w->wide && level == 2)
		return (pte & GENMASK_ULL(31, 22)) | (pte & GENMASK_ULL(20, 13)) << 19 |
		       (gva & offset);
	return (pte & ENTRY_ADDRESS & ~offset) | (gva & offset);
}

/*
 * Down to the leaf.  Its level; 0 with *cause for a fault; -EFAULT.
 */
static int descend(struct walker *w, gva_t gva, u32 *cause)
{
	unsigned int level;

	for (level = w->levels; level; level--) {
		u64 pte;

		if (read_entry(w, level, gva))
			return -EFAULT;
		pte = w->pte[level];
		*cause = 0;
		if (!(pte & PTE_P))
			return 0;
		*cause = PF_P | PF_RSVD;
		if (pte & reserved_bits(w, level, pte))
			return 0;
		w->writable &= !!(pte & PTE_RW);
		w->user &= !!(pte & PTE_US);
		w->nx |= w->wide && (pte & PTE_NX);
		if (level == 1 || is_large(w, level, pte))
			return level;
		w->table = pte & (w->wide ? ENTRY_ADDRESS : GENMASK_ULL(31, 12));
	}
	return 0;
}

/* SDM 3A, "Determination of Access Rights".  false: fault. */
static bool permitted(const struct walker *w, u32 flags)
{
	const struct vlm_paging *p = w->p;

	if (flags & WALK_FETCH) {
		if (w->nx)
			return false;
		if (flags & WALK_USER)
			return w->user;
		return !(w->user && (p->cr4 & X86_CR4_SMEP));
	}
	if (flags & WALK_USER)
		return w->user && (w->writable || !(flags & WALK_WRITE));
	if (w->user && (p->cr4 & X86_CR4_SMAP) &&
	    ((flags & WALK_IMPLICIT) || !p->rflags_ac))
		return false;
	return !(flags & WALK_WRITE) || w->writable || !(p->cr0 & X86_CR0_WP);
}

/* SDM 3A, "Protection Keys": data accesses to user pages in long mode. */
static bool key_permits(const struct walker *w, unsigned int level, u32 flags)
{
	const struct vlm_paging *p = w->p;
	unsigned int key = PTE_PKEY(w->pte[level]);

	if (!(p->cr4 & X86_CR4_PKE) || !(p->efer & EFER_LMA_BIT) || !w->user ||
	    (flags & WALK_FETCH))
		return true;
	if (PKRU_AD(p->pkru, key))
		return false;
	if (!(flags & WALK_WRITE) || !PKRU_WD(p->pkru, key))
		return true;
	return !(flags & WALK_USER) && !(p->cr0 & X86_CR0_WP);
}

/* Accessed flags on the way down, and the leaf's dirty flag for a write. */
static int set_flags(struct walker *w, unsigned int leaf, u32 flags)
{
	unsigned int level;

	for (level = w->levels; level >= leaf; level--) {
		u64 old = w->pte[level];
		u64 new = old | PTE_A;
		int err;

		if (level == leaf && (flags & WALK_WRITE))
			new |= PTE_D;
		if (new == old)
			continue;
		err = w->p->replace(w->p->ctx, w->gpa[level], old, new, w->wide ? 8 : 4);
		if (err)
			return err;
		w->pte[level] = new;
	}
	return 0;
}

static void tell_entries(const struct walker *w, unsigned int leaf, struct vlm_walk *walk)
{
	unsigned int level;

	walk->leaf = leaf;
	for (level = leaf; level <= w->levels; level++) {
		walk->at[level] = w->gpa[level];
		walk->entry[level] = w->pte[level];
	}
}

static int walk_once(const struct vlm_paging *p, gva_t gva, u32 flags, struct vlm_walk *walk)
{
	struct walker w = { .p = p };
	u32 cause = 0;
	int leaf = 0, ret = 0;

	if (!start(&w, gva)) {
		leaf = descend(&w, gva, &cause);
		if (leaf < 0)
			return leaf;
	}
	walk->levels = w.levels;
	if (!leaf) {
		walk->error = fault_code(p, flags, cause);
		return 1;
	}
	if (!permitted(&w, flags)) {
		walk->error = fault_code(p, flags, PF_P);
		return 1;
	}
	if (!key_permits(&w, leaf, flags)) {
		walk->error = fault_code(p, flags, PF_P | PF_PK);
		return 1;
	}
	walk->gpa = leaf_address(&w, leaf, gva);
	walk->writable = w.writable;
	walk->user = w.user;
	if (!(flags & WALK_NO_SET))
		ret = set_flags(&w, leaf, flags);
	if (!ret)
		tell_entries(&w, leaf, walk);
	return ret;
}

static bool canonical(const struct vlm_paging *p, gva_t gva)
{
	unsigned int shift = p->cr4 & X86_CR4_LA57 ? 64 - 57 : 64 - 48;

	return (u64)((s64)(gva << shift) >> shift) == gva;
}

/* Another CPU changed an entry meanwhile: how often to start anew. */
#define ATTEMPTS	16

int vlm_walk_tables(const struct vlm_paging *p, gva_t gva, u32 flags, struct vlm_walk *walk)
{
	int attempt, ret;

	walk->gpa = 0;
	walk->error = 0;
	walk->writable = true;
	walk->user = true;
	walk->levels = 0;
	walk->leaf = 0;
	if (!(p->efer & EFER_LMA_BIT))
		gva = (u32)gva;
	if (!(p->cr0 & X86_CR0_PG)) {
		walk->gpa = gva;
		return 0;
	}
	if ((p->efer & EFER_LMA_BIT) && !canonical(p, gva)) {
		walk->error = fault_code(p, flags, 0);
		return 1;
	}
	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		ret = walk_once(p, gva, flags, walk);
		if (ret != -EAGAIN)
			break;
	}
	return ret;
}
