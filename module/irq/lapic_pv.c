// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paravirtual end of interrupt: a flag in guest memory, set with an interrupt
 * that nothing waits behind.  The guest clears it in place of a write to EOI, and
 * the APIC does the rest when it next has to know.
 *
 * The flag is looked at within the section, where nothing may sleep.  When the
 * page is not at hand the section ends, and it is looked at once more there.
 */
#include "../vellum.h"

#include <linux/align.h>
#include <asm/kvm_para.h>

#include "../core/vcpu.h"
#include "irqchip.h"
#include "lapic_priv.h"

typedef int (*read_fn)(struct vlm_vm *vm, gpa_t gpa, void *buf, size_t len);
typedef int (*write_fn)(struct vlm_vm *vm, gpa_t gpa, const void *buf, size_t len);

/* @take: a flag that is still set is taken back, and the guest has to tell. */
static bool look(struct vlm_lapic *l, bool take, read_fn read, write_fn write)
{
	const u8 none = KVM_PV_EOI_DISABLED;
	u8 flag;

	if (read(l->vcpu->vm, l->pv_eoi_flag, &flag, sizeof(flag)))
		return false;
	if (flag & KVM_PV_EOI_ENABLED) {
		if (!take)
			return true;
		if (write(l->vcpu->vm, l->pv_eoi_flag, &none, sizeof(none)))
			return false;
		l->pv_eoi_armed = false;
		return true;
	}
	l->pv_eoi_armed = false;
	lapic_eoi(l);
	return true;
}

void lapic_pv_eoi_look(struct vlm_lapic *l, bool take)
{
	if (!look(l, take, vlm_mem_read_nofault, vlm_mem_write_nofault))
		vlm_request_kick(l->vcpu, VLM_REQ_LEAVE);
}

void vlm_lapic_pv_eoi_end(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	/* Not left set: the vCPU may go on elsewhere, where nobody knows of it. */
	if (likely(!l || !l->pv_eoi_armed) || look(l, true, vlm_mem_read, vlm_mem_write))
		return;
	/* The page is gone: nobody will ever write to EOI for this one. */
	l->pv_eoi_armed = false;
	lapic_eoi(l);
}

void lapic_pv_eoi_arm(struct vlm_lapic *l, u8 vector)
{
	const u8 flag = KVM_PV_EOI_ENABLED;

	if (!(l->vcpu->pv.eoi_msr & KVM_MSR_ENABLED))
		return;
	/* Somebody waits for this end: another interrupt, or a device. */
	if (lapic_highest(l, APIC_IRR) >= 0 || vlm_ioapic_handles(l->vcpu->vm, vector))
		return;
	l->pv_eoi_flag = l->vcpu->pv.eoi_msr & ~(u64)KVM_MSR_ENABLED;
	l->pv_eoi_armed = !vlm_mem_write_nofault(l->vcpu->vm, l->pv_eoi_flag, &flag, sizeof(flag));
}

int vlm_lapic_set_pv_eoi(struct vlm_vcpu *vcpu, u64 value)
{
	gpa_t gpa = value & ~(u64)KVM_MSR_ENABLED;

	if (!IS_ALIGNED(gpa, sizeof(u32)))
		return 1;
	if ((value & KVM_MSR_ENABLED) && !vlm_mem_has(vcpu->vm, gpa))
		return 1;
	/* What cannot be looked at now is at the end of the section. */
	if (vcpu->lapic)
		lapic_pv_eoi_sync(vcpu->lapic, true);
	vcpu->pv.eoi_msr = value;
	return 0;
}
