// SPDX-License-Identifier: GPL-2.0-only
/* KVM_GET_VCPU_EVENTS and KVM_SET_VCPU_EVENTS. */
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(events)

static void get(struct vt_vcpu *vcpu, struct kvm_vcpu_events *events)
{
	long ret = VT_IOCTL(vcpu->fd, KVM_GET_VCPU_EVENTS, events);

	if (ret)
		vt_die("KVM_GET_VCPU_EVENTS: %s", strerror(-ret));
}

TEST_F(events, nothing_after_reset)
{
	struct kvm_vcpu_events events;

	VT_NEED_CAP(KVM_CAP_VCPU_EVENTS);
	get(&self->vcpu, &events);
	EXPECT_EQ(0, events.exception.injected);
	EXPECT_EQ(0, events.interrupt.injected);
	EXPECT_EQ(0, events.nmi.injected);
	EXPECT_EQ(0, events.nmi.pending);
	EXPECT_EQ(0, events.nmi.masked);
}

TEST_F(events, exception)
{
	struct kvm_vcpu_events set, got;

	VT_NEED_CAP(KVM_CAP_VCPU_EVENTS);
	vt_enter_mode(&self->vcpu, VT_LONG);
	get(&self->vcpu, &set);
	set.exception.injected = 1;
	set.exception.nr = 14;
	set.exception.has_error_code = 1;
	set.exception.error_code = 0x10;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VCPU_EVENTS, &set));
	get(&self->vcpu, &got);
	EXPECT_EQ(1, got.exception.injected);
	EXPECT_EQ(14, got.exception.nr);
	EXPECT_EQ(1, got.exception.has_error_code);
	EXPECT_EQ(0x10, got.exception.error_code);
}

TEST_F(events, interrupt)
{
	struct kvm_vcpu_events set, got;

	VT_NEED_CAP(KVM_CAP_VCPU_EVENTS);
	get(&self->vcpu, &set);
	set.interrupt.injected = 1;
	set.interrupt.nr = 0x41;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VCPU_EVENTS, &set));
	get(&self->vcpu, &got);
	EXPECT_EQ(1, got.interrupt.injected);
	EXPECT_EQ(0x41, got.interrupt.nr);
}

TEST_F(events, shadow)
{
	struct kvm_vcpu_events set, got;

	VT_NEED_CAP(KVM_CAP_VCPU_EVENTS);
	for (unsigned int i = 0; i < 2; i++) {
		get(&self->vcpu, &set);
		set.flags = KVM_VCPUEVENT_VALID_SHADOW;
		set.interrupt.shadow = i ? 0 : KVM_X86_SHADOW_INT_STI;
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VCPU_EVENTS, &set));
		get(&self->vcpu, &got);
		EXPECT_TRUE(got.flags & KVM_VCPUEVENT_VALID_SHADOW);
		EXPECT_EQ(!i, !!got.interrupt.shadow);
	}
}

TEST_F(events, nmi)
{
	struct kvm_vcpu_events set, got;

	VT_NEED_CAP(KVM_CAP_VCPU_EVENTS);
	get(&self->vcpu, &set);
	set.flags = KVM_VCPUEVENT_VALID_NMI_PENDING;
	set.nmi.pending = 1;
	set.nmi.masked = 1;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VCPU_EVENTS, &set));
	get(&self->vcpu, &got);
	EXPECT_EQ(1, got.nmi.pending);
	EXPECT_EQ(1, got.nmi.masked);

	/* Without the flag, what is pending stays. */
	set.flags = 0;
	set.nmi.pending = 0;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VCPU_EVENTS, &set));
	get(&self->vcpu, &got);
	EXPECT_EQ(1, got.nmi.pending);
}

TEST_F(events, forbidden)
{
	struct kvm_vcpu_events before, bad, after;

	VT_NEED_CAP(KVM_CAP_VCPU_EVENTS);
	get(&self->vcpu, &before);
	for (int i = 0; i < 4; i++) {
		bad = before;
		bad.interrupt.injected = 1;
		bad.interrupt.nr = 0x99;
		if (i == 0) {
			bad.flags = 1u << 31;
		} else if (i == 1) {
			bad.exception.injected = 1;
			bad.exception.nr = 32;
		} else if (i == 2) {
			/* An NMI is not an exception. */
			bad.exception.injected = 1;
			bad.exception.nr = 2;
		} else {
			/* Not without KVM_CAP_EXCEPTION_PAYLOAD enabled. */
			bad.flags = KVM_VCPUEVENT_VALID_PAYLOAD;
		}
		EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_VCPU_EVENTS, &bad))
			TH_LOG("case %d", i);
		get(&self->vcpu, &after);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	}
}

VT_GUEST(events_hlt, 64, "hlt");

/* An exception put in from outside goes through the guest's IDT. */
TEST_F(events, exception_is_delivered)
{
	struct kvm_vcpu_events set;
	struct kvm_sregs sregs;

	VT_NEED_CAP(KVM_CAP_VCPU_EVENTS);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(events_hlt));
	vt_catch(&self->vcpu, VT_LONG);
	vt_get_sregs(&self->vcpu, &sregs);
	sregs.cr2 = 0x123000;
	vt_set_sregs(&self->vcpu, &sregs);
	get(&self->vcpu, &set);
	set.exception.injected = 1;
	set.exception.nr = 14;
	set.exception.has_error_code = 1;
	set.exception.error_code = 2;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VCPU_EVENTS, &set));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(14, vt_caught(&self->vcpu)->vector);
	EXPECT_EQ(2, vt_caught(&self->vcpu)->error);
	EXPECT_EQ(VT_CODE, vt_caught(&self->vcpu)->rip);
	EXPECT_EQ(0x123000, vt_caught(&self->vcpu)->cr2);
}

/* KVM_NMI: taken through vector 2, and NMIs stay blocked until IRET. */
TEST_F(events, nmi_is_delivered)
{
	struct kvm_vcpu_events events;

	VT_NEED_CAP(KVM_CAP_USER_NMI);
	vt_stay_on(0);
	VT_NEED_CAP(KVM_CAP_VCPU_EVENTS);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(events_hlt));
	vt_catch(&self->vcpu, VT_LONG);
	ASSERT_EQ(0, vt_ioctl(self->vcpu.fd, KVM_NMI, 0));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(2, vt_caught(&self->vcpu)->vector);
	get(&self->vcpu, &events);
	EXPECT_EQ(1, events.nmi.masked);
	EXPECT_EQ(0, events.nmi.pending);
	/* To its IRET: Bochs 2.7 takes blocking by NMI along to the CPU's next VM. */
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	get(&self->vcpu, &events);
	EXPECT_EQ(0, events.nmi.masked);
}

TEST_HARNESS_MAIN
