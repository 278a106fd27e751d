/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * entrytry.ko: a VMCS with any values in it is shown to the CPU.  What the module
 * and the test that uses it both know; the fields are those of module/doctor/.
 */
#ifndef VELLUM_ENTRYTRY_H
#define VELLUM_ENTRYTRY_H

#include "doctor/doctor.h"

#define ENTRYTRY_DEVICE		"entrytry"
#define ENTRYTRY_MSRS		4
#define ENTRYTRY_BROKEN		64

/**
 * struct entrytry_addresses - pages that a VMCS may point to
 * @vmcs: the VMCS itself
 * @empty: an EPT and a page table without entries
 * @scratch: the CPU may write here
 * @vapic: the virtual-APIC page
 * @link: what the link pointer may name
 * @msrs: the VM-entry MSR-load area
 */
struct entrytry_addresses {
	u64 vmcs;
	u64 empty;
	u64 scratch;
	u64 vapic;
	u64 link;
	u64 msrs;
};

/**
 * struct entrytry_base - the CPU, and a state that it accepts
 * @caps: the CPU
 * @value: of each field, a 64-bit guest that leaves at once
 * @have: fields that the CPU has
 * @at: addresses that are in it, or may be
 */
struct entrytry_base {
	struct doctor_caps caps;
	struct entrytry_addresses at;
	u64 value[NR_DOCTOR_FIELDS];
	bool have[NR_DOCTOR_FIELDS];
};

/** entrytry_fill() - controls and guest state of a base; @v has the host's already. */
void entrytry_fill(const struct doctor_caps *c, const struct entrytry_addresses *at, u64 *v);

enum entrytry_verdict {
	ENTRYTRY_ACCEPTED,	/* entered, and left again */
	ENTRYTRY_VMFAIL,	/* @detail is the VM-instruction error */
	ENTRYTRY_FAILED,	/* @detail is the exit reason, bit 31 set */
	ENTRYTRY_NOT_TRIED,	/* nothing would bring the CPU back, or whole */
};

/**
 * struct entrytry - one try
 * @value: in: what to write into the VMCS
 * @msrs: in: the VM-entry MSR-load area
 * @nr_msrs: in: entries of it
 * @verdict: out: enum entrytry_verdict
 * @detail: out: see there
 * @qualification: out: of the exit
 * @nr_broken: out: rules that the doctor in the module found broken
 * @broken: out: the first of them
 */
struct entrytry {
	u64 value[NR_DOCTOR_FIELDS];
	struct doctor_msr msrs[ENTRYTRY_MSRS];
	u32 nr_msrs;
	u32 verdict;
	u32 detail;
	u32 nr_broken;
	u64 qualification;
	u16 broken[ENTRYTRY_BROKEN];
};

#define ENTRYTRY_GET_BASE	_IOR('v', 0xe0, struct entrytry_base)
#define ENTRYTRY_TRY		_IOWR('v', 0xe1, struct entrytry)

#endif /* VELLUM_ENTRYTRY_H */
