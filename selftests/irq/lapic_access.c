// SPDX-License-Identifier: GPL-2.0-only
/*
 * The APIC's page may be known to the CPU by a page of memory behind it. No vCPU
 * may ever see that page: not where its APIC is elsewhere, off or in x2APIC mode.
 */
#include <string.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define ELSEWHERE	0xfed00000u

FIXTURE(access) {
	struct vt_vm vm;
	struct vt_vcpu vcpu, other;
};

FIXTURE_SETUP(access)
{
	vt_irq_create(&self->vm, &self->vcpu);
	vt_irq_vcpu(&self->vm, &self->other, 1);
	/* Both have used it. */
	vt_apic_write(&self->vcpu, APIC_TPR, 0x20);
	vt_apic_write(&self->other, APIC_TPR, 0x30);
}

FIXTURE_TEARDOWN(access)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vcpu_destroy(&self->other);
	vt_vm_destroy(&self->vm);
}

TEST_F(access, of_each_its_own)
{
	EXPECT_EQ(0x20, vt_apic_read(&self->vcpu, APIC_TPR));
	EXPECT_EQ(0x30, vt_apic_read(&self->other, APIC_TPR));
	EXPECT_EQ(0u, vt_apic_read(&self->vcpu, APIC_ID));
	EXPECT_EQ(1u << 24, vt_apic_read(&self->other, APIC_ID));
	EXPECT_EQ(0x00050014, vt_apic_read(&self->other, APIC_VERSION));
}

/* In x2APIC mode there is no page: user space is asked, as for any address. */
TEST_F(access, not_in_x2apic_mode)
{
	if (vt_on_kvm())
		SKIP(return, "KVM answers with ones");
	vt_enable_x2apic(&self->vcpu);
	vt_write32(&self->vcpu, VT_LAPIC + APIC_TPR, 0x77);
	EXPECT_EQ(~0u, vt_read32(&self->vcpu, VT_LAPIC + APIC_TPR));
	EXPECT_EQ(0x20, vt_apic_read(&self->vcpu, APIC_TPR));
	/* The other one's is where it was. */
	EXPECT_EQ(0x30, vt_apic_read(&self->other, APIC_TPR));
	vt_apic_write(&self->other, APIC_TPR, 0x40);
	EXPECT_EQ(0x40, vt_apic_read(&self->other, APIC_TPR));
	EXPECT_EQ(4, vt_guest_cr8(&self->other));
}

static void set_base(struct vt_vcpu *vcpu, uint64_t base)
{
	struct kvm_sregs sregs;

	vt_get_sregs(vcpu, &sregs);
	sregs.apic_base = base;
	vt_set_sregs(vcpu, &sregs);
}

TEST_F(access, elsewhere)
{
	struct kvm_sregs sregs;

	vt_get_sregs(&self->vcpu, &sregs);
	set_base(&self->vcpu, ELSEWHERE | BASE_ENABLE | BASE_BSP);
	EXPECT_EQ(0x20, vt_read32(&self->vcpu, ELSEWHERE + APIC_TPR));
	vt_write32(&self->vcpu, ELSEWHERE + APIC_TPR, 0x50);
	EXPECT_EQ(5, vt_guest_cr8(&self->vcpu));
	/* Where it was is nothing. */
	EXPECT_TRUE(vt_try_write(&self->vcpu, VT_LAPIC + APIC_TPR, 4, 0x10));
	EXPECT_EQ(KVM_EXIT_MMIO, self->vcpu.run->exit_reason);
	/* But for the other one. */
	EXPECT_EQ(0x30, vt_apic_read(&self->other, APIC_TPR));
	set_base(&self->vcpu, sregs.apic_base);
	EXPECT_EQ(0x50, vt_apic_read(&self->vcpu, APIC_TPR));
}

TEST_F(access, turned_off)
{
	set_base(&self->vcpu, VT_LAPIC | BASE_BSP);
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_LAPIC + APIC_TPR, 4, 0x10));
	EXPECT_EQ(~0u, vt_read32(&self->vcpu, VT_LAPIC + APIC_TPR));
	EXPECT_EQ(0x30, vt_apic_read(&self->other, APIC_TPR));
}

/* Memory that user space puts there is what the guest sees. */
TEST_F(access, memory_comes_first)
{
	uint8_t *page = vt_anon(VT_PAGE);

	if (vt_on_kvm())
		SKIP(return, "KVM keeps the place for itself");
	vt_set_slot(&self->vm, 1, VT_LAPIC, VT_PAGE, page, 0);
	memset(page, 0x5a, VT_PAGE);
	EXPECT_EQ(0x5a5a5a5a, vt_read32(&self->vcpu, VT_LAPIC + APIC_TPR));
	vt_write32(&self->other, VT_LAPIC + APIC_TPR, 0x12345678);
	EXPECT_EQ(0x12345678, *(volatile uint32_t *)(page + APIC_TPR));
	EXPECT_EQ(3, vt_guest_cr8(&self->other));
}

TEST_HARNESS_MAIN
