/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that belong to vellum and need shared libraries, which vellum itself,
 * being static, does without.
 */
#ifndef HELPER_H
#define HELPER_H

#include <stddef.h>

/* Where @name is: beside vellum, or in /usr/libexec/vellum. 0, or -1 when it is not. */
int helper_find(const char *name, char *path, size_t room);

#endif /* HELPER_H */
