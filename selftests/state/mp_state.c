// SPDX-License-Identifier: GPL-2.0-only
/* KVM_GET_MP_STATE and KVM_SET_MP_STATE, without an interrupt controller. */
#include <errno.h>

#include "vt_fixture.h"

VT_FIXTURE(mp_state)

TEST_F(mp_state, runnable)
{
	struct kvm_mp_state state = { .mp_state = 99 };

	VT_NEED_CAP(KVM_CAP_MP_STATE);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_MP_STATE, &state));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, state.mp_state);
	EXPECT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_MP_STATE, &state));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_MP_STATE, &state));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, state.mp_state);
}

TEST_F(mp_state, forbidden)
{
	static const uint32_t bad[] = { 11, 77, 0xffffffff, KVM_MP_STATE_UNINITIALIZED };
	struct kvm_mp_state state;

	VT_NEED_CAP(KVM_CAP_MP_STATE);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		state.mp_state = bad[i];
		EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_MP_STATE, &state))
			TH_LOG("state %u", bad[i]);
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_MP_STATE, &state));
		EXPECT_EQ(KVM_MP_STATE_RUNNABLE, state.mp_state);
	}
}

TEST_HARNESS_MAIN
