/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * States of a VMCS: valid ones, and for each rule of VM entry ones that break
 * that rule and no other.
 */
#ifndef DOCTOR_CASES_H
#define DOCTOR_CASES_H

#include "entrytry.h"

/* Valid states, all made from the 64-bit one. */
enum base {
	BASE_64,		/* 64-bit guest, unrestricted */
	BASE_PLAIN,		/* the same, not unrestricted */
	BASE_NO_EPT,		/* the same, without EPT */
	BASE_32,		/* PAE paging */
	BASE_PLAIN_32,		/* the same, not unrestricted */
	BASE_REAL,		/* real mode, by unrestricted guest */
	BASE_VM86,		/* virtual-8086 mode */
	BASE_APIC,		/* 64-bit, with all there is of a virtual APIC */
	NR_BASES
};

enum change_op {
	CHANGE_SET = 1,
	CHANGE_OR,
	CHANGE_CLEAR,
	CHANGE_WIDE,		/* set the first bit that a physical address has not */
	CHANGE_TOP,		/* the last 16 bytes that an address can name */
	CHANGE_COPY,		/* another field's value, by enum doctor_field */
	CHANGE_LINK,		/* a region for the VMCS link pointer */
	CHANGE_FORBIDDEN,	/* set a control that the CPU does not allow */
};

struct change {
	u8 field;
	u8 op;
	u64 value;
};

#define CASE_CHANGES	6

/*
 * One case; of no rule: it keeps them all.  The CPU that it is for may have to lack
 * something: @cpu says so.
 */
struct doctor_case {
	const char *rule;
	enum base base;
	bool (*cpu)(const struct doctor_caps *caps);
	struct change change[CASE_CHANGES];
	struct doctor_msr msr;
	bool has_msr;
};

extern const struct doctor_case doctor_cases[];
extern const unsigned int doctor_nr_cases;

const char *base_name(enum base base);

/* Turn the 64-bit state in @value into @base; false when the CPU has no such. */
bool base_apply(enum base base, const struct doctor_caps *caps, u64 *value);

/* The state of a case, in @t. */
bool make_case(const struct doctor_case *c, const struct entrytry_base *from,
	       struct entrytry *t);

/* Number of the rule of this name; -1: there is none. */
int rule_number(const char *name);

/* What @t is for the doctor here. */
void take_state(struct doctor_state *s, const struct entrytry_base *from,
		const struct entrytry *t);

/* Does it break nothing but controls that this CPU has not, beside @rule? */
bool is_for_another_cpu(const u16 *broken, unsigned int count, int rule);

#endif /* DOCTOR_CASES_H */
