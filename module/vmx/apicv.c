// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the CPU does of the local APIC by itself: SDM 3C, "APIC Virtualization and
 * Virtual Interrupts".
 *
 * The TPR shadow lets a guest access CR8 without exits. Virtual-interrupt delivery
 * takes interrupts out of the register page, where vmx_apic_prepare() says which
 * is the highest; in x2APIC mode EOI, TPR and SELF IPI need no exit then, but for
 * the EOI of vectors that the I/O APIC waits for.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <asm/apicdef.h>

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

/* Registers that the page has as the guest shall read them. */
static const struct {
	u16 first, last;
} readable[] = {
	{ APIC_TASKPRI, APIC_TASKPRI },
	{ APIC_PROCPRI, APIC_PROCPRI },
	{ APIC_SPIV, APIC_SPIV },
	{ APIC_ISR, APIC_ESR },
	{ APIC_LVTT, APIC_TMICT },
	{ APIC_TDCR, APIC_TDCR },
};

void __init vmx_apic_caps(void)
{
	u32 all = SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE | SECONDARY_EXEC_APIC_REGISTER_VIRT |
		  SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY;

	/* One without the others is no use: the page must be right for all. */
	if (!enable_apicv || !(vmx_caps.proc & CPU_BASED_TPR_SHADOW) ||
	    (vmx_caps.proc2 & all) != all) {
		vmx_caps.proc2 &= ~all;
		enable_apicv = false;
	}
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
	if (enable_apicv)
		vmcs_write16(GUEST_INTR_STATUS, 0);
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, vmx->proc);
	vmx_apic_eoi_map(vcpu);
	vmx_apic_mode(vcpu);
	vmx_end(vcpu);
}

u32 vmx_apic_controls(struct vlm_vcpu *vcpu)
{
	u32 controls = SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY;

	if (!enable_apicv || !vcpu->vmx.apic_page)
		return 0;
	if (vlm_in_x2apic(vcpu))
		controls |= SECONDARY_EXEC_VIRTUALIZE_X2APIC_MODE |
			    SECONDARY_EXEC_APIC_REGISTER_VIRT;
	return controls;
}

static void pass_msrs(struct vlm_vcpu *vcpu, bool pass)
{
	unsigned int offset, i;

	for (i = 0; i < ARRAY_SIZE(readable); i++)
		for (offset = readable[i].first; offset <= readable[i].last; offset += 0x10)
			vmx_msr_pass(vcpu, APIC_BASE_MSR + (offset >> 4), false, pass);
	vmx_msr_pass(vcpu, APIC_BASE_MSR + (APIC_TASKPRI >> 4), true, pass);
	vmx_msr_pass(vcpu, APIC_BASE_MSR + (APIC_EOI >> 4), true, pass);
	vmx_msr_pass(vcpu, APIC_BASE_MSR + (APIC_SELF_IPI >> 4), true, pass);
}

void vmx_apic_mode(struct vlm_vcpu *vcpu)
{
	u32 proc2;

	if (!enable_apicv || !vcpu->vmx.apic_page)
		return;
	/* The CPU must virtualize them before it lets them through. */
	if (!vlm_in_x2apic(vcpu))
		pass_msrs(vcpu, false);
	vmx_begin(vcpu);
	proc2 = vmcs_read32(SECONDARY_VM_EXEC_CONTROL) & ~VMX_APIC_CONTROLS;
	vmcs_write32(SECONDARY_VM_EXEC_CONTROL, proc2 | vmx_apic_controls(vcpu));
	vmx_end(vcpu);
	if (vlm_in_x2apic(vcpu))
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

void vmx_apic_prepare(struct vlm_vcpu *vcpu)
{
	int irr, isr;
	u32 tpr;

	if (!vcpu->vmx.apic_page)
		return;
	vlm_lapic_highest(vcpu, &irr, &isr);
	if (enable_apicv) {
		vmcs_write16(GUEST_INTR_STATUS, max(irr, 0) | max(isr, 0) << 8);
		return;
	}
	/* An exit as soon as TPR no longer holds back what waits. */
	tpr = vlm_get_cr8(vcpu);
	irr = max(irr, 0) >> 4;
	vmcs_write32(TPR_THRESHOLD, irr <= tpr ? irr : 0);
}
