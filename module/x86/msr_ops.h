/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rows of the MSR table call.
 */
#ifndef VELLUM_X86_MSR_OPS_H
#define VELLUM_X86_MSR_OPS_H

#include "msrs.h"

/* Plain ones: a member of struct vlm_x86, a VMCS register, a constant in bits. */
MSR_READER(vlm_msr_read_field);
MSR_WRITER(vlm_msr_write_field);
MSR_READER(vlm_msr_read_vmcs);
MSR_WRITER(vlm_msr_write_vmcs);
MSR_READER(vlm_msr_read_constant);
MSR_WRITER(vlm_msr_write_zero);

MSR_READER(vlm_msr_read_efer);
MSR_WRITER(vlm_msr_write_efer);
MSR_WRITER(vlm_msr_write_apic_base);
MSR_WRITER(vlm_msr_write_feature_control);
MSR_WRITER(vlm_msr_write_spec_ctrl);
MSR_WRITER(vlm_msr_write_command);
MSR_WRITER(vlm_msr_write_ucode_rev);
MSR_WRITER(vlm_msr_write_arch_capabilities);
MSR_WRITER(vlm_msr_write_misc_enable);
MSR_READER(vlm_msr_read_platform_info);
MSR_WRITER(vlm_msr_write_debugctl);
MSR_WRITER(vlm_msr_write_pat);
MSR_READER(vlm_msr_read_deadline);
MSR_WRITER(vlm_msr_write_deadline);
MSR_READER(vlm_msr_read_x2apic);
MSR_WRITER(vlm_msr_write_x2apic);

/* clock.c */
MSR_READER(vlm_msr_read_wall_clock);
MSR_WRITER(vlm_msr_write_wall_clock);
MSR_READER(vlm_msr_read_system_time);
MSR_WRITER(vlm_msr_write_system_time);

/* steal.c, pv.c */
MSR_READER(vlm_msr_read_steal);
MSR_WRITER(vlm_msr_write_steal);
MSR_READER(vlm_msr_read_poll_control);
MSR_WRITER(vlm_msr_write_poll_control);
MSR_READER(vlm_msr_read_pv_eoi);
MSR_WRITER(vlm_msr_write_pv_eoi);

/* mce.c, mtrr.c, tsc.c */
MSR_READER(vlm_mce_read);
MSR_WRITER(vlm_mce_write);
MSR_READER(vlm_mtrr_read);
MSR_WRITER(vlm_mtrr_write);
MSR_READER(vlm_tsc_msr_read);
MSR_WRITER(vlm_tsc_msr_write);
MSR_WRITER(vlm_tsc_adjust_write);

#endif /* VELLUM_X86_MSR_OPS_H */
