/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DOCTOR_TOOL_H
#define DOCTOR_TOOL_H

int doctor_main(int argc, char **argv);

/* Why the vCPU of this file descriptor was refused, on standard error; if it is known. */
void doctor_explain(int vcpu_fd);

#endif /* DOCTOR_TOOL_H */
