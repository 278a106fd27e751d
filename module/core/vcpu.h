/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual CPU.
 */
#ifndef VELLUM_CORE_VCPU_H
#define VELLUM_CORE_VCPU_H

#include <linux/kvm.h>
#include <linux/mutex.h>
#include <linux/wait.h>

#include "types.h"
#include "request.h"
#include "stats.h"
#include "vm.h"
#include "watch.h"
#include "../doctor/glue.h"
#include "../emul/glue.h"
#include "../vmx/vmx.h"
#include "../x86/pv.h"
#include "../x86/x86.h"

/* General registers in the order of their encoding: SDM 2A, "ModR/M". */
enum vlm_gpr {
	GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
	GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15,
	NR_GPRS
};

struct vlm_recorder;

/**
 * struct vlm_pending - what must be finished when KVM_RUN is entered again
 * @complete: called first thing in the next KVM_RUN, or NULL
 * @reg: general register that takes the value
 * @size: bytes of one port access
 * @length: of the instruction, skipped once the access is complete
 * @rip: where the instruction was; if user space moved RIP meanwhile, it is
 *       not skipped
 *
 * A handler that gives an access to user space keeps here what it needs to
 * take the answer; the run page can be changed under it at any time.
 */
struct vlm_pending {
	int (*complete)(struct vlm_vcpu *vcpu);
	u8 reg;
	u8 size;
	u8 length;
	u64 rip;
};

/**
 * struct vlm_vcpu - one virtual CPU; its first members are known to entry.S
 * @vm: [I] the VM, on which it holds a reference through its file
 * @id: [I] APIC id given at creation
 * @index: [I] order of creation
 * @lock: the vCPU mutex, held by every ioctl on it, KVM_RUN included
 * @run: [I] the page shared with user space
 * @pio_data: [I] the second page of that mapping; the third is the VM's
 * @requests: [a] what must be done before the next entry, see request.h
 * @mode: [a] inside or outside the section that enters the guest
 * @cpu: [a] CPU of that section
 * @wait: where a halted vCPU sleeps
 * @task: [a] the thread in KVM_RUN, or NULL; use it under RCU
 * @gpr: [v] general registers, but for RSP which lives in the VMCS
 * @host_rsp: [v] what the VMCS field HOST_RSP holds
 * @guest_spec_ctrl: [v] IA32_SPEC_CTRL while the guest runs
 * @host_spec_ctrl: [v] and after it
 * @vmx: [v] VMX state
 * @ept: [v] table pages in reserve
 * @lapic: [I] its local APIC, NULL when the caller has one of its own
 * @x86: [v] architectural state that no VMCS field holds
 * @pv: what the guest and KVM's paravirtual features share
 * @events: [v] exceptions, interrupts and NMIs on their way to the guest
 * @exit: [v] the last VM exit
 * @pending: [v] the access that user space is finishing
 * @emul: [v] the instruction emulator
 * @mp_state: [v] KVM_MP_STATE_*
 * @poll_ns: [v] for how long it looks in a halt before it sleeps
 * @sigset: [v] mask for KVM_RUN, when @sigset_active
 * @sigset_active: [v] KVM_SET_SIGNAL_MASK was used
 * @want_window: [v] user space waits for an open interrupt window
 * @guest_debug: [v] KVM_GUESTDBG_* in force
 * @stats: what was counted
 * @doctor: [v] the last entry that was refused; NULL: none was
 * @watch: [v] the last exit, while somebody looks
 * @recorder: [a] set once, NULL until then
 *
 * Letters: [I] immutable after creation, [a] atomic, [v] under @lock.
 */
struct vlm_vcpu {
	u64 gpr[NR_GPRS];
	u64 host_rsp;
	u64 guest_spec_ctrl;
	u64 host_spec_ctrl;
	unsigned long requests;
	struct vlm_vm *vm;
	u32 id;
	u32 index;
	int mode;
	int cpu;
	struct mutex lock;
	struct kvm_run *run;
	u8 *pio_data;
	wait_queue_head_t wait;
	struct task_struct *task;
	struct vmx_vcpu vmx;
	struct vlm_ept_vcpu ept;
	struct vlm_lapic *lapic;
	struct vlm_x86 x86;
	struct vlm_pv pv;
	struct vlm_events events;
	struct vlm_exit exit;
	struct vlm_pending pending;
	struct vlm_emul emul;
	u32 mp_state;
	u32 poll_ns;
	sigset_t sigset;
	bool sigset_active;
	bool want_window;
	u32 guest_debug;
	struct vlm_vcpu_stats stats;
	struct vlm_doctor *doctor;
	struct vlm_watch watch;
	struct vlm_recorder *recorder;
};

/** vmx_begin() - use @vcpu's VMCS: see vmx_hold(). */
static __always_inline void vmx_begin(struct vlm_vcpu *vcpu)
{
	vmx_hold(&vcpu->vmx);
}

static __always_inline void vmx_end(struct vlm_vcpu *vcpu)
{
	vmx_release(&vcpu->vmx);
}

/**
 * vmx_l1d_touch() - other data than the VM's may be in the L1 data cache now
 *
 * On a CPU that L1TF affects it is emptied before the next entry.
 * Context: the vCPU mutex, or none and nobody else has the vCPU.
 */
static inline void vmx_l1d_touch(struct vlm_vcpu *vcpu)
{
	vcpu->vmx.l1d_touched = true;
}

/** vlm_vcpu_create() - KVM_CREATE_VCPU: the new file descriptor, or errno. */
long vlm_vcpu_create(struct vlm_vm *vm, unsigned long id);

/** vlm_vcpu_destroy() - free @vcpu, half-built or whole.  May sleep. */
void vlm_vcpu_destroy(struct vlm_vcpu *vcpu);

int vlm_vcpu_init(void);
void vlm_vcpu_exit(void);

/** vlm_window_wanted() - does user space wait for that moment, and can it come? */
bool vlm_window_wanted(struct vlm_vcpu *vcpu);

/** vlm_window_open() - could user space inject an interrupt right now? */
bool vlm_window_open(struct vlm_vcpu *vcpu);

/**
 * vlm_vcpu_block() - sleep in a halt, or until INIT and SIPI come
 *
 * Return: VLM_RESUME, or -EINTR when a signal came first.  Context: outside
 * the section, may sleep.
 */
int vlm_vcpu_block(struct vlm_vcpu *vcpu);

/**
 * vlm_vcpu_yield() - @vcpu spins: give its turn to one of its VM that has none
 *
 * Context: outside the section, may sleep.
 */
void vlm_vcpu_yield(struct vlm_vcpu *vcpu);

/** vlm_vcpu_yield_to() - let @target have this CPU's turn, if it wants one. */
void vlm_vcpu_yield_to(struct vlm_vcpu *vcpu, struct vlm_vcpu *target);

/** vlm_vcpu_run() - KVM_RUN.  Context: vCPU mutex held, may sleep. */
long vlm_vcpu_run(struct vlm_vcpu *vcpu);

/** vlm_gpr() - read general register @n, RSP included. */
static inline u64 vlm_gpr(struct vlm_vcpu *vcpu, unsigned int n)
{
	return n == GPR_RSP ? vmx_get(vcpu, VMX_RSP) : vcpu->gpr[n];
}

/** vlm_set_gpr() - write all 64 bits of general register @n. */
static inline void vlm_set_gpr(struct vlm_vcpu *vcpu, unsigned int n, u64 value)
{
	if (n == GPR_RSP)
		vmx_set(vcpu, VMX_RSP, value);
	else
		vcpu->gpr[n] = value;
}

#endif /* VELLUM_CORE_VCPU_H */
