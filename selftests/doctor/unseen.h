/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules about what the usual CPU of the lab has not.
 */
#ifndef DOCTOR_UNSEEN_H
#define DOCTOR_UNSEEN_H

#include <stdbool.h>
#include <stdio.h>

/**
 * struct unseen - a rule that the usual CPU cannot be seen to enforce
 * @in: emulators, see emulator.h
 * @rule: its name
 * @model: the model that refuses; NULL: none does
 * @why: none does, because
 */
struct unseen {
	unsigned int in;
	const char *rule;
	const char *model;
	const char *why;
};

/* What the cases of a rule showed on this CPU. */
enum coverage {
	ABSENT,		/* there was none to be tried: the CPU has not what they take */
	UNTRIED,	/* nothing would have brought the CPU back */
	DIFFERS,	/* it does otherwise than the SDM says: differ.h has the list */
	SEEN,		/* the CPU refused one, as the SDM says */
};

/* Is that what the list says of rule @name, exactly? */
bool coverage_is_listed(const char *name, enum coverage coverage);

/* The list, as a table for docs/doctor.md. */
void print_unseen(FILE *out);

#endif /* DOCTOR_UNSEEN_H */
