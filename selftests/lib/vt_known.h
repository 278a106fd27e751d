/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that makes a known number of each exit, each at a place of its own. */
#ifndef VT_KNOWN_H
#define VT_KNOWN_H

#include "vt.h"

/* Guest-physical memory in pages of 4K, which it touches one by one. */
#define VT_KNOWN_MEMORY	0x40000000ull
#define VT_KNOWN_PORT	0x80
#define VT_KNOWN_MSR	0x1b		/* IA32_APIC_BASE: always exits */
#define VT_KNOWN_CALL	99		/* that nobody answers */

struct vt_known {
	const char *symbol;
	unsigned int reason;	/* basic exit reason */
	uint64_t cause;		/* port, leaf, MSR, number of the hypercall */
	unsigned int count;
	uint64_t rip;		/* filled in by vt_known_load() */
};

#define VT_KNOWNS	6

/* Ready to run; where each exit will be. */
void vt_known_load(struct vt_vcpu *vcpu, struct vt_known known[VT_KNOWNS]);
/* To its HLT; the ports it wrote are counted. */
unsigned int vt_known_run(struct vt_vcpu *vcpu);

#endif
