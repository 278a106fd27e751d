// SPDX-License-Identifier: GPL-2.0-only
/* EPT entries, against values worked out from the SDM's tables by hand. */
#include "../../module/ept/pte.h"

static void leaves(void)
{
	u64 wb = EPT_TYPE_WB | EPT_IGNORE_PAT;

	same(ept_make_leaf(0x12345, 1, EPT_RIGHTS, wb, 0), 0x12345077);
	same(ept_make_leaf(0x12345, 1, EPT_READ, EPT_TYPE_UC, 0), 0x12345001);
	same(ept_make_leaf(0x12345, 2, EPT_RIGHTS, wb, EPT_ACCESSED | EPT_DIRTY), 0x122003f7);
	same(ept_make_leaf(0xfffff, 3, EPT_READ | EPT_EXEC, wb, 0), 0xc00000f5);
	/* The highest frame that an entry can hold. */
	same(ept_make_leaf(0xffffffffffULL, 1, EPT_READ, EPT_TYPE_UC, 0), 0xffffffffff001ULL);

	same(ept_make_table(0x7000), 0x7007);
	same(ept_addr(0x8000000000012fffULL), 0x12000);
}

static void kinds(void)
{
	ok(!ept_present(0));
	ok(!ept_present(0x12345078));		/* bits, but no rights */
	ok(ept_present(EPT_EXEC));		/* execute-only is present */

	ok(ept_is_leaf(0x1001, 1));
	ok(!ept_is_table(0x1001, 1));
	ok(ept_is_leaf(0x200081, 2));
	ok(!ept_is_leaf(0x1007, 2));
	ok(ept_is_table(0x1007, 2));
	ok(ept_is_table(0x1007, 4));
	ok(!ept_is_table(0x80, 2));
	ok(!ept_is_leaf(0x80, 2));
}

static void places(void)
{
	same(ept_frames(1), 1);
	same(ept_frames(2), 512);
	same(ept_frames(3), 262144);
	same(ept_index(0x1ff, 1), 511);
	same(ept_index(0x200, 1), 0);
	same(ept_index(0x200, 2), 1);
	same(ept_index(EPT_MAX_FRAMES - 1, 4), 511);
	same(ept_index(1ULL << 27, 4), 1);
	same(ept_align(0x12345, 2), 0x12200);
	same(ept_align(0x12345, 1), 0x12345);
}

static void splits(void)
{
	u64 big = ept_make_leaf(0x40000, 3, EPT_RIGHTS, EPT_TYPE_WB | EPT_IGNORE_PAT, EPT_DIRTY);
	u64 mid = ept_split_leaf(big, 3, 5);

	same(mid, ept_make_leaf(0x40000 + 5 * 512, 2, EPT_RIGHTS,
				EPT_TYPE_WB | EPT_IGNORE_PAT, EPT_DIRTY));
	ok(ept_is_leaf(mid, 2));
	same(ept_split_leaf(mid, 2, 511),
	     ept_make_leaf(0x40000 + 5 * 512 + 511, 1, EPT_RIGHTS,
			   EPT_TYPE_WB | EPT_IGNORE_PAT, EPT_DIRTY));
	same(ept_split_leaf(0x200081, 2, 0), 0x200001);
}

static void flushes(void)
{
	u64 rw = ept_make_leaf(7, 1, EPT_READ | EPT_WRITE, EPT_TYPE_WB, 0);

	ok(!ept_must_flush(0, rw));		/* nothing was cached */
	ok(!ept_must_flush(rw, rw));
	ok(!ept_must_flush(rw, rw | EPT_EXEC));	/* more rights */
	ok(!ept_must_flush(rw, rw | EPT_ACCESSED | EPT_DIRTY));
	ok(ept_must_flush(rw, 0));
	ok(ept_must_flush(rw, rw & ~EPT_WRITE));
	ok(ept_must_flush(rw | EPT_DIRTY, rw));	/* or the next write does not log */
	ok(ept_must_flush(rw | EPT_ACCESSED, rw));
	ok(ept_must_flush(rw, rw + 0x1000));	/* another page */
	ok(ept_must_flush(rw, rw ^ EPT_TYPE_MASK));
	ok(ept_must_flush(rw, rw | EPT_IGNORE_PAT));
	ok(ept_must_flush(0x200087, 0x200007));	/* large page becomes a table */
	/* Fewer rights and others instead is still fewer. */
	ok(ept_must_flush(rw, (rw & ~EPT_WRITE) | EPT_EXEC));
}

void test_ept_pte(void)
{
	leaves();
	kinds();
	places();
	splits();
	flushes();
}
