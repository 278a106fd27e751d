// SPDX-License-Identifier: GPL-2.0-only
/* The I/O APIC: datasheet "82093AA". */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "vt_irq.h"

#define LOGICAL		(1ull << 11)
#define REMOTE_IRR	(1ull << 14)
#define LEVEL		(1ull << 15)
#define MASKED		(1ull << 16)

#define PIN	20	/* not one of the PIC's */

FIXTURE(ioapic) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(ioapic)
{
	vt_irq_create(&self->vm, &self->vcpu);
}

FIXTURE_TEARDOWN(ioapic)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

TEST_F(ioapic, registers)
{
	EXPECT_EQ(0x00170011, vt_ioapic_read(&self->vcpu, 1));
	vt_ioapic_write(&self->vcpu, 1, 0);
	EXPECT_EQ(0x00170011, vt_ioapic_read(&self->vcpu, 1));
	/* Four bits of id. */
	vt_ioapic_write(&self->vcpu, 0, 0xffffffff);
	EXPECT_EQ(0x0f000000, vt_ioapic_read(&self->vcpu, 0));
	EXPECT_EQ(0x0f000000, vt_ioapic_read(&self->vcpu, 2));
	vt_write32(&self->vcpu, VT_IOAPIC, 0x12);
	EXPECT_EQ(0x12, vt_read32(&self->vcpu, VT_IOAPIC));
}

TEST_F(ioapic, all_masked_after_reset)
{
	for (unsigned int pin = 0; pin < 24; pin++)
		EXPECT_EQ(MASKED, vt_ioapic_entry(&self->vcpu, pin));
}

TEST_F(ioapic, read_only_bits)
{
	vt_ioapic_set(&self->vcpu, PIN, MASKED | LEVEL | REMOTE_IRR | 1ull << 12 | 0x41);
	EXPECT_EQ(MASKED | LEVEL | 0x41, vt_ioapic_entry(&self->vcpu, PIN));
}

TEST_F(ioapic, edge)
{
	vt_ioapic_set(&self->vcpu, PIN, 0x41);
	vt_line(&self->vm, PIN, 1);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	/* High still, and no EOI matters for the pin. */
	EXPECT_EQ(0, vt_line_status(&self->vm, PIN, 1));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, PIN, 0);
	vt_line(&self->vm, PIN, 1);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
}

TEST_F(ioapic, edge_while_masked_is_lost)
{
	vt_ioapic_set(&self->vcpu, PIN, MASKED | 0x41);
	EXPECT_EQ(-1, vt_line_status(&self->vm, PIN, 1));
	vt_ioapic_set(&self->vcpu, PIN, 0x41);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(ioapic, level_comes_again_after_eoi)
{
	vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
	EXPECT_EQ(1, vt_line_status(&self->vm, PIN, 1));
	EXPECT_EQ(LEVEL | REMOTE_IRR | 0x41, vt_ioapic_entry(&self->vcpu, PIN));
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, PIN, 0);
	EXPECT_EQ(LEVEL | REMOTE_IRR | 0x41, vt_ioapic_entry(&self->vcpu, PIN));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(LEVEL | 0x41, vt_ioapic_entry(&self->vcpu, PIN));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(ioapic, level_is_not_sent_twice_before_eoi)
{
	vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
	vt_line(&self->vm, PIN, 1);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, PIN, 0);
	vt_line(&self->vm, PIN, 1);
	vt_line(&self->vm, PIN, 0);
	vt_eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(ioapic, level_waits_while_masked)
{
	vt_ioapic_set(&self->vcpu, PIN, MASKED | LEVEL | 0x41);
	vt_line(&self->vm, PIN, 1);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	/* Masked when the EOI comes: not sent, but sent when unmasked. */
	vt_ioapic_set(&self->vcpu, PIN, MASKED | LEVEL | 0x41);
	vt_eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
}

/* How software without an EOI register makes a pin forget. */
TEST_F(ioapic, edge_mode_clears_remote_irr)
{
	vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
	vt_line(&self->vm, PIN, 1);
	vt_line(&self->vm, PIN, 0);
	EXPECT_EQ(LEVEL | REMOTE_IRR | 0x41, vt_ioapic_entry(&self->vcpu, PIN));
	vt_ioapic_set(&self->vcpu, PIN, MASKED | 0x41);
	EXPECT_EQ(MASKED | 0x41, vt_ioapic_entry(&self->vcpu, PIN));
	vt_ioapic_set(&self->vcpu, PIN, MASKED | LEVEL | 0x41);
	EXPECT_EQ(MASKED | LEVEL | 0x41, vt_ioapic_entry(&self->vcpu, PIN));
}

TEST_F(ioapic, two_pins_share_a_vector)
{
	vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
	vt_ioapic_set(&self->vcpu, PIN + 1, LEVEL | 0x41);
	vt_line(&self->vm, PIN, 1);
	vt_line(&self->vm, PIN + 1, 1);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, PIN, 0);
	vt_eoi(&self->vcpu);
	/* The other one is high. */
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, PIN + 1, 0);
	vt_eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(ioapic, nobody_is_addressed)
{
	vt_ioapic_set(&self->vcpu, PIN, 9ull << 56 | 0x41);
	EXPECT_LE(vt_line_status(&self->vm, PIN, 1), 0);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

/* Who does not take the message does not end it either: the next change sends it again. */
TEST_F(ioapic, level_that_is_refused)
{
	static const struct { uint32_t spiv, vector; } refused[] = {
		{ 0xff, 0x41 },		/* disabled by software */
		{ 0x1ff, 0x0f },	/* no vector of an interrupt */
	};

	/* KVM takes any vector. */
	for (unsigned int i = 0; i < (vt_on_kvm() ? 1 : ARRAY_SIZE(refused)); i++) {
		vt_write32(&self->vcpu, VT_LAPIC + 0xf0, refused[i].spiv);
		vt_ioapic_set(&self->vcpu, PIN, LEVEL | refused[i].vector);
		vt_line(&self->vm, PIN, 1);
		EXPECT_EQ(0, vt_ioapic_entry(&self->vcpu, PIN) & REMOTE_IRR);
		vt_write32(&self->vcpu, VT_LAPIC + 0xf0, 0x1ff);
		vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
		EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
		vt_line(&self->vm, PIN, 0);
		vt_eoi(&self->vcpu);
		EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	}
}

TEST_F(ioapic, logical_destination)
{
	/* LDR: bit 2 of the flat model. */
	vt_write32(&self->vcpu, VT_LAPIC + 0xe0, 0xffffffff);
	vt_write32(&self->vcpu, VT_LAPIC + 0xd0, 4u << 24);
	vt_ioapic_set(&self->vcpu, PIN, 3ull << 56 | LOGICAL | 0x41);
	EXPECT_LE(vt_line_status(&self->vm, PIN, 1), 0);
	vt_line(&self->vm, PIN, 0);
	vt_ioapic_set(&self->vcpu, PIN, 6ull << 56 | LOGICAL | 0x41);
	EXPECT_EQ(1, vt_line_status(&self->vm, PIN, 1));
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
}

TEST_F(ioapic, to_another_vcpu)
{
	struct vt_vcpu other;

	vt_irq_vcpu(&self->vm, &other, 1);
	vt_ioapic_set(&self->vcpu, PIN, 1ull << 56 | 0x42);
	vt_line(&self->vm, PIN, 1);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0x42, vt_irq_next(&other));
	vt_vcpu_destroy(&other);
}

TEST_F(ioapic, state_goes_out_and_in)
{
	struct kvm_irqchip before, after;

	vt_ioapic_write(&self->vcpu, 0, 0x05000000);
	vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
	vt_ioapic_set(&self->vcpu, PIN + 1, 0x52);
	vt_line(&self->vm, PIN, 1);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, PIN + 1, 1);
	EXPECT_EQ(0x52, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	vt_get_chip(&self->vm, KVM_IRQCHIP_IOAPIC, &before);
	EXPECT_EQ(VT_IOAPIC, before.chip.ioapic.base_address);
	EXPECT_EQ(5, before.chip.ioapic.id);
	EXPECT_EQ(LEVEL | REMOTE_IRR | 0x41, before.chip.ioapic.redirtbl[PIN].bits);
	/* The level is pending, the edge was sent. */
	EXPECT_EQ(1u << PIN, before.chip.ioapic.irr);

	vt_ioapic_set(&self->vcpu, PIN, MASKED);
	vt_set_chip(&self->vm, &before);
	vt_get_chip(&self->vm, KVM_IRQCHIP_IOAPIC, &after);
	EXPECT_EQ(0, memcmp(&before.chip.ioapic, &after.chip.ioapic,
			    sizeof(before.chip.ioapic)));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
}

/* A pending edge in the state is sent when the state is set. */
TEST_F(ioapic, restored_edge_is_sent)
{
	struct kvm_irqchip chip;

	vt_ioapic_set(&self->vcpu, PIN, 0x41);
	vt_get_chip(&self->vm, KVM_IRQCHIP_IOAPIC, &chip);
	chip.chip.ioapic.irr = 1u << PIN;
	vt_set_chip(&self->vm, &chip);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
}

TEST_F(ioapic, set_refuses_nonsense)
{
	struct kvm_irqchip chip;

	if (vt_on_kvm())
		SKIP(return, "KVM takes anything");
	vt_get_chip(&self->vm, KVM_IRQCHIP_IOAPIC, &chip);
	chip.chip.ioapic.base_address = 0xfed00000;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_IRQCHIP, &chip));
	chip.chip.ioapic.base_address = VT_IOAPIC;
	chip.chip.ioapic.irr = 1u << 24;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_IRQCHIP, &chip));
	chip.chip.ioapic.irr = 0;
	chip.chip.ioapic.ioregsel = 0x100;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_IRQCHIP, &chip));
}

TEST_HARNESS_MAIN
