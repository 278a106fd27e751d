/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cursor over the entries of an EPT.  Pure: builds in user space too.
 */
#ifndef VELLUM_EPT_ITER_H
#define VELLUM_EPT_ITER_H

#ifdef __KERNEL__
#include <asm/page.h>
#define ept_table_va(pa)	((u64 *)__va(pa))
#else
#define ept_table_va(pa)	((u64 *)(uintptr_t)(pa))
#endif

#include "pte.h"

/**
 * struct ept_iter - a position in pre-order: an entry, then what is below it
 * @entry: where the entry is; NULL at the end
 * @level: its level
 * @gfn: first frame that it spans; may be below @start
 * @start: first frame of interest
 * @end: first frame of no interest
 * @yielded: frame of the last yield; none is made twice at the same place
 * @table: the tables on the way from the root, by level
 */
struct ept_iter {
	u64 *entry;
	int level;
	gfn_t gfn;
	gfn_t start;
	gfn_t end;
	gfn_t yielded;
	u64 *table[EPT_LEVEL_ROOT + 1];
};

/** ept_iter_start() - go to the root entry that spans @start. */
void ept_iter_start(struct ept_iter *it, u64 *root, gfn_t start, gfn_t end);

/**
 * ept_iter_next() - go on: down if the entry is a table now, else forward
 *
 * Looks at the entry again, so the caller may have changed it.
 */
void ept_iter_next(struct ept_iter *it);

/** ept_iter_pos() - the first frame of interest of the current entry. */
static inline gfn_t ept_iter_pos(const struct ept_iter *it)
{
	return it->gfn > it->start ? it->gfn : it->start;
}

/** ept_iter_covers() - is all that the entry spans of interest? */
static inline bool ept_iter_covers(const struct ept_iter *it)
{
	return it->gfn >= it->start && it->gfn + ept_frames(it->level) <= it->end;
}

#define ept_for_each(it, root, start, end)			\
	for (ept_iter_start(it, root, start, end); (it)->entry; ept_iter_next(it))

#endif /* VELLUM_EPT_ITER_H */
