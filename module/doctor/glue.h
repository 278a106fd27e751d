/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VM-entry doctor and a vCPU.
 */
#ifndef VELLUM_DOCTOR_GLUE_H
#define VELLUM_DOCTOR_GLUE_H

#include <linux/jump_label.h>

#include "../core/types.h"

struct vellum_doctor;
struct vlm_exit;

/* Some VM wants its state checked before each entry. */
DECLARE_STATIC_KEY_FALSE(vlm_doctor_wanted);

/**
 * vlm_doctor_refused() - the CPU refused an entry: find out why, and keep it
 *
 * Context: in the section, interrupts off.
 */
void vlm_doctor_refused(struct vlm_vcpu *vcpu, const struct vlm_exit *exit);

/**
 * vlm_doctor_check() - before an entry, when the VM wants it checked
 * @vcpu: the vCPU
 * @exit: filled as if the CPU had refused the entry, when it would
 *
 * Return: false when it would.  Context: in the section, interrupts off.
 */
bool vlm_doctor_check(struct vlm_vcpu *vcpu, struct vlm_exit *exit);

/** vlm_doctor_get() - VELLUM_GET_DOCTOR.  vCPU mutex; may sleep. */
long vlm_doctor_get(struct vlm_vcpu *vcpu, struct vellum_doctor *out);

/** vlm_doctor_enable() - check before each entry, or no longer.  May sleep. */
long vlm_doctor_enable(struct vlm_vm *vm, u64 on);

void vlm_doctor_vcpu_destroy(struct vlm_vcpu *vcpu);
void vlm_doctor_vm_destroy(struct vlm_vm *vm);

#endif /* VELLUM_DOCTOR_GLUE_H */
