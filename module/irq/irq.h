/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An interrupt message: what travels from the I/O APIC, an MSI or another local
 * APIC to the local APICs.
 */
#ifndef VELLUM_IRQ_IRQ_H
#define VELLUM_IRQ_IRQ_H

#include <linux/types.h>

/* Delivery modes.  SDM 3A, "Interrupt Command Register (ICR)". */
enum vlm_irq_mode {
	IRQ_MODE_FIXED = 0,
	IRQ_MODE_LOWEST = 1,
	IRQ_MODE_SMI = 2,
	IRQ_MODE_NMI = 4,
	IRQ_MODE_INIT = 5,
	IRQ_MODE_SIPI = 6,
	IRQ_MODE_EXTINT = 7,
};

enum vlm_irq_shorthand {
	IRQ_DEST_FIELD = 0,
	IRQ_DEST_SELF = 1,
	IRQ_DEST_ALL = 2,
	IRQ_DEST_OTHERS = 3,
};

/**
 * struct vlm_irq_msg - one message
 * @dest: APIC id, or set of logical destinations
 * @logical: @dest is logical
 * @level: level-triggered
 * @assert: level is asserted; always true but for INIT level de-assert
 * @mode: enum vlm_irq_mode
 * @vector: the vector
 * @shorthand: enum vlm_irq_shorthand; IRQ_DEST_FIELD from devices
 */
struct vlm_irq_msg {
	u32 dest;
	bool logical;
	bool level;
	bool assert;
	u8 mode;
	u8 vector;
	u8 shorthand;
};

#endif /* VELLUM_IRQ_IRQ_H */
