// SPDX-License-Identifier: GPL-2.0-only
/* KVM_GET_FPU and KVM_SET_FPU: round trip, and the guest sees what was set. */
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(fpu)

/* An 80-bit register in the 16 bytes of its slot: the rest is reserved. */
#define ST_BYTES	10

static void fill(struct kvm_fpu *fpu, unsigned int seed)
{
	memset(fpu, 0, sizeof(*fpu));
	for (unsigned int i = 0; i < 8; i++)
		for (unsigned int j = 0; j < ST_BYTES; j++)
			fpu->fpr[i][j] = seed + 16 * i + j;
	for (unsigned int i = 0; i < 16; i++)
		for (unsigned int j = 0; j < 16; j++)
			fpu->xmm[i][j] = seed * 3 + 16 * i + j;
	fpu->fcw = 0x027f;
	fpu->fsw = 0x3800;
	fpu->ftwx = 0xff;
	fpu->last_opcode = 0x123;
	fpu->last_ip = 0x11223344;
	fpu->last_dp = 0x55667788;
	fpu->mxcsr = 0x1fa0;
}

static void same(struct __test_metadata *_metadata, const struct kvm_fpu *a,
		 const struct kvm_fpu *b)
{
	EXPECT_EQ(a->fcw, b->fcw);
	EXPECT_EQ(a->fsw, b->fsw);
	EXPECT_EQ(a->ftwx, b->ftwx);
	EXPECT_EQ(a->last_opcode, b->last_opcode);
	EXPECT_EQ(a->last_ip, b->last_ip);
	EXPECT_EQ(a->last_dp, b->last_dp);
	/* KVM neither sets nor gets MXCSR by these calls. */
	if (!vt_on_kvm())
		EXPECT_EQ(a->mxcsr, b->mxcsr);
	for (unsigned int i = 0; i < 8; i++)
		EXPECT_EQ(0, memcmp(a->fpr[i], b->fpr[i], ST_BYTES));
	EXPECT_EQ(0, memcmp(a->xmm, b->xmm, sizeof(a->xmm)));
}

TEST_F(fpu, after_reset)
{
	struct kvm_fpu fpu;

	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_FPU, &fpu));
	EXPECT_EQ(0x37f, fpu.fcw);
	EXPECT_EQ(0, fpu.fsw);
	if (!vt_on_kvm())
		EXPECT_EQ(0x1f80, fpu.mxcsr);
}

TEST_F(fpu, set_get)
{
	struct kvm_fpu set, got;

	for (unsigned int seed = 1; seed < 200; seed += 61) {
		fill(&set, seed);
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_FPU, &set));
		memset(&got, 0xaa, sizeof(got));
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_FPU, &got));
		same(_metadata, &set, &got);
	}
}

/* SDM 1, "MXCSR Control and Status Register": bits 31:16 are reserved. */
TEST_F(fpu, reserved_mxcsr)
{
	struct kvm_fpu before, bad, after;

	if (vt_on_kvm())
		SKIP(return, "KVM does not look at MXCSR here");
	fill(&before, 7);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_FPU, &before));
	fill(&bad, 8);
	bad.mxcsr = 0xffff0000;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_FPU, &bad));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_FPU, &after));
	same(_metadata, &before, &after);
}

/* Store what the host set, then leave something for the host to find. */
VT_GUEST(fpu_swap, 64,
	 "mov %cr4, %rax; or $0x600, %rax; mov %rax, %cr4\n"
	 "mov $0x20000, %edi\n"
	 "movdqu %xmm0, (%rdi); movdqu %xmm15, 16(%rdi); stmxcsr 32(%rdi)\n"
	 "fnstcw 36(%rdi)\n"
	 "fninit; fldpi\n"
	 "mov $0x1122334455667788, %rax; movq %rax, %xmm3\n"
	 "hlt");

/* KVM takes what KVM_SET_FPU sets to be unused until the guest has used it. */
VT_GUEST(fpu_use, 64,
	 "mov %cr4, %rax; or $0x600, %rax; mov %rax, %cr4\n"
	 "fld1; pcmpeqd %xmm1, %xmm1; hlt");

TEST_F(fpu, reaches_the_guest_and_comes_back)
{
	const uint8_t *mem = self->vm.mem + VT_DATA;
	const uint8_t pi[ST_BYTES] = { 0x35, 0xc2, 0x68, 0x21, 0xa2, 0xda, 0x0f,
				       0xc9, 0x00, 0x40 };
	const uint64_t mark = 0x1122334455667788;
	struct kvm_fpu set, got;

	if (vt_on_kvm()) {
		vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(fpu_use));
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	}
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(fpu_swap));
	fill(&set, 9);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_FPU, &set));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_FPU, &got));

	EXPECT_EQ(0, memcmp(mem, set.xmm[0], 16));
	EXPECT_EQ(0, memcmp(mem + 16, set.xmm[15], 16));
	if (!vt_on_kvm())
		EXPECT_EQ(set.mxcsr, *(const uint32_t *)(mem + 32));
	EXPECT_EQ(set.fcw, *(const uint16_t *)(mem + 36));
	EXPECT_EQ(0, memcmp(got.fpr[0], pi, ST_BYTES));
	EXPECT_EQ(0, memcmp(got.xmm[3], &mark, 8));
	EXPECT_EQ(0, memcmp(got.xmm[4], set.xmm[4], 16));
}

TEST_HARNESS_MAIN
