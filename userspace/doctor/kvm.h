/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DOCTOR_KVM_H
#define DOCTOR_KVM_H

#include "dump.h"

/* Take a line of the kernel's log; false: another dump begins, and this one is whole. */
bool kvm_line(struct dump *dump, const char *line);

#endif /* DOCTOR_KVM_H */
