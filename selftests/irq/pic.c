// SPDX-License-Identifier: GPL-2.0-only
/* The 8259A pair, register by register: datasheet "8259A". */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "vt_irq.h"

#define EOI		0x20
#define EOI_LEVEL(n)	(0x60 | (n))

FIXTURE(pic) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(pic)
{
	vt_irq_create(&self->vm, &self->vcpu);
	vt_pic_init(&self->vcpu);
}

FIXTURE_TEARDOWN(pic)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static uint8_t irr(struct vt_vcpu *vcpu, uint16_t port)
{
	vt_outb(vcpu, port, 0x0a);
	return vt_inb(vcpu, port);
}

static uint8_t isr(struct vt_vcpu *vcpu, uint16_t port)
{
	vt_outb(vcpu, port, 0x0b);
	return vt_inb(vcpu, port);
}

static void pulse(struct vt_vm *vm, unsigned int irq)
{
	vt_line(vm, irq, 1);
	vt_line(vm, irq, 0);
}

TEST_F(pic, mask_register)
{
	vt_outb(&self->vcpu, 0x21, 0x5a);
	vt_outb(&self->vcpu, 0xa1, 0xa5);
	EXPECT_EQ(0x5a, vt_inb(&self->vcpu, 0x21));
	EXPECT_EQ(0xa5, vt_inb(&self->vcpu, 0xa1));
}

TEST_F(pic, edge_is_latched_until_it_is_served)
{
	pulse(&self->vm, 3);
	EXPECT_EQ(0x08, irr(&self->vcpu, 0x20));
	EXPECT_EQ(VT_PIC_BASE + 3, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, irr(&self->vcpu, 0x20));
	EXPECT_EQ(0x08, isr(&self->vcpu, 0x20));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(0, isr(&self->vcpu, 0x20));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(pic, one_edge_is_one_interrupt)
{
	vt_line(&self->vm, 3, 1);
	EXPECT_EQ(VT_PIC_BASE + 3, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, EOI);
	/* Still high: that is no edge. */
	vt_line(&self->vm, 3, 1);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, 3, 0);
	vt_line(&self->vm, 3, 1);
	EXPECT_EQ(VT_PIC_BASE + 3, vt_irq_next(&self->vcpu));
}

TEST_F(pic, status_of_a_line)
{
	/* The I/O APIC's pins are masked, so the answer is the PIC's. */
	EXPECT_EQ(1, vt_line_status(&self->vm, 4, 1));
	EXPECT_EQ(0, vt_line_status(&self->vm, 4, 0) < 0);
	EXPECT_EQ(0, vt_line_status(&self->vm, 4, 1));
	vt_line(&self->vm, 4, 0);
	vt_outb(&self->vcpu, 0x21, 0xff);
	EXPECT_EQ(-1, vt_line_status(&self->vm, 5, 1));
}

TEST_F(pic, level_comes_again_until_it_falls)
{
	vt_outb(&self->vcpu, 0x4d0, 0x20);
	vt_line(&self->vm, 5, 1);
	EXPECT_EQ(VT_PIC_BASE + 5, vt_irq_next(&self->vcpu));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(VT_PIC_BASE + 5, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, 5, 0);
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(pic, level_that_falls_before_it_is_served_is_gone)
{
	vt_outb(&self->vcpu, 0x4d0, 0x20);
	vt_line(&self->vm, 5, 1);
	EXPECT_EQ(0x20, irr(&self->vcpu, 0x20));
	vt_line(&self->vm, 5, 0);
	EXPECT_EQ(0, irr(&self->vcpu, 0x20));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(pic, elcr_has_lines_that_are_always_edge)
{
	vt_outb(&self->vcpu, 0x4d0, 0xff);
	vt_outb(&self->vcpu, 0x4d1, 0xff);
	EXPECT_EQ(0xf8, vt_inb(&self->vcpu, 0x4d0));
	EXPECT_EQ(0xde, vt_inb(&self->vcpu, 0x4d1));
}

TEST_F(pic, priority)
{
	pulse(&self->vm, 6);
	pulse(&self->vm, 1);
	pulse(&self->vm, 4);
	EXPECT_EQ(VT_PIC_BASE + 1, vt_irq_next(&self->vcpu));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(VT_PIC_BASE + 4, vt_irq_next(&self->vcpu));
	/* A higher one interrupts, a lower one waits. */
	pulse(&self->vm, 0);
	EXPECT_EQ(VT_PIC_BASE + 0, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0x11, isr(&self->vcpu, 0x20));
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(0x10, isr(&self->vcpu, 0x20));
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(VT_PIC_BASE + 6, vt_irq_next(&self->vcpu));
}

TEST_F(pic, masked_line_waits)
{
	vt_outb(&self->vcpu, 0x21, 0x08);
	pulse(&self->vm, 3);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0x08, irr(&self->vcpu, 0x20));
	vt_outb(&self->vcpu, 0x21, 0);
	EXPECT_EQ(VT_PIC_BASE + 3, vt_irq_next(&self->vcpu));
}

TEST_F(pic, cascade)
{
	pulse(&self->vm, 12);
	EXPECT_EQ(0x10, irr(&self->vcpu, 0xa0));
	EXPECT_EQ(0x04, irr(&self->vcpu, 0x20));
	EXPECT_EQ(VT_PIC_BASE + 12, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0x10, isr(&self->vcpu, 0xa0));
	EXPECT_EQ(0x04, isr(&self->vcpu, 0x20));
	/* Fully nested: the master lets nothing of the slave through. */
	pulse(&self->vm, 8);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	/* The master's 1 is above its 2, its 3 below. */
	pulse(&self->vm, 3);
	pulse(&self->vm, 1);
	EXPECT_EQ(VT_PIC_BASE + 1, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0xa0, EOI);
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(VT_PIC_BASE + 8, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0xa0, EOI);
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(VT_PIC_BASE + 3, vt_irq_next(&self->vcpu));
}

TEST_F(pic, special_fully_nested)
{
	vt_outb(&self->vcpu, 0x20, 0x11);
	vt_outb(&self->vcpu, 0x21, VT_PIC_BASE);
	vt_outb(&self->vcpu, 0x21, 0x04);
	vt_outb(&self->vcpu, 0x21, 0x11);
	pulse(&self->vm, 12);
	EXPECT_EQ(VT_PIC_BASE + 12, vt_irq_next(&self->vcpu));
	pulse(&self->vm, 8);
	EXPECT_EQ(VT_PIC_BASE + 8, vt_irq_next(&self->vcpu));
	pulse(&self->vm, 15);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(pic, specific_eoi)
{
	pulse(&self->vm, 6);
	EXPECT_EQ(VT_PIC_BASE + 6, vt_irq_next(&self->vcpu));
	pulse(&self->vm, 2 + 1);
	EXPECT_EQ(VT_PIC_BASE + 3, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0x48, isr(&self->vcpu, 0x20));
	vt_outb(&self->vcpu, 0x20, EOI_LEVEL(6));
	EXPECT_EQ(0x08, isr(&self->vcpu, 0x20));
	/* Of a level that is not in service: nothing. */
	vt_outb(&self->vcpu, 0x20, EOI_LEVEL(1));
	EXPECT_EQ(0x08, isr(&self->vcpu, 0x20));
}

TEST_F(pic, rotate_on_eoi)
{
	pulse(&self->vm, 4);
	EXPECT_EQ(VT_PIC_BASE + 4, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, 0xa0);
	EXPECT_EQ(0, isr(&self->vcpu, 0x20));
	/* 4 is the lowest now, 5 the highest. */
	pulse(&self->vm, 4);
	pulse(&self->vm, 0);
	pulse(&self->vm, 5);
	EXPECT_EQ(VT_PIC_BASE + 5, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(VT_PIC_BASE + 0, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, EOI);
	EXPECT_EQ(VT_PIC_BASE + 4, vt_irq_next(&self->vcpu));
}

TEST_F(pic, set_priority)
{
	vt_outb(&self->vcpu, 0x20, 0xc0 | 5);
	pulse(&self->vm, 0);
	pulse(&self->vm, 6);
	EXPECT_EQ(VT_PIC_BASE + 6, vt_irq_next(&self->vcpu));
	/* EOI of 6, which becomes the lowest. */
	vt_outb(&self->vcpu, 0x20, 0xe0 | 6);
	EXPECT_EQ(0, isr(&self->vcpu, 0x20));
	pulse(&self->vm, 6);
	EXPECT_EQ(VT_PIC_BASE + 0, vt_irq_next(&self->vcpu));
}

TEST_F(pic, automatic_eoi)
{
	vt_outb(&self->vcpu, 0x20, 0x11);
	vt_outb(&self->vcpu, 0x21, VT_PIC_BASE);
	vt_outb(&self->vcpu, 0x21, 0x04);
	vt_outb(&self->vcpu, 0x21, 0x03);
	pulse(&self->vm, 4);
	EXPECT_EQ(VT_PIC_BASE + 4, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, isr(&self->vcpu, 0x20));
	/* Rotating: 4 was served last. */
	vt_outb(&self->vcpu, 0x20, 0x80);
	pulse(&self->vm, 4);
	EXPECT_EQ(VT_PIC_BASE + 4, vt_irq_next(&self->vcpu));
	pulse(&self->vm, 4);
	pulse(&self->vm, 6);
	EXPECT_EQ(VT_PIC_BASE + 6, vt_irq_next(&self->vcpu));
	EXPECT_EQ(VT_PIC_BASE + 4, vt_irq_next(&self->vcpu));
}

/* "The special mask mode enables interrupts from all other levels". */
TEST_F(pic, special_mask)
{
	if (vt_on_kvm())
		SKIP(return, "KVM stores the mode and does nothing with it");
	pulse(&self->vm, 1);
	EXPECT_EQ(VT_PIC_BASE + 1, vt_irq_next(&self->vcpu));
	pulse(&self->vm, 5);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, 0x68);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x21, 0x02);
	EXPECT_EQ(VT_PIC_BASE + 5, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, EOI_LEVEL(5));
	vt_outb(&self->vcpu, 0x20, 0x48);
	pulse(&self->vm, 5);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

/* Bit 7 says that there was a request; the read serves it. */
TEST_F(pic, poll)
{
	if (vt_on_kvm())
		SKIP(return, "KVM ends the interrupt at once and leaves bit 7 clear");
	vt_outb(&self->vcpu, 0x20, 0x0c);
	EXPECT_EQ(0, vt_inb(&self->vcpu, 0x20) & 0x80);
	pulse(&self->vm, 3);
	vt_outb(&self->vcpu, 0x20, 0x0c);
	EXPECT_EQ(0x83, vt_inb(&self->vcpu, 0x20));
	EXPECT_EQ(0x08, isr(&self->vcpu, 0x20));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	vt_outb(&self->vcpu, 0x20, EOI);

	pulse(&self->vm, 13);
	vt_outb(&self->vcpu, 0xa0, 0x0c);
	EXPECT_EQ(0x85, vt_inb(&self->vcpu, 0xa0));
	EXPECT_EQ(0x20, isr(&self->vcpu, 0xa0));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

/* What the slave asked for went away: the master cannot know. */
TEST_F(pic, spurious_on_the_slave)
{
	vt_outb(&self->vcpu, 0x4d1, 0x04);
	vt_line(&self->vm, 10, 1);
	vt_line(&self->vm, 10, 0);
	EXPECT_EQ(VT_PIC_BASE + 15, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, isr(&self->vcpu, 0xa0));
	EXPECT_EQ(0x04, isr(&self->vcpu, 0x20));
}

VT_GUEST(pic_unmask, 64, "mov %eax, (%rdi); 1: pause; dec %ecx; jnz 1b; 2: out %al, $0xf4; jmp 2b");

/* LINT0 unmasked while an interrupt waits: it comes, and nobody has to leave the guest first. */
TEST_F(pic, lint0_unmasked)
{
	struct vt_payload code = VT_PAYLOAD(pic_unmask);
	struct kvm_regs regs = {
		.rip = VT_DATA, .rsp = VT_STACK_TOP, .rflags = 0x202,
		.rdi = VT_LAPIC + 0x350, .rax = 0x700, .rcx = 2000,
	};

	if (vt_on_kvm())
		SKIP(return, "KVM looks when something else happens");
	vt_write32(&self->vcpu, VT_LAPIC + 0x350, 0x10700);
	pulse(&self->vm, 5);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	memcpy(self->vm.mem + VT_DATA, code.start, code.end - code.start);
	vt_set_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_PIC_BASE + 5, vt_run_to_out(&self->vcpu, VT_VECTOR_PORT));
}

TEST_F(pic, initialization_clears)
{
	pulse(&self->vm, 3);
	EXPECT_EQ(0x08, irr(&self->vcpu, 0x20));
	vt_outb(&self->vcpu, 0x21, 0xf0);
	vt_outb(&self->vcpu, 0x20, 0x11);
	vt_outb(&self->vcpu, 0x21, 0x47);	/* low bits are not taken */
	vt_outb(&self->vcpu, 0x21, 0x04);
	vt_outb(&self->vcpu, 0x21, 0x01);
	EXPECT_EQ(0, vt_inb(&self->vcpu, 0x21));
	EXPECT_EQ(0, vt_inb(&self->vcpu, 0x20));
	pulse(&self->vm, 3);
	EXPECT_EQ(0x43, vt_irq_next(&self->vcpu));
}

TEST_F(pic, without_icw4)
{
	vt_outb(&self->vcpu, 0x20, 0x10);
	vt_outb(&self->vcpu, 0x21, VT_PIC_BASE);
	vt_outb(&self->vcpu, 0x21, 0x04);
	vt_outb(&self->vcpu, 0x21, 0x12);	/* a mask already */
	EXPECT_EQ(0x12, vt_inb(&self->vcpu, 0x21));
}

TEST_F(pic, state_goes_out_and_in)
{
	struct kvm_irqchip before, after;

	pulse(&self->vm, 6);
	EXPECT_EQ(VT_PIC_BASE + 6, vt_irq_next(&self->vcpu));
	pulse(&self->vm, 3);
	vt_outb(&self->vcpu, 0x21, 0x80);
	vt_outb(&self->vcpu, 0x4d0, 0x20);
	vt_get_chip(&self->vm, KVM_IRQCHIP_PIC_MASTER, &before);
	EXPECT_EQ(0x40, before.chip.pic.isr);
	EXPECT_EQ(0x08, before.chip.pic.irr);
	EXPECT_EQ(0x80, before.chip.pic.imr);
	EXPECT_EQ(0x20, before.chip.pic.elcr);
	EXPECT_EQ(VT_PIC_BASE, before.chip.pic.irq_base);

	/* Forget all, then bring it back. */
	vt_pic_init(&self->vcpu);
	vt_outb(&self->vcpu, 0x4d0, 0);
	vt_set_chip(&self->vm, &before);
	vt_get_chip(&self->vm, KVM_IRQCHIP_PIC_MASTER, &after);
	EXPECT_EQ(0, memcmp(&before.chip.pic, &after.chip.pic, sizeof(before.chip.pic)));
	EXPECT_EQ(VT_PIC_BASE + 3, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0x48, isr(&self->vcpu, 0x20));
}

TEST_F(pic, set_refuses_nonsense)
{
	struct kvm_irqchip chip, after;

	if (vt_on_kvm())
		SKIP(return, "KVM takes anything");
	vt_get_chip(&self->vm, KVM_IRQCHIP_PIC_MASTER, &chip);
	chip.chip.pic.imr = 0x99;
	chip.chip.pic.priority_add = 8;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_IRQCHIP, &chip));
	chip.chip.pic.priority_add = 0;
	chip.chip.pic.init_state = 4;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_IRQCHIP, &chip));
	vt_get_chip(&self->vm, KVM_IRQCHIP_PIC_MASTER, &after);
	EXPECT_EQ(0, after.chip.pic.imr);
}

TEST_HARNESS_MAIN
