// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulator on a vCPU: registers in and out, the instruction's bytes, and
 * what becomes of each answer.
 */
#include "../vellum.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/processor-flags.h>
#include <asm/msr-index.h>

#include "glue.h"
#include "glue_priv.h"

static_assert(offsetof(struct vlm_emul_state, em) == 0);
static_assert((int)EM_RSP == (int)GPR_RSP && (int)EM_NR_GPRS == (int)NR_GPRS);
static_assert((int)EM_CS == (int)SEG_CS && (int)EM_GS == (int)SEG_GS);

static const struct em_ops vcpu_ops = {
	.read = emul_read,
	.write = emul_write,
	.cmpxchg = emul_cmpxchg,
	.probe = emul_probe,
	.port_in = emul_port_in,
	.port_out = emul_port_out,
	.vector_check = emul_vector_check,
	.vector_read = emul_vector_read,
	.vector_write = emul_vector_write,
};

static void get_segment(struct vlm_emul_state *state, unsigned int seg)
{
	struct em_segment *to = &state->em.seg[seg];
	struct kvm_segment s;

	vmx_get_segment(state->vcpu, seg, &s);
	to->base = s.base;
	to->limit = s.limit;
	to->selector = s.selector;
	to->ar = s.type | (s.db ? EM_AR_BIG : 0) | (s.unusable ? EM_AR_UNUSABLE : 0);
}

/* All that decoding depends on, and the general registers. */
static void get_registers(struct vlm_emul_state *state)
{
	struct vlm_vcpu *vcpu = state->vcpu;
	struct em *em = &state->em;
	u64 cr0;

	vmx_begin(vcpu);
	memcpy(em->gpr, vcpu->gpr, sizeof(em->gpr));
	em->gpr[EM_RSP] = vmx_get(vcpu, VMX_RSP);
	em->rip = vmx_get(vcpu, VMX_RIP);
	em->rflags = vmx_get(vcpu, VMX_RFLAGS);
	cr0 = vmx_get_cr0(vcpu);
	em->code_bits = vmx_code_bits(vcpu);
	if (em->code_bits != 64)
		get_segment(state, SEG_CS);
	em->cpl = vmx_cpl(vcpu);
	em->la_bits = vmx_get_cr4(vcpu) & X86_CR4_LA57 ? 57 : 48;
	vmx_end(vcpu);

	em->protected = (cr0 & X86_CR0_PE) && !(em->rflags & X86_EFLAGS_VM);
	em->align_check = em->cpl == 3 && (cr0 & X86_CR0_AM) && (em->rflags & X86_EFLAGS_AC);
	state->cs_base = em->code_bits == 64 ? 0 : em->seg[EM_CS].base;
}

/* In 64-bit mode little of the segments is ever looked at. */
static void get_segments(struct vlm_emul_state *state)
{
	struct vlm_vcpu *vcpu = state->vcpu;
	struct em *em = &state->em;
	unsigned int seg;

	vmx_begin(vcpu);
	if (em->code_bits == 64 && em->insn.src.kind != OP_SEG) {
		em->seg[EM_FS].base = vmx_get(vcpu, VMX_FS_BASE);
		em->seg[EM_GS].base = vmx_get(vcpu, VMX_GS_BASE);
	} else {
		for (seg = EM_ES; seg < EM_NR_SEGS; seg++)
			get_segment(state, seg);
	}
	vmx_end(vcpu);
}

/* Takes what the instruction did; RIP too, if it is through. */
static void put_registers(struct vlm_emul_state *state)
{
	struct vlm_vcpu *vcpu = state->vcpu;
	struct em *em = &state->em;

	vmx_begin(vcpu);
	memcpy(vcpu->gpr, em->gpr, sizeof(em->gpr));
	vmx_set(vcpu, VMX_RSP, em->gpr[EM_RSP]);
	vmx_set(vcpu, VMX_RFLAGS, em->rflags);
	/* Single-stepping stops after each iteration, so that is a skip too. */
	vmx_skip(vcpu, em->retired ? em->insn.length : 0);
	vmx_end(vcpu);
}

/* Bytes from em->nbytes on, to the end of their page. */
static void fetch_page(struct vlm_emul_state *state)
{
	struct em *em = &state->em;
	u64 offset = state->rip + em->nbytes;
	u32 flags = WALK_FETCH | (em->cpl == 3 ? WALK_USER : 0);
	struct vlm_walk *walk = &state->walk;
	unsigned int n;
	u64 linear;
	int ret;

	n = EM_MAX_INSN - em->nbytes;
	linear = state->cs_base + offset;
	if (em->code_bits != 64) {
		linear = (u32)linear;
		if (offset > em->seg[EM_CS].limit) {
			state->bytes_end = em_raise_zero(em, EM_VECTOR_GP);
			return;
		}
		n = min_t(u64, n, em->seg[EM_CS].limit - offset + 1);
	}
	n = min_t(u64, n, PAGE_SIZE - offset_in_page(linear));

	ret = vlm_walk(state->vcpu, linear, flags, walk);
	if (ret > 0) {
		em->fault = (struct em_fault) {
			.vector = EM_VECTOR_PF, .has_error = true, .error = walk->error,
			.cr2 = linear,
		};
		state->bytes_end = EM_FAULT;
		return;
	}
	if (ret || vlm_mem_read(state->vcpu->vm, walk->gpa, em->bytes + em->nbytes, n)) {
		state->bytes_end = EM_UNHANDLED;
		return;
	}
	em->nbytes += n;
}

/* The next page is only read if the instruction reaches into it. */
static int decode(struct vlm_emul_state *state)
{
	struct em *em = &state->em;
	int ret;

	for (;;) {
		ret = em_decode(em);
		if (ret != EM_SHORT)
			return ret;
		if (state->bytes_end == EM_SHORT)
			fetch_page(state);
		if (state->bytes_end != EM_SHORT)
			return state->bytes_end;
	}
}

static int inject(struct vlm_vcpu *vcpu, const struct em_fault *fault)
{
	if (fault->vector == EM_VECTOR_PF)
		vlm_inject_pf(vcpu, fault->error, fault->cr2);
	else if (fault->has_error)
		vlm_inject_error(vcpu, fault->vector, fault->error);
	else
		vlm_inject(vcpu, fault->vector);
	return VLM_RESUME;
}

static void log_failure(const struct vlm_emul_state *state)
{
	const struct em *em = &state->em;

	if (em->nbytes)
		vlm_limited("vCPU %u: instruction %*ph at RIP %#llx cannot be emulated\n",
			    state->vcpu->id, em->nbytes, em->bytes, state->rip);
	else
		vlm_limited("vCPU %u: the instruction at RIP %#llx cannot be fetched\n",
			    state->vcpu->id, state->rip);
}

/*
 * KVM's API: struct kvm_run, emulation_failure.  A process of the guest must not
 * be able to stop it: outside ring 0 the instruction is undefined, unless user
 * space wants to see it.
 */
static int report_failure(struct vlm_emul_state *state)
{
	struct kvm_run *run = state->vcpu->run;
	struct em *em = &state->em;

	if (em->cpl && !READ_ONCE(state->vcpu->vm->emulation_exits)) {
		vlm_inject(state->vcpu, EM_VECTOR_UD);
		return VLM_RESUME;
	}
	log_failure(state);
	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->emulation_failure.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run->emulation_failure.ndata = 1;
	run->emulation_failure.flags = 0;
	if (em->nbytes) {
		/* insn_size and insn_bytes make two more. */
		run->emulation_failure.ndata = 3;
		run->emulation_failure.flags =
			KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
		run->emulation_failure.insn_size = em->nbytes;
		memset(run->emulation_failure.insn_bytes, 0,
		       sizeof(run->emulation_failure.insn_bytes));
		memcpy(run->emulation_failure.insn_bytes, em->bytes, em->nbytes);
	}
	return VLM_TO_USER;
}

static int execute(struct vlm_emul_state *state, const struct vlm_translated *access)
{
	struct em *em = &state->em;
	int ret;

	vmx_l1d_touch(state->vcpu);
	state->used = 0;
	state->nr_writes = 0;
	state->written = 0;
	state->nr_tlb = state->nr_known;
	ret = decode(state);
	if (!ret) {
		get_segments(state);
		if (access)
			emul_quick_learn(state, access);
		ret = em_execute(em);
	}
	switch (ret) {
	case EM_OK:
		/* Stores leave the CPU after their instruction, here too. */
		put_registers(state);
		if (em_is_port(em) && !state->port.in)
			return emul_send_port(state);
		return emul_send_writes(state);
	case EM_FAULT:
		return inject(state->vcpu, &em->fault);
	case EM_WAIT:
		return VLM_TO_USER;
	case EM_AGAIN:
		return VLM_RESUME;
	case EM_ERROR:
		return state->error;
	default:
		return report_failure(state);
	}
}

/* Another instruction than the last one. */
static struct vlm_emul_state *begin(struct vlm_vcpu *vcpu)
{
	struct vlm_emul_state *state = vcpu->emul.state;

	if (!state) {
		state = kzalloc(sizeof(*state), GFP_KERNEL_ACCOUNT);
		if (!state)
			return NULL;
		state->vcpu = vcpu;
		state->em.ops = &vcpu_ops;
		state->em.io = vcpu->pio_data;
		state->em.io_size = PAGE_SIZE;
		vcpu->emul.state = state;
	}
	get_registers(state);
	state->rip = state->em.rip;
	state->em.nbytes = 0;
	state->bytes_end = EM_SHORT;
	state->nr_reads = 0;
	state->port = (struct vlm_port_string) { };
	state->nr_known = 0;
	return state;
}

int emul_continue(struct vlm_vcpu *vcpu)
{
	struct vlm_emul_state *state = vcpu->emul.state;

	get_registers(state);
	/* User space had the vCPU in hand; then the guest starts afresh. */
	if (state->em.rip != state->rip)
		return VLM_RESUME;
	return execute(state, NULL);
}

int vlm_emul(struct vlm_vcpu *vcpu, const struct vlm_translated *known)
{
	struct vlm_emul_state *state = begin(vcpu);

	if (!state)
		return -ENOMEM;
	if (known && !known->by_offset) {
		state->tlb[0].page = known->linear >> PAGE_SHIFT;
		state->tlb[0].gpa = known->gpa & PAGE_MASK;
		state->tlb[0].access = known->write ? EM_WRITE : EM_READ;
		state->nr_known = 1;
	}
	return execute(state, known);
}

int vlm_emul_string_io(struct vlm_vcpu *vcpu, u16 port, u8 size, bool in)
{
	struct vlm_emul_state *state = begin(vcpu);

	if (!state)
		return -ENOMEM;
	state->port.port = port;
	state->port.size = size;
	state->port.in = in;
	state->port.allowed = true;
	return execute(state, NULL);
}

void vlm_emul_destroy(struct vlm_vcpu *vcpu)
{
	kfree(vcpu->emul.state);
	vcpu->emul.state = NULL;
}
