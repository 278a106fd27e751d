/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VELLUM_VMX_VPID_H
#define VELLUM_VMX_VPID_H

#include <linux/types.h>

/** vpid_alloc() - an unused VPID, or 0: run without one.  May sleep. */
u16 vpid_alloc(void);
void vpid_free(u16 vpid);

#endif /* VELLUM_VMX_VPID_H */
