/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM exit, decoded, and the table that decides about it.
 */
#ifndef VELLUM_EXITS_EXIT_H
#define VELLUM_EXITS_EXIT_H

#include <linux/nospec.h>
#include <asm/vmx.h>

#include "../core/types.h"

/* What a row of the table wants to have read from the VMCS. */
#define EXIT_QUAL		BIT(0)	/* exit qualification */
#define EXIT_GPA		BIT(1)	/* guest-physical address */
#define EXIT_GVA		BIT(2)	/* guest-linear address */
#define EXIT_LENGTH		BIT(3)	/* instruction length */
#define EXIT_INSN_INFO		BIT(4)	/* VM-exit instruction information */
#define EXIT_INTR		BIT(5)	/* interruption information, error code */
#define EXIT_VECTORING		BIT(6)	/* IDT-vectoring information */

/**
 * struct vlm_exit - one VM exit; only what the row asked for is valid
 * @reason: basic exit reason
 * @length: of the instruction that caused it
 * @qualification: SDM 3C, "Basic VM-Exit Information"
 * @gpa: guest-physical address of an EPT violation
 * @gva: guest-linear address, likewise
 * @intr_info: what an exception or NMI exit is about
 * @intr_error: and its error code
 * @vectoring_info: an event whose delivery this exit broke off
 * @vectoring_error: and its error code
 * @insn_info: operands of some instructions
 * @no_memory: an EPT violation where the guest has no memory
 * @instruction_error: VM-instruction error, when VMLAUNCH itself failed
 */
struct vlm_exit {
	u16 reason;
	bool no_memory;
	u32 length;
	u64 qualification;
	gpa_t gpa;
	gva_t gva;
	u32 intr_info;
	u32 intr_error;
	u32 vectoring_info;
	u32 vectoring_error;
	u32 insn_info;
	u32 instruction_error;
};

/**
 * struct vlm_exit_row - the decision about one basic exit reason
 * @fast: runs in the section, preemption and interrupts off; must not sleep
 * @slow: runs in process context when @fast said VLM_DOOR
 * @reads: EXIT_* that the handlers use
 *
 * Both return enum vlm_next or a negative errno that ends KVM_RUN.
 */
struct vlm_exit_row {
	int (*fast)(struct vlm_vcpu *vcpu, struct vlm_exit *exit);
	int (*slow)(struct vlm_vcpu *vcpu, struct vlm_exit *exit);
	u32 reads;
};

#define VLM_EXIT_ROWS	(EXIT_REASON_NOTIFY + 1)

/* The last row is for reasons newer than the table. */
extern const struct vlm_exit_row vlm_exit_rows[VLM_EXIT_ROWS + 1];

/** vlm_exit_index() - the row of a reason; without a branch, so under speculation too. */
static inline unsigned int vlm_exit_index(u16 reason)
{
	unsigned long known = array_index_mask_nospec(reason, VLM_EXIT_ROWS);

	return VLM_EXIT_ROWS + ((reason - VLM_EXIT_ROWS) & known);
}

/** exit_entry_failed() - fill kvm_run for an entry that the CPU refused. */
int exit_entry_failed(struct vlm_vcpu *vcpu, struct vlm_exit *exit);

/** exit_to_debugger() - KVM_EXIT_DEBUG for the instruction at RIP. */
int exit_to_debugger(struct vlm_vcpu *vcpu, u8 vector, u64 dr6);

/** exit_internal_error() - KVM_EXIT_INTERNAL_ERROR with what is known. */
int exit_internal_error(struct vlm_vcpu *vcpu, struct vlm_exit *exit, u32 suberror);

/**
 * vlm_skip_pending() - finish the instruction of a completed access
 *
 * User space may have moved RIP while it had the access in hand; then there is
 * nothing to skip.
 */
void vlm_skip_pending(struct vlm_vcpu *vcpu);

/** vlm_debug_step() - KVM_EXIT_DEBUG for an instruction that an exit finished. */
int vlm_debug_step(struct vlm_vcpu *vcpu);

/* One handler a reason; each lives in the file of its family. */
#define EXIT_HANDLER(name) \
	int exit_##name(struct vlm_vcpu *vcpu, struct vlm_exit *exit)

EXIT_HANDLER(exception);	/* exception.c */
EXIT_HANDLER(monitor_trap);
EXIT_HANDLER(mwait);
EXIT_HANDLER(external_interrupt);	/* events.c */
EXIT_HANDLER(triple_fault);
EXIT_HANDLER(interrupt_window);
EXIT_HANDLER(nmi_window);
EXIT_HANDLER(cpuid);		/* insn.c */
EXIT_HANDLER(hlt);
EXIT_HANDLER(nop);
EXIT_HANDLER(undefined);
EXIT_HANDLER(rdpmc);
EXIT_HANDLER(xsetbv);
EXIT_HANDLER(pause);
EXIT_HANDLER(pause_slow);
EXIT_HANDLER(vmcall);		/* hypercall.c */
EXIT_HANDLER(vmcall_slow);
EXIT_HANDLER(tpr_below_threshold);	/* apic.c */
EXIT_HANDLER(eoi);
EXIT_HANDLER(apic_write);
EXIT_HANDLER(apic_access);
EXIT_HANDLER(apic_access_slow);
EXIT_HANDLER(preemption_timer);
EXIT_HANDLER(cr);		/* cr.c */
EXIT_HANDLER(dr);		/* dr.c */
EXIT_HANDLER(rdmsr);		/* msr.c */
EXIT_HANDLER(wrmsr);
EXIT_HANDLER(io);		/* io.c */
EXIT_HANDLER(io_slow);
EXIT_HANDLER(ept_violation);	/* mem.c */
EXIT_HANDLER(ept_violation_slow);
EXIT_HANDLER(pml_full);
EXIT_HANDLER(task_switch);	/* taskswitch.c */
EXIT_HANDLER(task_switch_slow);

#undef EXIT_HANDLER

#endif /* VELLUM_EXITS_EXIT_H */
