// SPDX-License-Identifier: GPL-2.0-only
/* Guest loops: they count their own ticks, and every exit to here is answered. */
#include <errno.h>
#include <string.h>

#include "bench.h"

#define ROUNDS	100

BENCH_LOOP(empty, "", "");

/* As short as a client's loop can be: its length is in some of the figures. */
static void run_to_end(struct vt_vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;

	do {
		if (ioctl(vcpu->fd, KVM_RUN, 0) && errno != EINTR)
			vt_die("KVM_RUN: %s", strerror(errno));
		if (run->exit_reason == KVM_EXIT_IO && run->io.port == VT_VECTOR_PORT)
			vt_die("vector %u in the guest", vt_out_value(vcpu));
		if (run->exit_reason == KVM_EXIT_SHUTDOWN)
			vt_die("the guest shut down");
	} while (run->exit_reason != KVM_EXIT_IO || run->io.port != BENCH_PORT);
}

uint64_t bench_run(struct vt_vcpu *vcpu, struct vt_payload code, uint64_t rounds)
{
	struct kvm_regs regs = {
		.rip = VT_CODE,
		.rsp = VT_STACK_TOP,
		.rflags = 2,
		.r15 = rounds,
	};

	vt_load(vcpu, code);
	vt_set_regs(vcpu, &regs);
	run_to_end(vcpu);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

static uint64_t best(struct vt_vcpu *vcpu, struct vt_payload code)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < BENCH_TRIES; i++) {
		uint64_t ticks = bench_run(vcpu, code, ROUNDS);

		if (ticks < least)
			least = ticks;
	}
	return least;
}

void bench_rows(const char *group, struct vt_vcpu *vcpu,
		const struct bench_row *rows, unsigned int count)
{
	uint64_t empty = best(vcpu, VT_PAYLOAD(bench_empty));

	for (unsigned int i = 0; i < count; i++) {
		const struct bench_row *row = &rows[i];
		unsigned int per = ROUNDS * (row->per ? row->per : 1);

		if (!bench_wanted(group, row->name, per))
			continue;
		if (row->prepare && !row->prepare(vcpu))
			continue;
		bench_report(group, row->name, "ticks", row->goal,
			     (best(vcpu, row->code) - empty + per / 2) / per);
	}
}
