// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain moves to and from devices that were emulated before, done again without
 * leaving the section: no registers in and out, no walk, no decoding.
 *
 * What is kept of an instruction is its decoding and what it was found by: the
 * entries of the guest's page tables on the way to it, and its bytes.  Each time all
 * of them are read anew, where they lay then.  If they are as they were, under the
 * same slots, the walk would come to the same place and the decoder to the same
 * result.  Whatever is not as it was goes the long way.
 */
#include "../vellum.h"

#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "glue.h"
#include "glue_priv.h"

/* Bytes that are compared: what an instruction can be long, as words. */
#define WINDOW		16

/* One of two places has it, or is where it would be. */
static struct emul_quick *place_of(struct vlm_emul_state *state, u64 rip)
{
	struct emul_quick *q = &state->quick[hash_64(rip, QUICK_BITS) & ~1u];

	return q[1].rip == rip ? &q[1] : &q[0];
}

/* 64-bit code, one operand in memory, without segment base, and no RSP. */
static bool is_plain_move(const struct em *em)
{
	const struct em_insn *insn = &em->insn;
	const struct em_operand *other = &insn->src;
	bool store = insn->dst.kind == OP_MEM;

	if (em->code_bits != 64 || insn->addr_size != 8 || insn->lock)
		return false;
	if (insn->op != EM_OP_MOV && insn->op != EM_OP_MOVZX && insn->op != EM_OP_MOVSX)
		return false;
	if (!store && (insn->src.kind != OP_MEM || insn->dst.kind != OP_REG))
		return false;
	if (!store)
		other = &insn->dst;
	else if (other->kind != OP_REG && other->kind != OP_IMM)
		return false;
	if (other->kind == OP_REG && other->reg == EM_RSP)
		return false;
	return insn->mem.seg != EM_FS && insn->mem.seg != EM_GS &&
	       insn->mem.base != EM_RSP && insn->mem.index != EM_RSP;
}

static bool find_word(struct vlm_vm *vm, gpa_t gpa, struct vlm_word *word)
{
	struct vlm_slot *slot = vlm_slot_find(vm, gpa_to_gfn(gpa));

	if (!slot)
		return false;
	word->hva = vlm_slot_hva(slot, gpa_to_gfn(gpa)) + offset_in_page(gpa);
	return true;
}

/* The entries on the way to the instruction, and the instruction.  Slots locked. */
static bool find_words(struct vlm_emul_state *state, struct emul_quick *q)
{
	const struct vlm_walk *walk = &state->walk;
	unsigned int level, length = state->em.insn.length;
	struct vlm_vm *vm = state->vcpu->vm;
	struct vlm_word *word = q->words;
	u64 bytes[WINDOW / sizeof(u64)] = { };

	for (level = walk->leaf; level <= walk->levels; level++, word++) {
		if (!find_word(vm, walk->at[level], word))
			return false;
		word->value = walk->entry[level];
		word->mask = ~0ULL;
	}
	memcpy(bytes, state->em.bytes, length);
	if (!find_word(vm, walk->gpa, word))
		return false;
	word[0].value = bytes[0];
	word[0].mask = em_mask(length);
	word[1].hva = word[0].hva + sizeof(u64);
	word[1].value = bytes[1];
	word[1].mask = length > sizeof(u64) ? em_mask(length - sizeof(u64)) : 0;
	q->nr_words = word + 2 - q->words;
	return true;
}

void emul_quick_learn(struct vlm_emul_state *state, const struct vlm_translated *access)
{
	struct emul_quick *q = place_of(state, state->rip);
	struct vlm_vm *vm = state->vcpu->vm;
	bool found;
	int idx;

	if (q->rip != state->rip)
		q[1] = q[0];
	q->nr_words = 0;
	if (!is_plain_move(&state->em) || !state->walk.leaf ||
	    offset_in_page(state->rip) > PAGE_SIZE - WINDOW)
		return;
	q->rip = state->rip;
	q->insn = state->em.insn;
	q->gfn = gpa_to_gfn(access->gpa);
	q->page = em_offset(&state->em) & PAGE_MASK;
	vmx_get_fetch(state->vcpu, &q->fetch);

	idx = vlm_mem_lock(vm);
	q->slots = vlm_slots_generation(vm);
	found = !vlm_slot_find(vm, q->gfn) && find_words(state, q);
	vlm_mem_unlock(vm, idx);
	if (!found)
		q->nr_words = 0;
}

static bool is_unchanged(struct vlm_vm *vm, const struct emul_quick *q)
{
	int idx = vlm_mem_lock(vm);
	bool same = vlm_slots_generation(vm) == q->slots &&
		    vlm_mem_is_still(q->words, q->nr_words);

	vlm_mem_unlock(vm, idx);
	return same;
}

static u64 linear_of(const struct vlm_vcpu *vcpu, const struct emul_quick *q)
{
	const struct em_address *mem = &q->insn.mem;
	u64 linear = mem->disp;

	if (mem->base == EM_RIP)
		linear += q->rip + q->insn.length;
	else if (mem->base != EM_NO_REG)
		linear += vcpu->gpr[mem->base];
	if (mem->index != EM_NO_REG)
		linear += vcpu->gpr[mem->index] * mem->scale;
	return linear;
}

static void load(struct vlm_vcpu *vcpu, const struct em_insn *insn, u64 value)
{
	const struct em_operand *dst = &insn->dst;
	u64 *reg = &vcpu->gpr[dst->reg];
	u64 mask = em_mask(dst->size);

	value &= em_mask(insn->src.size);
	if (insn->op == EM_OP_MOVSX)
		value = em_sext(value, insn->src.size);
	if (dst->high)
		*reg = (*reg & ~0xff00ULL) | (value & 0xff) << 8;
	else if (dst->size == 4)
		*reg = (u32)value;
	else
		*reg = (*reg & ~mask) | (value & mask);
}

static u64 stored(const struct vlm_vcpu *vcpu, const struct em_insn *insn)
{
	u64 value;

	if (insn->src.kind == OP_IMM)
		return insn->imm;
	value = vcpu->gpr[insn->src.reg];
	return insn->src.high ? value >> 8 : value;
}

/* User space had the vCPU in hand: if it moved RIP, the guest starts afresh. */
static int complete_load(struct vlm_vcpu *vcpu)
{
	const struct emul_quick *q = vcpu->emul.state->asked;
	struct vlm_mmio mmio = { .gpa = vcpu->run->mmio.phys_addr, .len = q->insn.src.size };
	u64 value;

	memcpy(mmio.data, vcpu->run->mmio.data, sizeof(mmio.data));
	emul_trace_device(vcpu, &mmio, false);
	vmx_begin(vcpu);
	if (vmx_get(vcpu, VMX_RIP) == vcpu->pending.rip) {
		memcpy(&value, mmio.data, sizeof(value));
		load(vcpu, &q->insn, value);
		vmx_retire(vcpu, q->insn.length);
	}
	vmx_end(vcpu);
	return VLM_RESUME;
}

static int read_device(struct vlm_vcpu *vcpu, const struct emul_quick *q, gpa_t gpa)
{
	struct vlm_mmio mmio = { .gpa = gpa, .len = q->insn.src.size };
	u64 value;

	if (vlm_bus_read(vcpu, BUS_MMIO, gpa, mmio.len, mmio.data) == BUS_HANDLED) {
		emul_trace_device(vcpu, &mmio, false);
		memcpy(&value, mmio.data, sizeof(value));
		load(vcpu, &q->insn, value);
		vmx_retire(vcpu, q->insn.length);
		return VLM_RESUME;
	}
	emul_fill_run(vcpu, &mmio, false);
	vcpu->emul.state->asked = q;
	vcpu->pending = (struct vlm_pending) { .complete = complete_load, .rip = q->rip };
	return VLM_TO_USER;
}

/* Stores leave the CPU after their instruction, here too. */
static int write_device(struct vlm_vcpu *vcpu, const struct emul_quick *q, gpa_t gpa)
{
	struct vlm_mmio mmio = { .gpa = gpa, .len = q->insn.dst.size };
	u64 value = stored(vcpu, &q->insn) & em_mask(mmio.len);

	memcpy(mmio.data, &value, sizeof(value));
	vmx_retire(vcpu, q->insn.length);
	emul_trace_device(vcpu, &mmio, true);
	if (vlm_bus_write(vcpu, BUS_MMIO, gpa, mmio.len, mmio.data) == BUS_HANDLED)
		return VLM_RESUME;
	emul_fill_run(vcpu, &mmio, true);
	return VLM_TO_USER;
}

bool vlm_emul_knows(struct vlm_vcpu *vcpu, u64 rip, gpa_t gpa)
{
	struct vlm_emul_state *state = vcpu->emul.state;
	const struct emul_quick *q;

	if (!state)
		return false;
	q = place_of(state, rip);
	return q->nr_words && q->rip == rip && q->gfn == gpa_to_gfn(gpa);
}

int vlm_emul_quick(struct vlm_vcpu *vcpu, u64 rip, const struct vlm_translated *access)
{
	const struct emul_quick *q = place_of(vcpu->emul.state, rip);
	bool write = q->insn.dst.kind == OP_MEM;
	u64 linear = linear_of(vcpu, q);
	u64 wanted = access->linear;
	u32 len = write ? q->insn.dst.size : q->insn.src.size;

	if (access->by_offset)
		wanted |= q->page;
	/* What is aligned crosses no page, and no check of alignment finds fault with it. */
	if (write != access->write || linear != wanted || (linear & (len - 1)))
		return VLM_DOOR;
	if (!vmx_fetches_as(&q->fetch) || !is_unchanged(vcpu->vm, q))
		return VLM_DOOR;
	vmx_l1d_touch(vcpu);
	return write ? write_device(vcpu, q, access->gpa) : read_device(vcpu, q, access->gpa);
}
