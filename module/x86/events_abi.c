// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events on their way to the guest, as user space saves and restores them.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/kvm.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "../core/vcpu.h"
#include "../irq/lapic.h"

#define EVENT_FLAGS	(KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW |	\
			 KVM_VCPUEVENT_VALID_SIPI_VECTOR | KVM_VCPUEVENT_VALID_SMM)

#define SHADOW		(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)

#define MAX_EXCEPTION	31

/* INT3 and INTO come again when their instruction does. */
static bool is_soft(u8 vector)
{
	return vector == X86_TRAP_BP || vector == X86_TRAP_OF;
}

static u8 shadow_of(u32 blocking)
{
	return (blocking & GUEST_INTR_STATE_MOV_SS ? KVM_X86_SHADOW_INT_MOV_SS : 0) |
	       (blocking & GUEST_INTR_STATE_STI ? KVM_X86_SHADOW_INT_STI : 0);
}

/* NMIs that came as messages, and that the vCPU has not looked at yet. */
static void collect_nmis(struct vlm_vcpu *vcpu)
{
	vmx_queue_nmis(vcpu, vlm_lapic_take_nmis(vcpu));
}

long vlm_get_events(struct vlm_vcpu *vcpu, struct kvm_vcpu_events *out)
{
	const struct vlm_events *ev = &vcpu->events;
	u32 blocking = vmx_get(vcpu, VMX_INTERRUPTIBILITY);

	memset(out, 0, sizeof(*out));
	collect_nmis(vcpu);

	/*
	 * Without KVM_CAP_EXCEPTION_PAYLOAD there is one state, "injected", and
	 * what the exception brings along is in CR2 or DR6 already.
	 */
	vlm_deliver_payload(vcpu);
	if (!is_soft(ev->exception.vector))
		out->exception.injected = ev->exception.pending || ev->exception.injected;
	out->exception.nr = ev->exception.vector;
	out->exception.has_error_code = ev->exception.has_error;
	out->exception.error_code = ev->exception.error;

	/* A software interrupt comes again when its instruction does. */
	out->interrupt.injected = (ev->interrupt.pending || ev->interrupt.injected) &&
				  !ev->interrupt.soft;
	out->interrupt.nr = ev->interrupt.vector;
	out->interrupt.shadow = shadow_of(blocking);

	out->nmi.injected = ev->nmi.injected;
	out->nmi.pending = ev->nmi.pending;
	out->nmi.masked = !!(blocking & GUEST_INTR_STATE_NMI);
	out->flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
	return 0;
}

static bool acceptable(const struct kvm_vcpu_events *in)
{
	static const u8 zero[sizeof(in->smi)];

	if (in->flags & ~EVENT_FLAGS)
		return false;
	if (in->exception.injected &&
	    (in->exception.nr > MAX_EXCEPTION || in->exception.nr == X86_TRAP_NMI))
		return false;
	/* Its re-injection would need the length of the instruction. */
	if (in->interrupt.injected && in->interrupt.soft)
		return false;
	if ((in->flags & KVM_VCPUEVENT_VALID_SHADOW) &&
	    (in->interrupt.shadow & ~(KVM_X86_SHADOW_INT_MOV_SS | KVM_X86_SHADOW_INT_STI)))
		return false;
	/* SDM 3C, "Checks on Guest Non-Register State": never both. */
	if ((in->flags & KVM_VCPUEVENT_VALID_SHADOW) &&
	    in->interrupt.shadow == (KVM_X86_SHADOW_INT_MOV_SS | KVM_X86_SHADOW_INT_STI))
		return false;
	/* There is no system-management mode. */
	return !(in->flags & KVM_VCPUEVENT_VALID_SMM) || !memcmp(&in->smi, zero, sizeof(zero));
}

static void set_blocking(struct vlm_vcpu *vcpu, const struct kvm_vcpu_events *in)
{
	u32 blocking = vmx_get(vcpu, VMX_INTERRUPTIBILITY);

	if (in->flags & KVM_VCPUEVENT_VALID_SHADOW) {
		blocking &= ~SHADOW;
		if (in->interrupt.shadow & KVM_X86_SHADOW_INT_MOV_SS)
			blocking |= GUEST_INTR_STATE_MOV_SS;
		if (in->interrupt.shadow & KVM_X86_SHADOW_INT_STI)
			blocking |= GUEST_INTR_STATE_STI;
	}
	blocking &= ~GUEST_INTR_STATE_NMI;
	if (in->nmi.masked)
		blocking |= GUEST_INTR_STATE_NMI;
	vmx_set(vcpu, VMX_INTERRUPTIBILITY, blocking);
}

long vlm_set_events(struct vlm_vcpu *vcpu, const struct kvm_vcpu_events *in)
{
	struct vlm_events *ev = &vcpu->events;

	if (!acceptable(in))
		return -EINVAL;

	collect_nmis(vcpu);
	ev->exception.pending = false;
	ev->exception.has_payload = false;
	ev->exception.injected = in->exception.injected;
	ev->exception.vector = in->exception.nr;
	ev->exception.has_error = in->exception.has_error_code;
	ev->exception.error = in->exception.error_code;

	/* Pending, and not half delivered: see vlm_set_sregs(). */
	ev->interrupt.pending = in->interrupt.injected;
	ev->interrupt.injected = false;
	ev->interrupt.soft = false;
	ev->interrupt.vector = in->interrupt.nr;

	ev->nmi.injected = in->nmi.injected;
	if (in->flags & KVM_VCPUEVENT_VALID_NMI_PENDING)
		ev->nmi.pending = min_t(u8, in->nmi.pending, 2);
	if (in->flags & KVM_VCPUEVENT_VALID_SIPI_VECTOR)
		vlm_lapic_set_sipi_vector(vcpu, in->sipi_vector);

	vmx_begin(vcpu);
	set_blocking(vcpu, in);
	vmx_end(vcpu);
	vlm_request(vcpu, VLM_REQ_EVENT);
	return 0;
}

long vlm_get_mp_state(struct vlm_vcpu *vcpu, struct kvm_mp_state *out)
{
	/* What has arrived is in the state, though the vCPU has not run since. */
	if (vlm_lapic_init_sipi_pending(vcpu))
		vlm_lapic_init_sipi(vcpu);
	out->mp_state = vcpu->mp_state;
	return 0;
}

/* All but RUNNABLE belong to a local APIC in the kernel. */
long vlm_set_mp_state(struct vlm_vcpu *vcpu, const struct kvm_mp_state *in)
{
	switch (in->mp_state) {
	case KVM_MP_STATE_RUNNABLE:
		break;
	case KVM_MP_STATE_UNINITIALIZED:
	case KVM_MP_STATE_INIT_RECEIVED:
	case KVM_MP_STATE_SIPI_RECEIVED:
	case KVM_MP_STATE_HALTED:
		if (vcpu->lapic)
			break;
		fallthrough;
	default:
		return -EINVAL;
	}
	if (in->mp_state == KVM_MP_STATE_SIPI_RECEIVED) {
		vcpu->mp_state = KVM_MP_STATE_INIT_RECEIVED;
		vlm_lapic_restore_sipi(vcpu);
		return 0;
	}
	vcpu->mp_state = in->mp_state;
	return 0;
}
