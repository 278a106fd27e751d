/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam: all that the rest of the module may know of VMX.
 *
 * The accessors make the VMCS current for as long as they need it, and cost
 * next to nothing when it already is, as it is between VM exit and VM entry.
 * vmx_begin() and vmx_end() bracket several of them.  They nest; preemption is
 * off in between.
 */
#ifndef VELLUM_VMX_VMX_H
#define VELLUM_VMX_VMX_H

#include <linux/kvm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <asm/desc_defs.h>

#include "../core/types.h"
#include "vmcs.h"

/* Guest registers and fields that live in the VMCS. */
enum vmx_reg {
	VMX_RIP,
	VMX_RSP,
	VMX_RFLAGS,
	VMX_CR3,
	VMX_DR7,
	VMX_PDPTE0, VMX_PDPTE1, VMX_PDPTE2, VMX_PDPTE3,
	VMX_FS_BASE,
	VMX_GS_BASE,
	VMX_SYSENTER_CS,
	VMX_SYSENTER_ESP,
	VMX_SYSENTER_EIP,
	VMX_PAT,
	VMX_DEBUGCTL,
	VMX_INTERRUPTIBILITY,	/* GUEST_INTR_STATE_* of <asm/vmx.h> */
	VMX_PENDING_DEBUG,
	NR_VMX_REGS
};

enum vmx_segment {
	SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, NR_SEGS
};

enum vmx_dtable { DT_GDTR, DT_IDTR };

/**
 * struct vmx_vcpu - VMX's part of a vCPU, under the vCPU mutex
 * @vmcs: its VMCS
 * @held: nesting of vmx_begin()
 * @in_section: guest context is loaded on this CPU
 * @last_cpu: CPU that the host-state area was written for, or -1
 * @proc: primary controls in the VMCS
 * @exception_bitmap: in the VMCS
 * @entry: VM-entry controls in the VMCS
 * @vpid: 0 when there is none
 * @serial: no other vCPU ever had it
 * @l1d_touched: other data than the VM's may be in the L1 data cache
 * @switches: how often the thread had lost the CPU when it came here last
 * @msr_bitmap: one page
 * @apic_page: of the local APIC, whose TPR the CPU uses; NULL: CR8 exits
 * @pml: one page, or NULL
 * @pml_on: the CPU logs into it
 * @cr0_owned: CR0 bits that the guest changes without an exit
 * @cr4_owned: CR4 bits, likewise, after the guest's CPUID
 * @event_length: instruction length of a software event that is re-injected
 * @event_type: and its INTR_TYPE_*, or 0
 * @event_vector: and the vector it belongs to
 * @injects: the next entry injects an event
 * @injected: the last one did
 * @timer: host TSC at which the guest's run shall end, or VMX_NO_TIMER
 * @timer_written: the VMCS says so, too
 * @dr7: the guest's DR7; a debugger may have put another into the VMCS
 * @guest_tf: RFLAGS.TF as the guest had it before a debugger set it
 * @step_done: single step: an instruction was finished by us
 * @host_ds: host state as it was when the section began
 * @host_es: likewise
 * @host_ldt: likewise
 * @host_cr3: likewise
 * @host_cr4: likewise
 * @host_gdt: the GDT of @last_cpu
 * @host_fs_base: what the VMCS field HOST_FS_BASE holds
 * @host_tsc_aux: of @last_cpu
 * @host_debugctl: as it was when the section began
 * @live: MSRs that are in the CPU: the guest's within a section
 */
struct vmx_vcpu {
	struct vmcs vmcs;
	unsigned int held;
	bool in_section;
	int last_cpu;
	u32 proc;
	u32 exception_bitmap;
	u32 entry;
	u16 vpid;
	u64 serial;
	bool l1d_touched;
	unsigned long switches;
	unsigned long *msr_bitmap;
	void *apic_page;
	u64 *pml;
	bool pml_on;
	u64 cr0_owned;
	u64 cr4_owned;
	u32 event_length;
	u32 event_type;
	u8 event_vector;
	bool injects;
	bool injected;
	u64 timer;
	bool timer_written;
	u64 dr7;
	bool step_done;
	bool guest_tf;
	u16 host_ds;
	u16 host_es;
	u16 host_ldt;
	unsigned long host_cr3;
	unsigned long host_cr4;
	struct desc_ptr host_gdt;
	unsigned long host_fs_base;
	u64 host_tsc_aux;
	u64 host_debugctl;
	struct {
		u64 star;
		u64 lstar;
		u64 fmask;
		u64 tsc_aux;
	} live;
};

/* Entries of the page-modification log: SDM 3C, "Page-Modification Logging". */
#define PML_ENTRIES	512

int vmx_init(void);
void vmx_exit(void);

int vmx_vcpu_create(struct vlm_vcpu *vcpu);
void vmx_vcpu_destroy(struct vlm_vcpu *vcpu);

/** vmx_vcpu_reset() - power-up state: SDM 3A, "Processor State After Reset". */
void vmx_vcpu_reset(struct vlm_vcpu *vcpu);

DECLARE_PER_CPU(struct vmcs *, vmcs_current);

/** vmx_fetch_vmcs() - vmx_hold() of a VMCS that is not current. */
void vmx_fetch_vmcs(struct vmx_vcpu *vmx);

/**
 * vmx_hold() - make a VMCS current; nests.  vmx_begin() of vcpu.h calls it.
 *
 * Waits when this CPU is going offline.  When VMX operation was ended for a
 * reboot, reads give 0 and writes do nothing.
 * Context: may sleep on the outermost call; preemption is off on return.
 */
static __always_inline void vmx_hold(struct vmx_vcpu *vmx)
{
	if (vmx->held++)
		return;
	preempt_disable();
	if (unlikely(this_cpu_read(vmcs_current) != &vmx->vmcs))
		vmx_fetch_vmcs(vmx);
}

static __always_inline void vmx_release(struct vmx_vcpu *vmx)
{
	if (!--vmx->held)
		preempt_enable();
}

u64 vmx_get(struct vlm_vcpu *vcpu, enum vmx_reg reg);
void vmx_set(struct vlm_vcpu *vcpu, enum vmx_reg reg, u64 value);

/* As the guest sees them; setters trust the caller to have checked. */
u64 vmx_get_cr0(struct vlm_vcpu *vcpu);
void vmx_set_cr0(struct vlm_vcpu *vcpu, u64 value);
u64 vmx_get_cr4(struct vlm_vcpu *vcpu);
void vmx_set_cr4(struct vlm_vcpu *vcpu, u64 value);
u64 vmx_get_efer(struct vlm_vcpu *vcpu);
void vmx_set_efer(struct vlm_vcpu *vcpu, u64 value);

void vmx_get_segment(struct vlm_vcpu *vcpu, enum vmx_segment seg, struct kvm_segment *out);
void vmx_set_segment(struct vlm_vcpu *vcpu, enum vmx_segment seg, const struct kvm_segment *in);
void vmx_get_dtable(struct vlm_vcpu *vcpu, enum vmx_dtable dt, struct kvm_dtable *out);
void vmx_set_dtable(struct vlm_vcpu *vcpu, enum vmx_dtable dt, const struct kvm_dtable *in);

/** vmx_cpl() - current privilege level, 0 to 3: the DPL of SS. */
unsigned int vmx_cpl(struct vlm_vcpu *vcpu);

/** vmx_code_bits() - width of the code that runs: 16, 32 or 64. */
unsigned int vmx_code_bits(struct vlm_vcpu *vcpu);

/**
 * struct vmx_fetch - all but memory that decides what an instruction fetch finds
 * @cr0: as the CPU has it
 * @cr3: likewise
 * @cr4: likewise
 * @efer: likewise
 * @cs: attributes of CS
 * @ss: attributes of SS, whose DPL is the privilege level
 */
struct vmx_fetch {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u32 cs;
	u32 ss;
};

void vmx_get_fetch(struct vlm_vcpu *vcpu, struct vmx_fetch *fetch);
/** vmx_fetches_as() - is it all as it was then?  In the section. */
bool vmx_fetches_as(const struct vmx_fetch *fetch);

/** vmx_valid_cr0() / cr4() - would VM entry take this value?  (fixed bits) */
bool vmx_valid_cr0(u64 value);
bool vmx_valid_cr4(u64 value);

/** vmx_supported_cr4() - CR4 bits that a guest can be offered at all. */
u64 vmx_supported_cr4(void);

/** vmx_set_tsc() - offset, and multiplier (48 fraction bits) where it scales. */
void vmx_set_tsc(struct vlm_vcpu *vcpu, u64 offset, u64 multiplier);

/** vmx_tsc_scales() - can the guest's TSC run at another frequency? */
bool vmx_tsc_scales(void);

/** vmx_cpuid_changed() - bring controls and bitmaps in line with guest CPUID. */
void vmx_cpuid_changed(struct vlm_vcpu *vcpu);

/**
 * vmx_flush_linear() - forget translations of the guest's linear addresses
 *
 * For what flushes the TLB on a CPU but was done by us: a new CR3 or another
 * mode.
 */
void vmx_flush_linear(struct vlm_vcpu *vcpu);

/**
 * vmx_msr_filter_changed() - let exit what the VM's filter denies
 *
 * Context: vm->lock; the vCPU may run meanwhile.
 */
void vmx_msr_filter_changed(struct vlm_vcpu *vcpu);

/** vmx_debug_changed() - guest_debug, DR7 or a breakpoint changed. */
void vmx_debug_changed(struct vlm_vcpu *vcpu);

/** vmx_apic_attach() - the vCPU has a local APIC with this register page. */
void vmx_apic_attach(struct vlm_vcpu *vcpu, void *page);
/**
 * vmx_apic_settle() - its APIC base may have changed
 *
 * Context: before a section; may sleep.
 */
void vmx_apic_settle(struct vlm_vcpu *vcpu);
/** vmx_apic_mode() - it was turned to x2APIC mode, or from it. */
void vmx_apic_mode(struct vlm_vcpu *vcpu);
/** vmx_apic_eoi_map() - other vectors' EOIs matter now: vlm_irq.eoi_vectors. */
void vmx_apic_eoi_map(struct vlm_vcpu *vcpu);
#define VMX_NO_TIMER	0

/** vmx_has_timer() - can the CPU end a guest's run at a given time? */
bool vmx_has_timer(void);
/** vmx_timer_attach() - the vCPU has a local APIC, whose timer may want it. */
void vmx_timer_attach(struct vlm_vcpu *vcpu);

/**
 * vmx_timer_set() - end the guest's run when the host's TSC is there
 * @vcpu: the vCPU
 * @tsc: the host's TSC, or VMX_NO_TIMER
 *
 * From then on vlm_lapic_timer_poll() is called before each entry, and not before.
 */
void vmx_timer_set(struct vlm_vcpu *vcpu, u64 tsc);

/** vmx_has_apicv() - does the CPU deliver interrupts by itself? */
bool vmx_has_apicv(void);

/** vmx_queue_nmis() - @count NMIs came; those beyond what a CPU latches are lost. */
void vmx_queue_nmis(struct vlm_vcpu *vcpu, unsigned int count);

#define VMX_INTERRUPT_FLAG	BIT(0)	/* IF is set */
#define VMX_INTERRUPT_OPEN	BIT(1)	/* and no STI or MOV SS shields it */

/** vmx_interrupt_state() - VMX_INTERRUPT_* */
u32 vmx_interrupt_state(struct vlm_vcpu *vcpu);

/** vmx_interrupt_open() - IF is set and no STI or MOV SS shields it. */
bool vmx_interrupt_open(struct vlm_vcpu *vcpu);

/** vmx_skip() - the one place that moves RIP past an instruction. */
void vmx_skip(struct vlm_vcpu *vcpu, unsigned int length);

/** vmx_skip_at() - the same, if it is still where it was. */
void vmx_skip_at(struct vlm_vcpu *vcpu, u64 rip, unsigned int length);

/**
 * vmx_skip_exit() - past the instruction that this exit is about
 *
 * Return: VLM_RESUME, for a handler that ends so.  Context: in the section.
 */
int vmx_skip_exit(struct vlm_vcpu *vcpu);

/** vmx_retire() - the same for what was emulated: after it RFLAGS.RF is clear. */
void vmx_retire(struct vlm_vcpu *vcpu, unsigned int length);

/* CPUID bits that depend on a VM-execution control. */
enum vmx_feature {
	VMX_FEATURE_GUEST_RDTSCP,
	VMX_FEATURE_GUEST_INVPCID,
	VMX_FEATURE_GUEST_XSAVES,
};

/** vmx_feature() - does the CPU let a guest use this, VMX-wise? */
bool vmx_feature(enum vmx_feature feature);

#endif /* VELLUM_VMX_VMX_H */
