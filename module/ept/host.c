// SPDX-License-Identifier: GPL-2.0-only
/*
 * The owner's page table: what it says, and having it filled.
 *
 * Looking takes neither locks nor references: all kinds of memory look the
 * same there, from anonymous pages to a device's registers.  The page cannot
 * go away before the MMU notifier has told us, and a fault that was told
 * starts over.  See docs/life-of-a-page.md.
 */
#include "../vellum.h"

#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <asm/e820/api.h>

#include "ept_priv.h"

/*
 * Memory that may be mapped write-back.  The host's own mapping decides: where
 * it is not write-back, a second mapping that is would break coherence.  And a
 * device that a driver mapped write-back, trusting the MTRRs to know better,
 * is still a device: the EPT's type stands in for the MTRRs.
 */
static bool is_ram(u64 pfn, u64 flags, int level)
{
	u64 cache = _PAGE_PWT | _PAGE_PCD | (level > EPT_LEVEL_4K ? _PAGE_PAT_LARGE : _PAGE_PAT);

	if (flags & cache)
		return false;
	if (pfn_valid(pfn) && (!PageReserved(pfn_to_page(pfn)) || is_zero_pfn(pfn)))
		return true;
	return e820__mapped_raw_any(PFN_PHYS(pfn), PFN_PHYS(pfn + 1), E820_TYPE_RAM);
}

/* @pfn is that of the leaf; @flags are without it. */
static bool use_leaf(struct ept_host_page *out, u64 pfn, u64 flags, int level, hva_t hva)
{
	u64 wanted = _PAGE_PRESENT | _PAGE_USER;

	if ((flags & wanted) != wanted)
		return false;
	out->pfn = pfn + ((hva >> PAGE_SHIFT) & (ept_frames(level) - 1));
	out->level = level;
	/* Not pte_write(): that also counts pages of shadow stacks. */
	out->writable = flags & _PAGE_RW;
	out->ram = is_ram(out->pfn, flags, level);
	out->page = NULL;
	if (!(flags & (_PAGE_SPECIAL | _PAGE_DEVMAP)) && pfn_valid(out->pfn) &&
	    !PageReserved(pfn_to_page(out->pfn)))
		out->page = pfn_to_page(out->pfn);
	return true;
}

/*
 * Each entry is read once, and only the present flag that the CPU looks at
 * counts: pages on their way elsewhere, or unmapped to see who uses them, are
 * the fault handler's business.
 */
static bool walk(struct mm_struct *mm, hva_t hva, struct ept_host_page *out)
{
	pgd_t pgd = READ_ONCE(*pgd_offset(mm, hva));
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd;
	pte_t pte;

	if (!(pgd_flags(pgd) & _PAGE_PRESENT))
		return false;
	p4d = READ_ONCE(*p4d_offset(&pgd, hva));
	if (!(p4d_flags(p4d) & _PAGE_PRESENT))
		return false;
	pud = READ_ONCE(*pud_offset(&p4d, hva));
	if (!(pud_flags(pud) & _PAGE_PRESENT))
		return false;
	if (pud_flags(pud) & _PAGE_PSE)
		return use_leaf(out, pud_pfn(pud), pud_flags(pud), EPT_LEVEL_1G, hva);
	pmd = READ_ONCE(*pmd_offset(&pud, hva));
	if (!(pmd_flags(pmd) & _PAGE_PRESENT))
		return false;
	if (pmd_flags(pmd) & _PAGE_PSE)
		return use_leaf(out, pmd_pfn(pmd), pmd_flags(pmd), EPT_LEVEL_2M, hva);
	pte = READ_ONCE(*pte_offset_kernel(&pmd, hva));
	return use_leaf(out, pte_pfn(pte), pte_flags(pte), EPT_LEVEL_4K, hva);
}

bool ept_host_lookup(struct mm_struct *mm, hva_t hva, struct ept_host_page *out)
{
	unsigned long flags;
	bool found;

	/*
	 * Host page tables are freed after every CPU took an interrupt or an RCU
	 * grace period passed: neither happens while interrupts are off here.
	 */
	local_irq_save(flags);
	found = walk(mm, hva, out);
	local_irq_restore(flags);
	return found;
}

static int fault_result(vm_fault_t fault, hva_t hva)
{
	if (fault & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE)) {
		/* As for any process that touches it; the owner tells the guest. */
		send_sig_mceerr(BUS_MCEERR_AR, (void __user *)hva, PAGE_SHIFT, current);
		return -EINTR;
	}
	return vm_fault_to_errno(fault, 0);
}

int ept_host_fault_in(struct mm_struct *mm, hva_t hva, bool write)
{
	unsigned int flags = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE |
			     FAULT_FLAG_INTERRUPTIBLE | (write ? FAULT_FLAG_WRITE : 0);
	struct vm_area_struct *vma;
	vm_fault_t fault;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	/*
	 * Protection keys are not asked: they are rights of a thread, and the
	 * guest is not the thread that runs it.
	 */
	vma = vma_lookup(mm, hva);
	if (!vma || !(vma->vm_flags & (write ? VM_WRITE : VM_READ))) {
		mmap_read_unlock(mm);
		return -EFAULT;
	}
	fault = handle_mm_fault(vma, hva, flags, NULL);
	/* These two have dropped the lock. */
	if (fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED))
		return signal_pending(current) ? -EINTR : 0;
	mmap_read_unlock(mm);
	return fault & VM_FAULT_ERROR ? fault_result(fault, hva) : 0;
}
