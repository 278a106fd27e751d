/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EPT entries: every bit of them, and what can be said of an entry alone.
 * Pure: builds in user space too, for selftests/unit.
 *
 * SDM 3C, "The Extended Page Table Mechanism (EPT)".
 */
#ifndef VELLUM_EPT_PTE_H
#define VELLUM_EPT_PTE_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif

#include <linux/const.h>

#include "../core/types.h"

/* Rights: also the names of a guest access, as in an exit qualification. */
#define EPT_READ		_BITULL(0)
#define EPT_WRITE		_BITULL(1)
#define EPT_EXEC		_BITULL(2)
#define EPT_RIGHTS		(EPT_READ | EPT_WRITE | EPT_EXEC)

/* Leaves only: memory type, and whether the guest's PAT is ignored. */
#define EPT_TYPE_SHIFT		3
#define EPT_TYPE_MASK		(7ULL << EPT_TYPE_SHIFT)
#define EPT_TYPE_UC		(0ULL << EPT_TYPE_SHIFT)
#define EPT_TYPE_WB		(6ULL << EPT_TYPE_SHIFT)
#define EPT_IGNORE_PAT		_BITULL(6)

/* A leaf above level 1. */
#define EPT_LARGE		_BITULL(7)

/* Set by the CPU, when the EPTP asks for it; dirty in leaves only. */
#define EPT_ACCESSED		_BITULL(8)
#define EPT_DIRTY		_BITULL(9)

/* Physical address of a page or table; for large pages the low bits are 0. */
#define EPT_ADDR		0x000ffffffffff000ULL

/* Bits that we never set: 10 and 11, and 52 up, are ignored or other features'. */
#define EPT_USED \
	(EPT_RIGHTS | EPT_TYPE_MASK | EPT_IGNORE_PAT | EPT_LARGE | \
	 EPT_ACCESSED | EPT_DIRTY | EPT_ADDR)

static_assert((EPT_RIGHTS & EPT_TYPE_MASK) == 0, "rights and type overlap");
static_assert(((EPT_RIGHTS | EPT_TYPE_MASK) & EPT_IGNORE_PAT) == 0, "type and IPAT overlap");
static_assert(EPT_IGNORE_PAT << 1 == EPT_LARGE, "bits 6 and 7");
static_assert(EPT_LARGE << 1 == EPT_ACCESSED && EPT_LARGE << 2 == EPT_DIRTY, "bits 8 and 9");
static_assert((EPT_ADDR & (EPT_ADDR - 1)) == (EPT_ADDR & ~0x1000ULL), "address from bit 12");
static_assert((EPT_USED & ~EPT_ADDR) == 0x3ff, "bits 9:0 are all named");

/* EPTP: memory type of the tables, page-walk length less 1, enable A/D. */
#define EPTP_TYPE_WB		6ULL
#define EPTP_WALK_4		(3ULL << 3)
#define EPTP_AD			_BITULL(6)

/* Levels count from the 4K leaf, 1, to the root, 4. */
#define EPT_LEVEL_4K		1
#define EPT_LEVEL_2M		2
#define EPT_LEVEL_1G		3
#define EPT_LEVEL_ROOT		4
#define EPT_LEAF_LEVELS		3
#define EPT_ENTRIES		512
/* Guest frames that four levels reach. */
#define EPT_MAX_FRAMES		_BITULL(36)

/** ept_frames() - 4K frames that one entry of @level spans. */
static inline u64 ept_frames(int level)
{
	return _BITULL(9 * (level - 1));
}

static_assert(1ULL << (9 * EPT_LEVEL_ROOT) == EPT_MAX_FRAMES, "four levels of nine bits");

/** ept_index() - which entry of a table at @level is @gfn's. */
static inline unsigned int ept_index(gfn_t gfn, int level)
{
	return (gfn >> (9 * (level - 1))) & (EPT_ENTRIES - 1);
}

/** ept_align() - the first frame of the entry at @level that spans @gfn. */
static inline gfn_t ept_align(gfn_t gfn, int level)
{
	return gfn & ~(ept_frames(level) - 1);
}

static inline bool ept_present(u64 entry)
{
	return entry & EPT_RIGHTS;
}

/** ept_is_leaf() - does the present @entry at @level map memory? */
static inline bool ept_is_leaf(u64 entry, int level)
{
	return ept_present(entry) && (level == EPT_LEVEL_4K || (entry & EPT_LARGE));
}

/** ept_is_table() - does @entry at @level point to another table? */
static inline bool ept_is_table(u64 entry, int level)
{
	return ept_present(entry) && level > EPT_LEVEL_4K && !(entry & EPT_LARGE);
}

static inline hpa_t ept_addr(u64 entry)
{
	return entry & EPT_ADDR;
}

/** ept_make_table() - an entry that points to the table at @pa. */
static inline u64 ept_make_table(hpa_t pa)
{
	return pa | EPT_RIGHTS;
}

/**
 * ept_make_leaf() - an entry that maps memory
 * @pfn: host frame of any 4K frame in it; rounded down to @level
 * @level: 1 to 3
 * @rights: EPT_READ and others; write without read is a misconfiguration
 * @type: EPT_TYPE_*, with or without EPT_IGNORE_PAT
 * @state: EPT_ACCESSED, EPT_DIRTY
 */
static inline u64 ept_make_leaf(u64 pfn, int level, u64 rights, u64 type, u64 state)
{
	u64 entry = (pfn & ~(ept_frames(level) - 1)) << 12;

	if (level > EPT_LEVEL_4K)
		entry |= EPT_LARGE;
	return entry | rights | type | state;
}

/**
 * ept_split_leaf() - the @n-th entry that together map what a large leaf did
 *
 * Same rights, type and flags, one level down from @level.
 */
static inline u64 ept_split_leaf(u64 leaf, int level, unsigned int n)
{
	u64 entry = leaf + ((u64)n * ept_frames(level - 1) << 12);

	return level - 1 == EPT_LEVEL_4K ? entry & ~EPT_LARGE : entry;
}

/**
 * ept_must_flush() - may a TLB that holds @old not go on after @new is written?
 *
 * Only more rights, and flags that are set, can be noticed late: at worst the
 * CPU takes one EPT violation too many, and that flushes the address itself.
 * SDM 3C, "Operations that Invalidate Cached Mappings".
 */
static inline bool ept_must_flush(u64 old, u64 new)
{
	if (!ept_present(old))
		return false;
	return old & ~new & (EPT_RIGHTS | EPT_ACCESSED | EPT_DIRTY) ||
	       (old ^ new) & (EPT_ADDR | EPT_TYPE_MASK | EPT_IGNORE_PAT | EPT_LARGE);
}

#endif /* VELLUM_EPT_PTE_H */
