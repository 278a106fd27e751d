// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware task switches, in the steps of SDM 3A, "Task Switching": all that can
 * fault in the old task is looked at before anything is changed.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/string.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>
#include <asm/vmx.h>

#include "../core/vcpu.h"
#include "dr.h"
#include "task.h"

/* L0 to L3 and LE: local to a task. */
#define DR7_LOCAL	0x155ULL

#define EFLAGS_DEFINED	0x3f7fd5U

/**
 * struct task - a switch on its way
 * @vcpu: the vCPU
 * @sw: what is asked for
 * @fault: what came of it
 * @old: TR
 * @old_desc: descriptor of the old TSS, when it will no longer be busy
 * @new_desc: descriptor of the new TSS
 * @saved: part of the old TSS that is written
 * @link: previous task link of the new TSS, when it is written
 * @body: the new TSS
 */
struct task {
	struct vlm_vcpu *vcpu;
	const struct vlm_task_switch *sw;
	struct vlm_fault *fault;
	struct kvm_segment old;
	struct vlm_desc old_desc;
	struct vlm_desc new_desc;
	struct vlm_span saved;
	struct vlm_span link;
	struct vlm_span body;
};

/* The old task stays busy, and the new one leads back to it. */
static bool nests(const struct task *t)
{
	return t->sw->source == TASK_CALL || t->sw->source == TASK_GATE;
}

static bool is_wide(const struct kvm_segment *tss)
{
	return tss->type & TYPE_TSS32 & ~TYPE_TSS16;
}

static int raise(struct task *t, u8 vector, u16 selector)
{
	*t->fault = (struct vlm_fault){ vector, SEL_ERROR(selector) | t->sw->external };
	return 1;
}

/* SDM 3A, "Exception Conditions Checked During a Task Switch". */
static int check_new(struct task *t)
{
	bool back = t->sw->source == TASK_IRET;
	u8 bad = back ? X86_TRAP_TS : X86_TRAP_GP;
	u16 selector = t->sw->selector;
	const struct kvm_segment *tss = &t->new_desc.seg;
	int ret;

	if ((selector & SEL_TI) || SEL_IS_NULL(selector))
		return raise(t, bad, selector);
	ret = vlm_desc_read(t->vcpu, selector, back ? 0 : WALK_WRITE, &t->new_desc, t->fault);
	if (ret == VLM_NO_DESC)
		return raise(t, bad, selector);
	if (ret)
		return ret;
	if (tss->s || (tss->type & ~(TYPE_TSS32 | TYPE_BUSY)) || !(tss->type & TYPE_TSS16) ||
	    !(tss->type & TYPE_BUSY) == back)
		return raise(t, bad, selector);
	if (!tss->present)
		return raise(t, X86_TRAP_NP, selector);
	if (tss->limit < vlm_tss_limit(is_wide(tss)))
		return raise(t, X86_TRAP_TS, selector);
	return 0;
}

/* What will be accessed must be there. */
static int find_spans(struct task *t)
{
	const struct kvm_segment *new = &t->new_desc.seg;
	bool wide = is_wide(&t->old);
	u32 saved = vlm_tss_saved(wide);
	struct kvm_dtable gdt;
	int ret;

	if (t->old.limit < vlm_tss_limit(wide))
		return raise(t, X86_TRAP_TS, t->old.selector);
	ret = vlm_span_find(t->vcpu, t->old.base + saved, vlm_tss_saved_end(wide) - saved,
			    WALK_WRITE | WALK_IMPLICIT, &t->saved, t->fault);
	if (ret)
		return ret;
	ret = vlm_span_find(t->vcpu, new->base, vlm_tss_limit(is_wide(new)) + 1,
			    WALK_IMPLICIT, &t->body, t->fault);
	if (ret)
		return ret;
	if (nests(t))
		return vlm_span_find(t->vcpu, new->base, sizeof(u16), WALK_WRITE | WALK_IMPLICIT,
				     &t->link, t->fault);
	/* The descriptor was in the table when TR was loaded: no limit counts. */
	vmx_get_dtable(t->vcpu, DT_GDTR, &gdt);
	return vlm_desc_read_at(t->vcpu, gdt.base + (t->old.selector & ~7U), t->old.selector,
				WALK_WRITE, &t->old_desc, t->fault);
}

static bool loads_cr3(struct task *t)
{
	return is_wide(&t->new_desc.seg) && (vmx_get_cr0(t->vcpu) & X86_CR0_PG);
}

/* PDPTEs that are not legal are found while the old task can still be told. */
static int check_cr3(struct task *t)
{
	struct vlm_vcpu *vcpu = t->vcpu;
	union vlm_tss tss;
	u64 pdptes[4];
	int ret;

	if (!loads_cr3(t) ||
	    !vlm_pae_paging(vmx_get_cr0(vcpu), vmx_get_cr4(vcpu), vmx_get_efer(vcpu)))
		return 0;
	ret = vlm_span_read(vcpu->vm, &t->body, &tss);
	if (ret)
		return ret;
	return vlm_read_pdptes(vcpu, tss.wide.cr3, pdptes) ? raise(t, X86_TRAP_GP, 0) : 0;
}

static void get_state(struct task *t, struct vlm_task_state *state)
{
	struct vlm_vcpu *vcpu = t->vcpu;
	struct kvm_segment seg;
	unsigned int i;

	*state = (struct vlm_task_state){ .wide = is_wide(&t->old) };
	vmx_begin(vcpu);
	state->eip = vmx_get(vcpu, VMX_RIP) + t->sw->length;
	state->eflags = vmx_get(vcpu, VMX_RFLAGS);
	for (i = 0; i < TSS_GPRS; i++)
		state->gpr[i] = vlm_gpr(vcpu, i);
	for (i = 0; i < TSS_SEGS; i++) {
		vmx_get_segment(vcpu, i, &seg);
		state->seg[i] = seg.selector;
	}
	vmx_end(vcpu);
	if (t->sw->source == TASK_IRET)
		state->eflags &= ~X86_EFLAGS_NT;
}

/* The new task becomes busy, unless another CPU was faster; or the old one idle. */
static int change_tasks(struct task *t)
{
	bool back = t->sw->source == TASK_IRET;
	struct vlm_vm *vm = t->vcpu->vm;
	u16 link = t->old.selector;
	int ret;

	ret = back ? 0 : vlm_desc_set_type(vm, &t->new_desc, TYPE_BUSY);
	if (ret)
		return ret;
	if (nests(t))
		ret = vlm_span_write(vm, &t->link, &link);
	else
		ret = vlm_desc_clear_type(vm, &t->old_desc, TYPE_BUSY);
	if (ret && !back)
		vlm_desc_clear_type(vm, &t->new_desc, TYPE_BUSY);
	return ret;
}

/*
 * Leave the old task for the one in @tss.  What its TSS holds means nothing while
 * it runs: until the descriptors change the switch can be tried again.
 */
static int leave_old(struct task *t, union vlm_tss *tss)
{
	struct vlm_vm *vm = t->vcpu->vm;
	struct vlm_task_state state;
	union vlm_tss old;

	get_state(t, &state);
	vlm_tss_pack(&old, &state);
	return vlm_span_write(vm, &t->saved, (u8 *)&old + vlm_tss_saved(state.wide)) ?:
	       vlm_span_read(vm, &t->body, tss) ?:
	       change_tasks(t);
}

/* All but segment registers and LDTR. */
static void put_state(struct task *t, const struct vlm_task_state *state)
{
	struct vlm_vcpu *vcpu = t->vcpu;
	u64 blocked = GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS;
	struct kvm_segment tr = t->new_desc.seg;
	unsigned int i;
	u32 eflags;

	tr.type |= TYPE_BUSY;
	eflags = (state->eflags & EFLAGS_DEFINED) | X86_EFLAGS_FIXED;
	if (nests(t))
		eflags |= X86_EFLAGS_NT;

	vmx_begin(vcpu);
	vmx_set_segment(vcpu, SEG_TR, &tr);
	vmx_set_cr0(vcpu, vmx_get_cr0(vcpu) | X86_CR0_TS);
	vmx_set(vcpu, VMX_DR7, vmx_get(vcpu, VMX_DR7) & ~DR7_LOCAL);
	vmx_set(vcpu, VMX_RIP, state->eip);
	vmx_set(vcpu, VMX_RFLAGS, eflags);
	for (i = 0; i < TSS_GPRS; i++)
		vlm_set_gpr(vcpu, i, state->gpr[i]);
	vmx_set(vcpu, VMX_INTERRUPTIBILITY, vmx_get(vcpu, VMX_INTERRUPTIBILITY) & ~blocked);
	vmx_end(vcpu);
}

static bool stack_holds(const struct kvm_segment *ss, u32 sp, u32 size)
{
	u64 last = (u64)sp + size - 1;

	if (ss->type & TYPE_DOWN)
		return sp > ss->limit && last <= (ss->db ? U32_MAX : U16_MAX);
	return last <= ss->limit;
}

/* As wide as the TSS: SDM 3A, "Interrupt Tasks". */
static int push_error(struct task *t, bool wide)
{
	struct vlm_vcpu *vcpu = t->vcpu;
	u32 size = wide ? sizeof(u32) : sizeof(u16);
	u32 rsp = vmx_get(vcpu, VMX_RSP);
	struct vlm_span span;
	struct kvm_segment ss;
	u32 mask, sp;
	int ret;

	vmx_get_segment(vcpu, SEG_SS, &ss);
	mask = ss.db ? U32_MAX : U16_MAX;
	sp = (rsp - size) & mask;
	if (!stack_holds(&ss, sp, size))
		return raise(t, X86_TRAP_SS, 0);
	ret = vlm_span_find(vcpu, ss.base + sp, size,
			    WALK_WRITE | (vmx_cpl(vcpu) == 3 ? WALK_USER : 0), &span, t->fault);
	if (!ret)
		ret = vlm_span_write(vcpu->vm, &span, &t->sw->error);
	if (!ret)
		vmx_set(vcpu, VMX_RSP, (rsp & ~mask) | sp);
	return ret;
}

/* What goes wrong from here on is the new task's, and there is no way back. */
static int begin_new(struct task *t, const struct vlm_task_state *state)
{
	struct vlm_vcpu *vcpu = t->vcpu;
	struct kvm_segment cs;
	int ret;

	ret = vlm_task_load_segments(vcpu, state, t->fault);
	if (ret == 1 && t->fault->vector != X86_TRAP_PF)
		t->fault->error |= t->sw->external;
	if (!ret && t->sw->has_error)
		ret = push_error(t, state->wide);
	if (ret)
		return ret == -EAGAIN ? -ENXIO : ret;
	vmx_get_segment(vcpu, SEG_CS, &cs);
	if (state->eip > cs.limit)
		return raise(t, X86_TRAP_GP, 0);
	if (state->trap)
		vlm_inject_db(vcpu, DR_SWITCH);
	return 0;
}

int vlm_task_switch(struct vlm_vcpu *vcpu, const struct vlm_task_switch *sw,
		    struct vlm_fault *fault)
{
	struct task t = { .vcpu = vcpu, .sw = sw, .fault = fault };
	struct vlm_task_state state;
	union vlm_tss tss;
	int ret;

	vmx_get_segment(vcpu, SEG_TR, &t.old);
	ret = check_new(&t) ?: find_spans(&t) ?: check_cr3(&t) ?: leave_old(&t, &tss);
	if (ret)
		return ret;
	state.wide = is_wide(&t.new_desc.seg);
	vlm_tss_unpack(&tss, &state);
	/* Refused only if another CPU has changed PDPTEs since. */
	if (loads_cr3(&t) && vlm_mov_to_cr3(vcpu, state.cr3))
		return raise(&t, X86_TRAP_GP, 0);
	put_state(&t, &state);
	return begin_new(&t, &state);
}
