// SPDX-License-Identifier: GPL-2.0-only
/* What trace.h describes is defined here, once. */
#include "vellum.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
#include "trace_irq.h"
