// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_GET_XSAVE, KVM_GET_XSAVE2, KVM_SET_XSAVE and the extended control
 * registers: round trip, and what the SDM forbids.
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(xsave)

/* The layout is that of the XSAVE instruction: SDM 1, "XSAVE Area". */
#define MXCSR_AT	(24 / 4)
#define ST0_AT		(32 / 4)
#define XMM0_AT		(160 / 4)
#define XSTATE_BV_AT	(512 / 4)
#define XCOMP_BV_AT	(520 / 4)
#define YMM0_AT		(576 / 4)

#define XCR0_FP		1u
#define XCR0_SSE	2u
#define XCR0_AVX	4u

/* XCR0 bits that a guest may set here, 0 without XSAVE. */
static uint64_t guest_xcr0(struct vt_vm *vm)
{
	struct kvm_cpuid2 *cpuid = vt_supported_cpuid(vm->dev);
	const struct kvm_cpuid_entry2 *leaf = vt_cpuid_leaf(cpuid, 0xd, 0);
	const struct kvm_cpuid_entry2 *features = vt_cpuid_leaf(cpuid, 1, 0);
	uint64_t bits = 0;

	if (leaf && features && features->ecx & 1u << 26)
		bits = leaf->eax | (uint64_t)leaf->edx << 32;
	free(cpuid);
	return bits;
}

static void fill(struct kvm_xsave *xsave, struct vt_vm *vm, uint32_t seed)
{
	uint64_t bits = guest_xcr0(vm);

	memset(xsave, 0, sizeof(*xsave));
	xsave->region[0] = 0x037f;
	xsave->region[MXCSR_AT] = 0x1fa0;
	for (unsigned int i = 0; i < 8; i++)
		xsave->region[ST0_AT + 4 * i] = seed + i;
	for (unsigned int i = 0; i < 64; i++)
		xsave->region[XMM0_AT + i] = seed * 2 + i;
	xsave->region[XSTATE_BV_AT] = XCR0_FP | XCR0_SSE;
	if (bits & XCR0_AVX) {
		xsave->region[XSTATE_BV_AT] |= XCR0_AVX;
		for (unsigned int i = 0; i < 64; i++)
			xsave->region[YMM0_AT + i] = seed * 3 + i;
	}
}

static void same(struct __test_metadata *_metadata, struct vt_vm *vm,
		 const struct kvm_xsave *a, const struct kvm_xsave *b)
{
	EXPECT_EQ(a->region[0], b->region[0]);
	EXPECT_EQ(a->region[MXCSR_AT], b->region[MXCSR_AT]);
	EXPECT_EQ(0, memcmp(a->region + ST0_AT, b->region + ST0_AT, 8 * 16));
	EXPECT_EQ(0, memcmp(a->region + XMM0_AT, b->region + XMM0_AT, 16 * 16));
	if (guest_xcr0(vm) & XCR0_AVX)
		EXPECT_EQ(0, memcmp(a->region + YMM0_AT, b->region + YMM0_AT, 16 * 16));
}

TEST_F(xsave, set_get)
{
	struct kvm_xsave set, got;

	VT_NEED_CAP(KVM_CAP_XSAVE);
	for (uint32_t seed = 1; seed < 1000; seed += 333) {
		fill(&set, &self->vm, seed);
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_XSAVE, &set));
		memset(&got, 0x55, sizeof(got));
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_XSAVE, &got));
		same(_metadata, &self->vm, &set, &got);
	}
}

/* The same registers through the older call. */
TEST_F(xsave, agrees_with_fpu)
{
	struct kvm_xsave set;
	struct kvm_fpu fpu;

	VT_NEED_CAP(KVM_CAP_XSAVE);
	fill(&set, &self->vm, 77);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_XSAVE, &set));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_FPU, &fpu));
	EXPECT_EQ(0, memcmp(fpu.xmm, set.region + XMM0_AT, sizeof(fpu.xmm)));
	if (!vt_on_kvm())
		EXPECT_EQ(0x1fa0, fpu.mxcsr);
}

TEST_F(xsave, xsave2)
{
	int size = vt_cap(self->vm.fd, KVM_CAP_XSAVE2);
	struct kvm_xsave set, *got;

	VT_NEED_CAP(KVM_CAP_XSAVE);
	if (!size)
		SKIP(return, "KVM_CAP_XSAVE2 is 0");
	ASSERT_GE(size, (int)sizeof(struct kvm_xsave));
	got = calloc(1, size);
	fill(&set, &self->vm, 5);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_XSAVE, &set));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_XSAVE2, got));
	same(_metadata, &self->vm, &set, got);
	free(got);
}

TEST_F(xsave, forbidden)
{
	static const struct {
		const char *name;
		unsigned int at;
		uint32_t value;
	} bad[] = {
		{ "reserved bits of MXCSR", MXCSR_AT, 0xffff0000 },
		{ "a component that there is not", XSTATE_BV_AT + 1, 1u << 30 },
		{ "a bit of XCOMP_BV", XCOMP_BV_AT, 1 },
		{ "reserved words of the header", XCOMP_BV_AT + 2, 1 },
	};
	struct kvm_xsave before, set, after;

	VT_NEED_CAP(KVM_CAP_XSAVE);
	if (!guest_xcr0(&self->vm))
		SKIP(return, "this CPU has no XSAVE, so there is no header");
	fill(&before, &self->vm, 3);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_XSAVE, &before));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fill(&set, &self->vm, 4);
		set.region[bad[i].at] = bad[i].value;
		EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_XSAVE, &set))
			TH_LOG("%s", bad[i].name);
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_XSAVE, &after));
		same(_metadata, &self->vm, &before, &after);
	}
}

static long set_xcr0(struct vt_vcpu *vcpu, uint64_t value)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0].value = value };

	return VT_IOCTL(vcpu->fd, KVM_SET_XCRS, &xcrs);
}

static uint64_t get_xcr0(struct vt_vcpu *vcpu)
{
	struct kvm_xcrs xcrs;
	long ret = VT_IOCTL(vcpu->fd, KVM_GET_XCRS, &xcrs);

	if (ret || xcrs.nr_xcrs != 1 || xcrs.xcrs[0].xcr)
		vt_die("KVM_GET_XCRS answered %ld, %u registers", ret, xcrs.nr_xcrs);
	return xcrs.xcrs[0].value;
}

/* Where the host uses XSAVE there is an XCR0 to set. */
static bool host_uses_xsave(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && ecx & bit_OSXSAVE;
}

#define NEED_XCRS() do {						\
	if (!host_uses_xsave())						\
		SKIP(return, "this CPU has no XSAVE, so there is no XCR0"); \
	ASSERT_EQ(1, vt_cap(self->vm.dev, KVM_CAP_XCRS));		\
} while (0)

TEST_F(xsave, xcr0)
{
	uint64_t bits = guest_xcr0(&self->vm);

	NEED_XCRS();
	EXPECT_EQ(XCR0_FP, get_xcr0(&self->vcpu));
	EXPECT_EQ(0, set_xcr0(&self->vcpu, XCR0_FP | XCR0_SSE));
	EXPECT_EQ(XCR0_FP | XCR0_SSE, get_xcr0(&self->vcpu));
	EXPECT_EQ(0, set_xcr0(&self->vcpu, bits));
	EXPECT_EQ(bits, get_xcr0(&self->vcpu));
}

TEST_F(xsave, xcr0_forbidden)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0].value = XCR0_FP };

	NEED_XCRS();
	EXPECT_EQ(0, set_xcr0(&self->vcpu, XCR0_FP | XCR0_SSE));
	/* SDM 1, "Enabling the XSAVE Feature Set and XSAVE-Enabled Features". */
	EXPECT_EQ(-EINVAL, set_xcr0(&self->vcpu, 0));
	EXPECT_EQ(-EINVAL, set_xcr0(&self->vcpu, XCR0_SSE));
	EXPECT_EQ(-EINVAL, set_xcr0(&self->vcpu, XCR0_FP | XCR0_AVX));
	EXPECT_EQ(-EINVAL, set_xcr0(&self->vcpu, XCR0_FP | 1ull << 62));
	xcrs.flags = 1;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_XCRS, &xcrs));
	xcrs.flags = 0;
	xcrs.nr_xcrs = 1000;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_XCRS, &xcrs));
	EXPECT_EQ(XCR0_FP | XCR0_SSE, get_xcr0(&self->vcpu));
}

TEST_HARNESS_MAIN
