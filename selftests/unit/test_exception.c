// SPDX-License-Identifier: GPL-2.0-only
/* Two exceptions at a time: SDM 3A, the table on #DF and its conditions. */
#include <asm/trapnr.h>

#include "../../module/x86/inject.h"
#include "test_x86.h"

static const struct {
	const char *name;
	u8 first, second;
	enum vlm_merge merge;
} rows[] = {
	{ "#GP after #GP is #DF", X86_TRAP_GP, X86_TRAP_GP, MERGE_DOUBLE },
	{ "#NP after #SS is #DF", X86_TRAP_SS, X86_TRAP_NP, MERGE_DOUBLE },
	{ "#TS after #DE is #DF", X86_TRAP_DE, X86_TRAP_TS, MERGE_DOUBLE },
	{ "#PF after #GP comes by itself", X86_TRAP_GP, X86_TRAP_PF, MERGE_REPLACE },
	{ "#GP after #PF is #DF", X86_TRAP_PF, X86_TRAP_GP, MERGE_DOUBLE },
	{ "#PF after #PF is #DF", X86_TRAP_PF, X86_TRAP_PF, MERGE_DOUBLE },
	{ "#UD after #PF comes by itself", X86_TRAP_PF, X86_TRAP_UD, MERGE_REPLACE },
	{ "#GP after #DB comes by itself", X86_TRAP_DB, X86_TRAP_GP, MERGE_REPLACE },
	{ "#PF after #UD comes by itself", X86_TRAP_UD, X86_TRAP_PF, MERGE_REPLACE },
	{ "#GP after #DF is a shutdown", X86_TRAP_DF, X86_TRAP_GP, MERGE_TRIPLE },
	{ "#PF after #DF is a shutdown", X86_TRAP_DF, X86_TRAP_PF, MERGE_TRIPLE },
	{ "#DB after #DF comes by itself", X86_TRAP_DF, X86_TRAP_DB, MERGE_REPLACE },
	{ "#AC after #GP comes by itself", X86_TRAP_GP, X86_TRAP_AC, MERGE_REPLACE },
};

void test_exception(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(vlm_exception_merge(rows[i].first, rows[i].second) == rows[i].merge,
		      "%s", rows[i].name);
	check(vlm_exception_is_fault(X86_TRAP_PF), "#PF is a fault");
	check(vlm_exception_is_fault(X86_TRAP_UD), "#UD is a fault");
	check(!vlm_exception_is_fault(X86_TRAP_BP), "#BP is a trap");
	check(!vlm_exception_is_fault(X86_TRAP_DF), "#DF is an abort");
}
