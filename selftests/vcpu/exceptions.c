// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exception bitmap: an exception whose bit is clear goes through the guest's
 * own IDT and costs no exit; one whose bit is set comes out first. SDM 3C,
 * "Exception Bitmap".
 */
#include <stdio.h>
#include <string.h>

#include "vt_fixture.h"

#define ROUNDS	1000
/* The host's timer may come in between, and pages on first touch. */
#define NOISE	100

VT_FIXTURE(exceptions)

/*
 * RCX rounds. The handler, 16 bytes in, counts in RSI and goes on behind the
 * instruction, which has two bytes.
 */
#define RAISER(name, handler, insn)				\
	VT_GUEST(name, 64,					\
		 "jmp 1f; .balign 16\n"				\
		 "inc %rsi; " handler "; iretq\n"		\
		 "1: " insn "; dec %rcx; jnz 1b\n"		\
		 "2: out %al, $0xf4; jmp 2b")
#define SKIP_IT		"addq $2, (%rsp)"
#define DROP_ERROR	"add $8, %rsp; " SKIP_IT

RAISER(raise_de, SKIP_IT, "div %ebx");
RAISER(raise_ud, SKIP_IT, "ud2");
RAISER(raise_gp, DROP_ERROR, "mov %eax, %ds");
RAISER(raise_pf, DROP_ERROR, "mov %al, (%rdi)");
RAISER(raise_bp, "nop", "int3");

static void start(struct vt_vcpu *vcpu, unsigned int vector, struct vt_payload code)
{
	struct kvm_regs regs = {
		.rip = VT_CODE,
		.rsp = VT_STACK_TOP,
		.rflags = 2,
		.rax = 0x1234,		/* no such selector */
		.rcx = ROUNDS,
		.rdi = 0x7f0000000000,	/* not mapped */
	};

	vt_start(vcpu, VT_LONG, code);
	vt_set_gate(vcpu->vm, vector, VT_CODE + 16);
	vt_set_regs(vcpu, &regs);
}

TEST_F(exceptions, cost_no_exit)
{
	const struct {
		const char *name;
		unsigned int vector;
		struct vt_payload code;
	} all[] = {
		{ "#DE", 0, VT_PAYLOAD(raise_de) },
		{ "#BP", 3, VT_PAYLOAD(raise_bp) },
		{ "#UD", 6, VT_PAYLOAD(raise_ud) },
		{ "#GP", 13, VT_PAYLOAD(raise_gp) },
		{ "#PF", 14, VT_PAYLOAD(raise_pf) },
	};

	if (!vt_cap(self->vm.dev, KVM_CAP_BINARY_STATS_FD))
		SKIP(return, "KVM_CAP_BINARY_STATS_FD is 0");
	printf("# show: exits for %u of each:", ROUNDS);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct kvm_regs regs;
		uint64_t exits;

		start(&self->vcpu, all[i].vector, all[i].code);
		exits = vt_stat(self->vcpu.fd, "exits");
		vt_run_to_out(&self->vcpu, 0xf4);
		exits = vt_stat(self->vcpu.fd, "exits") - exits;
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(ROUNDS, regs.rsi);
		/* KVM looks at each #UD: it may be an instruction that it emulates. */
		if (!vt_on_kvm() || all[i].vector != 6)
			EXPECT_GE(NOISE, exits);
		printf(" %s %llu%s", all[i].name,
		       (unsigned long long)(exits < NOISE ? 0 : exits),
		       i + 1 < ARRAY_SIZE(all) ? "," : "\n");
	}
}

TEST_F(exceptions, chosen_ones_come_out)
{
	struct kvm_guest_debug debug = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP };
	struct kvm_regs regs;
	unsigned int n;

	VT_NEED_CAP(KVM_CAP_SET_GUEST_DEBUG);
	start(&self->vcpu, 3, VT_PAYLOAD(raise_bp));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_GUEST_DEBUG, &debug));
	for (n = 0; n < ROUNDS; n++) {
		vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
		ASSERT_EQ(3, self->vcpu.run->debug.arch.exception);
		vt_get_regs(&self->vcpu, &regs);
		regs.rip++;
		vt_set_regs(&self->vcpu, &regs);
	}
	vt_run_to_out(&self->vcpu, 0xf4);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rsi);
	printf("# show: with the bit for #BP set: %u of %u came out, %llu reached the guest\n",
	       n, ROUNDS, regs.rsi);
}

TEST_HARNESS_MAIN
