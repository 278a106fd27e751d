// SPDX-License-Identifier: GPL-2.0-only
/* Making and running hostile guests. */
#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include "guests.h"

const struct guest_kind guest_kinds[] = {
	{ "random code", guest_random_code },
	{ "random code", guest_random_code },
	{ "random code, stepped", guest_stepped_code },
	{ "random state", guest_random_state },
	{ "page tables", guest_page_tables },
	{ "gates and tasks", guest_gates },
	{ "APIC space", guest_apic },
	{ "MSRs", guest_msrs },
	{ "interrupt storm", guest_storm },
	{ "self-modifying code", guest_smc },
};

const unsigned int guest_nr_kinds = sizeof(guest_kinds) / sizeof(guest_kinds[0]);

/* Its counter starts anew each 0.5 ms; the interrupt is masked. */
void guest_count(struct guest *g)
{
	struct kvm_lapic_state state;

	vt_get_lapic(&g->vcpu, &state);
	vt_set_lapic_reg(&state, APIC_SPIV, 0x1ff);
	vt_set_lapic_reg(&state, APIC_LVTT, LVT_MASKED | LVT_PERIODIC | 0xef);
	vt_set_lapic_reg(&state, APIC_TDCR, 0xb);
	vt_set_lapic_reg(&state, APIC_TMICT, 500000);
	vt_set_lapic_reg(&state, APIC_TMCCT, 500000);
	if (VT_IOCTL(g->vcpu.fd, KVM_SET_LAPIC, &state))
		vt_die("the APIC's timer does not start");
}

void guest_make(struct guest *g)
{
	vt_irq_create(&g->vm, &g->vcpu);
	guest_count(g);
}

static void answer(struct guest *g)
{
	struct kvm_run *run = g->vcpu.run;

	if (run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_IN)
		rng_fill(&g->rng, (uint8_t *)run + run->io.data_offset,
			 run->io.size * run->io.count);
	if (run->exit_reason == KVM_EXIT_MMIO)
		rng_fill(&g->rng, run->mmio.data, sizeof(run->mmio.data));
	if (run->exit_reason == KVM_EXIT_X86_RDMSR || run->exit_reason == KVM_EXIT_X86_WRMSR)
		run->msr.error = rng_below(&g->rng, 2);
}

static bool ends(uint32_t reason)
{
	return reason == KVM_EXIT_SHUTDOWN || reason == KVM_EXIT_FAIL_ENTRY ||
	       reason == KVM_EXIT_INTERNAL_ERROR || reason == KVM_EXIT_HLT;
}

long guest_run(struct guest *g, unsigned int ms)
{
	/* Again and again: the first may come when the vCPU does not run. */
	unsigned int slow = vt_debug_kernel() ? 10 : 1;
	struct itimerval on = {
		.it_value = { slow * ms / 1000, slow * ms % 1000 * 1000 },
		.it_interval.tv_usec = slow * 500,
	};
	static const struct itimerval off;
	unsigned int exits = 0;
	long ret;

	setitimer(ITIMER_REAL, &on, NULL);
	do {
		ret = vt_ioctl(g->vcpu.fd, KVM_RUN, 0);
		if (ret < 0)
			break;
		ret = g->vcpu.run->exit_reason;
		answer(g);
		exits++;
	} while (exits < 300 && !ends(ret));
	setitimer(ITIMER_REAL, &off, NULL);
	g->exits += exits;
	if (ret < 0 && ret != -EINTR && ret != -EFAULT) {
		hard_note("KVM_RUN: %s", strerror(-ret));
		g->wrong++;
	}
	if (ret == KVM_EXIT_FAIL_ENTRY && !g->may_fail_entry) {
		hard_note("the CPU refused the entry, reason %#llx",
			  g->vcpu.run->fail_entry.hardware_entry_failure_reason);
		g->wrong++;
	}
	return ret;
}
