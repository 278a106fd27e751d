/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands in for the kernel's header of this name. */
#ifndef DOCTOR_BITS_H
#define DOCTOR_BITS_H

#define BIT(n)		(1ul << (n))
#define BIT_ULL(n)	(1ull << (n))

#endif /* DOCTOR_BITS_H */
