// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_X86_SET_MSR_FILTER: which MSRs the guest may access, those among them that
 * need no exit otherwise.
 */
#include <errno.h>
#include <string.h>

#include "msr.h"
#include "vt_fixture.h"
#include "vt_irq.h"

#define READ	KVM_MSR_FILTER_READ
#define WRITE	KVM_MSR_FILTER_WRITE
#define BOTH	(READ | WRITE)
#define DENY	KVM_MSR_FILTER_DEFAULT_DENY

VT_FIXTURE(msr_filter)

VT_GUEST(rdmsr, 64, "rdmsr; hlt");
VT_GUEST(wrmsr, 64, "wrmsr; hlt");

/* One access of the guest: true when it was done, false when it was #GP(0). */
static bool access_msr(struct vt_vcpu *vcpu, bool write, uint32_t index, uint64_t *value)
{
	const struct vt_caught *caught = vt_caught(vcpu);
	struct kvm_regs regs = {
		.rip = VT_CODE, .rsp = VT_STACK_TOP, .rflags = 2, .rcx = index,
		.rax = (uint32_t)*value, .rdx = *value >> 32,
	};
	uint64_t before = caught->count;

	vt_load(vcpu, write ? VT_PAYLOAD(wrmsr) : VT_PAYLOAD(rdmsr));
	vt_set_regs(vcpu, &regs);
	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	*value = regs.rax | regs.rdx << 32;
	if (caught->count == before)
		return true;
	if (caught->vector != 13 || caught->error || caught->rip != VT_CODE)
		vt_die("MSR %#x: vector %llu at %#llx", index,
		       (unsigned long long)caught->vector, (unsigned long long)caught->rip);
	return false;
}

static bool reads(struct vt_vcpu *vcpu, uint32_t index)
{
	uint64_t value = 0;

	return access_msr(vcpu, false, index, &value);
}

static bool writes(struct vt_vcpu *vcpu, uint32_t index, uint64_t value)
{
	return access_msr(vcpu, true, index, &value);
}

static void start(struct vt_vcpu *vcpu)
{
	vt_enter_mode(vcpu, VT_LONG);
	vt_catch(vcpu, VT_LONG);
}

static struct kvm_msr_filter_range range(uint32_t flags, uint32_t base, uint32_t nmsrs,
					 const void *bitmap)
{
	return (struct kvm_msr_filter_range){ flags, nmsrs, base, (uint8_t *)bitmap };
}

static long set(struct vt_vm *vm, const struct kvm_msr_filter *filter)
{
	return VT_IOCTL(vm->fd, KVM_X86_SET_MSR_FILTER, filter);
}

static const unsigned long none, all = ~0ul;

/* What passes through, what exits for one of the two, and what always exits. */
static const struct {
	uint32_t index;
	uint64_t value;
} msrs[] = {
	{ MSR_FS_BASE, 0x1000 }, { MSR_GS_BASE, 0x2000 }, { MSR_KERNEL_GS_BASE, 0x3000 },
	{ MSR_IA32_SYSENTER_CS, 8 }, { MSR_IA32_SYSENTER_ESP, 0x4000 },
	{ MSR_IA32_SYSENTER_EIP, 0x5000 }, { MSR_IA32_CR_PAT, 0x0007040600070406 },
	{ MSR_STAR, 0x1234 }, { MSR_LSTAR, 0x6000 }, { MSR_SYSCALL_MASK, 0x200 },
	{ MSR_IA32_TSC, 1 }, { MSR_EFER, 0xd01 }, { MSR_MTRR_DEF_TYPE, 6 },
	{ MSR_CSTAR, 0x7000 },
};

/* The bitmap has a bit for each MSR, and reads and writes are apart. */
TEST_F(msr_filter, denied)
{
	static const uint32_t kinds[] = { READ, WRITE, BOTH };

	start(&self->vcpu);
	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			struct kvm_msr_filter filter = { 0 };
			uint64_t before = vt_get_msr(&self->vcpu, msrs[i].index);

			filter.ranges[3] = range(kinds[k], msrs[i].index, 1, &none);
			ASSERT_EQ(0, set(&self->vm, &filter));
			EXPECT_EQ(!(kinds[k] & READ), reads(&self->vcpu, msrs[i].index))
				TH_LOG("read of %#x", msrs[i].index);
			EXPECT_EQ(!(kinds[k] & WRITE),
				  writes(&self->vcpu, msrs[i].index, msrs[i].value))
				TH_LOG("write of %#x", msrs[i].index);
			if ((kinds[k] & WRITE) && msrs[i].index != MSR_IA32_TSC)
				EXPECT_EQ(before, vt_get_msr(&self->vcpu, msrs[i].index));
			/* The neighbour is not meant, nor is user space. */
			EXPECT_TRUE(reads(&self->vcpu, MSR_IA32_MISC_ENABLE));
			EXPECT_EQ(1, vt_set_msr(&self->vcpu, msrs[i].index, before));
		}
	}
}

/* And it ends: no filter is a filter too. */
TEST_F(msr_filter, lifted)
{
	struct kvm_msr_filter filter = { .flags = DENY };

	start(&self->vcpu);
	filter.ranges[0] = range(BOTH, MSR_EFER, 1, &all);
	ASSERT_EQ(0, set(&self->vm, &filter));
	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++) {
		EXPECT_EQ(msrs[i].index == MSR_EFER, reads(&self->vcpu, msrs[i].index))
			TH_LOG("%#x", msrs[i].index);
		EXPECT_EQ(msrs[i].index == MSR_EFER,
			  writes(&self->vcpu, msrs[i].index, msrs[i].value))
			TH_LOG("%#x", msrs[i].index);
	}
	memset(&filter, 0, sizeof(filter));
	ASSERT_EQ(0, set(&self->vm, &filter));
	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++) {
		uint64_t value = 0;

		EXPECT_TRUE(writes(&self->vcpu, msrs[i].index, msrs[i].value))
			TH_LOG("%#x", msrs[i].index);
		EXPECT_TRUE(access_msr(&self->vcpu, false, msrs[i].index, &value));
		if (msrs[i].index != MSR_IA32_TSC)
			EXPECT_EQ(msrs[i].value, value)
				TH_LOG("%#x", msrs[i].index);
	}
}

/* The first range that has the MSR, and the access, decides. */
TEST_F(msr_filter, ranges)
{
	/* From MSR_STAR on: STAR, LSTAR, CSTAR, SYSCALL_MASK. */
	const unsigned long odd = 0xa, even = 0x5;
	struct kvm_msr_filter filter = { .flags = DENY };

	start(&self->vcpu);
	filter.ranges[1] = range(READ, MSR_STAR, 4, &odd);
	filter.ranges[2] = range(BOTH, MSR_STAR, 4, &even);
	filter.ranges[15] = range(BOTH, MSR_IA32_SYSENTER_CS, 3, &all);
	ASSERT_EQ(0, set(&self->vm, &filter));
	for (uint32_t i = 0; i < 4; i++) {
		EXPECT_EQ(i & 1, reads(&self->vcpu, MSR_STAR + i));
		EXPECT_EQ(!(i & 1), writes(&self->vcpu, MSR_STAR + i, 0));
	}
	/* To its ends, and no further. */
	EXPECT_FALSE(reads(&self->vcpu, MSR_IA32_SYSENTER_CS - 1));
	EXPECT_TRUE(reads(&self->vcpu, MSR_IA32_SYSENTER_CS));
	EXPECT_TRUE(reads(&self->vcpu, MSR_IA32_SYSENTER_EIP));
	EXPECT_FALSE(reads(&self->vcpu, MSR_IA32_SYSENTER_EIP + 1));
	EXPECT_FALSE(reads(&self->vcpu, MSR_EFER));
}

/* A bit beyond the first word, in the largest bitmap that is taken. */
TEST_F(msr_filter, large)
{
	const size_t size = KVM_MSR_FILTER_MAX_BITMAP_SIZE;
	struct kvm_msr_filter filter = { 0 };
	uint8_t *bitmap = vt_anon(size);

	start(&self->vcpu);
	memset(bitmap, 0xff, size);
	bitmap[MSR_MTRR_DEF_TYPE / 8] &= ~(1 << MSR_MTRR_DEF_TYPE % 8);
	filter.ranges[0] = range(BOTH, 0, size * 8, bitmap);
	ASSERT_EQ(0, set(&self->vm, &filter));
	/* It was copied. */
	memset(bitmap, 0, size);
	EXPECT_FALSE(reads(&self->vcpu, MSR_MTRR_DEF_TYPE));
	EXPECT_TRUE(reads(&self->vcpu, MSR_MTRR_FIX4K_F8000));
	EXPECT_TRUE(reads(&self->vcpu, MSR_IA32_TSC));
}

/* There is no MSR beyond the last number, and it is not followed by 0. */
TEST_F(msr_filter, at_the_end)
{
	static uint8_t denies_all[32];
	struct kvm_msr_filter filter = { 0 };

	start(&self->vcpu);
	filter.ranges[0] = range(BOTH, 0xfffffff0, 256, denies_all);
	ASSERT_EQ(0, set(&self->vm, &filter));
	EXPECT_TRUE(reads(&self->vcpu, MSR_IA32_TSC));
}

/* A filter that is refused changes nothing. */
TEST_F(msr_filter, refused)
{
	struct kvm_msr_filter bad, good = { 0 };

	start(&self->vcpu);
	good.ranges[0] = range(BOTH, MSR_LSTAR, 1, &none);
	ASSERT_EQ(0, set(&self->vm, &good));

	bad = (struct kvm_msr_filter){ .flags = DENY };
	EXPECT_EQ(-EINVAL, set(&self->vm, &bad));
	for (int bit = 1; bit < 32; bit++) {
		bad = (struct kvm_msr_filter){ .flags = 1u << bit };
		EXPECT_EQ(-EINVAL, set(&self->vm, &bad));
		bad = (struct kvm_msr_filter){ 0 };
		bad.ranges[15] = range((bit > 1 ? READ : 0) | (bit > 1 ? 1u << bit : 0),
				       0, 1, &all);
		EXPECT_EQ(-EINVAL, set(&self->vm, &bad));
	}
	bad = (struct kvm_msr_filter){ 0 };
	bad.ranges[0] = range(BOTH, 0, KVM_MSR_FILTER_MAX_BITMAP_SIZE * 8 + 1, &all);
	EXPECT_EQ(-EINVAL, set(&self->vm, &bad));
	bad.ranges[0] = range(BOTH, 0, ~0u, &all);
	EXPECT_EQ(-EINVAL, set(&self->vm, &bad));
	bad.ranges[0] = range(BOTH, 0, 1, (void *)8);
	EXPECT_EQ(-EFAULT, set(&self->vm, &bad));
	bad.ranges[0] = range(BOTH, 0, 1, &all);
	bad.ranges[1] = range(BOTH, 0, 64, (void *)~0xfffull);
	EXPECT_EQ(-EFAULT, set(&self->vm, &bad));
	EXPECT_EQ(-EFAULT, vt_ioctl(self->vm.fd, KVM_X86_SET_MSR_FILTER, 8));

	EXPECT_FALSE(reads(&self->vcpu, MSR_LSTAR));
	EXPECT_TRUE(reads(&self->vcpu, MSR_IA32_TSC));
	EXPECT_TRUE(reads(&self->vcpu, MSR_STAR));
}

/* vCPUs that come later have it as well. */
TEST_F(msr_filter, later_vcpu)
{
	struct kvm_msr_filter filter = { 0 };
	struct vt_vcpu other;

	filter.ranges[0] = range(BOTH, MSR_FS_BASE, 1, &none);
	ASSERT_EQ(0, set(&self->vm, &filter));
	vt_vcpu_create(&self->vm, &other, 1);
	vt_pass_cpuid(&other);
	start(&other);
	EXPECT_FALSE(reads(&other, MSR_FS_BASE));
	EXPECT_TRUE(reads(&other, MSR_GS_BASE));
	vt_vcpu_destroy(&other);
}

/* The registers of the local APIC are not filtered. */
TEST(x2apic)
{
	struct kvm_msr_filter filter = { .flags = DENY };
	struct kvm_sregs sregs;
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	filter.ranges[0] = range(BOTH, 0x800, 0x40, &none);
	vt_irq_create(&vm, &vcpu);
	vt_get_sregs(&vcpu, &sregs);
	sregs.apic_base |= 1 << 10;
	vt_set_sregs(&vcpu, &sregs);
	ASSERT_EQ(0, set(&vm, &filter));
	start(&vcpu);
	/* HLT would sleep: OUT instead. */
	for (int write = 0; write < 2; write++) {
		struct kvm_regs regs = {
			.rip = VT_CODE, .rsp = VT_STACK_TOP, .rflags = 2, .rcx = 0x808,
			.rax = 0x20,
		};

		vt_load(&vcpu, write ? VT_PAYLOAD(wrmsr) : VT_PAYLOAD(rdmsr));
		memcpy(vm.mem + VT_CODE + 2, "\xe6\x80", 2);
		vt_set_regs(&vcpu, &regs);
		vt_run_to_out(&vcpu, 0x80);
		EXPECT_EQ(0, vt_caught(&vcpu)->count);
	}
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

TEST_HARNESS_MAIN
