/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hardware task switches: SDM 3A, "Task Management".
 */
#ifndef VELLUM_X86_TASK_H
#define VELLUM_X86_TASK_H

#include "desc.h"
#include "tss.h"

/* As the exit qualification has them. */
enum vlm_task_source { TASK_CALL, TASK_IRET, TASK_JMP, TASK_GATE };

/**
 * struct vlm_task_switch - a task switch that the guest attempted
 * @selector: of the new TSS
 * @source: an instruction, or a task gate in the IDT
 * @length: by which EIP moves on before it is saved
 * @external: EXT of error codes: an event that is not a software interrupt
 * @has_error: the event has an error code, which goes to the new task's stack
 * @error: the error code
 */
struct vlm_task_switch {
	u16 selector;
	enum vlm_task_source source;
	u32 length;
	bool external;
	bool has_error;
	u32 error;
};

/**
 * vlm_task_switch() - do it
 * @vcpu: the vCPU, outside IA-32e mode
 * @sw: what the CPU said; it has checked privileges already
 * @fault: when it returns 1; either the old or the new task is in the vCPU then
 *
 * Return: 0; 1 for a fault; -EAGAIN, with nothing changed: let the guest try
 * again; -ENXIO when what the CPU has to access is no memory of the guest; -EFAULT
 * when it is memory that does not come.
 * Context: vCPU mutex, may sleep.
 */
int vlm_task_switch(struct vlm_vcpu *vcpu, const struct vlm_task_switch *sw,
		    struct vlm_fault *fault);

/**
 * vlm_task_load_segments() - load LDTR and segment registers of a new task
 * @vcpu: the vCPU, all else of the new task loaded
 * @state: the new task
 * @fault: when it returns 1; EXT is not set in its error code
 *
 * Each register has its new selector in the end.  One that was not reached, or
 * not taken, cannot be used.
 *
 * Return: 0; 1; -EAGAIN; -ENXIO; -EFAULT, as above.
 */
int vlm_task_load_segments(struct vlm_vcpu *vcpu, const struct vlm_task_state *state,
			   struct vlm_fault *fault);

#endif /* VELLUM_X86_TASK_H */
