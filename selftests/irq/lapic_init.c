// SPDX-License-Identifier: GPL-2.0-only
/* INIT and SIPI: SDM 3A, "MP Initialization Protocol Algorithm for MP Systems". */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define APS	2
#define PAGE	0x20	/* SIPI vector; VT_DATA */

/* Says by which segment it was entered, and stays. */
VT_GUEST(init_ap, 16, "mov %cs, %ax; out %ax, $0xf4; 1: pause; jmp 1b\n");

FIXTURE(init) {
	struct vt_vm vm;
	struct vt_vcpu bsp;
	struct vt_vcpu ap[APS];
};

FIXTURE_VARIANT(init) {
	bool x2apic;
};

FIXTURE_VARIANT_ADD(init, xapic) { .x2apic = false };
FIXTURE_VARIANT_ADD(init, x2apic) { .x2apic = true };

FIXTURE_SETUP(init)
{
	struct vt_payload code = VT_PAYLOAD(init_ap);

	vt_irq_create(&self->vm, &self->bsp);
	if (variant->x2apic)
		vt_enable_x2apic(&self->bsp);
	for (unsigned int i = 0; i < APS; i++) {
		vt_vcpu_create(&self->vm, &self->ap[i], i + 1);
		vt_pass_cpuid(&self->ap[i]);
	}
	memcpy(self->vm.mem + (PAGE << 12), code.start, code.end - code.start);
}

FIXTURE_TEARDOWN(init)
{
	for (unsigned int i = 0; i < APS; i++)
		vt_vcpu_destroy(&self->ap[i]);
	vt_vcpu_destroy(&self->bsp);
	vt_vm_destroy(&self->vm);
}

static void init_ipi(struct vt_vcpu *from, uint32_t dest)
{
	vt_ipi(from, ICR_INIT | ICR_LEVEL | ICR_ASSERT, dest);
	/* The de-assert that old software sends does nothing. */
	vt_ipi(from, ICR_INIT | ICR_LEVEL, dest);
}

TEST_F(init, states)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, vt_mp_state(&self->bsp));
	EXPECT_EQ(KVM_MP_STATE_UNINITIALIZED, vt_mp_state(&self->ap[0]));
	/* A SIPI without INIT reaches nobody. */
	vt_ipi(&self->bsp, ICR_SIPI | PAGE, 1);
	EXPECT_EQ(KVM_MP_STATE_UNINITIALIZED, vt_mp_state(&self->ap[0]));
	init_ipi(&self->bsp, 1);
	EXPECT_EQ(KVM_MP_STATE_INIT_RECEIVED, vt_mp_state(&self->ap[0]));
	EXPECT_EQ(KVM_MP_STATE_UNINITIALIZED, vt_mp_state(&self->ap[1]));
	vt_ipi(&self->bsp, ICR_SIPI | 0x9a, 1);
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, vt_mp_state(&self->ap[0]));
	vt_get_sregs(&self->ap[0], &sregs);
	EXPECT_EQ(0x9a00, sregs.cs.selector);
	EXPECT_EQ(0x9a000, sregs.cs.base);
	EXPECT_EQ(0, sregs.cr0 & 1);
	vt_get_regs(&self->ap[0], &regs);
	EXPECT_EQ(0, regs.rip);
	/* Running: the second SIPI of the protocol is ignored. */
	vt_ipi(&self->bsp, ICR_SIPI | 0x77, 1);
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, vt_mp_state(&self->ap[0]));
	vt_get_sregs(&self->ap[0], &sregs);
	EXPECT_EQ(0x9a00, sregs.cs.selector);
}

/* A SIPI that came before INIT does not start what INIT stopped. */
TEST_F(init, sipi_before_init)
{
	vt_set_mp_state(&self->ap[0], KVM_MP_STATE_RUNNABLE);
	vt_ipi(&self->bsp, ICR_SIPI | PAGE, 1);
	init_ipi(&self->bsp, 1);
	EXPECT_EQ(KVM_MP_STATE_INIT_RECEIVED, vt_mp_state(&self->ap[0]));
}

TEST_F(init, init_of_a_running_vcpu)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	struct kvm_lapic_state lapic;

	vt_set_mp_state(&self->ap[0], KVM_MP_STATE_RUNNABLE);
	vt_get_sregs(&self->ap[0], &sregs);
	sregs.cr8 = 5;
	sregs.cr2 = 0x1234000;
	vt_set_sregs(&self->ap[0], &sregs);
	vt_get_regs(&self->ap[0], &regs);
	regs.rax = 0x1234;
	vt_set_regs(&self->ap[0], &regs);
	init_ipi(&self->bsp, 1);
	EXPECT_EQ(KVM_MP_STATE_INIT_RECEIVED, vt_mp_state(&self->ap[0]));
	vt_get_regs(&self->ap[0], &regs);
	EXPECT_EQ(0, regs.rax);
	EXPECT_EQ(0xfff0, regs.rip);
	EXPECT_EQ(2, regs.rflags);
	vt_get_sregs(&self->ap[0], &sregs);
	EXPECT_EQ(0xf000, sregs.cs.selector);
	EXPECT_EQ(0, sregs.cr8);
	EXPECT_EQ(0, sregs.cr2);
	/* The APIC as after reset, but for its id. */
	vt_get_lapic(&self->ap[0], &lapic);
	EXPECT_EQ(1u << 24, vt_lapic_reg(&lapic, APIC_ID));
	EXPECT_EQ(0xff, vt_lapic_reg(&lapic, APIC_SPIV));
	EXPECT_EQ(LVT_MASKED, vt_lapic_reg(&lapic, APIC_LVT0));
}

/* The first CPU does not wait for SIPI, it starts at the reset vector. */
TEST_F(init, init_of_the_first)
{
	struct kvm_vcpu_events events;
	struct kvm_regs regs;

	/* By messages, as it would stop in the middle of its own. */
	EXPECT_EQ(1, vt_msi(&self->vm, VT_LAPIC, ICR_NMI));
	EXPECT_EQ(1, vt_msi(&self->vm, VT_LAPIC, ICR_INIT | ICR_ASSERT));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, vt_mp_state(&self->bsp));
	vt_get_regs(&self->bsp, &regs);
	EXPECT_EQ(0xfff0, regs.rip);
	EXPECT_EQ(variant->x2apic ? BASE_X2APIC : 0,
		  vt_get_msr(&self->bsp, MSR_APIC_BASE) & BASE_X2APIC);
	/* An NMI from before is forgotten. */
	ASSERT_EQ(0, VT_IOCTL(self->bsp.fd, KVM_GET_VCPU_EVENTS, &events));
	EXPECT_EQ(0, events.nmi.pending);
}

/* User space restores a SIPI that was on its way. */
TEST_F(init, sipi_in_the_state)
{
	struct kvm_vcpu_events events = { .flags = KVM_VCPUEVENT_VALID_SIPI_VECTOR };
	struct kvm_sregs sregs;

	events.sipi_vector = 0x9b;
	ASSERT_EQ(0, VT_IOCTL(self->ap[0].fd, KVM_SET_VCPU_EVENTS, &events));
	vt_set_mp_state(&self->ap[0], KVM_MP_STATE_SIPI_RECEIVED);
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, vt_mp_state(&self->ap[0]));
	vt_get_sregs(&self->ap[0], &sregs);
	EXPECT_EQ(0x9b00, sregs.cs.selector);
}

static void *run_ap(void *arg)
{
	struct vt_vcpu *vcpu = arg;
	long ret;

	/* "Retry" is what KVM_RUN says when it has been brought up. */
	do {
		ret = vt_run(vcpu);
	} while (ret == -EAGAIN);
	if (ret != KVM_EXIT_IO)
		vt_die("KVM_RUN of an AP: %ld", ret);
	return NULL;
}

static uint16_t entered_by(struct vt_vcpu *ap)
{
	return vt_out_value(ap);
}

/* As an operating system does it, while the others are in KVM_RUN. */
TEST_F(init, bring_up)
{
	pthread_t threads[APS];

	for (unsigned int i = 0; i < APS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run_ap, &self->ap[i]));
	sched_yield();
	vt_ipi(&self->bsp, ICR_OTHERS | ICR_INIT | ICR_ASSERT, 0);
	vt_ipi(&self->bsp, ICR_OTHERS | ICR_SIPI | ICR_ASSERT | PAGE, 0);
	vt_ipi(&self->bsp, ICR_OTHERS | ICR_SIPI | ICR_ASSERT | PAGE, 0);
	for (unsigned int i = 0; i < APS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(PAGE << 8, entered_by(&self->ap[i]));
	}
}

static void *spin(void *arg)
{
	vt_run_to_out(arg, 0xf4);
	return NULL;
}

/* One that runs guest code, with interrupts off, is stopped and started anew. */
TEST_F(init, restart)
{
	struct vt_vcpu *ap = &self->ap[0];
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	pthread_t thread;

	vt_set_mp_state(ap, KVM_MP_STATE_RUNNABLE);
	vt_get_sregs(ap, &sregs);
	sregs.cs.base = VT_DATA;
	sregs.cs.selector = VT_DATA >> 4;
	vt_set_sregs(ap, &sregs);
	vt_get_regs(ap, &regs);
	regs.rip = 0;
	/* Not off from its beginning: such a guest keeps the lab's interrupts out. */
	regs.rflags = 0x202;
	vt_set_regs(ap, &regs);
	vt_run_to_out(ap, 0xf4);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, spin, ap));
		for (int j = 0; j < i; j++)
			sched_yield();
		vt_ipi(&self->bsp, ICR_INIT | ICR_ASSERT, 1);
		vt_ipi(&self->bsp, ICR_SIPI | ICR_ASSERT | PAGE, 1);
		pthread_join(thread, NULL);
		EXPECT_EQ(PAGE << 8, entered_by(ap));
		vt_get_regs(ap, &regs);
		regs.rflags = 0x202;
		vt_set_regs(ap, &regs);
	}
}

/* KVM_SET_BOOT_CPU_ID: another than the first runs, and the first waits. */
TEST(another_boots)
{
	struct vt_vcpu vcpu[2];
	struct vt_vm vm;

	vt_vm_create(&vm);
	ASSERT_EQ(0, vt_ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
	ASSERT_EQ(0, vt_ioctl(vm.fd, KVM_SET_BOOT_CPU_ID, 1));
	vt_vcpu_create(&vm, &vcpu[0], 0);
	vt_vcpu_create(&vm, &vcpu[1], 1);
	EXPECT_EQ(KVM_MP_STATE_UNINITIALIZED, vt_mp_state(&vcpu[0]));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, vt_mp_state(&vcpu[1]));
	vt_vcpu_destroy(&vcpu[1]);
	vt_vcpu_destroy(&vcpu[0]);
	vt_vm_destroy(&vm);
}

TEST_HARNESS_MAIN
