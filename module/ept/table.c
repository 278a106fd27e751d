// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of an EPT, and the pages that it is made of.
 */
#include "../vellum.h"

#include <linux/cpu.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <asm/cpufeature.h>

#include "../core/vcpu.h"
#include "../core/vm.h"
#include "ept_priv.h"

struct ept_config ept_config __read_mostly;

void vlm_ept_setup(const struct vlm_ept_caps *caps)
{
	ept_config.caps = *caps;
	ept_config.caps.page_1g &= caps->page_2m;
	ept_config.caps.pml &= caps->ad;
	/* Intel: "Machine Check Error Avoidance on Page Size Change". */
	ept_config.nx_huge = boot_cpu_has_bug(X86_BUG_ITLB_MULTIHIT) && !cpu_mitigations_off();
}

bool vlm_ept_has_pml(void)
{
	return ept_config.caps.pml;
}

void *ept_table_alloc(void)
{
	return (void *)__get_free_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
}

unsigned long ept_table_used(const u64 *entry)
{
	return page_private(virt_to_page(entry));
}

void ept_count_table(struct vlm_ept *ept, u64 *table, int n)
{
	ept->tables += n;
	mod_lruvec_page_state(virt_to_page(table), NR_SECONDARY_PAGETABLE, n);
}

int vlm_ept_init(struct vlm_vm *vm)
{
	struct vlm_ept *ept = &vm->ept;

	spin_lock_init(&ept->lock);
	/* Above the 0 that says "never flushed on this CPU". */
	ept->gen = 1;
	atomic64_set(&ept->synced, 1);
	ept->flushed = alloc_percpu_gfp(u64, GFP_KERNEL_ACCOUNT);
	ept->root = ept_table_alloc();
	if (!ept->root)
		return -ENOMEM;
	ept_count_table(ept, ept->root, 1);
	return ept->flushed ? 0 : -ENOMEM;
}

static void free_table(struct vlm_ept *ept, u64 *table, int level)
{
	unsigned int n;

	for (n = 0; level > EPT_LEVEL_4K && n < EPT_ENTRIES; n++) {
		if (ept_is_table(table[n], level))
			free_table(ept, __va(ept_addr(table[n])), level - 1);
	}
	ept_count_table(ept, table, -1);
	free_page((unsigned long)table);
	cond_resched();
}

/*
 * No lock and no flush: nobody enters this EPT again, and whoever gets its
 * root page for a new one flushes before the first entry.
 */
void vlm_ept_destroy(struct vlm_vm *vm)
{
	struct vlm_ept *ept = &vm->ept;

	if (ept->root)
		free_table(ept, ept->root, EPT_LEVEL_ROOT);
	ept->root = NULL;
	free_percpu(ept->flushed);
	ept->flushed = NULL;
}

u64 vlm_ept_pointer(const struct vlm_vm *vm)
{
	u64 eptp = __pa(vm->ept.root) | EPTP_TYPE_WB | EPTP_WALK_4;

	return ept_config.caps.ad ? eptp | EPTP_AD : eptp;
}

void vlm_ept_vcpu_init(struct vlm_vcpu *vcpu)
{
	vcpu->ept.nr = 0;
}

void vlm_ept_vcpu_destroy(struct vlm_vcpu *vcpu)
{
	while (vcpu->ept.nr)
		free_page((unsigned long)ept_vcpu_take(vcpu));
}

int ept_vcpu_top_up(struct vlm_vcpu *vcpu)
{
	struct vlm_ept_vcpu *cache = &vcpu->ept;

	while (cache->nr < VLM_EPT_CACHE_PAGES) {
		void *page = ept_table_alloc();

		if (!page)
			return -ENOMEM;
		cache->page[cache->nr++] = page;
	}
	return 0;
}

u64 *ept_vcpu_take(struct vlm_vcpu *vcpu)
{
	return vcpu->ept.page[--vcpu->ept.nr];
}
