/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which instructions were executed between two marks, and how often: what Bochs
 * calls before each one. Nothing else of its instrumentation is used.
 */
#undef BX_INSTRUMENTATION
#define BX_INSTRUMENTATION 0
#include "../stubs/instrument.h"
#undef BX_INSTRUMENTATION
#define BX_INSTRUMENTATION 1

#include "cpu/decoder/ia_opcodes.h"

class bxInstruction_c;

extern bool account_on;
void account(unsigned cpu, const bxInstruction_c *i);

#undef BX_INSTR_BEFORE_EXECUTION
#define BX_INSTR_BEFORE_EXECUTION(cpu, i)					\
	do {									\
		if (account_on || (i)->getIaOpcode() == BX_IA_XCHG_EwGw)	\
			account(cpu, i);					\
	} while (0)
