/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the emulated CPU of the lab does otherwise than the SDM says.
 */
#ifndef DOCTOR_DIFFER_H
#define DOCTOR_DIFFER_H

#include <stdio.h>

#include "cases.h"
#include "emulator.h"

enum differ_kind {
	DIFFER_LAX,	/* it does not look at the rule */
	DIFFER_AS,	/* it reports the rule as one of another group */
	DIFFER_STRICT,	/* it refuses what keeps all rules */
};

/**
 * struct differ - one difference
 * @kind: of which kind
 * @in: emulators that have it, see emulator.h
 * @rule: the rule that it is about; NULL: it is about states that keep all
 * @section: of the SDM, where there is no rule
 * @group: what the CPU reports
 * @when: the state is such a one
 * @text: in words
 * @seen: how often it was met
 */
struct differ {
	enum differ_kind kind;
	unsigned int in;
	const char *rule;
	const char *section;
	enum doctor_group group;
	bool (*when)(const struct entrytry *t, const struct doctor_caps *caps);
	const char *text;
	unsigned int seen;
};

extern struct differ doctor_differ[];
extern const unsigned int doctor_nr_differ;

/*
 * Is the CPU's verdict on @t explained by the SDM, whose broken rules these are?
 * Else by one of the differences, which is noted then?
 */
bool verdict_agrees(const struct entrytry *t, const u16 *broken, unsigned int count);
bool verdict_differs(const struct entrytry *t, const struct doctor_caps *caps,
		     const u16 *broken, unsigned int count);

/*
 * The one rule that @t breaks is listed as one that this CPU does not look at; @t was
 * refused all the same, and not for what this CPU asks beyond the rules.
 */
bool belies_list(const struct entrytry *t, const struct doctor_caps *caps, u16 rule);

/* The list, as a table for docs/doctor.md. */
void print_differ(FILE *out);

#endif /* DOCTOR_DIFFER_H */
