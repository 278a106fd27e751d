// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event injection: SDM 3C, "Event Injection" and "VM-Entry Controls for Event
 * Injection".
 *
 * An event leaves vcpu->events when it is written for injection.  If its
 * delivery breaks off in another exit, the IDT-vectoring information brings it
 * back as "injected", and it goes first at the next entry.
 */
#include "../vellum.h"

#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "../exits/exit.h"
#include "../irq/lapic.h"
#include "../trace_irq.h"
#include "apicv.h"
#include "event.h"
#include "insn.h"
#include "section.h"

static void set_window(struct vlm_vcpu *vcpu, u32 window, bool open)
{
	u32 proc = open ? vcpu->vmx.proc | window : vcpu->vmx.proc & ~window;

	if (proc == vcpu->vmx.proc)
		return;
	vcpu->vmx.proc = proc;
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, proc);
}

static void inject(struct vlm_vcpu *vcpu, u32 info)
{
	vcpu->vmx.injects = true;
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, info | INTR_INFO_VALID_MASK);
}

static u32 soft(u32 type, u32 length)
{
	vmcs_write32(VM_ENTRY_INSTRUCTION_LEN, length);
	return type;
}

/*
 * Software events push the RIP that follows their instruction, so its length
 * has to be known: from the exit that brought the event back, or because INT3
 * and INTO have one byte.
 */
static u32 event_type(struct vlm_vcpu *vcpu, u8 vector, u32 type)
{
	struct vmx_vcpu *vmx = &vcpu->vmx;
	u32 known = vmx->event_vector == vector ? vmx->event_type : 0;

	vmx->event_type = 0;
	switch (known) {
	case INTR_TYPE_SOFT_INTR:
	case INTR_TYPE_PRIV_SW_EXCEPTION:
	case INTR_TYPE_SOFT_EXCEPTION:
		return soft(known, vmx->event_length);
	}
	if (type == INTR_TYPE_HARD_EXCEPTION &&
	    (vector == X86_TRAP_BP || vector == X86_TRAP_OF))
		return soft(INTR_TYPE_SOFT_EXCEPTION, 1);
	return type;
}

static void inject_exception(struct vlm_vcpu *vcpu)
{
	struct vlm_events *ev = &vcpu->events;
	u32 info = ev->exception.vector;

	info |= event_type(vcpu, ev->exception.vector, INTR_TYPE_HARD_EXCEPTION);
	/* In real mode no exception pushes an error code. */
	if (ev->exception.has_error && (vmcs_readl(GUEST_CR0) & X86_CR0_PE)) {
		info |= INTR_INFO_DELIVER_CODE_MASK;
		vmcs_write32(VM_ENTRY_EXCEPTION_ERROR_CODE, ev->exception.error);
	}
	if (ev->exception.has_payload)
		vlm_deliver_payload(vcpu);
	/* The saved RF keeps a breakpoint on the instruction from striking twice. */
	if (ev->exception.pending && vlm_exception_is_fault(ev->exception.vector))
		vmcs_writel(GUEST_RFLAGS, vmcs_readl(GUEST_RFLAGS) | X86_EFLAGS_RF);
	ev->exception.pending = false;
	ev->exception.injected = false;
	inject(vcpu, info);
}

static bool nmi_open(u32 blocking)
{
	return !(blocking & (GUEST_INTR_STATE_NMI | GUEST_INTR_STATE_MOV_SS |
			     GUEST_INTR_STATE_STI));
}

static bool interrupt_open(u32 blocking)
{
	return !(blocking & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)) &&
	       (vmcs_readl(GUEST_RFLAGS) & X86_EFLAGS_IF);
}

u32 vmx_interrupt_state(struct vlm_vcpu *vcpu)
{
	u32 state = 0;

	vmx_begin(vcpu);
	if (vmcs_readl(GUEST_RFLAGS) & X86_EFLAGS_IF) {
		state = VMX_INTERRUPT_FLAG;
		if (!(vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) &
		      (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)))
			state |= VMX_INTERRUPT_OPEN;
	}
	vmx_end(vcpu);
	return state;
}

bool vmx_interrupt_open(struct vlm_vcpu *vcpu)
{
	return vmx_interrupt_state(vcpu) & VMX_INTERRUPT_OPEN;
}

/* An interrupt that is ours to inject: what the APIC has, the CPU may deliver. */
static bool waits(struct vlm_vcpu *vcpu)
{
	if (vmx_has_apicv())
		return vlm_extint_waits(vcpu);
	return vlm_irq_peek(vcpu) >= 0;
}

/* The vector that goes next, or -1. */
static int take_interrupt(struct vlm_vcpu *vcpu)
{
	/* What the APIC has, the CPU takes by itself. */
	if (vmx_has_apicv() && !vlm_extint_waits(vcpu))
		return -1;
	return vlm_irq_ack(vcpu);
}

/* False: nothing is left that waits. */
static bool inject_interrupt(struct vlm_vcpu *vcpu)
{
	struct vlm_events *ev = &vcpu->events;
	int vector;

	/* KVM_INTERRUPT: the caller's interrupt controller. */
	if (ev->interrupt.pending) {
		ev->interrupt.pending = false;
		vector = ev->interrupt.vector;
	} else {
		vector = take_interrupt(vcpu);
	}
	if (vector < 0)
		return false;
	inject(vcpu, vector | INTR_TYPE_EXT_INTR);
	return true;
}

/* KVM_GUESTDBG_BLOCKIRQ: a debugger wants to step over what interrupts do. */
static bool held_back(struct vlm_vcpu *vcpu)
{
	return unlikely(vcpu->guest_debug & KVM_GUESTDBG_BLOCKIRQ);
}

/*
 * At most one event an entry; what was already on its way goes first.  False: no
 * interrupt waits.
 */
static bool inject_one(struct vlm_vcpu *vcpu, u32 blocking)
{
	struct vlm_events *ev = &vcpu->events;

	if (ev->exception.injected) {
		inject_exception(vcpu);
	} else if (ev->nmi.injected) {
		ev->nmi.injected = false;
		inject(vcpu, INTR_TYPE_NMI_INTR | X86_TRAP_NMI);
	} else if (ev->interrupt.injected) {
		ev->interrupt.injected = false;
		inject(vcpu, ev->interrupt.vector |
		       event_type(vcpu, ev->interrupt.vector, INTR_TYPE_EXT_INTR));
	} else if (ev->exception.pending) {
		inject_exception(vcpu);
	} else if (held_back(vcpu)) {
		return true;
	} else if (ev->nmi.pending && nmi_open(blocking)) {
		ev->nmi.pending--;
		inject(vcpu, INTR_TYPE_NMI_INTR | X86_TRAP_NMI);
	} else if (interrupt_open(blocking)) {
		return inject_interrupt(vcpu);
	}
	return true;
}

static noinline void trace_injected(struct vlm_vcpu *vcpu)
{
	u32 error, info = vmx_entry_event(vcpu, &error);

	if (info)
		trace_inject(vcpu, info, error);
}

/* One is served, and one is latched behind it: SDM 3A, "Handling Multiple NMIs". */
void vmx_queue_nmis(struct vlm_vcpu *vcpu, unsigned int count)
{
	struct vlm_events *ev = &vcpu->events;
	bool busy;

	if (!count)
		return;
	vmx_begin(vcpu);
	busy = ev->nmi.injected ||
	       (vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) & GUEST_INTR_STATE_NMI);
	vmx_end(vcpu);
	ev->nmi.pending = min(busy ? 1u : 2u, ev->nmi.pending + count);
}

void vmx_event_prepare(struct vlm_vcpu *vcpu)
{
	struct vlm_events *ev = &vcpu->events;
	u32 blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);
	bool more;

	vmx_queue_nmis(vcpu, vlm_lapic_take_nmis(vcpu));
	more = inject_one(vcpu, blocking);
	if (trace_inject_enabled())
		trace_injected(vcpu);

	/* Injection may itself raise a line, and no kick follows on this CPU. */
	set_window(vcpu, CPU_BASED_NMI_WINDOW_EXITING, !held_back(vcpu) &&
		   (ev->nmi.pending || vlm_lapic_nmi_pending(vcpu)));
	set_window(vcpu, CPU_BASED_INTR_WINDOW_EXITING, vlm_window_wanted(vcpu) ||
		   (!held_back(vcpu) && (ev->interrupt.pending || (more && waits(vcpu)))));
	vmx_apic_prepare(vcpu);

	/* An exception that had to wait for one before it goes next time. */
	if (ev->exception.pending)
		vlm_request(vcpu, VLM_REQ_EVENT);
}

static void queue_again(struct vlm_vcpu *vcpu, u32 info, u32 error, u32 length)
{
	struct vlm_events *ev = &vcpu->events;
	u8 vector = info & VECTORING_INFO_VECTOR_MASK;

	vcpu->vmx.event_type = info & VECTORING_INFO_TYPE_MASK;
	vcpu->vmx.event_vector = vector;
	vcpu->vmx.event_length = length;

	switch (info & VECTORING_INFO_TYPE_MASK) {
	case INTR_TYPE_NMI_INTR:
		ev->nmi.injected = true;
		/* Delivery blocked NMIs already, which injection insists on not. */
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
			     vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) &
			     ~GUEST_INTR_STATE_NMI);
		break;
	case INTR_TYPE_EXT_INTR:
	case INTR_TYPE_SOFT_INTR:
		ev->interrupt.injected = true;
		ev->interrupt.soft = (info & VECTORING_INFO_TYPE_MASK) == INTR_TYPE_SOFT_INTR;
		ev->interrupt.vector = vector;
		break;
	default:
		ev->exception.injected = true;
		ev->exception.pending = false;
		ev->exception.has_payload = false;
		ev->exception.vector = vector;
		ev->exception.has_error = info & VECTORING_INFO_DELIVER_CODE_MASK;
		ev->exception.error = error;
	}
	vlm_request(vcpu, VLM_REQ_EVENT);
}

/*
 * An interrupt that nobody injected is one that the CPU delivered by itself, and so
 * the one in service: SDM 3C, "Virtual-Interrupt Delivery".  Bochs tells of whatever
 * came before it.
 */
static u32 true_event(struct vlm_vcpu *vcpu, u32 info)
{
	if (!vmx_has_apicv() || vcpu->vmx.injected ||
	    (info & VECTORING_INFO_TYPE_MASK) != INTR_TYPE_EXT_INTR)
		return info;
	return (info & ~VECTORING_INFO_VECTOR_MASK) | vmx_apic_in_service(vcpu);
}

void vmx_event_recover(struct vlm_vcpu *vcpu, const struct vlm_exit *exit)
{
	if (unlikely(exit->vectoring_info & VECTORING_INFO_VALID_MASK))
		queue_again(vcpu, true_event(vcpu, exit->vectoring_info), exit->vectoring_error,
			    vmcs_read32(VM_EXIT_INSTRUCTION_LEN));
}

/* The two formats are the same, and a refused entry leaves its field alone. */
void vmx_event_cancel(struct vlm_vcpu *vcpu)
{
	u32 info = vmcs_read32(VM_ENTRY_INTR_INFO_FIELD);

	if (!(info & INTR_INFO_VALID_MASK))
		return;
	queue_again(vcpu, info, vmcs_read32(VM_ENTRY_EXCEPTION_ERROR_CODE),
		    vmcs_read32(VM_ENTRY_INSTRUCTION_LEN));
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, 0);
}

void vmx_event_taken(struct vlm_vcpu *vcpu)
{
	struct vlm_events *ev = &vcpu->events;

	vmx_begin(vcpu);
	if (ev->nmi.injected)
		vmx_nmi_reblock(vcpu);
	vmx_end(vcpu);
	ev->nmi.injected = false;
	ev->interrupt.injected = false;
	vcpu->vmx.event_type = 0;
}

void vmx_nmi_unblock(struct vlm_vcpu *vcpu)
{
	vmx_begin(vcpu);
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
		     vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) & ~GUEST_INTR_STATE_NMI);
	vmx_end(vcpu);
}

void vmx_nmi_reblock(struct vlm_vcpu *vcpu)
{
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
		     vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) | GUEST_INTR_STATE_NMI);
}
