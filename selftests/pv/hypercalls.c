// SPDX-License-Identifier: GPL-2.0-only
/* The hypercalls of KVM: Documentation/virt/kvm/x86/hypercalls.rst. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm_para.h>

#include "kselftest_harness.h"
#include "msr.h"
#include "vt_pv.h"

#define VCPUS	4
#define SEC	1000000000ull
#define PLACE	0x110000u

FIXTURE(hypercalls) {
	struct vt_vm vm;
	struct vt_vcpu vcpu[VCPUS];
};

FIXTURE_SETUP(hypercalls)
{
	vt_irq_create(&self->vm, &self->vcpu[0]);
	for (unsigned int i = 1; i < VCPUS; i++)
		vt_irq_vcpu(&self->vm, &self->vcpu[i], i);
}

FIXTURE_TEARDOWN(hypercalls)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		vt_vcpu_destroy(&self->vcpu[i]);
	vt_vm_destroy(&self->vm);
}

VT_GUEST(hc_call, 64, "vmcall; 1: out %al, $0xf4; jmp 1b");

static void load(struct vt_vm *vm, struct vt_payload code)
{
	memcpy(vm->mem + VT_DATA, code.start, code.end - code.start);
}

static int64_t call(struct vt_vcpu *vcpu, uint64_t nr, uint64_t a, uint64_t b, uint64_t c,
		    uint64_t d)
{
	struct kvm_regs regs = {
		.rip = VT_DATA, .rsp = VT_STACK_TOP, .rflags = 2,
		.rax = nr, .rbx = a, .rcx = b, .rdx = c, .rsi = d,
	};

	load(vcpu->vm, VT_PAYLOAD(hc_call));
	vt_set_regs(vcpu, &regs);
	vt_run_to_out(vcpu, 0xf4);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

TEST_F(hypercalls, unknown)
{
	EXPECT_EQ(-KVM_ENOSYS, call(&self->vcpu[0], 0, 0, 0, 0, 0));
	EXPECT_EQ(-KVM_ENOSYS, call(&self->vcpu[0], KVM_HC_MMU_OP, 0, 0, 0, 0));
	EXPECT_EQ(-KVM_ENOSYS, call(&self->vcpu[0], 1ull << 32, 0, 0, 0, 0));
	EXPECT_EQ(-KVM_ENOSYS, call(&self->vcpu[0], ~0ull, 0, 0, 0, 0));
	EXPECT_EQ(0, call(&self->vcpu[0], KVM_HC_VAPIC_POLL_IRQ, 0, 0, 0, 0));
}

TEST_F(hypercalls, send_ipi)
{
	struct vt_vcpu *vcpu = self->vcpu;

	/* To 1 and 3. */
	EXPECT_EQ(2, call(&vcpu[0], KVM_HC_SEND_IPI, 0xa, 0, 0, 0x51));
	EXPECT_EQ(-1, vt_irq_next(&vcpu[0]));
	EXPECT_EQ(-1, vt_irq_next(&vcpu[2]));
	EXPECT_EQ(0x51, vt_irq_next(&vcpu[1]));
	EXPECT_EQ(0x51, vt_irq_next(&vcpu[3]));
	vt_eoi(&vcpu[1]);
	vt_eoi(&vcpu[3]);
	/* The first bit is vCPU 2; bits of nobody count for nothing. */
	EXPECT_EQ(2, call(&vcpu[0], KVM_HC_SEND_IPI, ~0ull, ~0ull, 2, 0x52));
	EXPECT_EQ(-1, vt_irq_next(&vcpu[1]));
	EXPECT_EQ(0x52, vt_irq_next(&vcpu[2]));
	EXPECT_EQ(0x52, vt_irq_next(&vcpu[3]));
	vt_eoi(&vcpu[2]);
	vt_eoi(&vcpu[3]);
	EXPECT_EQ(0, call(&vcpu[0], KVM_HC_SEND_IPI, ~0ull, ~0ull, 4, 0x52));
	EXPECT_EQ(0, call(&vcpu[0], KVM_HC_SEND_IPI, ~0ull, ~0ull, 0xffffffff - 200, 0x52));
	/* The second word, and the sender itself. */
	EXPECT_EQ(1, call(&vcpu[0], KVM_HC_SEND_IPI, 1, 1, 0, 0x53));
	EXPECT_EQ(0x53, vt_irq_next(&vcpu[0]));
}

/* A destination of its own, or a shorthand, is none of its business. */
TEST_F(hypercalls, send_ipi_refused)
{
	EXPECT_EQ(-KVM_EINVAL, call(&self->vcpu[0], KVM_HC_SEND_IPI, 2, 0, 0, 0x51 | ICR_LOGICAL));
	EXPECT_EQ(-KVM_EINVAL, call(&self->vcpu[0], KVM_HC_SEND_IPI, 2, 0, 0, 0x51 | ICR_SELF));
	EXPECT_EQ(-KVM_EINVAL, call(&self->vcpu[0], KVM_HC_SEND_IPI, 2, 0, 0, 0x51 | ICR_ALL));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu[1]));
}

TEST_F(hypercalls, send_nmi)
{
	struct kvm_vcpu_events events;

	vt_stay_on(0);
	EXPECT_EQ(1, call(&self->vcpu[0], KVM_HC_SEND_IPI, 4, 0, 0, ICR_NMI));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu[2].fd, KVM_GET_VCPU_EVENTS, &events));
	EXPECT_EQ(2, vt_irq_next(&self->vcpu[2]));
	/* To its IRET: Bochs 2.7 takes blocking by NMI along to the CPU's next VM. */
	vt_run_to_out(&self->vcpu[2], 0xf4);
}

VT_GUEST(hc_halt, 64, "hlt; 1: out %al, $0xf4; jmp 1b");

static void enter_halt(struct vt_vcpu *vcpu)
{
	struct kvm_regs regs = { .rip = VT_DATA + 0x800, .rsp = VT_STACK_TOP, .rflags = 0x202 };
	struct vt_payload code = VT_PAYLOAD(hc_halt);

	memcpy(vcpu->vm->mem + VT_DATA + 0x800, code.start, code.end - code.start);
	vt_set_regs(vcpu, &regs);
}

/* KVM_HC_KICK_CPU ends a halt that has begun, and one that begins later. */
TEST_F(hypercalls, kick)
{
	struct vt_thread thread;

	enter_halt(&self->vcpu[1]);
	vt_thread_start(&thread, &self->vcpu[1]);
	usleep(20000);
	EXPECT_FALSE(thread.done);
	EXPECT_EQ(0, call(&self->vcpu[0], KVM_HC_KICK_CPU, 0, 1, 0, 0));
	EXPECT_EQ(KVM_EXIT_IO, vt_thread_end(&thread, 5000));

	EXPECT_EQ(0, call(&self->vcpu[0], KVM_HC_KICK_CPU, 0, 1, 0, 0));
	enter_halt(&self->vcpu[1]);
	vt_thread_start(&thread, &self->vcpu[1]);
	EXPECT_EQ(KVM_EXIT_IO, vt_thread_end(&thread, 5000));
	/* That one is used up. */
	enter_halt(&self->vcpu[1]);
	vt_thread_start(&thread, &self->vcpu[1]);
	EXPECT_EQ(VT_STOPPED, vt_thread_end(&thread, 50));
	/* Nobody has this id; that is no error. */
	EXPECT_EQ(0, call(&self->vcpu[0], KVM_HC_KICK_CPU, 0, 99, 0, 0));
}

TEST_F(hypercalls, sched_yield)
{
	EXPECT_EQ(0, call(&self->vcpu[0], KVM_HC_SCHED_YIELD, 1, 0, 0, 0));
	EXPECT_EQ(0, call(&self->vcpu[0], KVM_HC_SCHED_YIELD, 0, 0, 0, 0));
	EXPECT_EQ(0, call(&self->vcpu[0], KVM_HC_SCHED_YIELD, 99, 0, 0, 0));
}

TEST_F(hypercalls, clock_pairing)
{
	volatile struct kvm_clock_pairing *pairing = (void *)(self->vm.mem + PLACE);
	uint64_t before = 0, after = 0;
	int64_t ret;

	ASSERT_TRUE(vt_try_rdmsr(&self->vcpu[0], MSR_IA32_TSC, &before));
	memset((void *)pairing, 0xff, sizeof(*pairing));
	ret = call(&self->vcpu[0], KVM_HC_CLOCK_PAIRING, PLACE, KVM_CLOCK_PAIRING_WALLCLOCK, 0, 0);
	if (ret == -KVM_EOPNOTSUPP)
		SKIP(return, "the host's clock is not its TSC");
	ASSERT_EQ(0, ret);
	ASSERT_TRUE(vt_try_rdmsr(&self->vcpu[0], MSR_IA32_TSC, &after));
	EXPECT_LE(before, pairing->tsc);
	EXPECT_GE(after, pairing->tsc);
	EXPECT_LE(pairing->sec, time(NULL));
	EXPECT_GE(pairing->sec + 60, time(NULL));
	EXPECT_GT(SEC, pairing->nsec);
	EXPECT_EQ(0, pairing->flags);
	EXPECT_EQ(0, pairing->pad[8]);

	EXPECT_EQ(-KVM_EOPNOTSUPP, call(&self->vcpu[0], KVM_HC_CLOCK_PAIRING, PLACE, 1, 0, 0));
	EXPECT_EQ(-KVM_EFAULT, call(&self->vcpu[0], KVM_HC_CLOCK_PAIRING, 1ull << 40, 0, 0, 0));
	EXPECT_EQ(-KVM_EFAULT, call(&self->vcpu[0], KVM_HC_CLOCK_PAIRING, ~0ull, 0, 0, 0));
}

/* Bound to its CPUID, which shows none of them. */
TEST(enforced)
{
	static const unsigned int calls[] = {
		KVM_HC_KICK_CPU, KVM_HC_SEND_IPI, KVM_HC_SCHED_YIELD,
	};
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_vm_create(&vm);
	ASSERT_EQ(0, vt_ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_pv_cpuid(&vcpu, 0);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(hc_call));
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		ASSERT_EQ(0, vt_enforce(&vcpu, false));
		EXPECT_NE(-KVM_ENOSYS, call(&vcpu, calls[i], 0, 0, 0, 0));
		ASSERT_EQ(0, vt_enforce(&vcpu, true));
		EXPECT_EQ(-KVM_ENOSYS, call(&vcpu, calls[i], 0, 0, 0, 0));
	}
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

TEST_HARNESS_MAIN
