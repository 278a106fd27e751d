/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts that the CPU delivers by itself.
 */
#ifndef VELLUM_VMX_APICV_H
#define VELLUM_VMX_APICV_H

#include <linux/types.h>
#include <asm/vmx.h>

#include "../core/types.h"

#define VMX_APIC_CONTROLS	(SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES |	\
				 SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE |	\
				 SECONDARY_EXEC_APIC_REGISTER_VIRT |		\
				 SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY)

/** vmx_apic_caps() - take the CPU's abilities out of vmx_caps that are not used. */
void vmx_apic_caps(void);

/** vmx_apic_init() - at load; 0 or -ENOMEM. */
int vmx_apic_init(void);
void vmx_apic_exit(void);

/** vmx_apic_controls() - of VMX_APIC_CONTROLS, what @vcpu has on now. */
u32 vmx_apic_controls(struct vlm_vcpu *vcpu);

/** vmx_apic_in_service() - the vector that the CPU has in service.  VMCS current. */
u8 vmx_apic_in_service(struct vlm_vcpu *vcpu);

/**
 * vmx_apic_prepare() - tell the CPU what is pending and in service
 *
 * Context: before VM entry, interrupts off, after each change of either or of
 * the task priority.
 */
void vmx_apic_prepare(struct vlm_vcpu *vcpu);

#endif /* VELLUM_VMX_APICV_H */
