// SPDX-License-Identifier: GPL-2.0-only
/* The 8254 and port 61h: datasheet "82C54". */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt_irq.h"

#define HZ	1193182
#define TIMER	VT_PIC_BASE
#define EOI	0x20
#define ROUNDS	100000000	/* of waiting: more than any test needs */

FIXTURE(pit) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(pit)
{
	struct kvm_pit_config config = { .flags = KVM_PIT_SPEAKER_DUMMY };

	vt_irq_create(&self->vm, &self->vcpu);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_CREATE_PIT2, &config));
	vt_pic_init(&self->vcpu);
}

FIXTURE_TEARDOWN(pit)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static void program(struct vt_vcpu *vcpu, unsigned int n, unsigned int mode, uint16_t count)
{
	vt_outb(vcpu, 0x43, n << 6 | 0x30 | mode << 1);
	vt_outb(vcpu, 0x40 + n, count & 0xff);
	vt_outb(vcpu, 0x40 + n, count >> 8);
}

static uint16_t read_count(struct vt_vcpu *vcpu, unsigned int n)
{
	uint16_t low;

	vt_outb(vcpu, 0x43, n << 6);
	low = vt_inb(vcpu, 0x40 + n);
	return low | vt_inb(vcpu, 0x40 + n) << 8;
}

static uint8_t status(struct vt_vcpu *vcpu, unsigned int n)
{
	vt_outb(vcpu, 0x43, 0xe0 | 2 << n);
	return vt_inb(vcpu, 0x40 + n);
}

TEST_F(pit, created_once)
{
	struct kvm_pit_config config = { };

	EXPECT_EQ(-EEXIST, VT_IOCTL(self->vm.fd, KVM_CREATE_PIT2, &config));
	EXPECT_EQ(-EEXIST, vt_ioctl(self->vm.fd, KVM_CREATE_PIT, 0));
}

TEST_F(pit, status_tells_the_mode)
{
	for (unsigned int mode = 0; mode < 6; mode++) {
		program(&self->vcpu, 0, mode, 0x8000);
		EXPECT_EQ(0x30 | mode << 1, status(&self->vcpu, 0) & 0x3f);
	}
	/* Modes 6 and 7 are 2 and 3. */
	vt_outb(&self->vcpu, 0x43, 0x3c);
	EXPECT_EQ(0x34, status(&self->vcpu, 0) & 0x3f);
	vt_outb(&self->vcpu, 0x43, 0x3e);
	EXPECT_EQ(0x36, status(&self->vcpu, 0) & 0x3f);
	/* One byte only. */
	vt_outb(&self->vcpu, 0x43, 0x94);
	EXPECT_EQ(0x14, status(&self->vcpu, 2) & 0x3f);
}

TEST_F(pit, null_count)
{
	if (vt_on_kvm())
		SKIP(return, "KVM has no null count flag");
	vt_outb(&self->vcpu, 0x43, 0x30);
	EXPECT_EQ(0x40, status(&self->vcpu, 0) & 0x40);
	vt_outb(&self->vcpu, 0x40, 0);
	EXPECT_EQ(0x40, status(&self->vcpu, 0) & 0x40);
	vt_outb(&self->vcpu, 0x40, 0x80);
	EXPECT_EQ(0, status(&self->vcpu, 0) & 0x40);
}

TEST_F(pit, counts_down)
{
	uint16_t a, b;

	program(&self->vcpu, 0, 2, 0xffff);
	a = read_count(&self->vcpu, 0);
	usleep(2000);
	b = read_count(&self->vcpu, 0);
	/* 2 ms are 2386 ticks; how much more, the machine decides. */
	EXPECT_GE((uint16_t)(a - b), 2000);
}

TEST_F(pit, latched_count_stays)
{
	uint16_t low, high, count;

	program(&self->vcpu, 2, 2, 0x4321);
	vt_outb(&self->vcpu, 0x61, 1);
	vt_outb(&self->vcpu, 0x43, 0x80);
	count = read_count(&self->vcpu, 2);	/* a second latch does nothing */
	EXPECT_LE(count, 0x4321);
	vt_outb(&self->vcpu, 0x43, 0xd8);	/* read-back: count only, of 2 */
	usleep(1000);
	low = vt_inb(&self->vcpu, 0x42);
	high = vt_inb(&self->vcpu, 0x42);
	EXPECT_NE(low | high << 8, read_count(&self->vcpu, 2));
}

/* Status comes before the count when both are latched. */
TEST_F(pit, read_back_of_both)
{
	program(&self->vcpu, 0, 2, 0x2000);
	vt_outb(&self->vcpu, 0x43, 0xc2);
	EXPECT_EQ(0x34, vt_inb(&self->vcpu, 0x40) & 0x3f);
	vt_inb(&self->vcpu, 0x40);
	EXPECT_LE(vt_inb(&self->vcpu, 0x40), 0x20);
}

TEST_F(pit, periodic)
{
	program(&self->vcpu, 0, 2, HZ / 100);
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(TIMER, vt_irq_wait(&self->vcpu, ROUNDS));
		vt_outb(&self->vcpu, 0x20, EOI);
	}
}

TEST_F(pit, square_wave_is_periodic_too)
{
	program(&self->vcpu, 0, 3, HZ / 100);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(TIMER, vt_irq_wait(&self->vcpu, ROUNDS));
		vt_outb(&self->vcpu, 0x20, EOI);
	}
}

TEST_F(pit, one_shot)
{
	program(&self->vcpu, 0, 0, HZ / 100);
	EXPECT_EQ(0, status(&self->vcpu, 0) & 0x80);
	ASSERT_EQ(TIMER, vt_irq_wait(&self->vcpu, ROUNDS));
	vt_outb(&self->vcpu, 0x20, EOI);
	if (!vt_on_kvm())	/* there it depends on who is faster */
		EXPECT_EQ(0x80, status(&self->vcpu, 0) & 0x80);
	usleep(30000);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(pit, stopped_by_another_mode)
{
	program(&self->vcpu, 0, 2, HZ / 100);
	ASSERT_EQ(TIMER, vt_irq_wait(&self->vcpu, ROUNDS));
	if (vt_on_kvm())	/* the control word alone does not stop it */
		program(&self->vcpu, 0, 5, 100);
	else
		vt_outb(&self->vcpu, 0x43, 0x34);
	vt_outb(&self->vcpu, 0x20, EOI);
	while (vt_irq_next(&self->vcpu) == TIMER)
		vt_outb(&self->vcpu, 0x20, EOI);
	usleep(30000);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

/*
 * Ticks in ten periods of a guest that sleeps, taken as fast as it can afterwards, which
 * must be faster than they come.
 */
static unsigned int ticks_after_sleep(struct vt_vcpu *vcpu)
{
	unsigned int n = 0;

	program(vcpu, 0, 2, HZ / 200 * vt_slow());
	usleep(50000 * vt_slow());
	while (n < 100 && vt_irq_next(vcpu) == TIMER) {
		vt_outb(vcpu, 0x20, EOI);
		usleep(500);	/* KVM has a thread of its own for the next */
		n++;
	}
	return n;
}

TEST_F(pit, missed_ticks_are_caught_up_with)
{
	EXPECT_GE(ticks_after_sleep(&self->vcpu), 9);
}

TEST_F(pit, missed_ticks_are_discarded)
{
	struct kvm_reinject_control control = { .pit_reinject = 0 };

	EXPECT_EQ(0, VT_IOCTL(self->vm.fd, KVM_REINJECT_CONTROL, &control));
	EXPECT_LE(ticks_after_sleep(&self->vcpu), 4);
}

TEST_F(pit, through_the_ioapic)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry;
	} table = {
		.head.nr = 1,
		.entry = { .gsi = 0, .type = KVM_IRQ_ROUTING_IRQCHIP,
			   .u.irqchip = { .irqchip = KVM_IRQCHIP_IOAPIC, .pin = 2 } },
	};
	unsigned int n = 0;

	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_SET_GSI_ROUTING, &table));
	vt_ioapic_set(&self->vcpu, 2, 0x60);
	program(&self->vcpu, 0, 2, HZ / 200);
	usleep(50000);
	/* The EOI at the local APIC tells that a tick was taken. */
	while (n < 100 && vt_irq_next(&self->vcpu) == 0x60) {
		vt_eoi(&self->vcpu);
		usleep(500);
		n++;
	}
	EXPECT_GE(n, 9);
	ASSERT_EQ(0x60, vt_irq_wait(&self->vcpu, ROUNDS));
	vt_eoi(&self->vcpu);
}

/* What came while the pin was masked is history. */
TEST_F(pit, masked_for_a_while)
{
	program(&self->vcpu, 0, 2, HZ / 200);
	vt_outb(&self->vcpu, 0x21, 0xff);
	usleep(50000);
	vt_outb(&self->vcpu, 0x21, 0xfe);
	ASSERT_EQ(TIMER, vt_irq_wait(&self->vcpu, ROUNDS));
	vt_outb(&self->vcpu, 0x20, EOI);
	ASSERT_EQ(TIMER, vt_irq_wait(&self->vcpu, ROUNDS));
}

TEST_F(pit, gate_and_out_of_channel_2)
{
	vt_outb(&self->vcpu, 0x61, 0);
	EXPECT_EQ(0, vt_inb(&self->vcpu, 0x61) & 3);
	vt_outb(&self->vcpu, 0x61, 3);
	EXPECT_EQ(3, vt_inb(&self->vcpu, 0x61) & 3);
	vt_outb(&self->vcpu, 0x61, 1);
	program(&self->vcpu, 2, 0, HZ / 20);
	EXPECT_EQ(0, vt_inb(&self->vcpu, 0x61) & 0x20);
	usleep(60000);
	EXPECT_EQ(0x20, vt_inb(&self->vcpu, 0x61) & 0x20);
}

TEST_F(pit, gate_holds_the_count)
{
	uint16_t count;

	if (vt_on_kvm())
		SKIP(return, "KVM goes on counting");
	vt_outb(&self->vcpu, 0x61, 1);
	program(&self->vcpu, 2, 0, 0xffff);
	vt_outb(&self->vcpu, 0x61, 0);
	count = read_count(&self->vcpu, 2);
	usleep(5000);
	EXPECT_EQ(count, read_count(&self->vcpu, 2));
	vt_outb(&self->vcpu, 0x61, 1);
	usleep(1000);
	EXPECT_LT(read_count(&self->vcpu, 2), count);
}

/* Mode 1 begins when the gate rises, and again each time. */
TEST_F(pit, gate_triggers_mode_1)
{
	if (vt_on_kvm())
		SKIP(return, "KVM's OUT is inverted here");
	vt_outb(&self->vcpu, 0x61, 0);
	program(&self->vcpu, 2, 1, 0xffff);
	EXPECT_EQ(0x20, vt_inb(&self->vcpu, 0x61) & 0x20);
	vt_outb(&self->vcpu, 0x61, 1);
	EXPECT_EQ(0, vt_inb(&self->vcpu, 0x61) & 0x20);
	usleep(60000);
	EXPECT_EQ(0x20, vt_inb(&self->vcpu, 0x61) & 0x20);
}

TEST_F(pit, bcd)
{
	if (vt_on_kvm())
		SKIP(return, "KVM counts in binary");
	vt_outb(&self->vcpu, 0x43, 0xb1);
	vt_outb(&self->vcpu, 0x61, 0);
	vt_outb(&self->vcpu, 0x42, 0x45);
	vt_outb(&self->vcpu, 0x42, 0x23);
	EXPECT_EQ(0x2345, read_count(&self->vcpu, 2));
}

TEST_F(pit, state_goes_out_and_in)
{
	struct kvm_pit_state2 before, after;
	struct kvm_pit_state old;

	program(&self->vcpu, 0, 2, HZ / 100);
	program(&self->vcpu, 2, 3, 0x1234);
	vt_outb(&self->vcpu, 0x61, 3);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_PIT2, &before));
	EXPECT_EQ(HZ / 100, before.channels[0].count);
	EXPECT_EQ(2, before.channels[0].mode);
	EXPECT_EQ(0x1234, before.channels[2].count);
	EXPECT_EQ(3, before.channels[2].mode);
	EXPECT_EQ(1, before.channels[2].gate);
	EXPECT_EQ(KVM_PIT_FLAGS_SPEAKER_DATA_ON, before.flags);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_PIT, &old));
	EXPECT_EQ(0x1234, old.channels[2].count);

	program(&self->vcpu, 0, 0, 1);
	vt_outb(&self->vcpu, 0x61, 0);
	while (vt_irq_wait(&self->vcpu, 100000) == TIMER)
		vt_outb(&self->vcpu, 0x20, EOI);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_SET_PIT2, &before));
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_PIT2, &after));
	EXPECT_EQ(HZ / 100, after.channels[0].count);
	EXPECT_EQ(2, after.channels[0].mode);
	EXPECT_EQ(before.flags, after.flags);
	/* And it runs. */
	EXPECT_EQ(TIMER, vt_irq_wait(&self->vcpu, ROUNDS));
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_SET_PIT, &old));
}

TEST_F(pit, set_refuses_nonsense)
{
	struct kvm_pit_state2 state, bad;

	if (vt_on_kvm())
		SKIP(return, "KVM takes anything");
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_PIT2, &state));
	bad = state;
	bad.channels[1].mode = 6;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_PIT2, &bad));
	bad = state;
	bad.channels[0].count = 0x10001;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_PIT2, &bad));
	bad = state;
	bad.channels[2].read_state = 5;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_PIT2, &bad));
	bad = state;
	bad.flags = 4;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_PIT2, &bad));
	EXPECT_EQ(0, VT_IOCTL(self->vm.fd, KVM_SET_PIT2, &state));
}

/* The shortest period must not keep the host busy. */
TEST_F(pit, shortest_period)
{
	program(&self->vcpu, 0, 2, 2);
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(TIMER, vt_irq_wait(&self->vcpu, ROUNDS));
		vt_outb(&self->vcpu, 0x20, EOI);
	}
}

TEST_HARNESS_MAIN
