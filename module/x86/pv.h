/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest of KVM knows of its hypervisor: the MSRs 4B564D00H and up, the
 * pages that they name, and the CPUID bits that show them.
 */
#ifndef VELLUM_X86_PV_H
#define VELLUM_X86_PV_H

#include "../core/types.h"
#include "cpuid.h"

/**
 * struct vlm_pv - of one vCPU, under the vCPU mutex
 * @clock_msr: MSR_KVM_SYSTEM_TIME: address of the clock's page, and bit 0: on
 * @clock_stopped: the next update tells the guest that it was stopped
 * @clock_cpu: CPU, plus one, that the page holds for; 0: for all
 * @wall_wanted: the next update writes the wall clock
 * @steal_msr: MSR_KVM_STEAL_TIME: address of its page, and bit 0: on
 * @steal_new: it was set, and the page was not written yet
 * @steal_task: thread that ran the vCPU when it was written last; to compare
 * @steal_seen: how long that thread had waited for a CPU by then
 * @preempted: the page says that the vCPU waits
 * @eoi_msr: MSR_KVM_PV_EOI_EN: address of the flag, and bit 0: on
 * @poll_control: MSR_KVM_POLL_CONTROL: 0 when the guest polls before it halts
 * @enforce: what the guest's CPUID does not show does not work
 */
struct vlm_pv {
	u64 clock_msr;
	bool clock_stopped;
	unsigned int clock_cpu;
	bool wall_wanted;
	u64 steal_msr;
	bool steal_new;
	const void *steal_task;
	u64 steal_seen;
	bool preempted;
	u64 eoi_msr;
	u64 poll_control;
	bool enforce;
};

/** vlm_pv_features() - EAX of leaf KVM_CPUID_FEATURES: what is offered. */
u32 vlm_pv_features(void);

/**
 * vlm_pv_has() - may the guest use this feature?
 *
 * KVM lets it do what its CPUID does not show, unless the caller asked that it
 * may not: KVM_CAP_ENFORCE_PV_FEATURE_CPUID.
 */
bool vlm_pv_has(struct vlm_vcpu *vcpu, enum vlm_feature feature);

/**
 * vlm_pv_publish() - write a structure that the guest may be reading
 * @vm: the VM
 * @gpa: where it is
 * @data: what to write
 * @len: of it
 * @version: the member of @data that is odd while the rest is being written
 *
 * The version goes on from what is there.  Return: 0, or -EFAULT when it is not
 * in memory.  Context: may sleep; one writer at a time.
 */
int vlm_pv_publish(struct vlm_vm *vm, gpa_t gpa, void *data, size_t len, u32 *version);

/** vlm_pv_create() - what is on in a new vCPU. */
void vlm_pv_create(struct vlm_vcpu *vcpu);

/** vlm_pv_reset() - after power-up and INIT: nothing is on. */
void vlm_pv_reset(struct vlm_vcpu *vcpu);

/** vlm_pv_before_section() - bring the guest's pages up to date.  May sleep. */
void vlm_pv_before_section(struct vlm_vcpu *vcpu);

/** vlm_steal_update() - write the steal time; do what a vCPU left word for. */
void vlm_steal_update(struct vlm_vcpu *vcpu);

/** vlm_steal_preempted() - the vCPU is about to lose its CPU.  May sleep. */
void vlm_steal_preempted(struct vlm_vcpu *vcpu);

/**
 * vlm_steal_preempted_nofault() - the same, in the section, after the guest's last
 * instruction in it; nothing is told when the page is not at hand
 */
void vlm_steal_preempted_nofault(struct vlm_vcpu *vcpu);

/** vlm_clock_check_cpu() - the section is on a CPU that the clock is not for?  It is on. */
void vlm_clock_check_cpu(struct vlm_vcpu *vcpu);

#endif /* VELLUM_X86_PV_H */
