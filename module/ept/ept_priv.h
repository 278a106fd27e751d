/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of ept/ share.
 */
#ifndef VELLUM_EPT_EPT_PRIV_H
#define VELLUM_EPT_EPT_PRIV_H

#include <linux/mm_types.h>

#include "ept.h"
#include "iter.h"

/**
 * struct ept_config - read-only after load
 * @caps: what the CPU offers
 * @nx_huge: large pages must not be executable: an instruction fetch that
 *           finds two page sizes for one address hangs this CPU
 */
struct ept_config {
	struct vlm_ept_caps caps;
	bool nx_huge;
};

extern struct ept_config ept_config;

/* table.c: the pages that tables are made of. */

/** ept_table_alloc() - a zeroed page; NULL.  May sleep. */
void *ept_table_alloc(void);

/**
 * ept_count_table() - @n is 1 when @table comes into use, -1 when it goes
 *
 * The host shows the sum as SecPageTables in /proc/meminfo, and charges it to
 * the cgroup.
 */
void ept_count_table(struct vlm_ept *ept, u64 *table, int n);

/** ept_table_used() - present entries in the table that holds @entry. */
unsigned long ept_table_used(const u64 *entry);

/** ept_vcpu_top_up() - fill the vCPU's cache; -ENOMEM.  May sleep. */
int ept_vcpu_top_up(struct vlm_vcpu *vcpu);

/** ept_vcpu_take() - a page from the vCPU's cache, which must not be empty. */
u64 *ept_vcpu_take(struct vlm_vcpu *vcpu);

/* set.c: the only writer of entries.  All under the EPT lock. */

/** ept_set() - replace an entry; a table that it pointed to is taken out. */
void ept_set(struct vlm_vm *vm, struct vlm_ept_batch *batch, u64 *entry, int level, u64 new);

/** ept_add_table() - make the non-present @entry point to the empty @table. */
void ept_add_table(struct vlm_vm *vm, struct vlm_ept_batch *batch, u64 *entry, int level,
		   u64 *table);

/** ept_split() - replace a large leaf by @table, filled to map the same. */
void ept_split(struct vlm_vm *vm, struct vlm_ept_batch *batch, u64 *entry, int level,
	       u64 *table);

/* flush.c */

/**
 * ept_yield() - let others have the lock and the CPU, if they want it
 *
 * Called before an entry is looked at.  The cursor starts again from the root
 * at the same frame.  Context: may sleep.
 */
void ept_yield(struct vlm_vm *vm, struct vlm_ept_batch *batch, struct ept_iter *it);

/* host.c: the owner's page table. */

/**
 * struct ept_host_page - what the owner's page table says of an address
 * @pfn: host frame
 * @level: 1, 2 or 3: size of the host's mapping
 * @writable: the owner may write to it without a fault
 * @ram: write-back memory; else a device, or memory mapped like one
 * @page: to be marked dirty when the guest may write, or NULL
 */
struct ept_host_page {
	u64 pfn;
	int level;
	bool writable;
	bool ram;
	struct page *page;
};

/**
 * ept_host_lookup() - read the owner's page table, without locks
 *
 * What it says is true only if vlm_inval_retry() agrees afterwards.
 *
 * Return: false when there is no page.  Context: does not sleep.
 */
bool ept_host_lookup(struct mm_struct *mm, hva_t hva, struct ept_host_page *out);

/**
 * ept_host_fault_in() - have the host's fault handler bring in a page
 *
 * Return: 0 when it did, or when it is worth looking again; -EFAULT, -ENOMEM,
 * -EINTR.  Context: may sleep for long, current->mm is @mm.
 */
int ept_host_fault_in(struct mm_struct *mm, hva_t hva, bool write);

#endif /* VELLUM_EPT_EPT_PRIV_H */
