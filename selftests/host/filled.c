// SPDX-License-Identifier: GPL-2.0-only
/*
 * No answer has a byte that the kernel did not write: each structure is got twice from a
 * vCPU that stands still, over memory that is full of one value and then of another, and
 * after calls that left other values in the kernel. The two must be alike. A kernel
 * that marks what it did not initialize shows it by its marks.
 */
#include <stdlib.h>
#include <string.h>

#include "vt_fixture.h"

#define ROOM	(4 * VT_PAGE)

FIXTURE(filled)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(filled)
{
	vt_vm_create_bare(&self->vm);
	vt_ioctl(self->vm.fd, KVM_CREATE_IRQCHIP, 0);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
}

FIXTURE_TEARDOWN(filled)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

/* Leave something on the kernel's stack and in its slabs, by calls that are refused. */
static void stir(struct vt_vcpu *vcpu, uint8_t value)
{
	uint8_t *data = malloc(ROOM);

	memset(data, value, ROOM);
	VT_IOCTL(vcpu->fd, KVM_SET_SREGS, data);
	VT_IOCTL(vcpu->fd, KVM_SET_XSAVE, data);
	VT_IOCTL(vcpu->fd, KVM_SET_REGS, data);
	free(data);
}

/* Of the compiler, on the debug kernel's stack; of its slabs, new and freed. */
static bool has_mark(const uint8_t *data, size_t size)
{
	static const uint8_t marks[] = { 0xfe, 0x5a, 0x6b };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		for (size_t at = 0; at + 4 <= size; at++)
			if (data[at] == marks[i] && !memcmp(data + at, data + at + 1, 3))
				return true;
	return false;
}

static const struct {
	unsigned long cmd;
	const char *name;
} calls[] = {
#define CALL(cmd)	{ cmd, #cmd }
	CALL(KVM_GET_REGS), CALL(KVM_GET_SREGS), CALL(KVM_GET_SREGS2), CALL(KVM_GET_FPU),
	CALL(KVM_GET_XSAVE), CALL(KVM_GET_XCRS), CALL(KVM_GET_DEBUGREGS),
	CALL(KVM_GET_VCPU_EVENTS), CALL(KVM_GET_MP_STATE), CALL(KVM_GET_LAPIC),
};

TEST_F(filled, answers_of_a_vcpu)
{
	uint8_t *one = vt_anon(ROOM), *two = vt_anon(ROOM);

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		size_t size = _IOC_SIZE(calls[i].cmd);

		memset(one, 0xa5, ROOM);
		memset(two, 0x5a, ROOM);
		stir(&self->vcpu, 0xff);
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, calls[i].cmd, one));
		stir(&self->vcpu, 0xee);
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, calls[i].cmd, two));
		EXPECT_EQ(0, memcmp(one, two, size)) {
			TH_LOG("%s", calls[i].name);
		}
		EXPECT_FALSE(has_mark(one, size)) {
			TH_LOG("%s", calls[i].name);
		}
		/* And not a byte more than the command says. */
		for (size_t at = size; at < ROOM; at++)
			ASSERT_EQ(0xa5, one[at]);
	}
}

TEST_F(filled, chips)
{
	struct kvm_irqchip one, two;

	for (unsigned int id = 0; id < 3; id++) {
		/* They go in and out: what a chip has none of stays the caller's. */
		memset(&one, 0xa5, sizeof(one));
		memset(&two, 0xa5, sizeof(two));
		one.chip_id = id;
		two.chip_id = id;
		ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_IRQCHIP, &one));
		stir(&self->vcpu, 0xff);
		ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_IRQCHIP, &two));
		EXPECT_EQ(0, memcmp(&one, &two, sizeof(one))) {
			TH_LOG("chip %u", id);
		}
	}
}

TEST_HARNESS_MAIN
