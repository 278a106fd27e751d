// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only place that writes entries of a live EPT.  Here each change is
 * accounted for, and noted for the flush.
 */
#include "../vellum.h"

#include <linux/mm.h>

#include "../core/vm.h"
#include "ept_priv.h"

/* Take @table, whose entries are of @level, and all below it out of use. */
static void unlink_table(struct vlm_ept *ept, struct vlm_ept_batch *batch, u64 *table, int level)
{
	struct page *page = virt_to_page(table);
	unsigned int n;

	if (level == EPT_LEVEL_4K)
		ept->pages[0] -= page_private(page);
	for (n = 0; level > EPT_LEVEL_4K && n < EPT_ENTRIES; n++) {
		if (ept_is_leaf(table[n], level))
			ept->pages[level - 1]--;
		else if (ept_is_table(table[n], level))
			unlink_table(ept, batch, __va(ept_addr(table[n])), level - 1);
	}
	ept_count_table(ept, table, -1);
	/*
	 * Its entries stay: until the flush, a CPU may be walking it, and what
	 * it finds must make sense.
	 */
	list_add(&page->lru, &batch->free);
}

void ept_set(struct vlm_vm *vm, struct vlm_ept_batch *batch, u64 *entry, int level, u64 new)
{
	struct page *page = virt_to_page(entry);
	struct vlm_ept *ept = &vm->ept;
	u64 old = *entry;

	lockdep_assert_held(&ept->lock);

	/* The CPU sets flags in present entries, behind the lock's back. */
	if (ept_present(old))
		old = xchg(entry, new);
	else
		WRITE_ONCE(*entry, new);

	set_page_private(page, page_private(page) + ept_present(new) - ept_present(old));
	if (ept_is_leaf(old, level))
		ept->pages[level - 1]--;
	if (ept_is_leaf(new, level))
		ept->pages[level - 1]++;
	if (ept_must_flush(old, new))
		batch->flush = true;
	if (ept_is_table(old, level))
		unlink_table(ept, batch, __va(ept_addr(old)), level - 1);
}

void ept_add_table(struct vlm_vm *vm, struct vlm_ept_batch *batch, u64 *entry, int level,
		   u64 *table)
{
	ept_count_table(&vm->ept, table, 1);
	ept_set(vm, batch, entry, level, ept_make_table(__pa(table)));
}

void ept_split(struct vlm_vm *vm, struct vlm_ept_batch *batch, u64 *entry, int level,
	       u64 *table)
{
	u64 old = *entry;
	unsigned int n;

	for (n = 0; n < EPT_ENTRIES; n++) {
		table[n] = ept_split_leaf(old, level, n);
		/* What only large pages must not be. */
		if (level - 1 == EPT_LEVEL_4K)
			table[n] |= EPT_EXEC;
	}
	set_page_private(virt_to_page(table), EPT_ENTRIES);
	vm->ept.pages[level - 2] += EPT_ENTRIES;
	/* The table is filled before the entry leads the CPU to it: xchg(). */
	ept_add_table(vm, batch, entry, level, table);
}
