// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of VM entry, as a table.
 *
 * The rows are read twice: once each becomes a function that says whether the
 * rule holds, once a row of the table.
 */
#include "cond.h"

enum {
	EXECUTION, EXIT_FIELDS, ENTRY_FIELDS,
	HOST_REGISTERS, HOST_SEGMENTS, HOST_SIZE,
	GUEST_REGISTERS, GUEST_SEGMENTS, GUEST_TABLES, GUEST_RIP_RFLAGS, GUEST_OTHER, GUEST_PDPTES,
	MSR_LOADING,
};

#define VM_RULE(name, section, when, must, text, ...)				\
static bool name##_holds(struct doctor_state *s, const struct doctor_msr *msr)	\
{										\
	return !(when) || (must);						\
}

#include "rules_controls.h"
#include "rules_host.h"
#include "rules_guest.h"
#include "rules_segments.h"
#include "rules_other.h"

#undef VM_RULE

/* Titles in the SDM's chapter on VM entries, and how a CPU reports what they forbid. */
const struct doctor_section doctor_sections[] = {
	[EXECUTION] = { "VM-Execution Control Fields", DOCTOR_CONTROLS },
	[EXIT_FIELDS] = { "VM-Exit Control Fields", DOCTOR_CONTROLS },
	[ENTRY_FIELDS] = { "VM-Entry Control Fields", DOCTOR_CONTROLS },
	[HOST_REGISTERS] = { "Checks on Host Control Registers, MSRs, and SSP", DOCTOR_HOST },
	[HOST_SEGMENTS] = { "Checks on Host Segment and Descriptor-Table Registers", DOCTOR_HOST },
	[HOST_SIZE] = { "Checks Related to Address-Space Size", DOCTOR_HOST },
	[GUEST_REGISTERS] = { "Checks on Guest Control Registers, Debug Registers, and MSRs",
			      DOCTOR_GUEST },
	[GUEST_SEGMENTS] = { "Checks on Guest Segment Registers", DOCTOR_GUEST },
	[GUEST_TABLES] = { "Checks on Guest Descriptor-Table Registers", DOCTOR_GUEST },
	[GUEST_RIP_RFLAGS] = { "Checks on Guest RIP, RFLAGS, and SSP", DOCTOR_GUEST },
	[GUEST_OTHER] = { "Checks on Guest Non-Register State", DOCTOR_GUEST },
	[GUEST_PDPTES] = { "Checks on Guest Page-Directory-Pointer-Table Entries", DOCTOR_GUEST },
	[MSR_LOADING] = { "Loading MSRs", DOCTOR_MSRS },
};

/* Up to five names of fields, each to its number. */
#define F1(a)			DF_##a
#define F2(a, b)		DF_##a, DF_##b
#define F3(a, b, c)		DF_##a, DF_##b, DF_##c
#define F4(a, b, c, d)		DF_##a, DF_##b, DF_##c, DF_##d
#define F5(a, b, c, d, e)	DF_##a, DF_##b, DF_##c, DF_##d, DF_##e
#define PICK(a, b, c, d, e, macro, ...)	macro
#define FIELDS(...)	{ PICK(__VA_ARGS__, F5, F4, F3, F2, F1)(__VA_ARGS__) }

#define VM_RULE(name, section, when, must, text, ...)				\
	{ #name, name##_holds, text, section, FIELDS(__VA_ARGS__) },

const struct doctor_rule doctor_rules[] = {
#include "rules_controls.h"
#include "rules_host.h"
#include "rules_guest.h"
#include "rules_segments.h"
#include "rules_other.h"
};

/* By the end of the table: a pure file has no ARRAY_SIZE(). */
const unsigned int doctor_nr_rules = sizeof(doctor_rules) / sizeof(struct doctor_rule);
