// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page walk with a vCPU's registers and its VM's memory.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/string.h>
#include <asm/processor-flags.h>

#include "../core/vcpu.h"
#include "../mem/mem.h"

static int read_entry(void *ctx, gpa_t gpa, void *entry, unsigned int size)
{
	return vlm_mem_read_entry(ctx, gpa, entry, size);
}

static int replace_entry(void *ctx, gpa_t gpa, u64 old, u64 new, unsigned int size)
{
	if (size == sizeof(u32))
		return vlm_mem_cmpxchg32(ctx, gpa, old, new);
	return vlm_mem_cmpxchg64(ctx, gpa, old, new);
}

static void paging_of(struct vlm_vcpu *vcpu, struct vlm_paging *p)
{
	int i;

	memset(p, 0, sizeof(*p));
	vmx_begin(vcpu);
	p->cr0 = vmx_get_cr0(vcpu);
	p->cr3 = vmx_get(vcpu, VMX_CR3);
	p->cr4 = vmx_get_cr4(vcpu);
	p->efer = vmx_get_efer(vcpu);
	p->rflags_ac = vmx_get(vcpu, VMX_RFLAGS) & X86_EFLAGS_AC;
	if (vlm_pae_paging(p->cr0, p->cr4, p->efer))
		for (i = 0; i < 4; i++)
			p->pdptes[i] = vmx_get(vcpu, VMX_PDPTE0 + i);
	vmx_end(vcpu);

	p->maxphyaddr = vlm_guest_maxphyaddr(vcpu);
	p->gbpages = vlm_guest_has(vcpu, VF_GBPAGES);
	p->pkru = vlm_fpu_pkru(vcpu);
	p->read = read_entry;
	p->replace = replace_entry;
	p->ctx = vcpu->vm;
}

static int walk_locked(const struct vlm_paging *p, gva_t gva, u32 flags, struct vlm_walk *walk)
{
	int idx = vlm_mem_lock(p->ctx);
	int ret = vlm_walk_tables(p, gva, flags, walk);

	vlm_mem_unlock(p->ctx, idx);
	return ret;
}

int vlm_walk(struct vlm_vcpu *vcpu, gva_t gva, u32 flags, struct vlm_walk *walk)
{
	struct vlm_paging p;

	paging_of(vcpu, &p);
	return walk_locked(&p, gva, flags, walk);
}

long vlm_translate(struct vlm_vcpu *vcpu, struct kvm_translation *tr)
{
	struct vlm_paging p;
	struct vlm_walk walk;
	u64 gva = tr->linear_address;
	int ret;

	paging_of(vcpu, &p);
	/* A debugger sees every page, whatever the guest may do with it now. */
	p.cr4 &= ~(u64)(X86_CR4_SMAP | X86_CR4_PKE);
	ret = walk_locked(&p, gva, WALK_NO_SET, &walk);

	memset(tr, 0, sizeof(*tr));
	tr->linear_address = gva;
	tr->physical_address = ~0ULL;
	if (ret)
		return 0;
	tr->physical_address = walk.gpa;
	tr->valid = 1;
	tr->writeable = walk.writable;
	tr->usermode = walk.user;
	return 0;
}
