// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kinds of exceptions there are, and what two of them make: SDM 3A,
 * "Interrupt 8--Double Fault Exception (#DF)".  Builds in user space too.
 */
#include "../vellum.h"

#include <linux/bits.h>
#include <asm/trapnr.h>

#include "inject.h"

#define CONTRIBUTORY	(BIT(X86_TRAP_DE) | BIT(X86_TRAP_TS) | BIT(X86_TRAP_NP) | \
			 BIT(X86_TRAP_SS) | BIT(X86_TRAP_GP))

/* Traps, aborts, and #DB, which may be either: the rest are faults. */
#define NOT_FAULTS	(BIT(X86_TRAP_DB) | BIT(X86_TRAP_NMI) | BIT(X86_TRAP_BP) | \
			 BIT(X86_TRAP_OF) | BIT(X86_TRAP_DF) | BIT(X86_TRAP_MC))

static bool contributory(u8 vector)
{
	return BIT(vector) & CONTRIBUTORY;
}

enum vlm_merge vlm_exception_merge(u8 first, u8 second)
{
	bool hard = contributory(second) || second == X86_TRAP_PF;

	if (first == X86_TRAP_DF)
		return hard ? MERGE_TRIPLE : MERGE_REPLACE;
	if (first == X86_TRAP_PF)
		return hard ? MERGE_DOUBLE : MERGE_REPLACE;
	if (contributory(first) && contributory(second))
		return MERGE_DOUBLE;
	return MERGE_REPLACE;
}

bool vlm_exception_is_fault(u8 vector)
{
	return vector < 32 && !(BIT(vector) & NOT_FAULTS);
}
