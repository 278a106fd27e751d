/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of each exit while somebody wants to know: a tracepoint, or the
 * recorder of the VM.  Otherwise no-ops are all that is left of it.
 */
#ifndef VELLUM_CORE_WATCH_H
#define VELLUM_CORE_WATCH_H

#include <linux/jump_label.h>
#include <vellum.h>

#include "types.h"

struct vlm_exit;

/* Who was the last to work on an exit. */
enum vlm_by {
	VLM_BY_NONE,
	VLM_BY_FAST = VELLUM_BY_FAST,
	VLM_BY_SLOW = VELLUM_BY_SLOW,
	VLM_BY_USER = VELLUM_BY_USER,
};

/**
 * struct vlm_watch - the last exit of a vCPU, under the vCPU mutex
 * @tsc: time-stamp counter of the host at the exit; 0: the guest runs
 * @own: ticks since then that went into tracing it
 * @rip: of the guest
 * @cause: what the exit is about, see vlm_exit_cause()
 * @reason: basic exit reason
 * @by: enum vlm_by
 * @generation: which time of being watched it belongs to
 */
struct vlm_watch {
	u64 tsc;
	u64 own;
	u64 rip;
	u64 cause;
	u32 reason;
	u32 by;
	int generation;
};

DECLARE_STATIC_KEY_FALSE(vlm_watched);

/** vlm_watch_get() - somebody watches; tracepoints call it.  May sleep. */
int vlm_watch_get(void);
/** vlm_watch_put() - and no longer does. */
void vlm_watch_put(void);

/**
 * vlm_watch_exit() - after an exit, in the section
 * @vcpu: the vCPU; the TSC is in its watch already
 * @exit: the exit
 * @reads: what of it is valid
 */
void vlm_watch_exit(struct vlm_vcpu *vcpu, const struct vlm_exit *exit, u32 reads);

/** vlm_watch_entry() - the next entry follows. */
void vlm_watch_entry(struct vlm_vcpu *vcpu);

/**
 * vlm_exit_cause() - what an exit is about
 *
 * Return: the port, MSR, guest-physical address, CPUID leaf, number of the
 * hypercall, exception vector, offset in the APIC page; for a register access the
 * low bits of the qualification.  0 where the reason says all.
 */
u64 vlm_exit_cause(const struct vlm_vcpu *vcpu, const struct vlm_exit *exit);

#endif /* VELLUM_CORE_WATCH_H */
