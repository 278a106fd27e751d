/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same code in a guest's ring 3 and in this process, on the CPU itself.
 *
 * A process has CODE, DATA and stack where the guest has them, below 1 MiB, so
 * that the code runs unchanged. It ends with an exception, which the process
 * sees as a signal whose context has vector and error code.
 */
#ifndef VT_NATIVE_H
#define VT_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#define VT_NATIVE_STACK		0x50000u	/* top; a page lies below it */

enum vt_gpr {
	VT_RAX, VT_RBX, VT_RCX, VT_RDX, VT_RSI, VT_RDI, VT_RBP,
	VT_R8, VT_R9, VT_R10, VT_R11, VT_R12, VT_R13, VT_R14, VT_R15,
	VT_GPRS
};

/* Where a piece of code ended, and with what. */
struct vt_outcome {
	uint64_t vector;
	uint64_t error;
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
	uint64_t gpr[VT_GPRS];
	uint16_t ds, es, fs, gs;
};

/* False when the pages cannot be had: it takes root. */
bool vt_native_init(void);

/*
 * Run what is at VT_CODE, in the code segment cs of a 64-bit Linux (0x33, or
 * 0x23 for 32-bit code), with all registers 0, the data segments 0x2b, FS and
 * GS 0.
 */
void vt_native_run(uint16_t cs, struct vt_outcome *out);

#endif
