// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life and state of a local APIC.
 */
#include "../vellum.h"

#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/msr-index.h>

#include "../core/vcpu.h"
#include "lapic_priv.h"

bool vlm_in_x2apic(struct vlm_vcpu *vcpu)
{
	return vcpu->lapic && lapic_x2apic(vcpu->lapic);
}

/* In x2APIC mode nobody reads it there. */
void lapic_show_id(struct vlm_lapic *l)
{
	set_reg(l, APIC_ID, l->id << 24);
}

bool lapic_sw_enabled(const struct vlm_lapic *l)
{
	return lapic_hw_enabled(l) && (reg(l, APIC_SPIV) & APIC_SPIV_APIC_ENABLED);
}

int vlm_lapic_create(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);

	if (!l)
		return -ENOMEM;
	l->vcpu = vcpu;
	l->split_eoi = -1;
	lapic_timer_init(l);
	vcpu->lapic = l;
	l->regs = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!l->regs)
		return -ENOMEM;
	vlm_lapic_reset(vcpu, false);
	vmx_apic_attach(vcpu, l->regs);
	vmx_timer_attach(vcpu);
	vlm_request(vcpu, VLM_REQ_EOI_MAP);
	return 0;
}

void vlm_lapic_destroy(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l)
		return;
	lapic_timer_stop(l);
	free_page((unsigned long)l->regs);
	kfree(l);
	vcpu->lapic = NULL;
}

/* SDM 3A, "Local APIC State After Power-Up or Reset". */
void vlm_lapic_reset(struct vlm_vcpu *vcpu, bool init)
{
	struct vlm_lapic *l = vcpu->lapic;
	unsigned int lvt;

	if (!l)
		return;
	lapic_timer_stop(l);
	memset(l->regs, 0, PAGE_SIZE);
	bitmap_zero(l->pending, 256);
	for (lvt = APIC_LVTT; lvt <= APIC_LVTERR; lvt += 0x10)
		set_reg(l, lvt, APIC_LVT_MASKED);
	set_reg(l, APIC_LVR, LAPIC_VERSION | (LAPIC_LVTS - 1) << 16);
	set_reg(l, APIC_DFR, 0xffffffff);
	set_reg(l, APIC_SPIV, 0xff);
	lapic_timer_mode_loaded(l);
	l->deadline = 0;
	l->pv_eoi_armed = false;
	atomic_set(&l->errors, 0);
	atomic_set(&l->nmis, 0);
	if (!init)
		l->id = vcpu->id;
	lapic_show_id(l);
	/* Firmware's virtual wire: KVM_X86_QUIRK_LINT0_REENABLED. */
	if (vcpu->id == READ_ONCE(vcpu->vm->boot_cpu_id) &&
	    vlm_quirk(vcpu->vm, KVM_X86_QUIRK_LINT0_REENABLED))
		set_reg(l, APIC_LVT0, SET_APIC_DELIVERY_MODE(0, APIC_MODE_EXTINT));
	vlm_request(vcpu, VLM_REQ_EVENT);
}

void vlm_lapic_base_changed(struct vlm_vcpu *vcpu, u64 old)
{
	struct vlm_lapic *l = vcpu->lapic;
	u64 now = vcpu->x86.apic_base;

	if (!l)
		return;
	/* Off and on again is a reset: SDM 3A, "x2APIC State Transitions". */
	if ((old & MSR_IA32_APICBASE_ENABLE) && !(now & MSR_IA32_APICBASE_ENABLE))
		vlm_lapic_reset(vcpu, true);
	/* An id that was set through the register page is not one of x2APIC mode. */
	if (lapic_x2apic(l))
		l->id = vcpu->id;
	lapic_show_id(l);
	vmx_apic_mode(vcpu);
	vlm_request(vcpu, VLM_REQ_EVENT);
	/* vmx_apic_settle() has to look at it. */
	vlm_request(vcpu, VLM_REQ_LEAVE);
}

u64 vlm_get_cr8(struct vlm_vcpu *vcpu)
{
	return vcpu->lapic ? (reg(vcpu->lapic, APIC_TASKPRI) & 0xff) >> 4 : vcpu->x86.cr8;
}

void vlm_set_cr8(struct vlm_vcpu *vcpu, u64 cr8)
{
	if (!vcpu->lapic) {
		vcpu->x86.cr8 = cr8;
		return;
	}
	set_reg(vcpu->lapic, APIC_TASKPRI, cr8 << 4);
	vlm_request(vcpu, VLM_REQ_EVENT);
}

bool vlm_lapic_init_sipi_pending(struct vlm_vcpu *vcpu)
{
	return vcpu->lapic && READ_ONCE(vcpu->lapic->msgs);
}

/* INIT leaves the FPU, MTRRs, TSC and the APIC's id as they are. */
static void take_init(struct vlm_vcpu *vcpu)
{
	vlm_x86_init_signal(vcpu);
	vmx_vcpu_reset(vcpu);
	vlm_lapic_reset(vcpu, true);
	vcpu->mp_state = vcpu->x86.apic_base & MSR_IA32_APICBASE_BSP ?
			 KVM_MP_STATE_RUNNABLE : KVM_MP_STATE_INIT_RECEIVED;
}

/* SDM 3A, "Typical BSP Initialization Sequence": CS is the vector times 4K. */
static void take_sipi(struct vlm_vcpu *vcpu, u8 vector)
{
	struct kvm_segment cs;

	vmx_get_segment(vcpu, SEG_CS, &cs);
	cs.selector = vector << 8;
	cs.base = (u64)vector << 12;
	vmx_set_segment(vcpu, SEG_CS, &cs);
	vmx_set(vcpu, VMX_RIP, 0);
	vcpu->mp_state = KVM_MP_STATE_RUNNABLE;
}

/* It waits for a halt; where there is none to come it is void. */
static void take_kick(struct vlm_vcpu *vcpu)
{
	if (vcpu->mp_state == KVM_MP_STATE_RUNNABLE)
		return;
	if (test_and_clear_bit(LAPIC_MSG_KICK, &vcpu->lapic->msgs) &&
	    vcpu->mp_state == KVM_MP_STATE_HALTED)
		vcpu->mp_state = KVM_MP_STATE_RUNNABLE;
}

void vlm_lapic_kick(struct vlm_vcpu *vcpu)
{
	set_bit(LAPIC_MSG_KICK, &vcpu->lapic->msgs);
	vlm_request_kick(vcpu, VLM_REQ_LEAVE);
}

void vlm_lapic_init_sipi(struct vlm_vcpu *vcpu)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (test_and_clear_bit(LAPIC_MSG_INIT, &l->msgs))
		take_init(vcpu);
	if (test_and_clear_bit(LAPIC_MSG_SIPI, &l->msgs) &&
	    vcpu->mp_state == KVM_MP_STATE_INIT_RECEIVED) {
		smp_rmb();	/* the message before its vector: deliver_one() */
		take_sipi(vcpu, READ_ONCE(l->sipi_vector));
	}
	take_kick(vcpu);
}

void vlm_lapic_set_sipi_vector(struct vlm_vcpu *vcpu, u8 vector)
{
	if (vcpu->lapic)
		WRITE_ONCE(vcpu->lapic->sipi_vector, vector);
}

void vlm_lapic_restore_sipi(struct vlm_vcpu *vcpu)
{
	set_bit(LAPIC_MSG_SIPI, &vcpu->lapic->msgs);
}

unsigned int vlm_lapic_take_nmis(struct vlm_vcpu *vcpu)
{
	return vcpu->lapic ? atomic_xchg(&vcpu->lapic->nmis, 0) : 0;
}

bool vlm_lapic_nmi_pending(struct vlm_vcpu *vcpu)
{
	return vcpu->lapic && atomic_read(&vcpu->lapic->nmis);
}

/*
 * The structure has the id where xAPIC mode has it, in either mode, unless user
 * space asked for 32 bits of it: KVM_CAP_X2APIC_API.
 */
static u32 abi_id(const struct vlm_lapic *l)
{
	u32 flags = READ_ONCE(l->vcpu->vm->irq.x2apic_api);

	if (lapic_x2apic(l) && (flags & KVM_X2APIC_API_USE_32BIT_IDS))
		return l->id;
	return l->id << 24;
}

static void put(struct kvm_lapic_state *out, unsigned int offset, u32 value)
{
	memcpy(out->regs + offset, &value, sizeof(value));
}

static u32 get(const struct kvm_lapic_state *in, unsigned int offset)
{
	u32 value;

	memcpy(&value, in->regs + offset, sizeof(value));
	return value;
}

long vlm_get_lapic(struct vlm_vcpu *vcpu, struct kvm_lapic_state *out)
{
	struct vlm_lapic *l = vcpu->lapic;
	u32 count;

	if (!l)
		return -EINVAL;
	vlm_lapic_timer_poll(vcpu);
	/* The count first: if that says that it has fired, the interrupt is in IRR. */
	count = lapic_timer_hold(l);
	lapic_pull(l);
	lapic_timer_release(l);
	memcpy(out->regs, l->regs, sizeof(out->regs));
	put(out, APIC_ID, abi_id(l));
	put(out, APIC_LVR, LAPIC_VERSION | (LAPIC_LVTS - 1) << 16);
	put(out, APIC_PROCPRI, lapic_ppr(l));
	put(out, APIC_LDR, lapic_ldr(l));
	put(out, APIC_TMCCT, count);
	return 0;
}

long vlm_set_lapic(struct vlm_vcpu *vcpu, const struct kvm_lapic_state *in)
{
	struct vlm_lapic *l = vcpu->lapic;

	if (!l)
		return -EINVAL;
	/* In x2APIC mode the id cannot be set, so it must be right. */
	if (lapic_x2apic(l) && get(in, APIC_ID) != abi_id(l))
		return -EINVAL;

	/* A deadline that has come is one of the state that goes. */
	vlm_lapic_deadline(vcpu);
	lapic_timer_stop(l);
	lapic_load(l, in->regs);
	if (!lapic_x2apic(l))
		l->id = get(in, APIC_ID) >> 24;
	lapic_show_id(l);
	lapic_timer_restore(l, get(in, APIC_TMCCT));
	vlm_request(vcpu, VLM_REQ_EVENT);
	return 0;
}
