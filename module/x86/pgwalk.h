/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk of a guest's own page tables.  pgwalk.c is the walk itself; it knows
 * neither vCPU nor VMCS and builds in user space too.  translate.c gives it a
 * vCPU's registers and memory.
 */
#ifndef VELLUM_X86_PGWALK_H
#define VELLUM_X86_PGWALK_H

#include "../core/types.h"

#define WALK_WRITE	1
#define WALK_USER	2
#define WALK_FETCH	4
#define WALK_NO_SET	8	/* leave accessed and dirty flags alone */
#define WALK_IMPLICIT	16	/* access to a system table: AC does not lift SMAP */

#define WALK_LEVELS	5	/* at most */

/**
 * struct vlm_walk - what a guest page walk found
 * @gpa: when it returns 0
 * @error: #PF error code, when it returns 1
 * @writable: in every level
 * @user: likewise
 * @levels: number of tables that were read; 0 with paging off
 * @leaf: level of the last of them, when it returns 0; the first is @levels
 * @at: where the entry of each level is, from 1 at the bottom
 * @entry: and what is there now
 */
struct vlm_walk {
	gpa_t gpa;
	u32 error;
	bool writable;
	bool user;
	u8 levels;
	u8 leaf;
	gpa_t at[WALK_LEVELS + 1];
	u64 entry[WALK_LEVELS + 1];
};

/**
 * struct vlm_paging - the registers that a walk depends on
 * @cr0: control register
 * @cr3: control register
 * @cr4: control register
 * @efer: IA32_EFER
 * @pdptes: PDPTE registers, used with PAE paging
 * @rflags_ac: EFLAGS.AC, which lifts SMAP
 * @maxphyaddr: physical address bits
 * @gbpages: 1-GByte pages exist
 * @pkru: protection-key rights of user pages
 * @read: an aligned 4- or 8-byte read of guest memory; 0 or -EFAULT
 * @replace: replace an entry if it is still @old; 0, -EAGAIN if not, -EFAULT
 * @ctx: for @read and @replace
 */
struct vlm_paging {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u64 pdptes[4];
	bool rflags_ac;
	u8 maxphyaddr;
	bool gbpages;
	u32 pkru;
	int (*read)(void *ctx, gpa_t gpa, void *entry, unsigned int size);
	int (*replace)(void *ctx, gpa_t gpa, u64 old, u64 new, unsigned int size);
	void *ctx;
};

/**
 * vlm_walk_tables() - translate @gva; the engine of vlm_walk()
 * @p: registers and memory
 * @gva: linear address
 * @flags: WALK_*
 * @walk: out
 *
 * Return: as vlm_walk().
 */
int vlm_walk_tables(const struct vlm_paging *p, gva_t gva, u32 flags, struct vlm_walk *walk);

struct kvm_translation;

/**
 * vlm_walk() - translate a guest linear address through the guest's tables
 * @vcpu: the vCPU
 * @gva: linear address
 * @flags: WALK_*
 * @walk: out
 *
 * All paging modes: SDM 3A, "Paging".  Honours WP, NXE, SMEP, SMAP, protection
 * keys and reserved bits.
 *
 * Return: 0; 1 with walk->error for #PF; -EFAULT when a table lies outside guest
 * memory, or in memory that is read-only and its flags have to be set; -EAGAIN
 * when other CPUs keep changing the tables: let the guest try again.
 * Context: vCPU mutex, may sleep.
 */
int vlm_walk(struct vlm_vcpu *vcpu, gva_t gva, u32 flags, struct vlm_walk *walk);

/** vlm_translate() - KVM_TRANSLATE; @tr->valid is 0 for what is not mapped. */
long vlm_translate(struct vlm_vcpu *vcpu, struct kvm_translation *tr);

#endif /* VELLUM_X86_PGWALK_H */
