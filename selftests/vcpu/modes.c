// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest code runs in every processor mode: a checksum over memory and registers
 * comes out as the host computes it.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "vt.h"

#define WORDS	1024u
#define ROUNDS	64u

static uint32_t rol(uint32_t value, unsigned int n)
{
	return value << n | value >> (32 - n);
}

/* What guest/sum.S computes. */
static uint32_t sum(uint32_t *words)
{
	uint32_t a = 0, b = 0x12345678, d = 0x9e3779b9;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < WORDS; i++) {
			a = rol(a + words[i], 5) ^ b;
			b += d;
			words[i] = a;
			d = (d & 0xffff0000) | (a & 0xffff);
		}
	}
	return a;
}

FIXTURE(modes)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_VARIANT(modes)
{
	enum vt_mode mode;
};

#define MODE(name, value) \
	FIXTURE_VARIANT_ADD(modes, name) { .mode = value, }

MODE(real, VT_REAL);
MODE(prot16, VT_PROT16);
MODE(flat32, VT_FLAT32);
MODE(paged32, VT_PAGED32);
MODE(pae, VT_PAE);
MODE(long64, VT_LONG);

FIXTURE_SETUP(modes)
{
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
}

FIXTURE_TEARDOWN(modes)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

TEST_F(modes, checksum)
{
	bool small = variant->mode == VT_REAL || variant->mode == VT_PROT16;
	uint32_t *seen = (uint32_t *)(self->vm.mem + VT_DATA);
	uint32_t want[WORDS], want_sum;
	struct kvm_regs regs;

	for (unsigned int i = 0; i < WORDS; i++)
		want[i] = seen[i] = 0x01000193u * (i + 1);
	want_sum = sum(want);

	if (small)
		vt_start(&self->vcpu, variant->mode, VT_PAYLOAD(sum16));
	else if (variant->mode == VT_LONG)
		vt_start(&self->vcpu, variant->mode, VT_PAYLOAD(sum64));
	else
		vt_start(&self->vcpu, variant->mode, VT_PAYLOAD(sum32));
	vt_get_regs(&self->vcpu, &regs);
	regs.rsi = small ? 0 : VT_DATA;
	regs.rcx = WORDS;
	regs.rbp = ROUNDS;
	vt_set_regs(&self->vcpu, &regs);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);

	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(want_sum, (uint32_t)regs.rax);
	EXPECT_EQ(0, memcmp(want, seen, sizeof(want)));
}

TEST_HARNESS_MAIN
