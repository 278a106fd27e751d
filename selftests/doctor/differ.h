/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the emulated CPU of the lab does otherwise than the SDM says.
 */
#ifndef DOCTOR_DIFFER_H
#define DOCTOR_DIFFER_H

#include "cases.h"

enum differ_kind {
	DIFFER_LAX,	/* it does not look at the rule */
	DIFFER_AS,	/* it reports the rule as one of another group */
	DIFFER_STRICT,	/* it refuses what keeps all rules */
};

/*
 * One difference, where @when says so: of the rules that begin with @rule, or of
 * valid states; @group is what the CPU reports.
 */
struct differ {
	enum differ_kind kind;
	const char *rule;
	enum doctor_group group;
	bool (*when)(const struct entrytry *t);
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
bool verdict_differs(const struct entrytry *t, const u16 *broken, unsigned int count);

#endif /* DOCTOR_DIFFER_H */
