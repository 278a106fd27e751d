// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CPUID says in the guest: what the hypervisor supports, made to fit this
 * machine: how many CPUs, which one, that it is a guest, how fast the TSC is.
 */
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXTRA_LEAVES	4

#define LEAF1_X2APIC		(1u << 21)	/* ECX */
#define LEAF1_TSC_DEADLINE	(1u << 24)
#define LEAF1_HYPERVISOR	(1u << 31)
#define LEAF1_HTT		(1u << 28)	/* EDX */

#define HYPERVISOR_LEAF		0x40000000u
#define LAPIC_TIMER_HZ		1000000000u	/* as KVM's runs: a tick a nanosecond */

static struct kvm_cpuid_entry2 *find(struct kvm_cpuid2 *c, uint32_t function)
{
	uint32_t i;

	for (i = 0; i < c->nent; i++)
		if (c->entries[i].function == function)
			return &c->entries[i];
	return NULL;
}

static void drop(struct kvm_cpuid2 *c, uint32_t function)
{
	struct kvm_cpuid_entry2 *e;

	while ((e = find(c, function))) {
		memmove(e, e + 1, (char *)&c->entries[c->nent] - (char *)(e + 1));
		c->nent--;
	}
}

static struct kvm_cpuid_entry2 *add(struct kvm_cpuid2 *c, uint32_t function)
{
	struct kvm_cpuid_entry2 *e = &c->entries[c->nent++];

	*e = (struct kvm_cpuid_entry2){ .function = function };
	return e;
}

static unsigned int log2_up(unsigned int n)
{
	unsigned int bits = 0;

	while (1u << bits < n)
		bits++;
	return bits;
}

/* One package, each vCPU a core of its own. */
static void set_topology(struct kvm_cpuid2 *c, unsigned int id, unsigned int cpus)
{
	struct kvm_cpuid_entry2 *e;
	bool extended;
	uint32_t i;

	e = find(c, 1);
	e->ebx = (e->ebx & 0xffff) | cpus << 16 | id << 24;
	if (cpus > 1)
		e->edx |= LEAF1_HTT;
	else
		e->edx &= ~LEAF1_HTT;
	for (i = 0; i < c->nent; i++)
		if (c->entries[i].function == 4)
			c->entries[i].eax = (c->entries[i].eax & 0x3fff) | (cpus - 1) << 26;

	extended = find(c, 0xb);
	drop(c, 0xb);
	drop(c, 0x1f);
	if (!extended)
		return;
	for (i = 0; i < 2; i++) {
		e = add(c, 0xb);
		e->flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
		e->index = i;
		e->eax = i ? log2_up(cpus) : 0;
		e->ebx = i ? cpus : 1;
		e->ecx = i | (i + 1) << 8;	/* levels: 1 thread, 2 core */
		e->edx = id;
	}
}

static void set_apic(struct machine *m, struct kvm_cpuid2 *c)
{
	struct kvm_cpuid_entry2 *e = find(c, 1);

	e->ecx |= LEAF1_HYPERVISOR;
	e->ecx &= ~LEAF1_TSC_DEADLINE;
	if (!m->irqchip)
		e->ecx &= ~LEAF1_X2APIC;
	else if (vellum_check(&m->dev, KVM_CAP_TSC_DEADLINE_TIMER) > 0)
		e->ecx |= LEAF1_TSC_DEADLINE;
}

/*
 * The TSC's frequency in terms of that clock, as near as it gets: Linux multiplies the
 * clock's kHz by the numerator in 32 bits.
 */
static void set_ratio(struct kvm_cpuid_entry2 *e, uint64_t khz)
{
	const uint64_t timer_khz = LAPIC_TIMER_HZ / 1000;
	uint64_t error, best = UINT64_MAX;
	uint64_t numerator, denominator;

	for (denominator = 1; best; denominator++) {
		numerator = (khz * denominator + timer_khz / 2) / timer_khz;
		if (numerator > UINT32_MAX / timer_khz)
			break;
		if (!numerator)
			continue;
		/* Parts per billion. */
		error = llabs((long long)(numerator * timer_khz - khz * denominator)) *
			1000000000 / (khz * denominator);
		if (error >= best)
			continue;
		best = error;
		e->eax = denominator;
		e->ebx = numerator;
	}
}

/*
 * Without a paravirtual clock the guest would measure its TSC against the PIT,
 * which takes long and errs where each read of the PIT is an exit. Leaf 15H
 * tells it. The "crystal" is what the local APIC's timer counts, for that is
 * what Linux takes from it too.
 */
static void set_frequency(struct cpu *cpu, struct kvm_cpuid2 *c)
{
	int khz = vellum_vcpu_tsc_khz(&cpu->vcpu);
	struct kvm_cpuid_entry2 *e = find(c, 0);

	if (khz <= 0 || find(c, HYPERVISOR_LEAF))
		return;
	if (e->eax < 0x15)
		e->eax = 0x15;
	drop(c, 0x15);
	e = add(c, 0x15);
	set_ratio(e, khz);
	e->ecx = LAPIC_TIMER_HZ;
}

/* All leaves that are a hypervisor's: its signature, and what it offers by it. */
static void drop_paravirtual(struct kvm_cpuid2 *c)
{
	uint32_t i;

	for (i = c->nent; i--; )
		if (c->entries[i].function >> 8 == HYPERVISOR_LEAF >> 8)
			drop(c, c->entries[i].function);
}

int cpu_set_cpuid(struct machine *m, struct cpu *cpu)
{
	struct kvm_cpuid2 *have, *c;
	size_t size;
	int err = vellum_supported_cpuid(&m->dev, &have);

	if (err)
		return fail("%s does not say what CPUID may hold: %s", m->opt->device,
			    strerror(-err));
	size = sizeof(*c) + (have->nent + EXTRA_LEAVES) * sizeof(c->entries[0]);
	c = calloc(1, size);
	if (c)
		memcpy(c, have, sizeof(*c) + have->nent * sizeof(c->entries[0]));
	free(have);
	if (!c)
		return fail("out of memory");
	if (!find(c, 0) || !find(c, 1)) {
		free(c);
		return fail("%s offers no CPUID leaves 0 and 1", m->opt->device);
	}
	if (m->opt->plain)
		drop_paravirtual(c);
	set_topology(c, cpu->vcpu.id, m->opt->cpus);
	set_apic(m, c);
	set_frequency(cpu, c);
	err = vellum_vcpu_set_cpuid(&cpu->vcpu, c);
	free(c);
	return err ? fail("%s refuses the CPUID leaves: %s", m->opt->device, strerror(-err)) : 0;
}
