// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frame that no slot has and the CPU must find all the same: by the address of
 * the page behind it, it knows accesses to the local APIC.  Nothing is ever read
 * from that page or written to it.
 */
#include "../vellum.h"

#include "../core/vm.h"
#include "ept_priv.h"

#define GONE	1	/* no page's address */

void vlm_ept_own_set(struct vlm_vm *vm, hpa_t hpa)
{
	struct vlm_ept_batch batch;

	vlm_ept_begin(vm, &batch);
	if (!vm->ept.own)
		WRITE_ONCE(vm->ept.own, hpa);
	vlm_ept_end(vm, &batch);
}

bool vlm_ept_own(const struct vlm_vm *vm)
{
	return READ_ONCE(vm->ept.own) > GONE;
}

void vlm_ept_own_drop(struct vlm_vm *vm)
{
	struct vlm_ept_batch batch;

	vlm_ept_begin(vm, &batch);
	WRITE_ONCE(vm->ept.own, GONE);
	vlm_ept_end(vm, &batch);
	vlm_ept_zap_range(vm, VLM_EPT_OWN_GFN, VLM_EPT_OWN_GFN + 1, true);
}
