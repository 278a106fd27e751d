// SPDX-License-Identifier: GPL-2.0-only
/* Creating the controllers, in every order; routes; MSIs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "vt_irq.h"

#define MAX_ROUTES	4096

struct table {
	struct kvm_irq_routing head;
	struct kvm_irq_routing_entry entry[MAX_ROUTES + 1];
};

static struct table table;

static long set_routes(struct vt_vm *vm, unsigned int nr)
{
	table.head.nr = nr;
	return VT_IOCTL(vm->fd, KVM_SET_GSI_ROUTING, &table);
}

static void route_pin(unsigned int n, unsigned int gsi, unsigned int chip, unsigned int pin)
{
	table.entry[n] = (struct kvm_irq_routing_entry) {
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = { .irqchip = chip, .pin = pin },
	};
}

static void route_msi(unsigned int n, unsigned int gsi, uint32_t address, uint32_t data)
{
	table.entry[n] = (struct kvm_irq_routing_entry) {
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi = { .address_lo = address, .data = data },
	};
}

static long split(struct vt_vm *vm, uint64_t pins)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { pins } };

	return VT_IOCTL(vm->fd, KVM_ENABLE_CAP, &cap);
}

FIXTURE(bare) {
	struct vt_vm vm;
};

FIXTURE_SETUP(bare)
{
	memset(&table, 0, sizeof(table));
	vt_vm_create(&self->vm);
}

FIXTURE_TEARDOWN(bare)
{
	vt_vm_destroy(&self->vm);
}

TEST_F(bare, nothing_works_without_an_irqchip)
{
	struct kvm_irq_level line = { .irq = 1, .level = 1 };
	struct kvm_irqchip chip = { .chip_id = 0 };
	struct kvm_msi msi = { .address_lo = 0xfee00000, .data = 0x41 };
	struct kvm_pit_state2 pit = { };
	struct kvm_reinject_control reinject = { };

	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vm.fd, KVM_IRQ_LINE, &line));
	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vm.fd, KVM_IRQ_LINE_STATUS, &line));
	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vm.fd, KVM_GET_IRQCHIP, &chip));
	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vm.fd, KVM_SET_IRQCHIP, &chip));
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SIGNAL_MSI, &msi));
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 0));
	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vm.fd, KVM_GET_PIT2, &pit));
	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vm.fd, KVM_SET_PIT2, &pit));
	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vm.fd, KVM_REINJECT_CONTROL, &reinject));
}

TEST_F(bare, create_once)
{
	EXPECT_EQ(0, vt_ioctl(self->vm.fd, KVM_CREATE_IRQCHIP, 0));
	EXPECT_EQ(-EEXIST, vt_ioctl(self->vm.fd, KVM_CREATE_IRQCHIP, 0));
	EXPECT_EQ(-EEXIST, split(&self->vm, 24));
}

TEST_F(bare, split_once)
{
	EXPECT_EQ(-EINVAL, split(&self->vm, MAX_ROUTES + 1));
	EXPECT_EQ(0, split(&self->vm, 24));
	EXPECT_EQ(-EEXIST, split(&self->vm, 24));
	EXPECT_EQ(-EEXIST, vt_ioctl(self->vm.fd, KVM_CREATE_IRQCHIP, 0));
}

TEST_F(bare, create_before_the_vcpus)
{
	struct vt_vcpu vcpu;

	vt_vcpu_create(&self->vm, &vcpu, 0);
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vm.fd, KVM_CREATE_IRQCHIP, 0));
	EXPECT_EQ(-EEXIST, split(&self->vm, 24));
	vt_vcpu_destroy(&vcpu);
}

TEST_F(bare, split_has_no_chips)
{
	struct kvm_irqchip chip = { .chip_id = 0 };

	EXPECT_EQ(0, split(&self->vm, 24));
	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vm.fd, KVM_GET_IRQCHIP, &chip));
	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vm.fd, KVM_SET_IRQCHIP, &chip));
	/* Routes to pins make no sense, no route goes anywhere at first. */
	EXPECT_EQ(-1, vt_line_status(&self->vm, 1, 1));
	route_pin(0, 1, KVM_IRQCHIP_IOAPIC, 1);
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 1));
}

TEST_F(bare, split_by_messages)
{
	struct vt_vcpu vcpu;

	EXPECT_EQ(0, split(&self->vm, 24));
	vt_irq_vcpu(&self->vm, &vcpu, 0);
	route_msi(0, 1, 0xfee00000, 0x41);
	EXPECT_EQ(0, set_routes(&self->vm, 1));
	EXPECT_EQ(1, vt_line_status(&self->vm, 1, 1));
	EXPECT_EQ(0x41, vt_irq_next(&vcpu));
	vt_eoi(&vcpu);
	vt_vcpu_destroy(&vcpu);
}

/* The EOI of a level-triggered route of the caller's pins comes out. */
TEST_F(bare, split_eoi_exit)
{
	struct vt_vcpu vcpu;
	long reason;

	EXPECT_EQ(0, split(&self->vm, 24));
	vt_irq_vcpu(&self->vm, &vcpu, 0);
	route_msi(0, 1, 0xfee00000, 0xc041);
	EXPECT_EQ(0, set_routes(&self->vm, 1));
	vt_line(&self->vm, 1, 1);
	EXPECT_EQ(0x41, vt_irq_next(&vcpu));
	/* By hand, for the EOI stops in the middle. */
	struct kvm_regs regs;

	vt_get_regs(&vcpu, &regs);
	regs.rip = VT_CODE + 16 * 7;	/* write 32 bits: see lib/irq.c */
	regs.rflags = 2;
	regs.rdi = VT_LAPIC + 0xb0;
	regs.rax = 0;
	regs.rsp = VT_STACK_TOP;
	vt_set_regs(&vcpu, &regs);
	reason = vt_run(&vcpu);
	EXPECT_EQ(KVM_EXIT_IOAPIC_EOI, reason);
	if (reason == KVM_EXIT_IOAPIC_EOI)
		EXPECT_EQ(0x41, vcpu.run->eoi.vector);
	vt_vcpu_destroy(&vcpu);
}

/* A PIC of the caller's: its interrupts come by KVM_INTERRUPT, when the vCPU takes them. */
TEST_F(bare, split_pic)
{
	struct kvm_regs regs = { .rip = VT_CODE + 16 * 9, .rsp = VT_STACK_TOP, .rflags = 0x202 };
	struct kvm_interrupt irq = { .irq = 0x41 };
	struct vt_vcpu vcpu;

	EXPECT_EQ(0, split(&self->vm, 24));
	vt_irq_vcpu(&self->vm, &vcpu, 0);
	EXPECT_EQ(0, VT_IOCTL(vcpu.fd, KVM_INTERRUPT, &irq));
	EXPECT_EQ(-EEXIST, VT_IOCTL(vcpu.fd, KVM_INTERRUPT, &irq));
	EXPECT_EQ(0x41, vt_irq_next(&vcpu));
	/* The guest is where it does nothing: see lib/irq.c. */
	vt_set_regs(&vcpu, &regs);
	vcpu.run->request_interrupt_window = 1;
	vt_run_to(&vcpu, KVM_EXIT_IRQ_WINDOW_OPEN);
	EXPECT_EQ(1, vcpu.run->ready_for_interrupt_injection);
	vcpu.run->request_interrupt_window = 0;
	irq.irq = 0x42;
	EXPECT_EQ(0, VT_IOCTL(vcpu.fd, KVM_INTERRUPT, &irq));
	EXPECT_EQ(0x42, vt_run_to_out(&vcpu, VT_VECTOR_PORT));
	/* It ended without EOI, and the APIC has not seen it. */
	EXPECT_EQ(0, vt_read32(&vcpu, VT_LAPIC + 0x120));

	/* Behind a mask it does not reach the vCPU. */
	vt_write32(&vcpu, VT_LAPIC + 0x350, 0x10700);
	EXPECT_EQ(0, vcpu.run->ready_for_interrupt_injection);
	vcpu.run->request_interrupt_window = 1;
	EXPECT_EQ(-1, vt_irq_next(&vcpu));
	vcpu.run->request_interrupt_window = 0;
	vt_vcpu_destroy(&vcpu);
}

FIXTURE(routing) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_SETUP(routing)
{
	memset(&table, 0, sizeof(table));
	vt_irq_create(&self->vm, &self->vcpu);
}

FIXTURE_TEARDOWN(routing)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

TEST_F(routing, pic_of_the_kernel)
{
	struct kvm_interrupt irq = { .irq = 0x41 };

	EXPECT_EQ(-ENXIO, VT_IOCTL(self->vcpu.fd, KVM_INTERRUPT, &irq));
	EXPECT_EQ(1, self->vcpu.run->ready_for_interrupt_injection);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

TEST_F(routing, chip_numbers)
{
	struct kvm_irqchip chip = { .chip_id = 3 };

	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_GET_IRQCHIP, &chip));
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SET_IRQCHIP, &chip));
}

/* A line below 16 goes to both chips, the others to one. */
TEST_F(routing, as_created)
{
	vt_pic_init(&self->vcpu);
	vt_ioapic_set(&self->vcpu, 5, 0x45);
	EXPECT_EQ(2, vt_line_status(&self->vm, 5, 1));
	EXPECT_EQ(VT_PIC_BASE + 5, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0x45, vt_irq_next(&self->vcpu));
	vt_ioapic_set(&self->vcpu, 23, 0x57);
	EXPECT_EQ(1, vt_line_status(&self->vm, 23, 1));
	EXPECT_EQ(-1, vt_line_status(&self->vm, 24, 1));
	EXPECT_EQ(-1, vt_line_status(&self->vm, MAX_ROUTES, 1));
	EXPECT_EQ(-1, vt_line_status(&self->vm, 0xffffffff, 1));
}

TEST_F(routing, to_another_pin)
{
	route_pin(0, 0, KVM_IRQCHIP_IOAPIC, 2);
	route_pin(1, 77, KVM_IRQCHIP_IOAPIC, 20);
	EXPECT_EQ(0, set_routes(&self->vm, 2));
	vt_ioapic_set(&self->vcpu, 2, 0x42);
	vt_ioapic_set(&self->vcpu, 20, 0x43);
	EXPECT_EQ(1, vt_line_status(&self->vm, 0, 1));
	EXPECT_EQ(0x42, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(1, vt_line_status(&self->vm, 77, 1));
	EXPECT_EQ(0x43, vt_irq_next(&self->vcpu));
	/* What is not in the table goes nowhere now. */
	EXPECT_EQ(-1, vt_line_status(&self->vm, 1, 1));
}

TEST_F(routing, to_a_message)
{
	route_msi(0, 100, 0xfee00000, 0x46);
	EXPECT_EQ(0, set_routes(&self->vm, 1));
	EXPECT_EQ(1, vt_line_status(&self->vm, 100, 1));
	EXPECT_EQ(0x46, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	/* A message has no falling edge, and comes each time. */
	EXPECT_EQ(-1, vt_line_status(&self->vm, 100, 0));
	EXPECT_EQ(1, vt_line_status(&self->vm, 100, 1));
	EXPECT_EQ(0x46, vt_irq_next(&self->vcpu));
}

TEST_F(routing, refuses_nonsense_and_keeps_the_old_table)
{
	vt_ioapic_set(&self->vcpu, 20, 0x43);
	route_pin(0, 50, KVM_IRQCHIP_IOAPIC, 20);
	ASSERT_EQ(0, set_routes(&self->vm, 1));

	route_pin(0, MAX_ROUTES, KVM_IRQCHIP_IOAPIC, 1);
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 1));
	route_pin(0, 1, KVM_IRQCHIP_IOAPIC, 24);
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 1));
	route_pin(0, 1, KVM_IRQCHIP_PIC_MASTER, 8);
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 1));
	route_pin(0, 1, KVM_IRQCHIP_PIC_SLAVE, 8);
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 1));
	route_pin(0, 1, 3, 0);
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 1));
	/* The same chip twice; a message beside a pin. */
	route_pin(0, 1, KVM_IRQCHIP_IOAPIC, 1);
	route_pin(1, 1, KVM_IRQCHIP_IOAPIC, 2);
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 2));
	route_msi(1, 1, 0xfee00000, 0x41);
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 2));
	route_msi(0, 1, 0xfee00000, 0x41);
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 2));
	table.entry[0].flags = 0x80;
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 1));
	table.entry[0].flags = 0;
	table.entry[0].type = 99;
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 1));
	table.head.flags = 1;
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, 0));
	table.head.flags = 0;
	EXPECT_EQ(-EINVAL, set_routes(&self->vm, MAX_ROUTES + 1));

	EXPECT_EQ(1, vt_line_status(&self->vm, 50, 1));
}

TEST_F(routing, as_many_as_there_may_be)
{
	for (unsigned int i = 0; i < MAX_ROUTES; i++)
		route_msi(i, i, 0xfee00000, 0x40 + i % 64);
	EXPECT_EQ(0, set_routes(&self->vm, MAX_ROUTES));
	EXPECT_EQ(1, vt_line_status(&self->vm, MAX_ROUTES - 1, 1));
	EXPECT_EQ(0x40 + (MAX_ROUTES - 1) % 64, vt_irq_next(&self->vcpu));
}

TEST_F(routing, msi)
{
	struct kvm_msi msi = { .address_lo = 0xfee00000, .data = 0x51 };

	EXPECT_EQ(1, VT_IOCTL(self->vm.fd, KVM_SIGNAL_MSI, &msi));
	EXPECT_EQ(0x51, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	msi.flags = 0x80;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vm.fd, KVM_SIGNAL_MSI, &msi));
}

TEST_F(routing, msi_to_another_vcpu)
{
	struct kvm_msi msi = { .address_lo = 0xfee01000, .data = 0x52 };
	struct vt_vcpu other;

	vt_irq_vcpu(&self->vm, &other, 1);
	EXPECT_EQ(1, VT_IOCTL(self->vm.fd, KVM_SIGNAL_MSI, &msi));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0x52, vt_irq_next(&other));
	vt_vcpu_destroy(&other);
}

TEST_HARNESS_MAIN
