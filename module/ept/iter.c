// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cursor over the entries of an EPT, in pre-order.
 */
#ifdef __KERNEL__
#include "../vellum.h"

#include <linux/compiler.h>
#endif

#include "iter.h"

static void go_to(struct ept_iter *it, int level, gfn_t gfn)
{
	it->level = level;
	it->gfn = ept_align(gfn, level);
	it->entry = it->table[level] + ept_index(gfn, level);
}

void ept_iter_start(struct ept_iter *it, u64 *root, gfn_t start, gfn_t end)
{
	it->start = start;
	it->end = end < EPT_MAX_FRAMES ? end : EPT_MAX_FRAMES;
	it->yielded = start;
	it->entry = NULL;
	it->table[EPT_LEVEL_ROOT] = root;
	if (start < it->end)
		go_to(it, EPT_LEVEL_ROOT, start);
}

static void go_forward(struct ept_iter *it)
{
	gfn_t gfn = it->gfn + ept_frames(it->level);
	int level = it->level;

	if (gfn >= it->end) {
		it->entry = NULL;
		return;
	}
	/* The root's last entry ends at EPT_MAX_FRAMES, and so does the range. */
	while (!ept_index(gfn, level))
		level++;
	go_to(it, level, gfn);
}

void ept_iter_next(struct ept_iter *it)
{
	u64 entry = READ_ONCE(*it->entry);

	if (!ept_is_table(entry, it->level)) {
		go_forward(it);
		return;
	}
	it->table[it->level - 1] = ept_table_va(ept_addr(entry));
	go_to(it, it->level - 1, ept_iter_pos(it));
}
