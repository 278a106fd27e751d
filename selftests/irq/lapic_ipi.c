// SPDX-License-Identifier: GPL-2.0-only
/* Whom an interrupt reaches: SDM 3A, "Determining IPI Destination". */
#include <errno.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define VCPUS	4

FIXTURE(ipi) {
	struct vt_vm vm;
	struct vt_vcpu vcpu[VCPUS];
};

FIXTURE_VARIANT(ipi) {
	bool x2apic;
};

FIXTURE_VARIANT_ADD(ipi, xapic) { .x2apic = false };
FIXTURE_VARIANT_ADD(ipi, x2apic) { .x2apic = true };

FIXTURE_SETUP(ipi)
{
	vt_irq_create(&self->vm, &self->vcpu[0]);
	for (unsigned int i = 1; i < VCPUS; i++)
		vt_irq_vcpu(&self->vm, &self->vcpu[i], i);
	for (unsigned int i = 0; variant->x2apic && i < VCPUS; i++)
		vt_enable_x2apic(&self->vcpu[i]);
}

FIXTURE_TEARDOWN(ipi)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		vt_vcpu_destroy(&self->vcpu[i]);
	vt_vm_destroy(&self->vm);
}

/* The set of vCPUs that have a vector pending; it is taken there. */
static unsigned int take(struct vt_vcpu *vcpus, uint8_t vector)
{
	unsigned int set = 0;

	for (unsigned int i = 0; i < VCPUS; i++) {
		if (!vt_apic_bit(&vcpus[i], APIC_IRR, vector))
			continue;
		set |= 1u << i;
		if (vt_irq_next(&vcpus[i]) != vector)
			vt_die("vCPU %u has vector %#x pending and took another", i, vector);
		vt_apic_write(&vcpus[i], APIC_EOI, 0);
	}
	return set;
}

/* Who gets an IPI from vCPU 0. */
static unsigned int reached(struct vt_vcpu *vcpus, uint32_t low, uint32_t dest)
{
	vt_ipi(&vcpus[0], low | 0x41, dest);
	return take(vcpus, 0x41);
}

TEST_F(ipi, physical)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		EXPECT_EQ(1u << i, reached(self->vcpu, 0, i));
	EXPECT_EQ(0, reached(self->vcpu, 0, 4));
	EXPECT_EQ(0, reached(self->vcpu, 0, 0x7f));
}

TEST_F(ipi, physical_broadcast)
{
	EXPECT_EQ(0xf, reached(self->vcpu, 0, variant->x2apic ? 0xffffffff : 0xff));
	/* 32 bits count in x2APIC mode, and FFH is nobody special. */
	if (variant->x2apic) {
		EXPECT_EQ(0, reached(self->vcpu, 0, 0xff));
		EXPECT_EQ(0, reached(self->vcpu, 0, 0x101));
	}
}

TEST_F(ipi, shorthands)
{
	EXPECT_EQ(0x1, reached(self->vcpu, ICR_SELF, 3));
	EXPECT_EQ(0xf, reached(self->vcpu, ICR_ALL, 3));
	EXPECT_EQ(0xe, reached(self->vcpu, ICR_OTHERS, 3));
	vt_ipi(&self->vcpu[2], ICR_OTHERS | 0x42, 0);
	EXPECT_EQ(0xb, take(self->vcpu, 0x42));
}

TEST_F(ipi, level_and_assert_change_nothing)
{
	EXPECT_EQ(0x2, reached(self->vcpu, ICR_ASSERT, 1));
	EXPECT_EQ(0x2, reached(self->vcpu, ICR_ASSERT | ICR_LEVEL, 1));
}

static void set_ldr(struct vt_vcpu *vcpus, uint32_t dfr, const uint8_t *ldr)
{
	for (unsigned int i = 0; i < VCPUS; i++) {
		vt_apic_write(&vcpus[i], APIC_DFR, dfr);
		vt_apic_write(&vcpus[i], APIC_LDR, (uint32_t)ldr[i] << 24);
	}
}

TEST_F(ipi, logical_flat)
{
	static const uint8_t ldr[VCPUS] = { 0x01, 0x02, 0x04, 0x80 };

	if (variant->x2apic)
		SKIP(return, "there is no flat model in x2APIC mode");
	set_ldr(self->vcpu, 0xffffffff, ldr);
	EXPECT_EQ(0x1, reached(self->vcpu, ICR_LOGICAL, 0x01));
	EXPECT_EQ(0x2, reached(self->vcpu, ICR_LOGICAL, 0x02));
	EXPECT_EQ(0x4, reached(self->vcpu, ICR_LOGICAL, 0x04));
	EXPECT_EQ(0x8, reached(self->vcpu, ICR_LOGICAL, 0x80));
	EXPECT_EQ(0xb, reached(self->vcpu, ICR_LOGICAL, 0x83));
	EXPECT_EQ(0x0, reached(self->vcpu, ICR_LOGICAL, 0x78));
	EXPECT_EQ(0xf, reached(self->vcpu, ICR_LOGICAL, 0xff));
	EXPECT_EQ(0x0, reached(self->vcpu, ICR_LOGICAL, 0));
}

/* Bits that several have, and one that has two: a group of any kind. */
TEST_F(ipi, logical_groups)
{
	static const uint8_t ldr[VCPUS] = { 0x01, 0x11, 0x04, 0x84 };

	if (variant->x2apic)
		SKIP(return, "xAPIC mode only");
	if (vt_on_kvm())
		SKIP(return, "KVM's map of the flat model has one vCPU for each bit");
	set_ldr(self->vcpu, 0xffffffff, ldr);
	EXPECT_EQ(0x3, reached(self->vcpu, ICR_LOGICAL, 0x01));
	EXPECT_EQ(0x2, reached(self->vcpu, ICR_LOGICAL, 0x10));
	EXPECT_EQ(0xc, reached(self->vcpu, ICR_LOGICAL, 0x04));
	EXPECT_EQ(0x8, reached(self->vcpu, ICR_LOGICAL, 0x80));
	EXPECT_EQ(0xb, reached(self->vcpu, ICR_LOGICAL, 0x91));
}

TEST_F(ipi, logical_cluster)
{
	static const uint8_t ldr[VCPUS] = { 0x01, 0x02, 0x11, 0x14 };

	if (variant->x2apic)
		SKIP(return, "x2APIC mode has clusters of its own");
	set_ldr(self->vcpu, 0x0fffffff, ldr);
	EXPECT_EQ(0x1, reached(self->vcpu, ICR_LOGICAL, 0x01));
	EXPECT_EQ(0x3, reached(self->vcpu, ICR_LOGICAL, 0x0f));
	EXPECT_EQ(0x4, reached(self->vcpu, ICR_LOGICAL, 0x13));
	EXPECT_EQ(0xc, reached(self->vcpu, ICR_LOGICAL, 0x15));
	EXPECT_EQ(0x0, reached(self->vcpu, ICR_LOGICAL, 0x2f));
}

TEST_F(ipi, logical_x2apic)
{
	struct vt_vcpu far;

	if (!variant->x2apic)
		SKIP(return, "x2APIC mode only");
	vt_irq_vcpu(&self->vm, &far, 0x21);
	vt_enable_x2apic(&far);
	EXPECT_EQ(0x1, reached(self->vcpu, ICR_LOGICAL, 0x1));
	EXPECT_EQ(0xa, reached(self->vcpu, ICR_LOGICAL, 0xa));
	EXPECT_EQ(0xf, reached(self->vcpu, ICR_LOGICAL, 0xffff));
	EXPECT_EQ(0x0, reached(self->vcpu, ICR_LOGICAL, 0x10));
	EXPECT_EQ(-1, vt_irq_next(&far));
	EXPECT_EQ(0x0, reached(self->vcpu, ICR_LOGICAL, 0x2ffff));
	EXPECT_EQ(0x41, vt_irq_next(&far));
	vt_apic_write(&far, APIC_EOI, 0);
	EXPECT_EQ(0x0, reached(self->vcpu, ICR_LOGICAL, 0x20001));
	EXPECT_EQ(-1, vt_irq_next(&far));
	EXPECT_EQ(0xf, reached(self->vcpu, ICR_LOGICAL, 0xffffffff));
	EXPECT_EQ(0x41, vt_irq_next(&far));
	vt_vcpu_destroy(&far);
}

/* One of those addressed, and of them one with the lowest priority. */
TEST_F(ipi, lowest_priority)
{
	static const uint8_t ldr[VCPUS] = { 0x01, 0x02, 0x04, 0x08 };
	unsigned int set;

	if (!variant->x2apic)
		set_ldr(self->vcpu, 0xffffffff, ldr);
	for (unsigned int i = 0; i < 8; i++) {
		set = reached(self->vcpu, ICR_LOGICAL | ICR_LOWEST, 0xe);
		EXPECT_TRUE(set == 2 || set == 4 || set == 8)
			TH_LOG("set %#x", set);
	}
	EXPECT_EQ(0x4, reached(self->vcpu, ICR_LOGICAL | ICR_LOWEST, 0x4));
	EXPECT_EQ(0x0, reached(self->vcpu, ICR_LOGICAL | ICR_LOWEST, 0x10));
	/* Disabled by software, it takes no part. */
	vt_apic_write(&self->vcpu[1], APIC_SPIV, 0xff);
	for (unsigned int i = 0; i < 8; i++) {
		set = reached(self->vcpu, ICR_LOGICAL | ICR_LOWEST, 0x6);
		EXPECT_EQ(4, set);
	}
}

TEST_F(ipi, lowest_priority_looks_at_tpr)
{
	static const uint8_t ldr[VCPUS] = { 0x01, 0x02, 0x04, 0x08 };

	if (vt_on_kvm())
		SKIP(return, "KVM takes turns, whatever TPR says");
	if (!variant->x2apic)
		set_ldr(self->vcpu, 0xffffffff, ldr);
	for (unsigned int low = 0; low < VCPUS; low++) {
		for (unsigned int i = 0; i < VCPUS; i++)
			vt_apic_write(&self->vcpu[i], APIC_TPR, i == low ? 0x10 : 0x30);
		EXPECT_EQ(1u << low, reached(self->vcpu, ICR_LOGICAL | ICR_LOWEST, 0xf));
	}
}

TEST_F(ipi, of_equals_each_gets_some)
{
	static const uint8_t ldr[VCPUS] = { 0x01, 0x02, 0x04, 0x08 };
	unsigned int all = 0;

	if (vt_on_kvm())
		SKIP(return, "KVM chooses by the vector");
	if (!variant->x2apic)
		set_ldr(self->vcpu, 0xffffffff, ldr);
	for (unsigned int i = 0; i < 8; i++)
		all |= reached(self->vcpu, ICR_LOGICAL | ICR_LOWEST, 0xf);
	EXPECT_EQ(0xf, all);
}

TEST_F(ipi, self_ipi_register)
{
	if (!variant->x2apic)
		SKIP(return, "x2APIC mode only");
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu[1], MSR_SELF_IPI, 0x43));
	EXPECT_EQ(0x2, take(self->vcpu, 0x43));
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu[1], MSR_SELF_IPI, 0xff));
	EXPECT_EQ(0x2, take(self->vcpu, 0xff));
}

/* The vector of an NMI's ICR does not matter, nor does the task priority. */
TEST_F(ipi, nmi)
{
	vt_stay_on(0);
	vt_apic_write(&self->vcpu[1], APIC_TPR, 0xff);
	vt_ipi(&self->vcpu[0], ICR_NMI, 1);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu[0]));
	EXPECT_EQ(2, vt_irq_next(&self->vcpu[1]));
	/* Blocked until IRET, and then at most one is waiting. */
	vt_ipi(&self->vcpu[0], ICR_NMI, 1);
	vt_ipi(&self->vcpu[0], ICR_NMI, 1);
	vt_ipi(&self->vcpu[0], ICR_NMI, 1);
	EXPECT_EQ(2, vt_run_to_out(&self->vcpu[1], 0xf5));
	vt_run_to_out(&self->vcpu[1], 0xf4);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu[1]));
}

/* An NMI that no vCPU has taken is part of its state. */
TEST_F(ipi, nmi_in_the_state)
{
	struct kvm_vcpu_events events;

	vt_ipi(&self->vcpu[0], ICR_NMI, 1);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu[1].fd, KVM_GET_VCPU_EVENTS, &events));
	EXPECT_EQ(1, events.nmi.pending);
	events.nmi.pending = 0;
	events.flags = KVM_VCPUEVENT_VALID_NMI_PENDING;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu[1].fd, KVM_SET_VCPU_EVENTS, &events));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu[1]));
}

TEST_F(ipi, nmi_by_lint1_and_msi)
{
	vt_stay_on(0);
	EXPECT_EQ(1, vt_msi(&self->vm, VT_LAPIC | 2 << 12, ICR_NMI));
	EXPECT_EQ(2, vt_irq_next(&self->vcpu[2]));
	vt_run_to_out(&self->vcpu[2], 0xf4);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu[2]));
}

/* KVM_NMI raises LINT1, which a guest may route or mask. */
TEST_F(ipi, kvm_nmi)
{
	vt_stay_on(0);
	EXPECT_EQ(0, VT_IOCTL(self->vcpu[1].fd, KVM_NMI, 0));
	EXPECT_EQ(2, vt_irq_next(&self->vcpu[1]));
	/* To its IRET: Bochs 2.7 takes blocking by NMI along to the CPU's next VM. */
	vt_run_to_out(&self->vcpu[1], 0xf4);
}

static long msi_to(struct vt_vm *vm, uint32_t dest, uint32_t flags)
{
	return vt_msi(vm, VT_LAPIC | dest << 12 | flags, 0x45);
}

#define MSI_LOGICAL	(1u << 2)
#define MSI_REDIRECT	(1u << 3)

TEST_F(ipi, msi_destinations)
{
	static const uint8_t ldr[VCPUS] = { 0x01, 0x02, 0x04, 0x08 };
	unsigned int set;

	if (!variant->x2apic)
		set_ldr(self->vcpu, 0xffffffff, ldr);
	EXPECT_EQ(1, msi_to(&self->vm, 2, 0));
	EXPECT_EQ(0x4, take(self->vcpu, 0x45));
	EXPECT_EQ(2, msi_to(&self->vm, 6, MSI_LOGICAL));
	EXPECT_EQ(0x6, take(self->vcpu, 0x45));
	/* With the redirection hint to one of them. */
	EXPECT_EQ(1, msi_to(&self->vm, 6, MSI_LOGICAL | MSI_REDIRECT));
	set = take(self->vcpu, 0x45);
	EXPECT_TRUE(set == 2 || set == 4);
	/* To nobody: 0, "blocked". */
	EXPECT_EQ(0, msi_to(&self->vm, 77, 0));
	/* FFH is everybody, unless KVM_CAP_X2APIC_API says that it is an id. */
	EXPECT_EQ(VCPUS, msi_to(&self->vm, 0xff, 0));
	EXPECT_EQ(0xf, take(self->vcpu, 0x45));
}

TEST_HARNESS_MAIN
