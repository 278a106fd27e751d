/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Task-state segments: SDM 3A, "Task-State Segment (TSS)" and "16-Bit
 * Task-State Segment (TSS)".
 */
#ifndef VELLUM_X86_TSS_H
#define VELLUM_X86_TSS_H

#include <linux/stddef.h>
#include <linux/types.h>

#define TSS_GPRS	8	/* in the order of enum vlm_gpr */
#define TSS_SEGS	6	/* in the order of enum vmx_segment */
#define TSS16_SEGS	4	/* without FS and GS */

struct vlm_tss32 {
	u32 link;
	u32 stacks[6];
	u32 cr3;
	u32 eip;
	u32 eflags;
	u32 gpr[TSS_GPRS];
	u32 seg[TSS_SEGS];
	u32 ldt;
	u16 trap;
	u16 io_map;
};

struct vlm_tss16 {
	u16 link;
	u16 stacks[6];
	u16 ip;
	u16 flags;
	u16 gpr[TSS_GPRS];
	u16 seg[TSS16_SEGS];
	u16 ldt;
};

union vlm_tss {
	struct vlm_tss32 wide;
	struct vlm_tss16 narrow;
};

/**
 * struct vlm_task_state - what a TSS holds of a task
 * @wide: 32-bit TSS
 * @cr3: 32-bit TSS only
 * @eip: and so on: registers
 * @eflags: EFLAGS
 * @gpr: EAX to EDI
 * @seg: ES to GS
 * @ldt: LDTR
 * @trap: the T flag
 */
struct vlm_task_state {
	bool wide;
	u32 cr3;
	u32 eip;
	u32 eflags;
	u32 gpr[TSS_GPRS];
	u16 seg[TSS_SEGS];
	u16 ldt;
	bool trap;
};

/* The least limit; and the part that is written when the task is left. */
static inline u32 vlm_tss_limit(bool wide)
{
	return wide ? sizeof(struct vlm_tss32) - 1 : sizeof(struct vlm_tss16) - 1;
}

static inline u32 vlm_tss_saved(bool wide)
{
	return wide ? offsetof(struct vlm_tss32, eip) : offsetof(struct vlm_tss16, ip);
}

static inline u32 vlm_tss_saved_end(bool wide)
{
	return wide ? offsetof(struct vlm_tss32, ldt) : offsetof(struct vlm_tss16, ldt);
}

/** vlm_tss_pack() - into the form of @state->wide; only what is written. */
void vlm_tss_pack(union vlm_tss *tss, const struct vlm_task_state *state);
/** vlm_tss_unpack() - out of the form that @state->wide says. */
void vlm_tss_unpack(const union vlm_tss *tss, struct vlm_task_state *state);

#endif /* VELLUM_X86_TSS_H */
