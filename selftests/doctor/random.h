/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DOCTOR_RANDOM_H
#define DOCTOR_RANDOM_H

#include "cases.h"

void random_seed(u64 value);
u64 random64(void);

/* One to three fields of a valid state changed; false: no such base on this CPU. */
bool random_state(const struct entrytry_base *from, struct entrytry *t, enum base *base);

#endif /* DOCTOR_RANDOM_H */
