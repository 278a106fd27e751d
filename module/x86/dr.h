/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bits of the debug registers that <asm/debugreg.h> does not name: SDM 3B,
 * "Debug Registers".
 */
#ifndef VELLUM_X86_DR_H
#define VELLUM_X86_DR_H

#include <asm/debugreg.h>

#define DR6_BD		BIT(13)		/* access to a guarded debug register */
#define DR6_WRITABLE	0xe00fULL	/* B0 to B3, BD, BS, BT */

#define DR7_GD		BIT(13)		/* guard them */
#define DR7_ENABLED	0xffULL		/* L0 to G3 */
#define DR7_ALWAYS_1	BIT(10)
#define DR7_WRITABLE	0xffff2bffULL

#endif /* VELLUM_X86_DR_H */
