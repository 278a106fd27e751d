/* SPDX-License-Identifier: GPL-2.0-only */
/* What module/doctor/ takes from the kernel.  Included before everything else. */
#ifndef DOCTOR_KERNEL_H
#define DOCTOR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#endif /* DOCTOR_KERNEL_H */
