// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two forms of a task-state segment.
 */
#include "../vellum.h"

#include <linux/build_bug.h>

#include "tss.h"

static_assert(sizeof(struct vlm_tss32) == 0x68);
static_assert(sizeof(struct vlm_tss16) == 0x2c);

#define TRAP	1	/* the T flag */

static void pack32(struct vlm_tss32 *tss, const struct vlm_task_state *state)
{
	unsigned int i;

	tss->eip = state->eip;
	tss->eflags = state->eflags;
	for (i = 0; i < TSS_GPRS; i++)
		tss->gpr[i] = state->gpr[i];
	for (i = 0; i < TSS_SEGS; i++)
		tss->seg[i] = state->seg[i];
}

static void pack16(struct vlm_tss16 *tss, const struct vlm_task_state *state)
{
	unsigned int i;

	tss->ip = state->eip;
	tss->flags = state->eflags;
	for (i = 0; i < TSS_GPRS; i++)
		tss->gpr[i] = state->gpr[i];
	for (i = 0; i < TSS16_SEGS; i++)
		tss->seg[i] = state->seg[i];
}

static void unpack32(const struct vlm_tss32 *tss, struct vlm_task_state *state)
{
	unsigned int i;

	state->cr3 = tss->cr3;
	state->eip = tss->eip;
	state->eflags = tss->eflags;
	for (i = 0; i < TSS_GPRS; i++)
		state->gpr[i] = tss->gpr[i];
	for (i = 0; i < TSS_SEGS; i++)
		state->seg[i] = tss->seg[i];
	state->ldt = tss->ldt;
	state->trap = tss->trap & TRAP;
}

/* What it does not hold becomes 0; FS and GS with that are null. */
static void unpack16(const struct vlm_tss16 *tss, struct vlm_task_state *state)
{
	unsigned int i;

	state->eip = tss->ip;
	state->eflags = tss->flags;
	for (i = 0; i < TSS_GPRS; i++)
		state->gpr[i] = tss->gpr[i];
	for (i = 0; i < TSS16_SEGS; i++)
		state->seg[i] = tss->seg[i];
	state->ldt = tss->ldt;
}

void vlm_tss_pack(union vlm_tss *tss, const struct vlm_task_state *state)
{
	if (state->wide)
		pack32(&tss->wide, state);
	else
		pack16(&tss->narrow, state);
}

void vlm_tss_unpack(const union vlm_tss *tss, struct vlm_task_state *state)
{
	*state = (struct vlm_task_state){ .wide = state->wide };
	if (state->wide)
		unpack32(&tss->wide, state);
	else
		unpack16(&tss->narrow, state);
}
