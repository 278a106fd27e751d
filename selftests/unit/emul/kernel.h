/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the emulator has from the kernel, for its build in user space.  Included
 * before everything else.
 */
#ifndef VELLUM_UNIT_EMUL_KERNEL_H
#define VELLUM_UNIT_EMUL_KERNEL_H

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define fallthrough	__attribute__((__fallthrough__))

#endif /* __ASSEMBLER__ */

#endif /* VELLUM_UNIT_EMUL_KERNEL_H */
