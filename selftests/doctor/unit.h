/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DOCTOR_UNIT_H
#define DOCTOR_UNIT_H

#include <stdbool.h>

/* One TAP line; @good. */
bool ok(bool good, const char *what, const char *of);

/* The file is a kernel log with a dump of KVM's. */
void test_dumps(const char *path);

#endif /* DOCTOR_UNIT_H */
