// SPDX-License-Identifier: GPL-2.0-only
/* Registers of the local APIC: SDM 3A, "Local APIC Register Address Map". */
#include "kselftest_harness.h"
#include "vt_apic.h"

FIXTURE(regs) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(regs)
{
	vt_irq_create(&self->vm, &self->vcpu);
}

FIXTURE_TEARDOWN(regs)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

/* SDM 3A, "Local APIC State After Power-Up or Reset". */
TEST_F(regs, after_reset)
{
	struct kvm_lapic_state state;
	struct vt_vcpu vcpu;

	vt_vcpu_create(&self->vm, &vcpu, 3);
	vt_get_lapic(&vcpu, &state);
	for (unsigned int offset = 0; offset < sizeof(state); offset += 16) {
		uint32_t want = 0;

		switch (offset) {
		case APIC_ID:
			want = 3u << 24;
			break;
		case APIC_VERSION:
			want = 0x00050014;
			break;
		case APIC_DFR:
			want = 0xffffffff;
			break;
		case APIC_SPIV:
			want = 0xff;
			break;
		case APIC_LVTT ... APIC_LVTERR:
			want = LVT_MASKED;
			break;
		}
		EXPECT_EQ(want, vt_lapic_reg(&state, offset))
			TH_LOG("register %#x", offset);
	}
	vt_vcpu_destroy(&vcpu);
}

static const struct {
	unsigned int offset;
	uint32_t written, read;
} writes[] = {
	{ APIC_VERSION, 0, 0x00050014 },
	{ APIC_TPR, 0xffffffff, 0xff },
	{ APIC_TPR, 0, 0 },
	{ APIC_LDR, 0xffffffff, 0xff000000 },
	{ APIC_DFR, 0, 0x0fffffff },
	{ APIC_DFR, 0xffffffff, 0xffffffff },
	{ APIC_SPIV, 0xffffefff, 0x3ff },
	{ APIC_ICR2, 0xffffffff, 0xff000000 },
	/* Bits 12 and 14 are status, and KVM lets them be written. */
	{ APIC_LVTT, 0xfff1afff, 0x000100ff },
	{ APIC_LVTT, 0xffffafff & ~LVT_DEADLINE, 0x000300ff },
	{ APIC_LVTT, LVT_MASKED, LVT_MASKED },
	{ APIC_LVTTHMR, 0xffffafff, 0x000107ff },
	{ APIC_LVTPC, 0xffffafff, 0x000107ff },
	{ APIC_LVT0, 0xffffafff, 0x0001a7ff },
	{ APIC_LVT1, 0xffffafff, 0x0001a7ff },
	{ APIC_LVTERR, 0xffffafff, 0x000100ff },
	{ APIC_TMICT, 0xffffffff, 0xffffffff },
	{ APIC_TMICT, 0, 0 },
	{ APIC_TMCCT, 0xffffffff, 0 },
	{ APIC_TDCR, 0xffffffff, 0xb },
	{ APIC_ISR, 0xffffffff, 0 },
	{ APIC_IRR + 0x20, 0xffffffff, 0 },
	{ APIC_TMR + 0x70, 0xffffffff, 0 },
	{ APIC_PPR, 0xffffffff, 0 },
	{ 0x40, 0xffffffff, 0 },	/* reserved */
	{ 0x3f0, 0, 0 },		/* SELF IPI, of x2APIC mode only */
};

TEST_F(regs, written_and_read)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(writes); i++) {
		vt_write32(&self->vcpu, VT_LAPIC + writes[i].offset, writes[i].written);
		EXPECT_EQ(writes[i].read, vt_read32(&self->vcpu, VT_LAPIC + writes[i].offset))
			TH_LOG("register %#x", writes[i].offset);
	}
}

/* Status bits that software cannot set. */
TEST_F(regs, status_bits)
{
	if (vt_on_kvm())
		SKIP(return, "KVM stores them");
	vt_apic_write(&self->vcpu, APIC_LVT0, 0xffffffff);
	EXPECT_EQ(0x0001a7ff, vt_apic_read(&self->vcpu, APIC_LVT0));
	vt_apic_write(&self->vcpu, APIC_LVTT, 0xffffffff & ~LVT_DEADLINE);
	EXPECT_EQ(0x000300ff, vt_apic_read(&self->vcpu, APIC_LVTT));
}

/* Only whole registers are written; a CPU may let through what is less of one. */
TEST_F(regs, odd_accesses)
{
	uint32_t tpr;

	vt_apic_write(&self->vcpu, APIC_TPR, 0x20);
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_LAPIC + APIC_TPR + 4, 4, 0x30));
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_LAPIC + APIC_TPR + 0xc, 4, 0x30));
	EXPECT_EQ(0x20, vt_apic_read(&self->vcpu, APIC_TPR));
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_LAPIC + APIC_TPR, 1, 0x30));
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_LAPIC + APIC_TPR, 2, 0x30));
	tpr = vt_apic_read(&self->vcpu, APIC_TPR);
	EXPECT_TRUE(tpr == 0x20 || tpr == 0x30);
	/* The page is the APIC's to its end. */
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_LAPIC + 0x400, 4, 1));
	EXPECT_FALSE(vt_try_write(&self->vcpu, VT_LAPIC + 0xffc, 4, 1));
	EXPECT_TRUE(vt_try_write(&self->vcpu, VT_LAPIC + 0x1000, 4, 1));
}

/* SDM 3A, "Local APIC State After It Has Been Software Disabled". */
TEST_F(regs, software_disable_masks_lvt)
{
	vt_apic_write(&self->vcpu, APIC_LVT1, 0x400);
	vt_apic_write(&self->vcpu, APIC_SPIV, 0xff);
	EXPECT_EQ(LVT_MASKED | 0x400, vt_apic_read(&self->vcpu, APIC_LVT1));
	vt_apic_write(&self->vcpu, APIC_LVT1, 0x400);
	EXPECT_EQ(LVT_MASKED | 0x400, vt_apic_read(&self->vcpu, APIC_LVT1));
	vt_apic_write(&self->vcpu, APIC_SPIV, 0x1ff);
	EXPECT_EQ(LVT_MASKED | 0x400, vt_apic_read(&self->vcpu, APIC_LVT1));
	vt_apic_write(&self->vcpu, APIC_LVT1, 0x400);
	EXPECT_EQ(0x400, vt_apic_read(&self->vcpu, APIC_LVT1));
}

TEST_F(regs, software_disabled_takes_no_interrupt)
{
	vt_apic_write(&self->vcpu, APIC_SPIV, 0xff);
	EXPECT_EQ(0, vt_msi(&self->vm, VT_LAPIC, 0x41));
	vt_apic_write(&self->vcpu, APIC_SPIV, 0x1ff);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	/* What was pending before is for the CPU to handle. */
	EXPECT_EQ(1, vt_msi(&self->vm, VT_LAPIC, 0x42));
	vt_apic_write(&self->vcpu, APIC_SPIV, 0xff);
	EXPECT_EQ(0x42, vt_irq_next(&self->vcpu));
}

/* SDM 3A, "x2APIC Register Address Space": all others are #GP. */
static bool x2apic_reads(unsigned int offset)
{
	switch (offset) {
	case APIC_ID:
	case APIC_VERSION:
	case APIC_TPR:
	case APIC_PPR:
	case APIC_LDR:
	case APIC_SPIV:
	case APIC_ISR ... APIC_ESR:
	case APIC_ICR:
	case APIC_LVTT ... APIC_TMCCT:
	case APIC_TDCR:
		return true;
	}
	return false;
}

TEST_F(regs, x2apic_reads)
{
	uint64_t value;

	for (unsigned int offset = 0; offset < 0x1000; offset += 0x10)
		EXPECT_FALSE(vt_try_rdmsr(&self->vcpu, MSR_X2APIC(offset), &value));
	vt_enable_x2apic(&self->vcpu);
	for (unsigned int offset = 0; offset < 0x1000; offset += 0x10) {
		EXPECT_EQ(x2apic_reads(offset),
			  vt_try_rdmsr(&self->vcpu, MSR_X2APIC(offset), &value))
			TH_LOG("register %#x", offset);
	}
}

static bool x2apic_writes(unsigned int offset)
{
	switch (offset) {
	case APIC_TPR:
	case APIC_EOI:
	case APIC_SPIV:
	case APIC_ESR:
	case APIC_ICR:
	case APIC_LVTT ... APIC_TMICT:
	case APIC_TDCR:
		return true;
	}
	/* SELF IPI */
	return offset == 0x3f0;
}

TEST_F(regs, x2apic_writes)
{
	vt_enable_x2apic(&self->vcpu);
	for (unsigned int offset = 0; offset < 0x1000; offset += 0x10) {
		EXPECT_EQ(x2apic_writes(offset),
			  vt_try_wrmsr(&self->vcpu, MSR_X2APIC(offset), 0))
			TH_LOG("register %#x", offset);
	}
}

/* A reserved bit of a register: low half of what may be set, per register. */
static const struct {
	unsigned int offset;
	uint64_t bits;
} x2apic_bits[] = {
	{ APIC_TPR, 0xff },
	{ APIC_EOI, 0 },
	{ APIC_SPIV, 0x3ff },
	{ APIC_ESR, 0 },
	{ APIC_ICR, 0xffffffff000cdfff },
	{ APIC_LVTT, 0x000710ff },
	{ APIC_LVTTHMR, 0x000117ff },
	{ APIC_LVTPC, 0x000117ff },
	{ APIC_LVT0, 0x0001f7ff },
	{ APIC_LVT1, 0x0001f7ff },
	{ APIC_LVTERR, 0x000110ff },
	{ APIC_TMICT, 0xffffffff },
	{ APIC_TDCR, 0xb },
	{ 0x3f0, 0xff },
};

TEST_F(regs, x2apic_reserved_bits)
{
	if (vt_on_kvm())
		SKIP(return, "KVM drops most reserved bits instead of raising #GP");
	vt_enable_x2apic(&self->vcpu);
	for (unsigned int i = 0; i < ARRAY_SIZE(x2apic_bits); i++) {
		for (unsigned int bit = 0; bit < 64; bit++) {
			if (x2apic_bits[i].bits >> bit & 1)
				continue;
			EXPECT_FALSE(vt_try_wrmsr(&self->vcpu, MSR_X2APIC(x2apic_bits[i].offset),
						  1ull << bit))
				TH_LOG("register %#x bit %u", x2apic_bits[i].offset, bit);
		}
	}
}

/* The same registers, seen through either door. */
TEST_F(regs, x2apic_keeps_them)
{
	struct vt_vcpu vcpu;
	uint64_t icr;

	vt_irq_vcpu(&self->vm, &vcpu, 0x25);
	vt_apic_write(&vcpu, APIC_TPR, 0x31);
	vt_apic_write(&vcpu, APIC_LVT1, 0x400);
	vt_enable_x2apic(&vcpu);
	EXPECT_EQ(0x31, vt_apic_read(&vcpu, APIC_TPR));
	EXPECT_EQ(0x400, vt_apic_read(&vcpu, APIC_LVT1));
	EXPECT_EQ(0x25, vt_apic_read(&vcpu, APIC_ID));
	/* SDM 3A, "Logical Destination Mode in x2APIC Mode". */
	EXPECT_EQ(2u << 16 | 1u << 5, vt_apic_read(&vcpu, APIC_LDR));
	/* 64 bits at once, and nobody is there to take it. */
	EXPECT_TRUE(vt_try_wrmsr(&vcpu, MSR_X2APIC(APIC_ICR), 0x7700000041ull));
	EXPECT_TRUE(vt_try_rdmsr(&vcpu, MSR_X2APIC(APIC_ICR), &icr));
	EXPECT_EQ(0x7700000041ull, icr);
	vt_vcpu_destroy(&vcpu);
}

/* SDM 3A, "Error Handling": a write makes what was collected visible. */
TEST_F(regs, error_status)
{
	if (vt_on_kvm())
		SKIP(return, "KVM collects no errors");
	vt_apic_write(&self->vcpu, APIC_LVTERR, 0x55);
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_ESR));
	/* A vector below 16 cannot be sent. */
	vt_ipi(&self->vcpu, ICR_SELF | 0x0f, 0);
	EXPECT_EQ(0x55, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_ESR));
	vt_apic_write(&self->vcpu, APIC_ESR, 0);
	EXPECT_EQ(1u << 5, vt_apic_read(&self->vcpu, APIC_ESR) & ~(1u << 6));
	vt_apic_write(&self->vcpu, APIC_ESR, 0);
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_ESR));
	/* Nor received. */
	vt_msi(&self->vm, VT_LAPIC, 0x05);
	EXPECT_EQ(0x55, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_apic_write(&self->vcpu, APIC_ESR, 0);
	EXPECT_EQ(1u << 6, vt_apic_read(&self->vcpu, APIC_ESR));
	/* A masked entry collects, and interrupts nobody. */
	vt_apic_write(&self->vcpu, APIC_ESR, 0);
	vt_apic_write(&self->vcpu, APIC_LVTERR, LVT_MASKED | 0x55);
	vt_ipi(&self->vcpu, ICR_SELF | 3, 0);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_apic_write(&self->vcpu, APIC_ESR, 0);
	EXPECT_EQ(1u << 5, vt_apic_read(&self->vcpu, APIC_ESR) & ~(1u << 6));
}

/* Reads and writes where no register is: SDM 3A, "Error Handling". */
TEST_F(regs, illegal_register)
{
	static const unsigned int none[] = { 0, 0x70, 0x290, 0x2e0, 0x3a0, 0x3d0, 0x3f0, 0x400,
					     0xff0 };

	if (vt_on_kvm())
		SKIP(return, "KVM collects no errors");
	vt_apic_write(&self->vcpu, APIC_LVTERR, 0x55);
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(none); i++) {
		if (i & 1)
			vt_read32(&self->vcpu, VT_LAPIC + none[i / 2]);
		else
			vt_write32(&self->vcpu, VT_LAPIC + none[i / 2], 0);
		EXPECT_EQ(0x55, vt_irq_next(&self->vcpu));
		vt_eoi(&self->vcpu);
		vt_apic_write(&self->vcpu, APIC_ESR, 0);
		EXPECT_EQ(1u << 7, vt_apic_read(&self->vcpu, APIC_ESR))
			TH_LOG("%s of %#x", i & 1 ? "read" : "write", none[i / 2]);
		vt_apic_write(&self->vcpu, APIC_ESR, 0);
	}
	/* Those that are there, and those that only cannot be written, are none. */
	for (unsigned int offset = 0x80; offset <= APIC_ESR; offset += 0x10)
		vt_read32(&self->vcpu, VT_LAPIC + offset);
	vt_write32(&self->vcpu, VT_LAPIC + APIC_VERSION, 0);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_apic_write(&self->vcpu, APIC_ESR, 0);
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_ESR));
}

/* SDM 3A, "TSC-Deadline Mode": where CPUID does not show it, there is none. */
TEST_F(regs, deadline_without_cpuid)
{
	struct vt_vcpu vcpu;
	uint64_t value;

	vt_vcpu_create(&self->vm, &vcpu, 1);
	vt_set_mp_state(&vcpu, KVM_MP_STATE_RUNNABLE);
	vt_irq_load(&vcpu);
	vt_pass_cpuid(&vcpu);
	vt_apic_write(&vcpu, APIC_SPIV, 0x1ff);
	vt_apic_write(&vcpu, APIC_LVTT, LVT_DEADLINE | 0x61);
	EXPECT_EQ(0x61, vt_apic_read(&vcpu, APIC_LVTT));
	if (!vt_on_kvm()) {
		/* KVM has the MSR all the same. */
		EXPECT_FALSE(vt_try_rdmsr(&vcpu, MSR_TSC_DEADLINE, &value));
		EXPECT_FALSE(vt_try_wrmsr(&vcpu, MSR_TSC_DEADLINE, 0));
		vt_enable_x2apic(&vcpu);
		EXPECT_FALSE(vt_try_wrmsr(&vcpu, MSR_X2APIC(APIC_LVTT), LVT_DEADLINE | 0x61));
	}
	vt_vcpu_destroy(&vcpu);
}

TEST_F(regs, error_in_x2apic_mode)
{
	if (vt_on_kvm())
		SKIP(return, "KVM collects no errors");
	vt_enable_x2apic(&self->vcpu);
	vt_apic_write(&self->vcpu, APIC_LVTERR, 0x55);
	EXPECT_TRUE(vt_try_wrmsr(&self->vcpu, MSR_SELF_IPI, 0x0e));
	EXPECT_EQ(0x55, vt_irq_next(&self->vcpu));
	vt_apic_write(&self->vcpu, APIC_EOI, 0);
	vt_apic_write(&self->vcpu, APIC_ESR, 0);
	EXPECT_EQ(1u << 5, vt_apic_read(&self->vcpu, APIC_ESR) & ~(1u << 6));
}

TEST_HARNESS_MAIN
