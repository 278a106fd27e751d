// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_CAP_X86_USER_SPACE_MSR: accesses that fail come out to user space, which
 * may answer them or have them fail.
 */
#include <errno.h>
#include <string.h>

#include "msr.h"
#include "vt_fixture.h"

#define INVAL	KVM_MSR_EXIT_REASON_INVAL
#define UNKNOWN	KVM_MSR_EXIT_REASON_UNKNOWN
#define FILTER	KVM_MSR_EXIT_REASON_FILTER

#define NO_MSR	0x12345u
#define VALUE	0x8877665544332211ull	/* no canonical address */

VT_FIXTURE(msr_exits)

VT_GUEST(rdmsr, 64, "rdmsr; hlt");
VT_GUEST(wrmsr, 64, "wrmsr; hlt");

static long enable(struct vt_vm *vm, uint64_t reasons)
{
	const struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR, .args[0] = reasons,
	};

	return VT_IOCTL(vm->fd, KVM_ENABLE_CAP, &cap);
}

static void deny(struct vt_vm *vm, uint32_t index)
{
	static uint8_t none[8];
	struct kvm_msr_filter filter = {
		.ranges[0] = { KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE, 1, index, none },
	};
	long ret = VT_IOCTL(vm->fd, KVM_X86_SET_MSR_FILTER, &filter);

	if (ret)
		vt_die("KVM_X86_SET_MSR_FILTER: %s", strerror(-ret));
}

/* The upper halves of the registers are there to be cleared, or to be kept. */
#define HIGH	0xaaaaaaaa00000000ull

static void start(struct vt_vcpu *vcpu, bool write, uint32_t index)
{
	const struct kvm_regs regs = {
		.rip = VT_CODE, .rsp = VT_STACK_TOP, .rflags = 2, .rcx = HIGH | index,
		.rax = HIGH | (uint32_t)VALUE, .rdx = HIGH | VALUE >> 32, .rbx = 3,
	};

	vt_start(vcpu, VT_LONG, write ? VT_PAYLOAD(wrmsr) : VT_PAYLOAD(rdmsr));
	vt_catch(vcpu, VT_LONG);
	vt_set_regs(vcpu, &regs);
}

static const struct {
	const char *name;
	uint32_t reason;
	uint32_t index;
	bool write;
} all[] = {
	{ "RDMSR of no MSR", UNKNOWN, NO_MSR, false },
	{ "WRMSR of no MSR", UNKNOWN, NO_MSR, true },
	{ "WRMSR of what cannot be", INVAL, MSR_LSTAR, true },
	{ "RDMSR that is denied", FILTER, MSR_STAR, false },
	{ "WRMSR that is denied", FILTER, MSR_STAR, true },
	{ "RDMSR that is denied, passed through otherwise", FILTER, MSR_FS_BASE, false },
	{ "WRMSR that is denied, passed through otherwise", FILTER, MSR_FS_BASE, true },
	/* Denied comes first. */
	{ "RDMSR of no MSR that is denied", FILTER, NO_MSR, false },
	{ "WRMSR of what cannot be, denied", FILTER, MSR_LSTAR, true },
};

static void begin(struct vt_vcpu *vcpu, size_t i)
{
	/* Something else than what is tried, or that. */
	deny(vcpu->vm, all[i].reason == FILTER ? all[i].index : MSR_IA32_MISC_ENABLE);
	memset(&vcpu->run->msr, 0xff, sizeof(vcpu->run->msr));
	start(vcpu, all[i].write, all[i].index);
}

static void expect_exit(struct __test_metadata *_metadata, struct vt_vcpu *vcpu, size_t i)
{
	static const uint8_t zeroes[sizeof(vcpu->run->msr.pad)];
	struct kvm_regs regs;

	vt_run_to(vcpu, all[i].write ? KVM_EXIT_X86_WRMSR : KVM_EXIT_X86_RDMSR);
	EXPECT_EQ(all[i].reason, vcpu->run->msr.reason)
		TH_LOG("%s", all[i].name);
	EXPECT_EQ(all[i].index, vcpu->run->msr.index)
		TH_LOG("%s", all[i].name);
	EXPECT_EQ(0, vcpu->run->msr.error);
	EXPECT_EQ(all[i].write ? VALUE : 0, vcpu->run->msr.data);
	EXPECT_EQ(0, memcmp(vcpu->run->msr.pad, zeroes, sizeof(zeroes)));
	vt_get_regs(vcpu, &regs);
	EXPECT_EQ(VT_CODE, regs.rip);
	EXPECT_EQ(HIGH | (uint32_t)VALUE, regs.rax);
}

/* User space answers, with a value or with nothing. */
TEST_F(msr_exits, answered)
{
	struct kvm_regs regs;

	ASSERT_EQ(0, enable(&self->vm, INVAL | UNKNOWN | FILTER));
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		uint64_t lstar = vt_get_msr(&self->vcpu, MSR_LSTAR);

		begin(&self->vcpu, i);
		expect_exit(_metadata, &self->vcpu, i);
		self->vcpu.run->msr.data = 0x1122334455667788;
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(0, vt_caught(&self->vcpu)->count)
			TH_LOG("%s", all[i].name);
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(VT_CODE + 3, regs.rip);
		EXPECT_EQ(3, regs.rbx);
		EXPECT_EQ(HIGH | all[i].index, regs.rcx);
		EXPECT_EQ(all[i].write ? HIGH | (uint32_t)VALUE : 0x55667788, regs.rax);
		EXPECT_EQ(all[i].write ? HIGH | VALUE >> 32 : 0x11223344, regs.rdx);
		EXPECT_EQ(lstar, vt_get_msr(&self->vcpu, MSR_LSTAR));
	}
}

/* Or says that it fails: #GP, and registers as they were. */
TEST_F(msr_exits, failed)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	static const uint8_t errors[] = { 1, 0xff };
	struct kvm_regs regs;

	ASSERT_EQ(0, enable(&self->vm, INVAL | UNKNOWN | FILTER));
	for (size_t i = 0; i < 2 * ARRAY_SIZE(all); i++) {
		begin(&self->vcpu, i / 2);
		expect_exit(_metadata, &self->vcpu, i / 2);
		self->vcpu.run->msr.data = 0x1122334455667788;
		self->vcpu.run->msr.error = errors[i & 1];
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		ASSERT_EQ(1, caught->count);
		EXPECT_EQ(13, caught->vector);
		EXPECT_EQ(0, caught->error);
		EXPECT_EQ(VT_CODE, caught->rip);
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(HIGH | (uint32_t)VALUE, regs.rax);
		EXPECT_EQ(HIGH | VALUE >> 32, regs.rdx);
	}
}

/* What was not asked for is #GP at once. */
TEST_F(msr_exits, each_reason_alone)
{
	static const uint32_t masks[] = { 0, INVAL, UNKNOWN, FILTER, INVAL | FILTER };
	const struct vt_caught *caught = vt_caught(&self->vcpu);

	for (size_t m = 0; m < ARRAY_SIZE(masks); m++) {
		ASSERT_EQ(0, enable(&self->vm, masks[m]));
		for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
			begin(&self->vcpu, i);
			if (masks[m] & all[i].reason) {
				expect_exit(_metadata, &self->vcpu, i);
				self->vcpu.run->msr.error = 0;
				vt_run_to(&self->vcpu, KVM_EXIT_HLT);
				continue;
			}
			vt_run_to(&self->vcpu, KVM_EXIT_HLT);
			EXPECT_EQ(1, caught->count)
				TH_LOG("%s with %#x", all[i].name, masks[m]);
			EXPECT_EQ(13, caught->vector);
			EXPECT_EQ(VT_CODE, caught->rip);
		}
	}
}

/* Ring 3 has no business with MSRs: nobody is asked. */
TEST_F(msr_exits, ring_3)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);

	ASSERT_EQ(0, enable(&self->vm, INVAL | UNKNOWN | FILTER));
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct kvm_sregs sregs;

		begin(&self->vcpu, i);
		vt_get_sregs(&self->vcpu, &sregs);
		sregs.cs.selector = VT_SEL_UCODE;
		sregs.cs.dpl = 3;
		sregs.ss.selector = VT_SEL_UDATA;
		sregs.ss.dpl = 3;
		vt_set_sregs(&self->vcpu, &sregs);
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		ASSERT_EQ(1, caught->count);
		EXPECT_EQ(13, caught->vector);
		EXPECT_EQ(VT_SEL_UCODE, caught->cs);
	}
}

/* The answer is taken although nothing is to run. */
TEST_F(msr_exits, immediate_exit)
{
	struct kvm_regs regs;

	VT_NEED_CAP(KVM_CAP_IMMEDIATE_EXIT);
	ASSERT_EQ(0, enable(&self->vm, UNKNOWN));
	begin(&self->vcpu, 0);
	expect_exit(_metadata, &self->vcpu, 0);
	self->vcpu.run->msr.data = 7;
	self->vcpu.run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	self->vcpu.run->immediate_exit = 0;
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_CODE + 2, regs.rip);
	EXPECT_EQ(7, regs.rax);
	EXPECT_EQ(0, regs.rdx);
}

/* User space that moves RIP meanwhile has seen to the instruction itself. */
TEST_F(msr_exits, moved_away)
{
	struct kvm_regs regs;

	if (vt_on_kvm())
		SKIP(return, "KVM skips two bytes in any case");
	ASSERT_EQ(0, enable(&self->vm, UNKNOWN));
	begin(&self->vcpu, 1);
	expect_exit(_metadata, &self->vcpu, 1);
	vt_get_regs(&self->vcpu, &regs);
	regs.rip = VT_CODE + 2;
	vt_set_regs(&self->vcpu, &regs);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_CODE + 3, regs.rip);
}

TEST_F(msr_exits, arguments)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_X86_USER_SPACE_MSR };

	EXPECT_LT(0, vt_cap(self->vm.dev, KVM_CAP_X86_USER_SPACE_MSR));
	EXPECT_LT(0, vt_cap(self->vm.fd, KVM_CAP_X86_USER_SPACE_MSR));
	ASSERT_EQ(0, enable(&self->vm, UNKNOWN));
	for (int bit = 0; bit < 64; bit++) {
		if (1ull << bit & (INVAL | UNKNOWN | FILTER))
			continue;
		EXPECT_EQ(-EINVAL, enable(&self->vm, 1ull << bit))
			TH_LOG("bit %d", bit);
		EXPECT_EQ(-EINVAL, enable(&self->vm, INVAL | 1ull << bit));
	}
	cap.flags = 1;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_ENABLE_CAP, &cap));
	/* It is still what it was. */
	begin(&self->vcpu, 0);
	expect_exit(_metadata, &self->vcpu, 0);
}

TEST_HARNESS_MAIN
