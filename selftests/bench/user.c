// SPDX-License-Identifier: GPL-2.0-only
/* Exits to user space and back, guest to guest. */
#include <string.h>
#include <x86intrin.h>

#include "bench.h"

#define STRING	64	/* bytes of one INS or OUTS */

BENCH_LOOP(out, "", "out %al, $0x80");
BENCH_LOOP(in, "", "in $0x80, %al");
BENCH_LOOP(outs, "mov $0x80, %edx; cld", "mov $0x20000, %esi; mov $64, %ecx; rep outsb");
BENCH_LOOP(ins, "mov $0x80, %edx; cld", "mov $0x20000, %edi; mov $64, %ecx; rep insb");
BENCH_LOOP(mmio_write, "mov $0xd0000000, %edi", "mov %eax, (%rdi)");
BENCH_LOOP(mmio_read, "mov $0xd0000000, %edi", "mov (%rdi), %eax");
BENCH_LOOP(hlt, "", "hlt");
BENCH_LOOP(user_rdmsr, "mov $0x4b564d0f, %ecx", "rdmsr");

static bool msrs_to_user(struct vt_vcpu *vcpu)
{
	const struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args[0] = KVM_MSR_EXIT_REASON_UNKNOWN,
	};

	return !VT_IOCTL(vcpu->vm->fd, KVM_ENABLE_CAP, &cap);
}

static const struct bench_row rows[] = {
	{ "port out", 50, BENCH_CODE(out) },
	{ "port in", 50, BENCH_CODE(in) },
	{ "REP OUTS, a byte", 50, BENCH_CODE(outs), .per = STRING },
	{ "REP INS, a byte", 50, BENCH_CODE(ins), .per = STRING },
	{ "MMIO write", 50, BENCH_CODE(mmio_write) },
	{ "MMIO read", 50, BENCH_CODE(mmio_read) },
	{ "HLT", 50, BENCH_CODE(hlt) },
	{ "RDMSR", 50, BENCH_CODE(user_rdmsr), .prepare = msrs_to_user },
};

/* KVM_RUN that is told to come back at once. */
static uint64_t immediate_exit(struct vt_vcpu *vcpu)
{
	uint64_t least = UINT64_MAX;

	vcpu->run->immediate_exit = 1;
	for (unsigned int i = 0; i < 10 * BENCH_TRIES; i++) {
		uint64_t start = __rdtsc(), ticks;

		bench_begin();
		ioctl(vcpu->fd, KVM_RUN, 0);
		bench_end();
		ticks = __rdtsc() - start;
		if (ticks < least)
			least = ticks;
	}
	vcpu->run->immediate_exit = 0;
	return least;
}

void bench_user(void)
{
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_pass_cpuid(&vcpu);
	vt_enter_mode(&vcpu, VT_LONG);
	bench_rows("user", &vcpu, rows, ARRAY_SIZE(rows));
	if (bench_wanted("user", "immediate exit", 1))
		bench_report("user", "immediate exit", "ticks", 50,
			     immediate_exit(&vcpu));
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}
