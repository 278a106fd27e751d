/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which CPU this is: lab/run names the model and the emulator on the kernel's
 * command line.
 */
#ifndef DOCTOR_EMULATOR_H
#define DOCTOR_EMULATOR_H

#include <stdbool.h>

/* Emulators whose ways are known, as bits. */
#define BOCHS_27	1u	/* Debian's package */
#define BOCHS_30	2u	/* by lab/bochs/build */
#define BOCHS_CET_30	4u	/* the same, configured with --enable-cet and others */
#define BOCHS_FROM_30	(BOCHS_30 | BOCHS_CET_30)
#define BOCHS_ALL	(BOCHS_27 | BOCHS_FROM_30)

/* What the daily run has. */
#define USUAL_MODEL	"broadwell_ult"

/* Of this machine; 0: another emulator, or none. */
extern unsigned int emulator;

/* Of this machine, "" if it is not known. */
extern char emulated_model[64];

/* "2.7, 3.0" for these bits. */
const char *emulator_names(unsigned int bits);

/* @cet: the CPU allows "load CET state", which tells two of them apart. */
void find_emulator(bool cet);

#endif /* DOCTOR_EMULATOR_H */
