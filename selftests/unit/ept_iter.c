// SPDX-License-Identifier: GPL-2.0-only
/* The cursor over an EPT: what it visits, in which order, and where it ends. */
#include <stdlib.h>
#include <string.h>

#include "../../module/ept/iter.h"

static u64 *tables[16];
static unsigned int nr_tables;

static u64 *new_table(void)
{
	u64 *table = aligned_alloc(4096, 4096);

	memset(table, 0, 4096);
	tables[nr_tables++] = table;
	return table;
}

/* The entry for @gfn at @level, with all tables above it. */
static u64 *entry_at(u64 *root, gfn_t gfn, int level)
{
	u64 *table = root;
	int at;

	for (at = EPT_LEVEL_ROOT; at > level; at--) {
		u64 *entry = table + ept_index(gfn, at);

		if (!*entry)
			*entry = ept_make_table((uintptr_t)new_table());
		table = ept_table_va(ept_addr(*entry));
	}
	return table + ept_index(gfn, level);
}

struct walk {
	unsigned int entries, leaves;
	gfn_t first_leaf, last_leaf;
	bool ordered, inside;
};

static struct walk walk(u64 *root, gfn_t start, gfn_t end)
{
	struct walk w = { .ordered = true, .inside = true };
	struct ept_iter it;
	gfn_t last = 0;

	ept_for_each(&it, root, start, end) {
		w.entries++;
		w.ordered &= it.gfn >= last;
		w.inside &= it.gfn < end && it.gfn + ept_frames(it.level) > start;
		w.inside &= it.entry == entry_at(root, it.gfn, it.level);
		last = it.gfn;
		if (!ept_is_leaf(*it.entry, it.level))
			continue;
		if (!w.leaves++)
			w.first_leaf = it.gfn;
		w.last_leaf = it.gfn;
	}
	return w;
}

static void whole(u64 *root)
{
	struct walk w = walk(root, 0, EPT_MAX_FRAMES);

	same(w.entries, 512 * nr_tables);
	same(w.leaves, 4);
	same(w.first_leaf, 3);
	same(w.last_leaf, EPT_MAX_FRAMES - 1);
	ok(w.ordered);
	ok(w.inside);
	/* An end beyond the table's is the table's. */
	same(walk(root, 0, ~0ULL).entries, 512 * nr_tables);
}

static void parts(u64 *root)
{
	same(walk(root, 5, 5).entries, 0);
	same(walk(root, 6, 5).entries, 0);
	same(walk(root, EPT_MAX_FRAMES, ~0ULL).entries, 0);
	/* One frame: one entry a level. */
	same(walk(root, 3, 4).entries, 4);
	same(walk(root, 3, 4).leaves, 1);
	same(walk(root, 4, 5).leaves, 0);
	/* A frame in the middle of a large leaf finds that leaf. */
	same(walk(root, 1024 + 77, 1024 + 78).leaves, 1);
	same(walk(root, 1024 + 77, 1024 + 78).first_leaf, 1024);
	/* Over the border of tables of all levels. */
	same(walk(root, (1ULL << 27) - 1, (1ULL << 27) + 1).leaves, 1);
	ok(walk(root, (1ULL << 27) - 1, (1ULL << 27) + 1).inside);
}

/* An entry that goes while the cursor is on it: nothing below is visited. */
static void zap_on_the_way(u64 *root)
{
	unsigned int below = 0;
	struct ept_iter it;

	ept_for_each(&it, root, 0, 1ULL << 27) {
		if (it.level == EPT_LEVEL_1G && it.gfn == 0) {
			ok(ept_iter_covers(&it));
			*it.entry = 0;
		}
		below += it.level < EPT_LEVEL_1G && it.gfn < 1ULL << 18;
	}
	same(below, 0);
	same(walk(root, 0, EPT_MAX_FRAMES).leaves, 2);
}

static void positions(u64 *root)
{
	struct ept_iter it;

	ept_iter_start(&it, root, 700, 900);
	same(it.level, 4);
	same(it.gfn, 0);
	same(ept_iter_pos(&it), 700);
	ok(!ept_iter_covers(&it));
}

void test_ept_iter(void)
{
	u64 *root = new_table();

	*entry_at(root, 3, 1) = 0x1007;
	*entry_at(root, 1024, 2) = 0x200087;
	*entry_at(root, 1ULL << 27, 1) = 0x2007;
	*entry_at(root, EPT_MAX_FRAMES - 1, 1) = 0x3007;
	whole(root);
	parts(root);
	positions(root);
	zap_on_the_way(root);
	while (nr_tables)
		free(tables[--nr_tables]);
}
