/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of entrytry.ko know of each other.
 */
#ifndef VELLUM_ENTRYTRY_PRIV_H
#define VELLUM_ENTRYTRY_PRIV_H

#include "entrytry.h"

/**
 * struct entrytry_pages - what a VMCS can point to
 * @all: they lie together
 * @at: their physical addresses
 * @vmxon_pa: of the region for VMXON
 * @vmxon: that region
 * @vmcs: the others, see struct entrytry_addresses
 * @empty: likewise
 * @scratch: likewise
 * @vapic: likewise
 * @link: likewise
 * @msrs: likewise
 * @have: fields that this CPU's VMCS has
 */
struct entrytry_pages {
	unsigned long all;
	struct entrytry_addresses at;
	u64 vmxon_pa;
	void *vmxon, *vmcs, *empty, *scratch, *vapic, *link, *msrs;
	bool have[NR_DOCTOR_FIELDS];
};

/* entrytry_enter.S */
struct entrytry_host;
int entrytry_enter(struct entrytry_host *host);
extern char entrytry_exit[];

/* entrytry_vmx.c */
int entrytry_setup(struct entrytry_pages *pages);
void entrytry_free(struct entrytry_pages *pages);
void entrytry_caps(struct doctor_caps *caps);
void entrytry_launch(struct entrytry_pages *pages, struct entrytry_base *base,
		     struct entrytry *t);

/* entrytry_safe.c: would the CPU come back from this, and the host be whole? */
bool entrytry_is_safe(const struct entrytry_pages *pages, const struct entrytry_base *base,
		      const struct doctor_state *s, const struct entrytry *t);

#endif /* VELLUM_ENTRYTRY_PRIV_H */
