// SPDX-License-Identifier: GPL-2.0-only
/* The local APIC's state as user space sees it, and its modes. */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

FIXTURE(state) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(state)
{
	vt_irq_create(&self->vm, &self->vcpu);
}

FIXTURE_TEARDOWN(state)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

#define DEFAULT_BASE	(VT_LAPIC | BASE_BSP | BASE_ENABLE)

TEST_F(state, base_after_reset)
{
	struct vt_vcpu other;
	struct kvm_sregs sregs;

	EXPECT_EQ(DEFAULT_BASE, vt_get_msr(&self->vcpu, MSR_APIC_BASE));
	vt_irq_vcpu(&self->vm, &other, 1);
	EXPECT_EQ(VT_LAPIC | BASE_ENABLE, vt_get_msr(&other, MSR_APIC_BASE));
	vt_get_sregs(&other, &sregs);
	EXPECT_EQ(VT_LAPIC | BASE_ENABLE, sregs.apic_base);
	vt_vcpu_destroy(&other);
}

/* SDM 3A, "x2APIC State Transitions". */
TEST_F(state, base_transitions)
{
	static const struct {
		uint32_t from, to;
		bool legal;
	} steps[] = {
		{ BASE_ENABLE, BASE_ENABLE | BASE_X2APIC, true },
		{ BASE_ENABLE, 0, true },
		{ BASE_ENABLE, BASE_X2APIC, false },
		{ BASE_ENABLE | BASE_X2APIC, BASE_ENABLE, false },
		{ BASE_ENABLE | BASE_X2APIC, 0, true },
		{ BASE_ENABLE | BASE_X2APIC, BASE_X2APIC, false },
		{ 0, BASE_ENABLE | BASE_X2APIC, false },
		{ 0, BASE_X2APIC, false },
		{ 0, BASE_ENABLE, true },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		uint64_t now;

		/* User space may go from anywhere to anywhere legal. */
		ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_APIC_BASE,
					VT_LAPIC | BASE_BSP | steps[i].from));
		EXPECT_EQ(steps[i].legal,
			  vt_try_wrmsr(&self->vcpu, MSR_APIC_BASE,
				       VT_LAPIC | BASE_BSP | steps[i].to))
			TH_LOG("step %u", i);
		now = VT_LAPIC | BASE_BSP | (steps[i].legal ? steps[i].to : steps[i].from);
		EXPECT_EQ(now, vt_get_msr(&self->vcpu, MSR_APIC_BASE));
		EXPECT_EQ(now, self->vcpu.run->apic_base);
	}
}

TEST_F(state, base_reserved_bits)
{
	static const uint64_t bad[] = {
		1, 2, 0x80, 1 << 9, 1ull << 52, 1ull << 63,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_FALSE(vt_try_wrmsr(&self->vcpu, MSR_APIC_BASE, DEFAULT_BASE | bad[i]));
		EXPECT_EQ(0, vt_set_msr(&self->vcpu, MSR_APIC_BASE, DEFAULT_BASE | bad[i]));
	}
	EXPECT_EQ(DEFAULT_BASE, vt_get_msr(&self->vcpu, MSR_APIC_BASE));
	EXPECT_EQ(0, vt_set_msr(&self->vcpu, MSR_APIC_BASE, VT_LAPIC | BASE_X2APIC));
}

/* Off and on again is a reset; off, the CPU takes the PIC's output. */
TEST_F(state, globally_disabled)
{
	struct vt_vcpu other;

	vt_irq_vcpu(&self->vm, &other, 1);
	vt_apic_write(&other, APIC_TPR, 0x70);
	vt_apic_write(&other, APIC_LDR, 0x12000000);
	EXPECT_TRUE(vt_try_wrmsr(&other, MSR_APIC_BASE, VT_LAPIC));
	EXPECT_EQ(0, vt_msi(&self->vm, VT_LAPIC | 1 << 12, 0x41));
	EXPECT_TRUE(vt_try_wrmsr(&other, MSR_APIC_BASE, VT_LAPIC | BASE_ENABLE));
	EXPECT_EQ(-1, vt_irq_next(&other));
	/* KVM keeps the registers. */
	if (!vt_on_kvm()) {
		EXPECT_EQ(0, vt_apic_read(&other, APIC_TPR));
		EXPECT_EQ(0, vt_apic_read(&other, APIC_LDR));
		EXPECT_EQ(0xff, vt_apic_read(&other, APIC_SPIV));
	}
	vt_vcpu_destroy(&other);
}

TEST_F(state, another_address)
{
	if (vt_on_kvm())
		SKIP(return, "KVM with APIC virtualization moves the page nowhere");
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_APIC_BASE,
				 0xfe000000 | BASE_BSP | BASE_ENABLE));
	EXPECT_EQ(0x00050014, vt_read32(&self->vcpu, 0xfe000000 + APIC_VERSION));
	/* Nothing is left where it was. */
	EXPECT_TRUE(vt_try_write(&self->vcpu, VT_LAPIC + APIC_TPR, 4, 0x30));
	EXPECT_FALSE(vt_try_write(&self->vcpu, 0xfe000000 + APIC_TPR, 4, 0x30));
	EXPECT_EQ(0x30, vt_read32(&self->vcpu, 0xfe000000 + APIC_TPR));
}

static uint32_t read_hole(struct vt_vcpu *vcpu)
{
	return vt_read32(vcpu, VT_LAPIC + APIC_VERSION);
}

/* KVM_X86_QUIRK_LAPIC_MMIO_HOLE: the page swallows accesses in x2APIC mode. */
TEST_F(state, page_in_x2apic_mode)
{
	vt_enable_x2apic(&self->vcpu);
	EXPECT_EQ(0xffffffff, read_hole(&self->vcpu));
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_LAPIC + APIC_TPR, 4, 0x30));
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_TPR));
}

TEST_F(state, page_without_the_quirk)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_DISABLE_QUIRKS2 };

	cap.args[0] = KVM_X86_QUIRK_LAPIC_MMIO_HOLE;
	EXPECT_EQ(cap.args[0], cap.args[0] & vt_cap(self->vm.dev, KVM_CAP_DISABLE_QUIRKS2));
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_ENABLE_CAP, &cap));
	vt_enable_x2apic(&self->vcpu);
	EXPECT_TRUE(vt_try_write(&self->vcpu, VT_LAPIC + APIC_TPR, 4, 0x30));
	EXPECT_EQ(KVM_EXIT_MMIO, self->vcpu.run->exit_reason);
	cap.args[0] = 1ull << 40;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_ENABLE_CAP, &cap));
}

/* KVM_X86_QUIRK_LINT0_REENABLED: the first vCPU's LINT0 is the PIC's at reset. */
TEST_F(state, lint0_at_reset)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_DISABLE_QUIRKS2 };
	struct kvm_lapic_state state;
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	for (int off = 0; off < 2; off++) {
		vt_vm_create(&vm);
		ASSERT_EQ(0, vt_ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
		cap.args[0] = off ? KVM_X86_QUIRK_LINT0_REENABLED : 0;
		ASSERT_EQ(0, VT_IOCTL(vm.fd, KVM_ENABLE_CAP, &cap));
		vt_vcpu_create(&vm, &vcpu, 0);
		vt_get_lapic(&vcpu, &state);
		EXPECT_EQ(off ? LVT_MASKED : 0x700, vt_lapic_reg(&state, APIC_LVT0));
		vt_vcpu_destroy(&vcpu);
		vt_vm_destroy(&vm);
	}
}

/* Get, set, get; and the vCPU goes on as if nothing had been. */
static void fill(struct vt_vm *vm, struct vt_vcpu *vcpu)
{
	vt_apic_write(vcpu, APIC_TPR, 0x20);
	vt_apic_write(vcpu, APIC_LVT1, 0x400);
	vt_apic_write(vcpu, APIC_LVTERR, 0x54);
	vt_apic_write(vcpu, APIC_TDCR, 0xa);
	vt_msi(vm, VT_LAPIC, 0x51);
	vt_msi(vm, VT_LAPIC, 0x31);
	if (vt_irq_next(vcpu) != 0x51)
		vt_die("vector 51H was not taken");
	vt_msi(vm, VT_LAPIC, 0x52);
	vt_ipi(vcpu, 0x41, 0x77);
}

static void goes_on(struct __test_metadata *_metadata, struct vt_vcpu *vcpu)
{
	EXPECT_EQ(-1, vt_irq_next(vcpu));
	vt_apic_write(vcpu, APIC_EOI, 0);
	EXPECT_EQ(0x52, vt_irq_next(vcpu));
	vt_apic_write(vcpu, APIC_EOI, 0);
	EXPECT_EQ(0x31, vt_irq_next(vcpu));
	vt_apic_write(vcpu, APIC_EOI, 0);
	EXPECT_EQ(-1, vt_irq_next(vcpu));
}

TEST_F(state, round_trip)
{
	struct kvm_lapic_state before, zero = { 0 }, after;

	fill(&self->vm, &self->vcpu);
	vt_get_lapic(&self->vcpu, &before);
	EXPECT_EQ(0, vt_lapic_reg(&before, APIC_ID));
	EXPECT_EQ(0x50, vt_lapic_reg(&before, APIC_PPR));
	EXPECT_EQ(0x77000000, vt_lapic_reg(&before, APIC_ICR2));
	EXPECT_EQ(1u << 0x11, vt_lapic_reg(&before, APIC_ISR + 0x20));
	EXPECT_EQ(1u << 0x12, vt_lapic_reg(&before, APIC_IRR + 0x20));

	EXPECT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_LAPIC, &zero));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_LAPIC, &before));
	vt_get_lapic(&self->vcpu, &after);
	for (unsigned int offset = 0; offset < sizeof(before); offset += 16) {
		/* KVM computes PPR later. */
		if (vt_on_kvm() && offset == APIC_PPR)
			continue;
		EXPECT_EQ(vt_lapic_reg(&before, offset), vt_lapic_reg(&after, offset))
			TH_LOG("register %#x", offset);
	}
	goes_on(_metadata, &self->vcpu);
}

TEST_F(state, round_trip_x2apic)
{
	struct kvm_lapic_state before, after;
	struct vt_vcpu vcpu;

	vt_irq_vcpu(&self->vm, &vcpu, 0x21);
	vt_enable_x2apic(&vcpu);
	vt_ipi(&vcpu, 0x41, 0x12345678);
	vt_get_lapic(&vcpu, &before);
	/* Where xAPIC mode has it, and only its low eight bits. */
	EXPECT_EQ(0x21000000, vt_lapic_reg(&before, APIC_ID));
	EXPECT_EQ(0x20002, vt_lapic_reg(&before, APIC_LDR));
	EXPECT_EQ(0x12345678, vt_lapic_reg(&before, APIC_ICR2));
	EXPECT_EQ(0, VT_IOCTL(vcpu.fd, KVM_SET_LAPIC, &before));
	vt_get_lapic(&vcpu, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	vt_vcpu_destroy(&vcpu);
}

/* KVM_CAP_X2APIC_API: ids of 32 bits. */
TEST_F(state, wide_ids)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_X2APIC_API };
	struct kvm_lapic_state lapic;
	struct kvm_msi msi = { .address_lo = VT_LAPIC, .data = 0x45 };
	struct vt_vcpu vcpu;
	const uint32_t id = 0x105;

	if (vt_cap(self->vm.dev, KVM_CAP_MAX_VCPU_ID) <= id)
		SKIP(return, "vCPU ids end below 256");
	EXPECT_EQ(3, vt_cap(self->vm.dev, KVM_CAP_X2APIC_API));
	cap.args[0] = 4;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_ENABLE_CAP, &cap));
	cap.args[0] = 3;
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_ENABLE_CAP, &cap));

	vt_irq_vcpu(&self->vm, &vcpu, id);
	vt_enable_x2apic(&vcpu);
	vt_get_lapic(&vcpu, &lapic);
	EXPECT_EQ(id, vt_lapic_reg(&lapic, APIC_ID));
	EXPECT_EQ(0, VT_IOCTL(vcpu.fd, KVM_SET_LAPIC, &lapic));
	vt_set_lapic_reg(&lapic, APIC_ID, id << 24);
	EXPECT_EQ(-EINVAL, VT_IOCTL(vcpu.fd, KVM_SET_LAPIC, &lapic));
	/* The high half of an MSI's address has bits 31:8 of the destination. */
	msi.address_lo |= 5 << 12;
	msi.address_hi = 0x100;
	EXPECT_EQ(1, VT_IOCTL(self->vm.fd, KVM_SIGNAL_MSI, &msi));
	EXPECT_EQ(0x45, vt_irq_next(&vcpu));
	msi.address_hi = 0x101;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SIGNAL_MSI, &msi));
	/* FFH is an id like others now. */
	msi.address_lo = VT_LAPIC | 0xff << 12;
	msi.address_hi = 0;
	vt_enable_x2apic(&self->vcpu);
	EXPECT_EQ(0, VT_IOCTL(self->vm.fd, KVM_SIGNAL_MSI, &msi));
	vt_vcpu_destroy(&vcpu);
}

TEST_F(state, wrong_x2apic_id)
{
	struct kvm_lapic_state lapic;

	if (vt_on_kvm())
		SKIP(return, "KVM looks at ids of 32 bits only");
	vt_enable_x2apic(&self->vcpu);
	vt_get_lapic(&self->vcpu, &lapic);
	vt_set_lapic_reg(&lapic, APIC_ID, 7u << 24);
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_LAPIC, &lapic));
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_ID));
}

/* All ones, in either mode: what there is not is not stored, and nothing hangs. */
TEST_F(state, hostile_page)
{
	struct kvm_lapic_state lapic;
	struct vt_vcpu vcpu;

	vt_irq_vcpu(&self->vm, &vcpu, 1);
	for (int x2apic = 0; x2apic < 2; x2apic++) {
		memset(&lapic, 0xff, sizeof(lapic));
		vt_set_lapic_reg(&lapic, APIC_ID, 1u << 24);
		vt_set_lapic_reg(&lapic, APIC_TMICT, 0);
		EXPECT_EQ(0, VT_IOCTL(vcpu.fd, KVM_SET_LAPIC, &lapic));
		vt_get_lapic(&vcpu, &lapic);
		EXPECT_EQ(0x50014, vt_lapic_reg(&lapic, APIC_VERSION));
		if (!vt_on_kvm()) {
			EXPECT_EQ(0xff, vt_lapic_reg(&lapic, APIC_TPR));
			EXPECT_EQ(0x3ff, vt_lapic_reg(&lapic, APIC_SPIV));
			EXPECT_EQ(0xffffffff, vt_lapic_reg(&lapic, APIC_IRR));
			EXPECT_EQ(0xffff0000, vt_lapic_reg(&lapic, APIC_ISR));
			EXPECT_EQ(0x0001a7ff, vt_lapic_reg(&lapic, APIC_LVT0));
		}
		EXPECT_EQ(-1, vt_irq_next(&vcpu));
		for (int i = 0; i < 300; i++)
			vt_apic_write(&vcpu, APIC_EOI, 0);
		vt_apic_write(&vcpu, APIC_TPR, 0);
		EXPECT_EQ(0xff, vt_irq_next(&vcpu));
		vt_apic_write(&vcpu, APIC_EOI, 0);
		EXPECT_EQ(0xfe, vt_irq_next(&vcpu));
		vt_enable_x2apic(&vcpu);
	}
	vt_vcpu_destroy(&vcpu);
}

TEST_F(state, without_an_irqchip)
{
	struct kvm_lapic_state lapic = { 0 };
	struct kvm_vapic_addr vapic = { 0 };
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	EXPECT_EQ(-EINVAL, VT_IOCTL(vcpu.fd, KVM_GET_LAPIC, &lapic));
	EXPECT_EQ(-EINVAL, VT_IOCTL(vcpu.fd, KVM_SET_LAPIC, &lapic));
	EXPECT_EQ(-EINVAL, VT_IOCTL(vcpu.fd, KVM_SET_VAPIC_ADDR, &vapic));
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

TEST_F(state, bad_pointers)
{
	EXPECT_EQ(-EFAULT, vt_ioctl(self->vcpu.fd, KVM_GET_LAPIC, 8));
	EXPECT_EQ(-EFAULT, vt_ioctl(self->vcpu.fd, KVM_SET_LAPIC, 8));
	EXPECT_EQ(-EFAULT, vt_ioctl(self->vcpu.fd, KVM_SET_VAPIC_ADDR, 8));
}

/* Where there is memory, or 0 for none. */
TEST_F(state, vapic_address)
{
	static const uint64_t bad[] = {
		1ull << 40, ~0ull, ~0ull - 3, 1ull << 63, VT_LOW_SIZE,
	};
	struct kvm_vapic_addr vapic;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		vapic.vapic_addr = bad[i];
		EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_VAPIC_ADDR, &vapic))
			TH_LOG("address %#llx", (unsigned long long)bad[i]);
	}
	vapic.vapic_addr = VT_FREE;
	EXPECT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VAPIC_ADDR, &vapic));
	vapic.vapic_addr = 0;
	EXPECT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VAPIC_ADDR, &vapic));
}

/*
 * The guest keeps its TPR in memory then, in the lowest of four bytes; two others
 * tell it what is in service and what waits.
 */
TEST_F(state, vapic_holds_the_tpr)
{
	struct kvm_vapic_addr vapic = { VT_FREE };
	const volatile uint8_t *page = self->vm.mem + VT_FREE;

	vt_apic_write(&self->vcpu, APIC_TPR, 0x20);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VAPIC_ADDR, &vapic));
	EXPECT_EQ(0x20, vt_apic_read(&self->vcpu, APIC_TPR));
	EXPECT_EQ(0x20, page[0]);
	vt_msi(&self->vm, VT_LAPIC, 0x61);
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_FREE, 1, 0x70));
	EXPECT_EQ(0x70, vt_apic_read(&self->vcpu, APIC_TPR));
	EXPECT_EQ(0x61, page[3]);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_FREE, 1, 0));
	EXPECT_EQ(0x61, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_TPR));
	EXPECT_EQ(0x60, page[1]);
	EXPECT_EQ(0, page[3]);
	/* Off, and memory is memory again. */
	vapic.vapic_addr = 0;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VAPIC_ADDR, &vapic));
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_FREE, 1, 0x90));
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_TPR));
}

TEST_HARNESS_MAIN
