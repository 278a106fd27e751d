/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included first by every source file of the module.
 */
#ifndef VELLUM_VELLUM_H
#define VELLUM_VELLUM_H

#ifdef pr_fmt
#undef pr_fmt
#endif
#define pr_fmt(fmt)	"vellum: " fmt

#include <linux/printk.h>

/* What the caller's administrator must see: refusals, and bugs of ours. */
#define vlm_err(fmt, ...)	pr_err(fmt, ##__VA_ARGS__)
#define vlm_info(fmt, ...)	pr_info(fmt, ##__VA_ARGS__)
/* What a guest or a caller can provoke at will. */
#define vlm_limited(fmt, ...)	pr_warn_ratelimited(fmt, ##__VA_ARGS__)

#include "core/types.h"

#endif /* VELLUM_VELLUM_H */
