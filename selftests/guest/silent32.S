/* SPDX-License-Identifier: GPL-2.0-only */
/* The cases of silent.inc as 32-bit code. */
#define BITS	32
#define LABEL(name)	silent32_##name
#include "silent.inc"
