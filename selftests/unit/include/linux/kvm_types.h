/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for the kernel's header of this name when the module's pure files
 * are built in user space.
 */
#ifndef VELLUM_UNIT_KVM_TYPES_H
#define VELLUM_UNIT_KVM_TYPES_H

typedef unsigned long gva_t;
typedef u64 gpa_t;
typedef u64 gfn_t;
typedef unsigned long hva_t;
typedef u64 hpa_t;

#endif /* VELLUM_UNIT_KVM_TYPES_H */
