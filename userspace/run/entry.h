/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ENTRY_H
#define ENTRY_H

#include "../boot/image.h"
#include "machine.h"

/* Put the boot vCPU into the state that @entry describes. 0, or -1 after a message. */
int entry_apply(struct machine *m, const struct entry *entry);

#endif /* ENTRY_H */
