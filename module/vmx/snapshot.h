/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VMCS and its CPU, as the VM-entry doctor wants them.
 */
#ifndef VELLUM_VMX_SNAPSHOT_H
#define VELLUM_VMX_SNAPSHOT_H

#include "../core/types.h"
#include "../doctor/doctor.h"

/** vmx_snapshot_init() - read the capabilities, once at load. */
void vmx_snapshot_init(void);

/**
 * vmx_snapshot() - the VMCS of @vcpu into @s
 *
 * Context: VMCS current; any.
 */
void vmx_snapshot(struct vlm_vcpu *vcpu, struct doctor_state *s);

#endif /* VELLUM_VMX_SNAPSHOT_H */
