// SPDX-License-Identifier: GPL-2.0-only
/* What goes first: SDM 3A, "Interrupt, Task, and Processor Priority". */
#include <string.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

FIXTURE(prio) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_VARIANT(prio) {
	bool x2apic;
};

FIXTURE_VARIANT_ADD(prio, xapic) { .x2apic = false };
FIXTURE_VARIANT_ADD(prio, x2apic) { .x2apic = true };

FIXTURE_SETUP(prio)
{
	vt_irq_create(&self->vm, &self->vcpu);
	if (variant->x2apic)
		vt_enable_x2apic(&self->vcpu);
}

FIXTURE_TEARDOWN(prio)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static void eoi(struct vt_vcpu *vcpu)
{
	vt_apic_write(vcpu, APIC_EOI, 0);
}

/* Vectors from IRR to ISR, the highest first, one a class. */
TEST_F(prio, irr_and_isr)
{
	EXPECT_EQ(1, vt_msi(&self->vm, VT_LAPIC, 0x31));
	EXPECT_EQ(1, vt_msi(&self->vm, VT_LAPIC, 0x52));
	/* Pending already: merged.  KVM does not tell. */
	EXPECT_EQ(vt_on_kvm(), vt_msi(&self->vm, VT_LAPIC, 0x31));
	EXPECT_TRUE(vt_apic_bit(&self->vcpu, APIC_IRR, 0x31));
	EXPECT_TRUE(vt_apic_bit(&self->vcpu, APIC_IRR, 0x52));
	EXPECT_FALSE(vt_apic_bit(&self->vcpu, APIC_ISR, 0x52));
	EXPECT_EQ(0x52, vt_irq_next(&self->vcpu));
	EXPECT_FALSE(vt_apic_bit(&self->vcpu, APIC_IRR, 0x52));
	EXPECT_TRUE(vt_apic_bit(&self->vcpu, APIC_ISR, 0x52));
	EXPECT_EQ(0x50, vt_apic_read(&self->vcpu, APIC_PPR));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	eoi(&self->vcpu);
	EXPECT_FALSE(vt_apic_bit(&self->vcpu, APIC_ISR, 0x52));
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_PPR));
	EXPECT_EQ(0x31, vt_irq_next(&self->vcpu));
	eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(prio, nested)
{
	static const uint8_t vectors[] = { 0x3f, 0x41, 0xef, 0xf0, 0xff };

	for (unsigned int i = 0; i < ARRAY_SIZE(vectors); i++) {
		vt_msi(&self->vm, VT_LAPIC, vectors[i]);
		/* Within its class it must wait for the EOI. */
		EXPECT_EQ(vectors[i] == 0xff ? -1 : vectors[i], vt_irq_next(&self->vcpu));
	}
	eoi(&self->vcpu);
	EXPECT_EQ(0xff, vt_irq_next(&self->vcpu));
	/* Each EOI ends the highest: 0xff, 0xef, 0x41, 0x3f. */
	EXPECT_EQ(0xf0, vt_apic_read(&self->vcpu, APIC_PPR));
	eoi(&self->vcpu);
	EXPECT_EQ(0xe0, vt_apic_read(&self->vcpu, APIC_PPR));
	eoi(&self->vcpu);
	EXPECT_EQ(0x40, vt_apic_read(&self->vcpu, APIC_PPR));
	eoi(&self->vcpu);
	EXPECT_EQ(0x30, vt_apic_read(&self->vcpu, APIC_PPR));
	eoi(&self->vcpu);
	EXPECT_EQ(0, vt_apic_read(&self->vcpu, APIC_PPR));
	/* One too many does nothing. */
	eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

/* Two in the same class: the higher first, then the other, never nested. */
TEST_F(prio, same_class)
{
	vt_msi(&self->vm, VT_LAPIC, 0x61);
	EXPECT_EQ(0x61, vt_irq_next(&self->vcpu));
	vt_msi(&self->vm, VT_LAPIC, 0x6f);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	/* The same vector again: one waits in IRR behind the one in ISR. */
	vt_msi(&self->vm, VT_LAPIC, 0x61);
	eoi(&self->vcpu);
	EXPECT_EQ(0x6f, vt_irq_next(&self->vcpu));
	eoi(&self->vcpu);
	EXPECT_EQ(0x61, vt_irq_next(&self->vcpu));
	eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(prio, task_priority)
{
	vt_apic_write(&self->vcpu, APIC_TPR, 0x4f);
	EXPECT_EQ(0x4f, vt_apic_read(&self->vcpu, APIC_PPR));
	vt_msi(&self->vm, VT_LAPIC, 0x4f);
	vt_msi(&self->vm, VT_LAPIC, 0x41);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_msi(&self->vm, VT_LAPIC, 0x50);
	EXPECT_EQ(0x50, vt_irq_next(&self->vcpu));
	/* The service is above the task now. */
	EXPECT_EQ(0x50, vt_apic_read(&self->vcpu, APIC_PPR));
	eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_apic_write(&self->vcpu, APIC_TPR, 0x3f);
	EXPECT_EQ(0x4f, vt_irq_next(&self->vcpu));
	/* Of equal class, TPR counts with its low half. */
	vt_apic_write(&self->vcpu, APIC_TPR, 0x45);
	EXPECT_EQ(0x45, vt_apic_read(&self->vcpu, APIC_PPR));
	eoi(&self->vcpu);
	vt_apic_write(&self->vcpu, APIC_TPR, 0);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	vt_apic_write(&self->vcpu, APIC_TPR, 0xff);
	vt_msi(&self->vm, VT_LAPIC, 0xff);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

/* SDM 3A, "Task Priority in IA-32e Mode": CR8 is bits 7:4 of TPR. */
TEST_F(prio, cr8)
{
	struct kvm_sregs sregs;

	EXPECT_TRUE(vt_try_cr8(&self->vcpu, 9));
	EXPECT_EQ(9, vt_guest_cr8(&self->vcpu));
	EXPECT_EQ(9, self->vcpu.run->cr8);
	EXPECT_EQ(0x90, vt_apic_read(&self->vcpu, APIC_TPR));
	EXPECT_EQ(0x90, vt_apic_read(&self->vcpu, APIC_PPR));
	vt_msi(&self->vm, VT_LAPIC, 0x91);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_TRUE(vt_try_cr8(&self->vcpu, 8));
	EXPECT_EQ(0x91, vt_irq_next(&self->vcpu));
	eoi(&self->vcpu);

	vt_apic_write(&self->vcpu, APIC_TPR, 0x5c);
	EXPECT_EQ(5, vt_guest_cr8(&self->vcpu));
	EXPECT_FALSE(vt_try_cr8(&self->vcpu, 0x10));
	EXPECT_FALSE(vt_try_cr8(&self->vcpu, 1ull << 63));
	EXPECT_EQ(0x5c, vt_apic_read(&self->vcpu, APIC_TPR));

	vt_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(5, sregs.cr8);
	sregs.cr8 = 0xb;
	vt_set_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(0xb0, vt_apic_read(&self->vcpu, APIC_TPR));
	/* With an APIC in the kernel the run page's CR8 is for reading. */
	self->vcpu.run->cr8 = 1;
	EXPECT_EQ(0xb, vt_guest_cr8(&self->vcpu));
}

VT_GUEST(prio_lower, 64, "mov %rax, %cr8; 1: pause; dec %ecx; jnz 1b; 2: out %al, $0xf4; jmp 2b");

/* A guest that lowers it gets what waited, though the write itself need not exit. */
TEST_F(prio, cr8_lowered)
{
	struct vt_payload code = VT_PAYLOAD(prio_lower);
	struct kvm_regs regs = {
		.rip = VT_DATA, .rsp = VT_STACK_TOP, .rflags = 0x202, .rax = 4, .rcx = 2000,
	};

	EXPECT_TRUE(vt_try_cr8(&self->vcpu, 9));
	vt_msi(&self->vm, VT_LAPIC, 0x51);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	memcpy(self->vm.mem + VT_DATA, code.start, code.end - code.start);
	vt_set_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x51, vt_run_to_out(&self->vcpu, VT_VECTOR_PORT));
}

/* Each class of TPR lets through what is above it, and nothing else. */
TEST_F(prio, every_class)
{
	for (unsigned int tpr = 0; tpr < 16; tpr++) {
		EXPECT_TRUE(vt_try_cr8(&self->vcpu, 15));
		for (unsigned int class = 2; class < 16; class++)
			vt_msi(&self->vm, VT_LAPIC, class << 4 | 7);
		EXPECT_TRUE(vt_try_cr8(&self->vcpu, tpr));
		for (unsigned int class = 15; class > tpr && class >= 2; class--) {
			EXPECT_EQ(class << 4 | 7, vt_irq_next(&self->vcpu));
			eoi(&self->vcpu);
		}
		EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
		/* Clear what is left. */
		EXPECT_TRUE(vt_try_cr8(&self->vcpu, 0));
		for (unsigned int class = 15; class >= 2; class--) {
			if (class > tpr)
				continue;
			EXPECT_EQ(class << 4 | 7, vt_irq_next(&self->vcpu));
			eoi(&self->vcpu);
		}
		EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	}
}

TEST_F(prio, trigger_mode)
{
	vt_ioapic_set(&self->vcpu, 20, 1u << 15 | 0x71);
	vt_line(&self->vm, 20, 1);
	EXPECT_TRUE(vt_apic_bit(&self->vcpu, APIC_TMR, 0x71));
	EXPECT_EQ(0x71, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, 20, 0);
	/* The EOI reaches the I/O APIC. */
	EXPECT_EQ(1u << 15 | 1u << 14 | 0x71, vt_ioapic_entry(&self->vcpu, 20));
	eoi(&self->vcpu);
	EXPECT_EQ(1u << 15 | 0x71, vt_ioapic_entry(&self->vcpu, 20));
	/* An edge of the same vector clears the bit again. */
	vt_msi(&self->vm, VT_LAPIC, 0x71);
	EXPECT_EQ(0x71, vt_irq_next(&self->vcpu));
	EXPECT_FALSE(vt_apic_bit(&self->vcpu, APIC_TMR, 0x71));
	eoi(&self->vcpu);
}

/*
 * The EOI of another vector leaves the I/O APIC alone, also while the level's
 * own interrupt is in service below it.
 */
TEST_F(prio, eoi_is_for_the_highest)
{
	vt_ioapic_set(&self->vcpu, 20, 1u << 15 | 0x71);
	vt_line(&self->vm, 20, 1);
	EXPECT_EQ(0x71, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, 20, 0);
	vt_msi(&self->vm, VT_LAPIC, 0x81);
	EXPECT_EQ(0x81, vt_irq_next(&self->vcpu));
	eoi(&self->vcpu);
	EXPECT_EQ(1u << 15 | 1u << 14 | 0x71, vt_ioapic_entry(&self->vcpu, 20));
	eoi(&self->vcpu);
	EXPECT_EQ(1u << 15 | 0x71, vt_ioapic_entry(&self->vcpu, 20));
}

TEST_F(prio, interrupts_off_then_on)
{
	vt_msi(&self->vm, VT_LAPIC, 0x33);
	/* The guest runs with IF clear, and nothing is delivered. */
	EXPECT_EQ(0, vt_guest_cr8(&self->vcpu));
	EXPECT_TRUE(vt_apic_bit(&self->vcpu, APIC_IRR, 0x33));
	EXPECT_EQ(0x33, vt_irq_next(&self->vcpu));
}

/* HLT ends with an interrupt that is there already, or comes. */
TEST_F(prio, halt)
{
	vt_msi(&self->vm, VT_LAPIC, 0x33);
	EXPECT_EQ(0x33, vt_irq_halt(&self->vcpu));
	eoi(&self->vcpu);
	/* Masked by TPR it does not: only the one above does. */
	EXPECT_TRUE(vt_try_cr8(&self->vcpu, 4));
	vt_msi(&self->vm, VT_LAPIC, 0x33);
	vt_msi(&self->vm, VT_LAPIC, 0x53);
	EXPECT_EQ(0x53, vt_irq_halt(&self->vcpu));
}

/* A PIC's interrupt by way of LINT0 is neither in IRR nor needs an EOI here. */
TEST_F(prio, extint)
{
	vt_apic_write(&self->vcpu, APIC_LVT0, 0x700);
	vt_pic_init(&self->vcpu);
	vt_line(&self->vm, 5, 1);
	EXPECT_EQ(VT_PIC_BASE + 5, vt_irq_next(&self->vcpu));
	EXPECT_FALSE(vt_apic_bit(&self->vcpu, APIC_ISR, VT_PIC_BASE + 5));
	vt_outb(&self->vcpu, 0x20, 0x20);
	vt_line(&self->vm, 5, 0);
	vt_apic_write(&self->vcpu, APIC_LVT0, LVT_MASKED | 0x700);
	vt_line(&self->vm, 5, 1);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	/* TPR does not hold it back. */
	EXPECT_TRUE(vt_try_cr8(&self->vcpu, 15));
	vt_apic_write(&self->vcpu, APIC_LVT0, 0x700);
	EXPECT_EQ(VT_PIC_BASE + 5, vt_irq_next(&self->vcpu));
}

TEST_HARNESS_MAIN
