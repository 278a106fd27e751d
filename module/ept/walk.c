// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the EPT says of an address, for whoever wants to look.
 */
#include "../vellum.h"

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <vellum.h>

#include "../core/vm.h"
#include "ept_priv.h"

static_assert(VELLUM_EPT_LEVELS == EPT_LEVEL_ROOT);

long vlm_ept_walk(struct vlm_vm *vm, struct vellum_ept_walk *walk)
{
	gfn_t gfn = gpa_to_gfn(walk->gpa);
	struct ept_iter it;

	/* Host-physical addresses: as with /proc/PID/pagemap. */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (gfn >= EPT_MAX_FRAMES || walk->pad)
		return -EINVAL;
	walk->levels = 0;
	memset(walk->level, 0, sizeof(walk->level));
	walk->eptp = vlm_ept_pointer(vm);

	spin_lock(&vm->ept.lock);
	ept_for_each(&it, vm->ept.root, gfn, gfn + 1) {
		walk->level[walk->levels].table = __pa(it.table[it.level]);
		walk->level[walk->levels].entry = READ_ONCE(*it.entry);
		walk->levels++;
	}
	spin_unlock(&vm->ept.lock);
	return 0;
}
