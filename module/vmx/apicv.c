// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the CPU does of the local APIC by itself: SDM 3C, "APIC Virtualization and
 * Virtual Interrupts".
 *
 * The TPR shadow lets a guest access CR8 without exits, and TPR too: in xAPIC mode
 * by way of the APIC-access page, in x2APIC mode where that is virtualized.
 * Virtual-interrupt delivery takes interrupts out of the register page, where
 * vmx_apic_prepare() says which is the highest; EOI and the interrupt that a guest
 * sends itself need no exit then, but for the EOI of vectors that the I/O APIC
 * waits for.
 *
 * The APIC-access page stands in the EPT, which all vCPUs share.  A vCPU whose APIC
 * is somewhere else, off or in x2APIC mode would find a page of memory there; so the
 * first one that is about to enter the guest like that drops it for the whole VM:
 * vmx_apic_settle().
 */
#include "../vellum.h"

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <asm/apicdef.h>
#include <asm/msr-index.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"
#include "apicv.h"
#include "caps.h"
#include "insn.h"
#include "msrbitmap.h"

/*
 * Off unless asked for: Bochs, where all of this is tested, tells of a wrong event
 * when the delivery of such an interrupt ends in an exit (docs/lab.md).
 */
static bool enable_apicv __ro_after_init;
module_param(enable_apicv, bool, 0444);
MODULE_PARM_DESC(enable_apicv, "let the CPU deliver interrupts to guests");

static bool apic_access_page __ro_after_init = true;
module_param(apic_access_page, bool, 0444);
MODULE_PARM_DESC(apic_access_page, "let the CPU know accesses to a guest's APIC page");

static void *access_page;

/* Registers that the page has as the guest shall read them. */
static const struct {
	u16 first, last;
} readable[] = {
	{ APIC_PROCPRI, APIC_PROCPRI },
	{ APIC_SPIV, APIC_SPIV },
	{ APIC_ISR, APIC_ESR },
	{ APIC_LVTT, APIC_TMICT },
	{ APIC_TDCR, APIC_TDCR },
};

void __init vmx_apic_caps(void)
{
	u32 delivery = SECONDARY_EXEC_APIC_REGISTER_VIRT | SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY;

	if (!(vmx_caps.proc & CPU_BASED_TPR_SHADOW))
		vmx_caps.proc2 &= ~SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE;
	/* One without the others is no use: the page must be right for all. */
	if (!enable_apicv || !(vmx_caps.proc2 & SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE) ||
	    (vmx_caps.proc2 & delivery) != delivery) {
		vmx_caps.proc2 &= ~delivery;
		enable_apicv = false;
	}
}

int __init vmx_apic_init(void)
{
	if (!(vmx_caps.proc & CPU_BASED_TPR_SHADOW) ||
	    !(vmx_caps.proc2 & SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES))
		apic_access_page = false;
	if (!apic_access_page)
		return 0;
	access_page = (void *)get_zeroed_page(GFP_KERNEL);
	return access_page ? 0 : -ENOMEM;
}

void vmx_apic_exit(void)
{
	free_page((unsigned long)access_page);
}

/* Enabled, in xAPIC mode, and where the access page is. */
static bool fits_access_page(const struct vlm_vcpu *vcpu)
{
	return (vcpu->x86.apic_base & ~(u64)MSR_IA32_APICBASE_BSP) ==
	       (MSR_IA32_APICBASE_ENABLE | gfn_to_gpa(VLM_EPT_OWN_GFN));
}

void vmx_apic_settle(struct vlm_vcpu *vcpu)
{
	if (unlikely(vlm_ept_own(vcpu->vm) && !fits_access_page(vcpu)))
		vlm_ept_own_drop(vcpu->vm);
}

bool vmx_has_apicv(void)
{
	return enable_apicv;
}

void vmx_apic_attach(struct vlm_vcpu *vcpu, void *page)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;

	if (!(vmx_caps.proc & CPU_BASED_TPR_SHADOW))
		return;
	vmx->apic_page = page;
	vmx->proc &= ~(CPU_BASED_CR8_LOAD_EXITING | CPU_BASED_CR8_STORE_EXITING);
	vmx->proc |= CPU_BASED_TPR_SHADOW;
	vmx_begin(vcpu);
	vmcs_write64(VIRTUAL_APIC_PAGE_ADDR, __pa(page));
	vmcs_write32(TPR_THRESHOLD, 0);
	if (access_page) {
		vmcs_write64(APIC_ACCESS_ADDR, __pa(access_page));
		vlm_ept_own_set(vcpu->vm, __pa(access_page));
	}
	if (enable_apicv)
		vmcs_write16(GUEST_INTR_STATUS, 0);
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, vmx->proc);
	vmx_apic_eoi_map(vcpu);
	vmx_apic_mode(vcpu);
	vmx_end(vcpu);
}

u32 vmx_apic_controls(struct vlm_vcpu *vcpu)
{
	u32 controls = 0, registers = 0;

	if (!vcpu->vmx.apic_page)
		return 0;
	if (enable_apicv) {
		controls = SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY;
		registers = SECONDARY_EXEC_APIC_REGISTER_VIRT;
	}
	if (access_page && fits_access_page(vcpu))
		controls |= SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES | registers;
	else if (vlm_in_x2apic(vcpu))
		controls |= (vmx_caps.proc2 & SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE) | registers;
	return controls;
}

static void pass_msr(struct vlm_vcpu *vcpu, unsigned int offset, bool write, bool pass)
{
	vmx_msr_pass(vcpu, APIC_BASE_MSR + (offset >> 4), write, pass);
}

/* Without register virtualization TPR is all that the CPU virtualizes. */
static void pass_msrs(struct vlm_vcpu *vcpu, bool pass)
{
	unsigned int offset, i;

	pass_msr(vcpu, APIC_TASKPRI, false, pass);
	pass_msr(vcpu, APIC_TASKPRI, true, pass);
	if (!enable_apicv)
		return;
	for (i = 0; i < ARRAY_SIZE(readable); i++)
		for (offset = readable[i].first; offset <= readable[i].last; offset += 0x10)
			pass_msr(vcpu, offset, false, pass);
	pass_msr(vcpu, APIC_EOI, true, pass);
	pass_msr(vcpu, APIC_SELF_IPI, true, pass);
}

void vmx_apic_mode(struct vlm_vcpu *vcpu)
{
	u32 proc2, controls;

	if (!vcpu->vmx.apic_page)
		return;
	controls = vmx_apic_controls(vcpu);
	/* The CPU must virtualize them before it lets them through. */
	if (!(controls & SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE))
		pass_msrs(vcpu, false);
	vmx_begin(vcpu);
	proc2 = vmcs_read32(SECONDARY_VM_EXEC_CONTROL) & ~VMX_APIC_CONTROLS;
	vmcs_write32(SECONDARY_VM_EXEC_CONTROL, proc2 | controls);
	vmx_end(vcpu);
	if (controls & SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE)
		pass_msrs(vcpu, true);
}

void vmx_apic_eoi_map(struct vlm_vcpu *vcpu)
{
	static const u16 fields[] = {
		EOI_EXIT_BITMAP0, EOI_EXIT_BITMAP1, EOI_EXIT_BITMAP2, EOI_EXIT_BITMAP3,
	};
	int i;

	if (!enable_apicv || !vcpu->vmx.apic_page)
		return;
	vmx_begin(vcpu);
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		vmcs_write64(fields[i], READ_ONCE(vcpu->vm->irq.eoi_vectors[i]));
	vmx_end(vcpu);
}

u8 vmx_apic_in_service(struct vlm_vcpu *vcpu)
{
	return vmcs_read16(GUEST_INTR_STATUS) >> 8;
}

void vmx_apic_prepare(struct vlm_vcpu *vcpu)
{
	int irr;
	u32 tpr;

	if (!vcpu->vmx.apic_page)
		return;
	irr = vlm_lapic_requested(vcpu);
	if (unlikely(vcpu->guest_debug & KVM_GUESTDBG_BLOCKIRQ))
		irr = -1;
	if (enable_apicv) {
		vmcs_write16(GUEST_INTR_STATUS,
			     max(irr, 0) | max(vlm_lapic_in_service(vcpu), 0) << 8);
		return;
	}
	/* An exit as soon as TPR no longer holds back what waits. */
	tpr = vlm_get_cr8(vcpu);
	irr = max(irr, 0) >> 4;
	vmcs_write32(TPR_THRESHOLD, irr <= tpr ? irr : 0);
}
