// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the machine asks of the hypervisor, each with the words to say when it
 * is not there.
 */
#include "machine.h"

/**
 * struct need - a capability without which the machine cannot be
 * @cap: its number
 * @min: the least answer that will do
 * @irq: needed only by a machine with interrupt controllers
 * @words: what is missing, then
 */
struct need {
	unsigned int cap;
	int min;
	bool irq;
	const char *words;
};

static const struct need needs[] = {
	{ KVM_CAP_USER_MEMORY, 1, false, "guest memory out of a program's own" },
	{ KVM_CAP_EXT_CPUID, 1, false, "a list of what CPUID may say" },
	{ KVM_CAP_IMMEDIATE_EXIT, 1, false, "leaving the guest without losing a signal" },
	{ KVM_CAP_IRQCHIP, 1, true, "interrupt controllers (local APIC, I/O APIC, PIC)" },
	{ KVM_CAP_HLT, 1, true, "a vCPU that sleeps until its next interrupt" },
	{ KVM_CAP_PIT2, 1, true, "the interval timer (8254)" },
};

int machine_needs(const struct machine *m)
{
	unsigned int missing = 0;
	bool irq = false;
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		const struct need *n = &needs[i];

		if (n->irq && m->opt->no_irqchip)
			continue;
		if (vellum_check(&m->dev, n->cap) >= n->min)
			continue;
		say("%s does not offer %s (KVM_CAP_%s)", m->opt->device, n->words,
		    vellum_cap_name(n->cap));
		irq |= n->irq;
		missing++;
	}
	if (!missing)
		return 0;
	if (irq && m->opt->kind != IMAGE_KERNEL)
		say("flat code that needs no interrupts runs with --no-irqchip");
	return -1;
}
