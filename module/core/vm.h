/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine.
 */
#ifndef VELLUM_CORE_VM_H
#define VELLUM_CORE_VM_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/xarray.h>

#include "iobus.h"
#include "types.h"
#include "../ept/ept.h"
#include "../irq/irqchip.h"
#include "../mem/mem.h"
#include "../x86/msr_filter.h"
#include "../x86/clock.h"
#include "../x86/tsc.h"

#define VLM_MAX_VCPUS		288	/* also the bound of a vCPU id */

/**
 * struct vlm_vm - one virtual machine
 * @id: [I] number of this VM since the module was loaded
 * @owner: [I] the process that made it
 * @refs: [a] the VM's file and each vCPU's file hold one
 * @mm: [I] address space of the creator; ioctls from any other are refused
 * @lock: guards @vcpus against creation, and VM-wide settings
 * @vcpus: [l] by index of creation, RCU readers; entries stay until the VM dies
 * @max_vcpu_ids: [l] the bound of vCPU ids that user space has set, or 0
 * @boot_cpu_id: [a] which vCPU is the bootstrap processor
 * @hide_platform_info: [a] MSR_PLATFORM_INFO is no MSR of the guest's
 * @quirks_off: [a] KVM_X86_QUIRK_* that user space turned off
 * @nr_vcpus: [l] number of entries; read without the lock
 * @boosted: [a] vCPU that a spinning one gave way to last, by index
 * @halt_poll_ns: [a] KVM_CAP_HALT_POLL, or -1: as the module's parameter says
 * @dead: [a] a bug of ours stopped this VM: ioctls answer -EIO
 * @record: [l] VELLUM_RECORD_* for its vCPUs
 * @emulation_exits: [a] KVM_CAP_EXIT_ON_EMULATION_FAILURE
 * @debugfs: [I] its file there, or an error pointer
 * @doctor: [l] VELLUM_CAP_DOCTOR: check before each entry; read without the lock
 * @mem: guest-physical memory slots
 * @ept: the nested page tables
 * @msr_filter: [l] MSRs that the guest may access; RCU readers
 * @tsc: [l] what keeps the vCPUs' time-stamp counters in step
 * @clock: [l] of guests that know KVM's paravirtual clock
 * @bus: ports and guest-physical addresses that the kernel answers
 * @irq: interrupt controllers and timers
 *
 * Letters: [I] immutable after creation, [a] atomic, [l] under @lock.
 */
struct vlm_vm {
	u32 id;
	u32 owner;
	refcount_t refs;
	struct mm_struct *mm;
	struct mutex lock;
	struct xarray vcpus;
	unsigned int nr_vcpus;
	u32 max_vcpu_ids;
	u32 boot_cpu_id;
	bool hide_platform_info;
	u64 quirks_off;
	unsigned int boosted;
	s64 halt_poll_ns;
	bool dead;
	u32 record;
	u64 emulation_exits;
	struct dentry *debugfs;
	bool doctor;
	struct vlm_mem mem;
	struct vlm_ept ept;
	struct vlm_tsc_sync tsc;
	struct vlm_clock clock;
	struct vlm_msr_filter msr_filter;
	struct vlm_bus bus[NR_BUSES];
	struct vlm_irq irq;
};

/** vlm_vm_create() - a new VM for current->mm; ERR_PTR on failure.  May sleep. */
struct vlm_vm *vlm_vm_create(void);

static inline void vlm_vm_get(struct vlm_vm *vm)
{
	refcount_inc(&vm->refs);
}

/** vlm_vm_put() - drop a reference; the last one destroys the VM.  May sleep. */
void vlm_vm_put(struct vlm_vm *vm);

/** vlm_vm_open() - an anonymous file for @vm, which takes over the reference. */
int vlm_vm_open(struct vlm_vm *vm);

/**
 * vlm_vm_bug() - stop @vm for a bug of ours
 * @vm: the VM
 * @what: what went wrong, for the log
 *
 * Warns once, marks the VM dead and makes its vCPUs leave the guest.  Any
 * context in which IPIs may be sent.
 */
void vlm_vm_bug(struct vlm_vm *vm, const char *what);

#define VLM_CHECK_BROKEN(vm, cond)						\
({									\
	bool __is_bug = (cond);						\
	if (unlikely(__is_bug))						\
		vlm_vm_bug(vm, #cond);					\
	unlikely(__is_bug);						\
})

static inline bool vlm_vm_is_dead(const struct vlm_vm *vm)
{
	return READ_ONCE(vm->dead);
}

/* The quirks of KVM's that Vellum has, and that KVM_CAP_DISABLE_QUIRKS2 ends. */
#define VLM_QUIRKS	(KVM_X86_QUIRK_LINT0_REENABLED | KVM_X86_QUIRK_LAPIC_MMIO_HOLE |	\
			 KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT |				\
			 KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS)

static inline bool vlm_quirk(const struct vlm_vm *vm, u64 quirk)
{
	return !(READ_ONCE(vm->quirks_off) & quirk);
}

/* All vCPUs that there are by now. */
#define vlm_vm_for_each_vcpu(vm, index, vcpu)				\
	for ((index) = 0;							\
	     /* acquire: who sees the number sees the entries */		\
	     (index) < smp_load_acquire(&(vm)->nr_vcpus) &&			\
	     ((vcpu) = xa_load(&(vm)->vcpus, (index))); (index)++)

#endif /* VELLUM_CORE_VM_H */
