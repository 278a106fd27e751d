/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vocabulary that every part of the module shares.
 */
#ifndef VELLUM_CORE_TYPES_H
#define VELLUM_CORE_TYPES_H

/* gva_t, gpa_t, gfn_t, hva_t, hpa_t, INVALID_GPA: the kernel's own names. */
#include <linux/kvm_types.h>

static inline gfn_t gpa_to_gfn(gpa_t gpa)
{
	return gpa >> 12;
}

static inline gpa_t gfn_to_gpa(gfn_t gfn)
{
	return gfn << 12;
}

/**
 * enum vlm_next - what an exit handler decided.  Errors are negative errnos
 *                 beside these, and end KVM_RUN with that errno.
 * @VLM_TO_USER: kvm_run is filled in; KVM_RUN returns 0.
 * @VLM_RESUME: the guest goes on.
 * @VLM_DOOR: the fast handler cannot finish with preemption off; the slow
 *            handler of the same reason takes over in process context.
 */
enum vlm_next {
	VLM_TO_USER = 0,
	VLM_RESUME = 1,
	VLM_DOOR = 2,
};

struct vlm_vm;
struct vlm_vcpu;
struct vlm_slot;

#endif /* VELLUM_CORE_TYPES_H */
