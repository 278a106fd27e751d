// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's VMX half: made, filled in, taken apart.
 */
#include "../vellum.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <asm/cpufeature.h>
#include <asm/trapnr.h>
#include <asm/processor-flags.h>

#include "../core/vcpu.h"
#include "../x86/dr.h"
#include "apicv.h"
#include "caps.h"
#include "debug.h"
#include "insn.h"
#include "msrbitmap.h"
#include "section.h"
#include "vpid.h"

/*
 * #DB and #AC, whose delivery can recur for ever inside the CPU with no window
 * for a host interrupt; #MC, which is the host's.
 */
#define EXCEPTIONS_ALWAYS	(BIT(X86_TRAP_DB) | BIT(X86_TRAP_AC) | BIT(X86_TRAP_MC))

/*
 * CR0 bits with an effect beyond the guest stay with the host: CD and NW act
 * on the CPU's caches, and NE must be 1 in VMX operation.
 */
#define CR0_OWNED	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | \
			 X86_CR0_ET | X86_CR0_WP | X86_CR0_AM | X86_CR0_PG)

/* Intel's default after reset: SDM 3A, "IA32_PAT MSR". */
#define PAT_RESET	0x0007040600070406ULL

/*
 * Ticks between two PAUSEs of one loop at most, and for how long it may go on:
 * SDM 3C, "Instructions That Cause VM Exits Conditionally".  A lock that is not
 * had by then is held by a vCPU that does not run.
 */
#define PAUSE_GAP	128
#define PAUSE_WINDOW	4096

static atomic64_t serials;

static void init_controls(struct vlm_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	vmcs_write32(PIN_BASED_VM_EXEC_CONTROL, vmx_caps.pin & ~PIN_BASED_VMX_PREEMPTION_TIMER);
	vmx->proc = vmx_caps.proc & ~(CPU_BASED_MONITOR_TRAP_FLAG | CPU_BASED_TPR_SHADOW);
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, vmx->proc);
	vmcs_write32(VM_EXIT_CONTROLS, vmx_caps.exit);
	vmcs_write32(VM_ENTRY_CONTROLS, vmx_caps.entry & ~VM_ENTRY_IA32E_MODE);

	vmx->exception_bitmap = EXCEPTIONS_ALWAYS;
	vmcs_write32(EXCEPTION_BITMAP, vmx->exception_bitmap);
	vmcs_write32(PAGE_FAULT_ERROR_CODE_MASK, 0);
	vmcs_write32(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	vmcs_write32(CR3_TARGET_COUNT, 0);
	if (vmx_caps.proc2 & SECONDARY_EXEC_PAUSE_LOOP_EXITING) {
		vmcs_write32(PLE_GAP, PAUSE_GAP);
		vmcs_write32(PLE_WINDOW, PAUSE_WINDOW);
	}
	vmcs_write32(VM_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write32(VM_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write32(VM_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, 0);
	vmcs_write64(MSR_BITMAP, __pa(vmx->msr_bitmap));
	vmcs_write64(EPT_POINTER, vlm_ept_pointer(vcpu->vm));
	vmcs_write64(VMCS_LINK_POINTER, ~0ULL);

	vmx_cpuid_changed(vcpu);
	vmx_set_tsc(vcpu, vcpu->x86.tsc_offset, vcpu->x86.tsc_multiplier);
}

/* After the guest's CPUID: which instructions and CR4 bits it has. */
void vmx_cpuid_changed(struct vlm_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	u32 proc2 = (vmx_caps.proc2 & ~VMX_APIC_CONTROLS) | vmx_apic_controls(vcpu);

	if (!vmx->vpid)
		proc2 &= ~SECONDARY_EXEC_ENABLE_VPID;
	if (!vmx->pml_on)
		proc2 &= ~SECONDARY_EXEC_ENABLE_PML;
	if (!vlm_guest_has(vcpu, VF_RDTSCP))
		proc2 &= ~SECONDARY_EXEC_ENABLE_RDTSCP;
	if (!vlm_guest_has(vcpu, VF_INVPCID))
		proc2 &= ~SECONDARY_EXEC_ENABLE_INVPCID;
	if (!vlm_guest_has(vcpu, VF_XSAVES))
		proc2 &= ~SECONDARY_EXEC_ENABLE_XSAVES;

	vmx->cr0_owned = CR0_OWNED;
	/* VMXE and MCE are the host's; SMXE is never offered. */
	vmx->cr4_owned = vlm_guest_cr4_bits(vcpu) &
			 ~(u64)(X86_CR4_VMXE | X86_CR4_MCE | X86_CR4_SMXE);

	vmx_begin(vcpu);
	vmcs_write32(SECONDARY_VM_EXEC_CONTROL, proc2);
	if (vmx->vpid)
		vmcs_write16(VIRTUAL_PROCESSOR_ID, vmx->vpid);
	if (vmx->pml) {
		vmcs_write64(PML_ADDRESS, __pa(vmx->pml));
		vmcs_write16(GUEST_PML_INDEX, PML_ENTRIES - 1);
	}
	if (proc2 & SECONDARY_EXEC_ENABLE_XSAVES)
		vmcs_write64(XSS_EXIT_BITMAP, 0);
	vmcs_writel(CR0_GUEST_HOST_MASK, ~vmx->cr0_owned);
	vmcs_writel(CR4_GUEST_HOST_MASK, ~vmx->cr4_owned);
	vmx_end(vcpu);
}

static void set_segment(struct vlm_vcpu *vcpu, enum vmx_segment seg, u16 selector,
			u64 base, u8 type, bool system)
{
	struct kvm_segment s = {
		.base = base,
		.limit = 0xffff,
		.selector = selector,
		.type = type,
		.s = !system,
		.present = 1,
	};

	vmx_set_segment(vcpu, seg, &s);
}

void vmx_vcpu_reset(struct vlm_vcpu *vcpu)
{
	static const struct kvm_dtable dt = { .base = 0, .limit = 0xffff };
	int seg;

	vmx_begin(vcpu);
	for (seg = SEG_ES; seg <= SEG_GS; seg++)
		set_segment(vcpu, seg, 0, 0, 3, false);
	set_segment(vcpu, SEG_CS, 0xf000, 0xffff0000, 11, false);
	set_segment(vcpu, SEG_LDTR, 0, 0, 2, true);
	set_segment(vcpu, SEG_TR, 0, 0, 11, true);
	vmx_set_dtable(vcpu, DT_GDTR, &dt);
	vmx_set_dtable(vcpu, DT_IDTR, &dt);

	vmcs_writel(GUEST_RFLAGS, X86_EFLAGS_FIXED);
	vmcs_writel(GUEST_RIP, 0xfff0);
	vmcs_writel(GUEST_RSP, 0);
	vmcs_writel(GUEST_CR3, 0);
	vmx_set(vcpu, VMX_DR7, DR7_ALWAYS_1);
	vmcs_write32(GUEST_SYSENTER_CS, 0);
	vmcs_writel(GUEST_SYSENTER_ESP, 0);
	vmcs_writel(GUEST_SYSENTER_EIP, 0);
	vmcs_write64(GUEST_IA32_DEBUGCTL, 0);
	vmcs_write64(GUEST_IA32_PAT, PAT_RESET);
	vmcs_write64(GUEST_IA32_EFER, 0);
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, 0);
	vmcs_write32(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
	vmcs_writel(GUEST_PENDING_DBG_EXCEPTIONS, 0);
	vmx_set_cr0(vcpu, X86_CR0_ET | X86_CR0_CD | X86_CR0_NW);
	vmx_set_cr4(vcpu, 0);
	vmx_end(vcpu);
}

int vmx_vcpu_create(struct vlm_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	int err;

	vmx->last_cpu = -1;
	vmx->serial = atomic64_inc_return(&serials);
	vmx->vpid = vpid_alloc();
	err = vmcs_alloc(&vmx->vmcs);
	if (err)
		return err;

	vmx->msr_bitmap = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!vmx->msr_bitmap)
		return -ENOMEM;
	vmx_msr_bitmap_init(vcpu);

	if (vmx_has_pml()) {
		vmx->pml = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		if (!vmx->pml)
			return -ENOMEM;
	}

	vmx_begin(vcpu);
	init_controls(vcpu);
	vmx_host_state_init();
	vmx_vcpu_reset(vcpu);
	vmx_end(vcpu);
	return 0;
}

void vmx_vcpu_destroy(struct vlm_vcpu *vcpu)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	vmcs_free(&vmx->vmcs);
	free_page((unsigned long)vmx->msr_bitmap);
	free_page((unsigned long)vmx->pml);
	vpid_free(vmx->vpid);
}
