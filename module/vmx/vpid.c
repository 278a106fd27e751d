// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual-processor identifiers: a tag for cached translations, so that an
 * entry or exit need not flush them.  0 means none is used.
 */
#include "../vellum.h"

#include <linux/idr.h>

#include "caps.h"
#include "vpid.h"

static DEFINE_IDA(vpids);

u16 vpid_alloc(void)
{
	int id;

	if (!vmx_has_vpid())
		return 0;
	id = ida_alloc_range(&vpids, 1, VMX_NR_VPIDS - 1, GFP_KERNEL_ACCOUNT);
	return id < 0 ? 0 : id;
}

void vpid_free(u16 vpid)
{
	if (vpid)
		ida_free(&vpids, vpid);
}
