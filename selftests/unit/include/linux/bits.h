/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VELLUM_UNIT_BITS_H
#define VELLUM_UNIT_BITS_H

#define BIT(n)			(1ul << (n))
#define BIT_ULL(n)		(1ull << (n))
#define GENMASK_ULL(high, low)	((~0ull >> (63 - (high))) & (~0ull << (low)))

#endif
