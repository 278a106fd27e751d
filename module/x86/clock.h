/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's paravirtual clock: nanoseconds since the VM began, which a guest
 * computes from its TSC by what the vCPU's page says.
 *
 * The host's TSC and its clock were read at one moment, and all vCPUs count from
 * that, so they agree and the clock never goes back.  Where the host's TSC is
 * not to be trusted each vCPU is told a new moment at each section, and that it
 * must see for itself that time does not go back.
 */
#ifndef VELLUM_X86_CLOCK_H
#define VELLUM_X86_CLOCK_H

#include <linux/kvm.h>
#include <asm/kvm_para.h>

#include "../core/types.h"

/**
 * struct vlm_moment - what the host's clocks said at one moment
 * @tsc: the TSC
 * @base: nanoseconds since the host booted, suspended time included, at the
 *        pace of CLOCK_MONOTONIC_RAW
 * @real: CLOCK_REALTIME
 * @exact: the clocks were computed from @tsc itself
 */
struct vlm_moment {
	u64 tsc;
	u64 base;
	u64 real;
	bool exact;
};

/**
 * struct vlm_clock - the clock of a VM
 * @good: [l] the host's TSC was good, and @pair is what all count from
 * @stable: [l] and the vCPUs' TSCs are in step: one page will do for all of them
 * @boot: [l] time that the host was suspended for when @pair was taken
 * @pair: [l] the moment
 * @offset: [l] from struct vlm_moment.base to the guest's clock
 * @wall_msr: [a] MSR_KVM_WALL_CLOCK: where the guest asked for the wall clock
 *
 * Letters: [l] under the VM's lock, [a] atomic.
 */
struct vlm_clock {
	bool good;
	bool stable;
	u64 boot;
	struct vlm_moment pair;
	u64 offset;
	u64 wall_msr;
};

/** vlm_clock_init() - the clock of a new VM begins at 0. */
void vlm_clock_init(struct vlm_vm *vm);

/* KVM_GET_CLOCK, KVM_SET_CLOCK; KVM_CAP_ADJUST_CLOCK has these flags. */
#define VLM_CLOCK_FLAGS	(KVM_CLOCK_TSC_STABLE | KVM_CLOCK_REALTIME | KVM_CLOCK_HOST_TSC)
long vlm_get_clock(struct vlm_vm *vm, struct kvm_clock_data *out);
long vlm_set_clock(struct vlm_vm *vm, const struct kvm_clock_data *in);

/** vlm_clock_ctrl() - KVM_KVMCLOCK_CTRL; -EINVAL when the guest has no clock. */
long vlm_clock_ctrl(struct vlm_vcpu *vcpu);

/** vlm_clock_stale() - has the host done something to its clock? */
bool vlm_clock_stale(struct vlm_vcpu *vcpu);

/**
 * vlm_clock_update() - write the vCPU's page, and the wall clock if it is wanted
 *
 * Context: vCPU mutex, outside the section, may sleep.
 */
void vlm_clock_update(struct vlm_vcpu *vcpu);

/**
 * vlm_clock_pairing() - wall clock and guest TSC of one moment
 *
 * Return: false when the host's clock is not its TSC.  Context: may sleep.
 */
bool vlm_clock_pairing(struct vlm_vcpu *vcpu, struct kvm_clock_pairing *out);

#endif /* VELLUM_X86_CLOCK_H */
