// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of an emulated instruction: linear addresses to guest frames, those to
 * memory slots, and where there is none, to a device.
 */
#include "../vellum.h"

#include <linux/mm.h>
#include <linux/string.h>

#include "../trace.h"
#include "glue_priv.h"

/* Part of an access that lies in one page. */
struct piece {
	gpa_t gpa;
	u32 len;
	bool device;
};

/* An operand touches two pages at most; blocks of INS and OUTS touch one. */
#define MAX_PIECES	2

static bool is_device(struct vlm_vcpu *vcpu, gpa_t gpa, u32 access)
{
	struct vlm_vm *vm = vcpu->vm;
	struct vlm_slot *slot;
	bool device;
	int idx;

	idx = vlm_mem_lock(vm);
	slot = vlm_slot_find(vm, gpa_to_gfn(gpa));
	device = !slot || ((access & EM_WRITE) && (slot->flags & KVM_MEM_READONLY));
	vlm_mem_unlock(vm, idx);
	return device;
}

/* One page.  A walk is long, and an instruction asks for its pages repeatedly. */
static int translate(struct vlm_emul_state *state, u64 linear, u32 access, gpa_t *gpa)
{
	u64 page = linear >> PAGE_SHIFT;
	u32 flags = state->em.cpl == 3 ? WALK_USER : 0;
	struct vlm_walk walk;
	unsigned int i;
	int ret;

	for (i = 0; i < state->nr_tlb; i++) {
		if (state->tlb[i].page != page || (access & ~state->tlb[i].access))
			continue;
		*gpa = state->tlb[i].gpa | offset_in_page(linear);
		return EM_OK;
	}

	if (access & EM_WRITE)
		flags |= WALK_WRITE;
	ret = vlm_walk(state->vcpu, linear, flags, &walk);
	if (ret < 0)
		return EM_UNHANDLED;
	if (ret) {
		state->em.fault = (struct em_fault) {
			.vector = EM_VECTOR_PF, .has_error = true, .error = walk.error,
			.cr2 = linear,
		};
		return EM_FAULT;
	}
	*gpa = walk.gpa;
	if (state->nr_tlb < NR_TRANSLATIONS) {
		state->tlb[i].page = page;
		state->tlb[i].gpa = walk.gpa & PAGE_MASK;
		state->tlb[i].access = access;
		state->nr_tlb++;
	}
	return EM_OK;
}

/* All pages are translated before the first is accessed. */
static int split(struct vlm_emul_state *state, u64 linear, u32 len, u32 access,
		 struct piece pieces[MAX_PIECES])
{
	unsigned int i;
	int ret;

	for (i = 0; len && i < MAX_PIECES; i++) {
		pieces[i].len = min_t(u32, len, PAGE_SIZE - offset_in_page(linear));
		ret = translate(state, linear, access, &pieces[i].gpa);
		if (ret)
			return ret;
		pieces[i].device = is_device(state->vcpu, pieces[i].gpa, access & EM_WRITE);
		linear += pieces[i].len;
		len -= pieces[i].len;
		/* Linear addresses have 32 bits outside 64-bit mode. */
		if (state->em.code_bits != 64)
			linear = (u32)linear;
	}
	if (i < MAX_PIECES)
		pieces[i].len = 0;
	return EM_OK;
}

static int failed(struct vlm_emul_state *state, int error)
{
	state->error = error;
	return EM_ERROR;
}

void emul_fill_run(struct vlm_vcpu *vcpu, const struct vlm_mmio *mmio, bool is_write)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = mmio->gpa;
	run->mmio.len = mmio->len;
	run->mmio.is_write = is_write;
	memcpy(run->mmio.data, mmio->data, sizeof(mmio->data));
}

void emul_trace_device(struct vlm_vcpu *vcpu, const struct vlm_mmio *mmio, bool write)
{
	u64 value = 0;

	if (!trace_mmio_enabled())
		return;
	memcpy(&value, mmio->data, mmio->len);
	trace_mmio(vcpu, write, mmio->gpa, mmio->len, value);
}

static int complete_read(struct vlm_vcpu *vcpu)
{
	struct vlm_emul_state *state = vcpu->emul.state;
	struct vlm_mmio *mmio = &state->reads[state->nr_reads];

	memcpy(mmio->data, vcpu->run->mmio.data, sizeof(mmio->data));
	emul_trace_device(vcpu, mmio, false);
	state->nr_reads++;
	return emul_continue(vcpu);
}

/*
 * Ask a device, up to MMIO_BYTES.  If it is not in the kernel, the answer comes
 * later, from user space.  If the instruction now reads something else than
 * before, because its registers were changed, what was answered is no answer.
 */
static int read_device(struct vlm_emul_state *state, gpa_t gpa, void *buf, u32 len)
{
	struct vlm_mmio *mmio;

	if (state->used == MAX_MMIO)
		return EM_AGAIN;
	mmio = &state->reads[state->used];
	if (state->used < state->nr_reads) {
		if (mmio->gpa != gpa || mmio->len != len)
			return EM_AGAIN;
		memcpy(buf, mmio->data, len);
		state->used++;
		return EM_OK;
	}
	*mmio = (struct vlm_mmio) { .gpa = gpa, .len = len };
	/* Kept as an answer, too: a device must not be read twice. */
	if (vlm_bus_read(state->vcpu, BUS_MMIO, gpa, len, mmio->data) == BUS_HANDLED) {
		emul_trace_device(state->vcpu, mmio, false);
		memcpy(buf, mmio->data, len);
		state->nr_reads++;
		state->used++;
		return EM_OK;
	}
	emul_fill_run(state->vcpu, mmio, false);
	state->vcpu->pending = (struct vlm_pending) { .complete = complete_read };
	return EM_WAIT;
}

static int read_piece(struct vlm_emul_state *state, const struct piece *piece, u8 *buf)
{
	u32 at, n;
	int ret;

	if (!piece->device) {
		ret = vlm_mem_read(state->vcpu->vm, piece->gpa, buf, piece->len);
		return ret ? failed(state, ret) : EM_OK;
	}
	for (at = 0; at < piece->len; at += n) {
		n = min_t(u32, piece->len - at, MMIO_BYTES);
		ret = read_device(state, piece->gpa + at, buf + at, n);
		if (ret)
			return ret;
	}
	return EM_OK;
}

int emul_read(struct em *em, u64 linear, void *buf, unsigned int len, u32 access)
{
	struct vlm_emul_state *state = em_state(em);
	struct piece pieces[MAX_PIECES];
	unsigned int i;
	int ret;

	ret = split(state, linear, len, access, pieces);
	for (i = 0; !ret && i < MAX_PIECES && pieces[i].len; i++) {
		/* What can be written to is read where it will be written. */
		if (access & EM_WRITE)
			pieces[i].device = is_device(state->vcpu, pieces[i].gpa, EM_READ);
		ret = read_piece(state, &pieces[i], buf);
		buf += pieces[i].len;
	}
	return ret;
}

static int write_piece(struct vlm_emul_state *state, const struct piece *piece, const u8 *buf)
{
	u32 at, n;
	int ret;

	if (!piece->device) {
		ret = vlm_mem_write(state->vcpu->vm, piece->gpa, buf, piece->len);
		return ret ? failed(state, ret) : EM_OK;
	}
	for (at = 0; at < piece->len; at += n) {
		struct vlm_mmio *mmio = &state->writes[state->nr_writes];

		if (state->nr_writes == MAX_MMIO)
			return EM_AGAIN;
		n = min_t(u32, piece->len - at, MMIO_BYTES);
		*mmio = (struct vlm_mmio) { .gpa = piece->gpa + at, .len = n };
		memcpy(mmio->data, buf + at, n);
		state->nr_writes++;
	}
	return EM_OK;
}

static int write_pieces(struct vlm_emul_state *state, const struct piece *pieces, const u8 *buf)
{
	unsigned int i;
	int ret = EM_OK;

	for (i = 0; !ret && i < MAX_PIECES && pieces[i].len; i++) {
		ret = write_piece(state, &pieces[i], buf);
		buf += pieces[i].len;
	}
	return ret;
}

int emul_write(struct em *em, u64 linear, const void *buf, unsigned int len)
{
	struct vlm_emul_state *state = em_state(em);
	struct piece pieces[MAX_PIECES];
	int ret;

	ret = split(state, linear, len, EM_WRITE, pieces);
	return ret ? ret : write_pieces(state, pieces, buf);
}

/* Less than four bytes are replaced together with their neighbours. */
static int cmpxchg_small(struct vlm_vm *vm, gpa_t gpa, const void *old, const void *new, u32 len)
{
	u32 shift = gpa & 3;
	u32 before, after;
	int ret;

	ret = vlm_mem_read(vm, gpa - shift, &before, sizeof(before));
	if (ret)
		return ret;
	if (memcmp((u8 *)&before + shift, old, len))
		return -EAGAIN;
	after = before;
	memcpy((u8 *)&after + shift, new, len);
	return vlm_mem_cmpxchg32(vm, gpa - shift, before, after);
}

static int cmpxchg_memory(struct vlm_vm *vm, gpa_t gpa, const void *old, const void *new, u32 len)
{
	u64 before = 0, after = 0;

	if ((gpa & 3) + len <= 4 && len < 4)
		return cmpxchg_small(vm, gpa, old, new, len);
	/* Nothing here splits locks, and no guest should: plain stores. */
	if (!IS_ALIGNED(gpa, len) || len > 8)
		return vlm_mem_write(vm, gpa, new, len);
	memcpy(&before, old, len);
	memcpy(&after, new, len);
	if (len == 4)
		return vlm_mem_cmpxchg32(vm, gpa, before, after);
	return vlm_mem_cmpxchg64(vm, gpa, before, after);
}

int emul_cmpxchg(struct em *em, u64 linear, const void *old, const void *new, unsigned int len)
{
	struct vlm_emul_state *state = em_state(em);
	struct piece pieces[MAX_PIECES];
	int ret;

	ret = split(state, linear, len, EM_READ | EM_WRITE, pieces);
	if (ret)
		return ret;
	/* A device takes the store; user space is no party to a lock. */
	if (pieces[0].device || pieces[0].len < len)
		return write_pieces(state, pieces, new);
	ret = cmpxchg_memory(state->vcpu->vm, pieces[0].gpa, old, new, len);
	if (ret == -EAGAIN)
		return EM_AGAIN;
	return ret ? failed(state, ret) : EM_OK;
}

int emul_probe(struct em *em, u64 linear, unsigned int len, u32 access)
{
	struct vlm_emul_state *state = em_state(em);
	struct piece pieces[MAX_PIECES];
	unsigned int i;
	int ret;

	ret = split(state, linear, len, access, pieces);
	for (i = 0; !ret && i < MAX_PIECES && pieces[i].len; i++) {
		if (pieces[i].device)
			ret = EM_DEVICE;
	}
	return ret;
}

static int complete_write(struct vlm_vcpu *vcpu)
{
	struct vlm_emul_state *state = vcpu->emul.state;

	state->written++;
	return emul_send_writes(state);
}

int emul_send_writes(struct vlm_emul_state *state)
{
	struct vlm_vcpu *vcpu = state->vcpu;
	const struct vlm_mmio *mmio;

	for (; state->written < state->nr_writes; state->written++) {
		mmio = &state->writes[state->written];
		emul_trace_device(vcpu, mmio, true);
		if (vlm_bus_write(vcpu, BUS_MMIO, mmio->gpa, mmio->len, mmio->data) == BUS_HANDLED)
			continue;
		emul_fill_run(vcpu, mmio, true);
		vcpu->pending = (struct vlm_pending) { .complete = complete_write };
		return VLM_TO_USER;
	}
	return VLM_RESUME;
}
