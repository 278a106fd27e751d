/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hostile guests: kinds of them, each made from a random number, run for a moment.
 *
 * A guest may loop with interrupts off. So that the emulated CPU lets the host have
 * its interrupts then, the local APIC of most guests counts, masked: its timer ends
 * the guest's turn (docs/lab.md).
 */
#ifndef GUESTS_H
#define GUESTS_H

#include "hard.h"
#include "vt_apic.h"

struct guest {
	struct rng rng;
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	unsigned long exits;	/* to user space */
	bool may_fail_entry;	/* of a state that user space made up */
	unsigned int wrong;	/* something happened that must not */
};

struct guest_kind {
	const char *name;
	void (*run)(struct guest *g);
};

extern const struct guest_kind guest_kinds[];
extern const unsigned int guest_nr_kinds;

/* A VM with the interrupt controllers, a vCPU whose timer counts. */
void guest_make(struct guest *g);
void guest_count(struct guest *g);
/*
 * Run for some ms and answer all exits with random data; the last exit's reason,
 * or -errno: -EINTR when time was up.
 */
long guest_run(struct guest *g, unsigned int ms);

void guest_random_code(struct guest *g);
void guest_stepped_code(struct guest *g);
void guest_random_state(struct guest *g);
void guest_page_tables(struct guest *g);
void guest_gates(struct guest *g);
void guest_apic(struct guest *g);
void guest_msrs(struct guest *g);
void guest_storm(struct guest *g);
void guest_smc(struct guest *g);

#endif
