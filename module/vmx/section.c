// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest context into the CPU and out of it, and the entry in between.
 *
 * There is no preempt notifier.  While the guest's MSRs, FPU and debug
 * registers are in the CPU preemption stays off; whatever may sleep, and a
 * pending reschedule, ends the section first.
 */
#include "../vellum.h"

#include <linux/hw_breakpoint.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <asm/cpu_entry_area.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/fsgsbase.h>
#include <asm/mmu_context.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/tlbflush.h>

#include "../core/vcpu.h"
#include "../exits/exit.h"
#include "../trace.h"
#include "../x86/dr.h"
#include "caps.h"
#include "debug.h"
#include "entry.h"
#include "event.h"
#include "insn.h"
#include "root.h"
#include "section.h"
#include "speculation.h"

static_assert(offsetof(struct vlm_vcpu, gpr) == 0);
static_assert(offsetof(struct vlm_vcpu, gpr[GPR_R15]) == 0x78);
static_assert(offsetof(struct vlm_vcpu, host_rsp) == 0x80);
static_assert(offsetof(struct vlm_vcpu, guest_spec_ctrl) == 0x88);
static_assert(offsetof(struct vlm_vcpu, host_spec_ctrl) == 0x90);

/* The SYSCALL MSRs are the same on every CPU and never change. */
static u64 host_star, host_lstar, host_fmask;

void vmx_host_init(void)
{
	rdmsrl(MSR_STAR, host_star);
	rdmsrl(MSR_LSTAR, host_lstar);
	rdmsrl(MSR_SYSCALL_MASK, host_fmask);
}

void vmx_host_state_init(void)
{
	struct desc_ptr idt;
	u64 value;

	vmcs_writel(HOST_CR0, read_cr0() & ~X86_CR0_TS);
	vmcs_write16(HOST_CS_SELECTOR, __KERNEL_CS);
	vmcs_write16(HOST_SS_SELECTOR, __KERNEL_DS);
	/* DS and ES are unused in 64-bit mode; FS and GS go by their bases. */
	vmcs_write16(HOST_DS_SELECTOR, 0);
	vmcs_write16(HOST_ES_SELECTOR, 0);
	vmcs_write16(HOST_FS_SELECTOR, 0);
	vmcs_write16(HOST_GS_SELECTOR, 0);
	/* Until a thread has another: struct vmx_vcpu, @host_fs_base. */
	vmcs_writel(HOST_FS_BASE, 0);
	vmcs_write16(HOST_TR_SELECTOR, GDT_ENTRY_TSS * 8);
	store_idt(&idt);
	vmcs_writel(HOST_IDTR_BASE, idt.address);
	vmcs_writel(HOST_RIP, (unsigned long)vmx_exit_point);

	rdmsrl(MSR_IA32_SYSENTER_CS, value);
	vmcs_write32(HOST_IA32_SYSENTER_CS, value);
	rdmsrl(MSR_IA32_SYSENTER_EIP, value);
	vmcs_writel(HOST_IA32_SYSENTER_EIP, value);
	rdmsrl(MSR_IA32_CR_PAT, value);
	vmcs_write64(HOST_IA32_PAT, value);
	rdmsrl(MSR_EFER, value);
	vmcs_write64(HOST_IA32_EFER, value);
}

/* Each section comes this way: without the calls and tracepoints of rdmsrl(). */
static __always_inline u64 read_msr(u32 index)
{
	return __rdmsr(index);
}

static __always_inline void write_msr(u32 index, u64 value)
{
	__wrmsr(index, value, value >> 32);
}

static __always_inline bool has_tsc_aux(void)
{
	return vmx_caps.proc2 & SECONDARY_EXEC_ENABLE_RDTSCP;
}

/* What differs from CPU to CPU. */
static noinline void write_host_cpu(struct vlm_vcpu *vcpu, int cpu)
{
	u64 value;

	vmcs_writel(HOST_TR_BASE, (unsigned long)&get_cpu_entry_area(cpu)->tss.x86_tss);
	vcpu->vmx.host_gdt.address = (unsigned long)get_current_gdt_ro();
	vcpu->vmx.host_gdt.size = GDT_SIZE - 1;
	vmcs_writel(HOST_GDTR_BASE, vcpu->vmx.host_gdt.address);
	rdmsrl(MSR_GS_BASE, value);
	vmcs_writel(HOST_GS_BASE, value);
	rdmsrl(MSR_IA32_SYSENTER_ESP, value);
	vmcs_writel(HOST_IA32_SYSENTER_ESP, value);
	/* The number of the CPU, for RDTSCP and RDPID. */
	if (has_tsc_aux())
		rdmsrl(MSR_TSC_AUX, vcpu->vmx.host_tsc_aux);

	/* INVLPG of the guest elsewhere did not reach this CPU's tags. */
	if (vcpu->vmx.vpid)
		invvpid(VMX_VPID_EXTENT_SINGLE_CONTEXT, vcpu->vmx.vpid, 0);
	trace_vcpu_load(vcpu, vcpu->vmx.last_cpu, cpu);
	vcpu->vmx.last_cpu = cpu;
	vcpu->vmx.live.star = host_star;
	vcpu->vmx.live.lstar = host_lstar;
	vcpu->vmx.live.fmask = host_fmask;
	vcpu->vmx.live.tsc_aux = vcpu->vmx.host_tsc_aux;
}

/* What a host interrupt may have changed since it was written. */
static void refresh_host(struct vlm_vcpu *vcpu)
{
	unsigned long cr3 = __get_current_cr3_fast();
	unsigned long cr4 = cr4_read_shadow();

	if (unlikely(cr3 != vcpu->vmx.host_cr3)) {
		vmcs_writel(HOST_CR3, cr3);
		vcpu->vmx.host_cr3 = cr3;
	}
	if (unlikely(cr4 != vcpu->vmx.host_cr4)) {
		vmcs_writel(HOST_CR4, cr4);
		vcpu->vmx.host_cr4 = cr4;
	}
	vcpu->host_spec_ctrl = this_cpu_read(x86_spec_ctrl_current);
}

/*
 * User segments survive in the kernel, but not through a VM exit, which loads
 * null selectors.  Only what is not null has to be put back.
 */
static void save_host_segments(struct vlm_vcpu *vcpu)
{
	current_save_fsgs();
	if (unlikely(current->thread.fsbase != vcpu->vmx.host_fs_base)) {
		vmcs_writel(HOST_FS_BASE, current->thread.fsbase);
		vcpu->vmx.host_fs_base = current->thread.fsbase;
	}
	savesegment(ds, vcpu->vmx.host_ds);
	savesegment(es, vcpu->vmx.host_es);
	store_ldt(vcpu->vmx.host_ldt);
}

static void restore_host_segments(struct vlm_vcpu *vcpu)
{
	struct thread_struct *t = &current->thread;

	if (unlikely(vcpu->vmx.host_ds | vcpu->vmx.host_es)) {
		loadsegment(ds, vcpu->vmx.host_ds);
		loadsegment(es, vcpu->vmx.host_es);
	}
	if (unlikely(vcpu->vmx.host_ldt))
		asm volatile("lldt %0" : : "rm" (vcpu->vmx.host_ldt));
	if (unlikely(t->fsindex)) {
		loadsegment(fs, t->fsindex);
		wrmsrl(MSR_FS_BASE, t->fsbase);
	}
	if (unlikely(t->gsindex))
		load_gs_index(t->gsindex);
	write_msr(MSR_KERNEL_GS_BASE, t->gsbase);

	/* A VM exit leaves limits of 64 KiB in GDTR and 67H in TR. */
	asm volatile("lgdt %0" : : "m" (vcpu->vmx.host_gdt));
	invalidate_tss_limit();
}

/*
 * @live is what the CPU holds.  It is not what the guest has written last: that
 * comes into the CPU before the next entry, and the section may end before.
 */
static __always_inline void switch_msr(u32 index, u64 *live, u64 to)
{
	if (*live == to)
		return;
	write_msr(index, to);
	*live = to;
}

static void load_guest_msrs(struct vlm_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	struct vlm_x86 *x86 = &vcpu->x86;

	write_msr(MSR_KERNEL_GS_BASE, x86->kernel_gs_base);
	/* Where SYSCALL is undefined nothing looks at them: reads exit. */
	if (vmcs_read64(GUEST_IA32_EFER) & EFER_SCE) {
		switch_msr(MSR_STAR, &vmx->live.star, x86->star);
		switch_msr(MSR_LSTAR, &vmx->live.lstar, x86->lstar);
		switch_msr(MSR_SYSCALL_MASK, &vmx->live.fmask, x86->fmask);
	}
	if (has_tsc_aux())
		switch_msr(MSR_TSC_AUX, &vmx->live.tsc_aux, x86->tsc_aux);
	vcpu->guest_spec_ctrl = x86->spec_ctrl;
}

static void restore_host_msrs(struct vlm_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	vcpu->x86.kernel_gs_base = read_msr(MSR_KERNEL_GS_BASE);
	switch_msr(MSR_STAR, &vmx->live.star, host_star);
	switch_msr(MSR_LSTAR, &vmx->live.lstar, host_lstar);
	switch_msr(MSR_SYSCALL_MASK, &vmx->live.fmask, host_fmask);
	if (has_tsc_aux())
		switch_msr(MSR_TSC_AUX, &vmx->live.tsc_aux, vmx->host_tsc_aux);
}

static void load_guest_debug(struct vlm_vcpu *vcpu)
{
	const u64 *dr;

	if (likely(!vcpu->guest_debug && !(vcpu->vmx.dr7 & DR7_ENABLED)))
		return;
	dr = vmx_breakpoints(vcpu);
	if (!dr)
		return;
	/* The host's own come back when the section ends. */
	set_debugreg(dr[0], 0);
	set_debugreg(dr[1], 1);
	set_debugreg(dr[2], 2);
	set_debugreg(dr[3], 3);
}

static void restore_host_debug(struct vlm_vcpu *vcpu)
{
	if (unlikely(hw_breakpoint_active()))
		hw_breakpoint_restore();
	if (unlikely(vcpu->vmx.host_debugctl))
		write_msr(MSR_IA32_DEBUGCTLMSR, vcpu->vmx.host_debugctl);
}

/* PML fills its buffer from the last entry down to the first. */
static void drain_pml(struct vlm_vcpu *vcpu)
{
	u16 next = vmcs_read16(GUEST_PML_INDEX);
	int i;

	if (next == PML_ENTRIES - 1)
		return;
	/* Past the first entry the index wraps to FFFFH. */
	i = next >= PML_ENTRIES ? 0 : next + 1;
	for (; i < PML_ENTRIES; i++)
		vlm_mem_mark_dirty(vcpu->vm, gpa_to_gfn(vcpu->vmx.pml[i]));
	vmcs_write16(GUEST_PML_INDEX, PML_ENTRIES - 1);
}

static noinline void flush_tlb(struct vlm_vcpu *vcpu)
{
	invept(vmx_caps.ept_vpid & VMX_EPT_EXTENT_CONTEXT_BIT ?
	       VMX_EPT_EXTENT_CONTEXT : VMX_EPT_EXTENT_GLOBAL,
	       vlm_ept_pointer(vcpu->vm));
}

void vmx_flush_tlb(struct vlm_vcpu *vcpu)
{
	if (vlm_ept_need_flush(vcpu->vm))
		flush_tlb(vcpu);
}

void vmx_flush_linear(struct vlm_vcpu *vcpu)
{
	/* Without a VPID each entry and exit flushes. */
	if (!vcpu->vmx.vpid)
		return;
	if (vcpu->vmx.in_section)
		invvpid(VMX_VPID_EXTENT_SINGLE_CONTEXT, vcpu->vmx.vpid, 0);
	else
		vcpu->vmx.last_cpu = -1;	/* as if it had run elsewhere */
}

/* Logging costs an exit every 512 pages, so it is on only when it is wanted. */
static void update_pml(struct vlm_vcpu *vcpu)
{
	bool on = vcpu->vmx.pml && vlm_mem_is_logged(vcpu->vm);
	u32 proc2;

	if (likely(on == vcpu->vmx.pml_on))
		return;
	proc2 = vmcs_read32(SECONDARY_VM_EXEC_CONTROL) & ~SECONDARY_EXEC_ENABLE_PML;
	if (on)
		proc2 |= SECONDARY_EXEC_ENABLE_PML;
	vmcs_write32(SECONDARY_VM_EXEC_CONTROL, proc2);
	vcpu->vmx.pml_on = on;
}

bool vmx_section_enter(struct vlm_vcpu *vcpu)
{
	int cpu;

	vmx_begin(vcpu);
	if (!vmx_root_is_on()) {
		vmx_end(vcpu);
		return false;
	}

	cpu = smp_processor_id();
	WRITE_ONCE(vcpu->cpu, cpu);
	/* Before the first look at the requests: see request.h. */
	smp_store_mb(vcpu->mode, VLM_INSIDE);

	vlm_fpu_load(vcpu);
	local_irq_disable();
	if (unlikely(vcpu->vmx.last_cpu != cpu))
		write_host_cpu(vcpu, cpu);
	save_host_segments(vcpu);
	refresh_host(vcpu);
	vcpu->vmx.host_debugctl = read_msr(MSR_IA32_DEBUGCTLMSR);
	load_guest_msrs(vcpu);
	load_guest_debug(vcpu);
	if (unlikely(vcpu->guest_debug) && vmx_steps_by_tf(vcpu))
		vmx_step_begin(vcpu);
	update_pml(vcpu);
	vmx_flush_tlb(vcpu);
	vmx_speculation_section(vcpu);
	vcpu->vmx.in_section = true;
	/* Ticks from here on count as guest time. */
	current->flags |= PF_VCPU;
	local_irq_enable();
	return true;
}

void vmx_section_leave(struct vlm_vcpu *vcpu)
{
	local_irq_disable();
	current->flags &= ~PF_VCPU;
	vcpu->vmx.in_section = false;
	if (unlikely(vcpu->guest_debug) && vmx_steps_by_tf(vcpu))
		vmx_step_end(vcpu);
	restore_host_msrs(vcpu);
	restore_host_debug(vcpu);
	restore_host_segments(vcpu);
	if (vcpu->vmx.pml_on)
		drain_pml(vcpu);
	local_irq_enable();
	vlm_fpu_save(vcpu);
	/* Who sees this and sends no IPI: the guest touches nothing any more. */
	smp_store_release(&vcpu->mode, VLM_OUTSIDE);
	vmx_end(vcpu);
}

void vmx_section_reload(struct vlm_vcpu *vcpu)
{
	/* The guest writes this one without an exit: what is in the CPU counts. */
	vcpu->x86.kernel_gs_base = read_msr(MSR_KERNEL_GS_BASE);
	load_guest_msrs(vcpu);
	load_guest_debug(vcpu);
}

void vmx_interrupts_on(struct vlm_vcpu *vcpu)
{
	/* Whoever waits for this CPU to acknowledge reads the dirty log next. */
	if (vcpu->vmx.pml_on)
		drain_pml(vcpu);
	local_irq_enable();
	/*
	 * STI takes effect after the next instruction: without one that is not
	 * CLI nothing that is pending would be taken.
	 */
	asm volatile("nop");
}

void vmx_interrupts_off(struct vlm_vcpu *vcpu)
{
	local_irq_disable();
	/* Guest code holds no RCU reference, however long it runs. */
	rcu_note_context_switch(false);
	refresh_host(vcpu);
}

/*
 * The gate does what the NMI itself would have done, on the stack that the
 * handler expects; NMIs stay blocked until its IRET: SDM 3C, "VMX-Specific
 * Handling of NMIs".
 */
void vmx_host_nmi(void)
{
	asm volatile("int $2" : : : "memory");
}

void vmx_host_machine_check(void)
{
	asm volatile("int $18" : : : "memory");
}

/* After VMfail there is no exit reason: SDM 3C, "VM-Instruction Error Numbers". */
static bool entry_failed(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	exit->reason = 0xffff;
	exit->qualification = 0;
	exit->instruction_error = vmx_root_is_on() ? vmcs_read32(VM_INSTRUCTION_ERROR) : 0;
	return false;
}

bool vmx_run_guest(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vmcs *vmcs = &vcpu->vmx.vmcs;
	u32 reason;

	if (vcpu->x86.cr2 != native_read_cr2())
		native_write_cr2(vcpu->x86.cr2);

	vmx_speculation_entry(vcpu);
	if (unlikely(vmx_enter_guest(vcpu, vmcs->launched)))
		return entry_failed(vcpu, exit);

	vcpu->x86.cr2 = native_read_cr2();
	vcpu->vmx.injected = vcpu->vmx.injects;
	vcpu->vmx.injects = false;

	reason = vmcs_read32(VM_EXIT_REASON);
	exit->reason = reason;
	if (unlikely(reason & VMX_EXIT_REASONS_FAILED_VMENTRY)) {
		/* It has not launched the VMCS. */
		exit->instruction_error = 0;
		exit->qualification = vmcs_readl(EXIT_QUALIFICATION);
		return false;
	}
	vmcs->launched = true;
	return true;
}

void vmx_describe_exit(struct vlm_vcpu *vcpu, u16 reason, struct vlm_exit *exit)
{
	*exit = (struct vlm_exit) {
		.reason = reason,
		.qualification = vmcs_readl(EXIT_QUALIFICATION),
		.intr_info = vmcs_read32(VM_EXIT_INTR_INFO),
		.vectoring_info = vmcs_read32(IDT_VECTORING_INFO_FIELD),
	};
	if (reason == EXIT_REASON_EPT_VIOLATION || reason == EXIT_REASON_EPT_MISCONFIG)
		exit->gpa = vmcs_read64(GUEST_PHYSICAL_ADDRESS);
	if (exit->intr_info & INTR_INFO_DELIVER_CODE_MASK)
		exit->intr_error = vmcs_read32(VM_EXIT_INTR_ERROR_CODE);
	if (exit->vectoring_info & VECTORING_INFO_DELIVER_CODE_MASK)
		exit->vectoring_error = vmcs_read32(IDT_VECTORING_ERROR_CODE);
}

u64 vmx_exit_rip(void)
{
	return vmcs_readl(GUEST_RIP);
}

u32 vmx_entry_event(struct vlm_vcpu *vcpu, u32 *error)
{
	u32 info = vmcs_read32(VM_ENTRY_INTR_INFO_FIELD);

	*error = 0;
	if (info & INTR_INFO_DELIVER_CODE_MASK)
		*error = vmcs_read32(VM_ENTRY_EXCEPTION_ERROR_CODE);
	return info & INTR_INFO_VALID_MASK ? info : 0;
}

void vmx_read_exit(struct vlm_vcpu *vcpu, struct vlm_exit *exit, u32 reads)
{
	if (reads & EXIT_LENGTH)
		exit->length = vmcs_read32(VM_EXIT_INSTRUCTION_LEN);
	if (reads & EXIT_QUAL)
		exit->qualification = vmcs_readl(EXIT_QUALIFICATION);
	if (!(reads & ~(EXIT_LENGTH | EXIT_QUAL)))
		return;
	if (reads & EXIT_GPA)
		exit->gpa = vmcs_read64(GUEST_PHYSICAL_ADDRESS);
	if (reads & EXIT_GVA)
		exit->gva = vmcs_readl(GUEST_LINEAR_ADDRESS);
	if (reads & EXIT_INSN_INFO)
		exit->insn_info = vmcs_read32(VMX_INSTRUCTION_INFO);
	if (reads & EXIT_INTR) {
		exit->intr_info = vmcs_read32(VM_EXIT_INTR_INFO);
		if (exit->intr_info & INTR_INFO_DELIVER_CODE_MASK)
			exit->intr_error = vmcs_read32(VM_EXIT_INTR_ERROR_CODE);
	}
	if (reads & EXIT_VECTORING) {
		exit->vectoring_info = vmcs_read32(IDT_VECTORING_INFO_FIELD);
		if (exit->vectoring_info & VECTORING_INFO_DELIVER_CODE_MASK)
			exit->vectoring_error = vmcs_read32(IDT_VECTORING_ERROR_CODE);
		vmx_event_recover(vcpu, exit);
	}
}
