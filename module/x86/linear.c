// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linear ranges of the guest that the CPU accesses by itself.
 */
#include "../vellum.h"

#include <linux/errno.h>
#include <linux/mm.h>
#include <asm/trapnr.h>

#include "../core/vcpu.h"
#include "../mem/mem.h"
#include "linear.h"

void vlm_inject_fault(struct vlm_vcpu *vcpu, const struct vlm_fault *fault)
{
	if (fault->vector == X86_TRAP_PF)
		vlm_inject_pf(vcpu, fault->error, fault->cr2);
	else
		vlm_inject_error(vcpu, fault->vector, fault->error);
}

static bool is_memory(struct vlm_vm *vm, gpa_t gpa, bool write)
{
	int idx = vlm_mem_lock(vm);
	struct vlm_slot *slot = vlm_slot_find(vm, gpa_to_gfn(gpa));
	bool ok = slot && !(write && (slot->flags & KVM_MEM_READONLY));

	vlm_mem_unlock(vm, idx);
	return ok;
}

int vlm_span_find(struct vlm_vcpu *vcpu, u32 linear, u32 len, u32 flags,
		  struct vlm_span *span, struct vlm_fault *fault)
{
	struct vlm_walk walk;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(span->piece); i++) {
		u32 n = min_t(u32, len, PAGE_SIZE - offset_in_page(linear));

		span->piece[i].len = n;
		if (!n)
			break;
		ret = vlm_walk(vcpu, linear, flags, &walk);
		if (ret > 0)
			*fault = (struct vlm_fault){ X86_TRAP_PF, walk.error, linear };
		if (ret)
			return ret == -EFAULT ? -ENXIO : ret;
		if (!is_memory(vcpu->vm, walk.gpa, flags & WALK_WRITE))
			return -ENXIO;
		span->piece[i].gpa = walk.gpa;
		linear += n;
		len -= n;
	}
	return 0;
}

int vlm_span_read(struct vlm_vm *vm, const struct vlm_span *span, void *buf)
{
	u32 first = span->piece[0].len;

	return vlm_mem_read(vm, span->piece[0].gpa, buf, first) ?:
	       vlm_mem_read(vm, span->piece[1].gpa, buf + first, span->piece[1].len);
}

int vlm_span_write(struct vlm_vm *vm, const struct vlm_span *span, const void *buf)
{
	u32 first = span->piece[0].len;

	return vlm_mem_write(vm, span->piece[0].gpa, buf, first) ?:
	       vlm_mem_write(vm, span->piece[1].gpa, buf + first, span->piece[1].len);
}

gpa_t vlm_span_at(const struct vlm_span *span, u32 offset)
{
	if (offset < span->piece[0].len)
		return span->piece[0].gpa + offset;
	return span->piece[1].gpa + offset - span->piece[0].len;
}
