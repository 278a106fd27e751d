/* SPDX-License-Identifier: GPL-2.0-only */
/* The cases of silent.inc as 64-bit code. */
#define BITS	64
#define LABEL(name)	silent64_##name
#include "silent.inc"
