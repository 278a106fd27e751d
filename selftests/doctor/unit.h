/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DOCTOR_UNIT_H
#define DOCTOR_UNIT_H

#include <stdbool.h>

/* One TAP line; @good. */
bool ok(bool good, const char *what, const char *of);

/* Kernel logs of 6.1 and 6.12, with what KVM prints of a refused entry. */
void test_dumps(const char *old_path, const char *path);

#endif /* DOCTOR_UNIT_H */
