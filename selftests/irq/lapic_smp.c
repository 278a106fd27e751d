// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many interrupts at once, each accounted for. The guest is guest/ipi.S: it waits
 * by HLT for what it counts, so what is lost ends in a test that does not end.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define VCPUS	4
#define STACK	0x1000

/* Entries of the guest's table of jumps, and the vectors they serve. */
enum entry {
	SENDER,
	MIXTURE,
	REQUEST,
	ACK = REQUEST + VCPUS,
	NOTHING = ACK + VCPUS,
	TIMER,
	LINE,
};

#define REQUEST_VECTOR(s)	(0x40 + 0x10 * (s))
#define ACK_VECTOR(s)		(0x80 + 0x10 * (s))
#define DONE_VECTOR		0xc0
#define TIMER_VECTOR		0xd0
#define LINE_VECTOR		0xe0

/* What a vCPU counts; the guest knows the offsets. */
struct counters {
	uint64_t acks;
	uint64_t requests[VCPUS];
	uint64_t timer;
	uint64_t line;
	uint64_t mmio;
	uint64_t wanted;
};

FIXTURE(smp) {
	struct vt_vm vm;
	struct vt_vcpu vcpu[VCPUS];
};

FIXTURE_VARIANT(smp) {
	bool x2apic;
};

FIXTURE_VARIANT_ADD(smp, xapic) { .x2apic = false };
FIXTURE_VARIANT_ADD(smp, x2apic) { .x2apic = true };

static void gate(struct vt_vm *vm, unsigned int vector, enum entry entry)
{
	vt_set_gate(vm, vector, VT_CODE + 16 * entry);
}

FIXTURE_SETUP(smp)
{
	vt_irq_create(&self->vm, &self->vcpu[0]);
	for (unsigned int i = 1; i < VCPUS; i++)
		vt_irq_vcpu(&self->vm, &self->vcpu[i], i);
	for (unsigned int i = 0; variant->x2apic && i < VCPUS; i++)
		vt_enable_x2apic(&self->vcpu[i]);
	vt_apic_write(&self->vcpu[0], APIC_TDCR, 0xb);
	vt_apic_write(&self->vcpu[0], APIC_LVTT, TIMER_VECTOR);
	vt_ioapic_set(&self->vcpu[0], 20, LINE_VECTOR);

	vt_load(&self->vcpu[0], VT_PAYLOAD(ipi));
	for (unsigned int i = 0; i < VCPUS; i++) {
		gate(&self->vm, REQUEST_VECTOR(i), REQUEST + i);
		gate(&self->vm, ACK_VECTOR(i), ACK + i);
	}
	gate(&self->vm, DONE_VECTOR, NOTHING);
	gate(&self->vm, TIMER_VECTOR, TIMER);
	gate(&self->vm, LINE_VECTOR, LINE);
	memset(self->vm.mem + VT_DATA, 0, 0x2000);
}

FIXTURE_TEARDOWN(smp)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		vt_vcpu_destroy(&self->vcpu[i]);
	vt_vm_destroy(&self->vm);
}

static volatile struct counters *counters(struct vt_vcpu *vcpu)
{
	return (volatile struct counters *)(vcpu->vm->mem + VT_DATA + 0x100 * vcpu->id);
}

static void enter(struct vt_vcpu *vcpu, enum entry entry, uint64_t icr, unsigned int acks,
		  unsigned int senders, unsigned int rounds)
{
	struct kvm_regs regs = {
		.rip = VT_CODE + 16 * entry,
		.rsp = VT_STACK_TOP - STACK * vcpu->id,
		.rflags = 0x202,
		.rbx = icr,
		.r8 = vt_in_x2apic(vcpu) ? 0 : VT_LAPIC,
		.r9 = senders,
		.r10 = acks,
		.r13 = rounds,
		.r14 = vcpu->id,
		.r15 = VT_DATA + 0x100 * vcpu->id,
	};

	vt_set_regs(vcpu, &regs);
}

static void *run_sender(void *vcpu)
{
	vt_run_to_out(vcpu, 0xf4);
	return NULL;
}

/* Each of four asks the three others, who answer; all at the same time. */
TEST_F_TIMEOUT(smp, storm, 120)
{
	const unsigned int rounds = 400;
	pthread_t threads[VCPUS];

	for (unsigned int i = 0; i < VCPUS; i++)
		enter(&self->vcpu[i], SENDER, ICR_OTHERS | ICR_ASSERT | REQUEST_VECTOR(i),
		      VCPUS - 1, VCPUS, rounds);
	for (unsigned int i = 0; i < VCPUS; i++)
		threads[i] = vt_spawn(run_sender, &self->vcpu[i]);
	for (unsigned int i = 0; i < VCPUS; i++)
		pthread_join(threads[i], NULL);

	for (unsigned int i = 0; i < VCPUS; i++) {
		EXPECT_EQ(rounds * (VCPUS - 1), counters(&self->vcpu[i])->acks);
		for (unsigned int s = 0; s < VCPUS; s++) {
			EXPECT_EQ(s == i ? 0 : rounds, counters(&self->vcpu[i])->requests[s])
				TH_LOG("from %u to %u", s, i);
		}
	}
}

/* Two that do nothing but halt and wake each other. */
TEST_F_TIMEOUT(smp, ping_pong, 120)
{
	const unsigned int rounds = 3000;
	pthread_t threads[2];

	for (unsigned int i = 0; i < 2; i++) {
		enter(&self->vcpu[i], SENDER, (1ull - i) << 32 | ICR_ASSERT | REQUEST_VECTOR(i),
		      1, 2, rounds);
	}
	for (unsigned int i = 0; i < 2; i++)
		threads[i] = vt_spawn(run_sender, &self->vcpu[i]);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < 2; i++) {
		EXPECT_EQ(rounds, counters(&self->vcpu[i])->acks);
		EXPECT_EQ(rounds, counters(&self->vcpu[i])->requests[1 - i]);
	}
}

VT_GUEST(smp_halter, 64,
	 "1: cli; cmp %r13, 48(%r15); jae 2f; sti; hlt; jmp 1b\n"
	 "2: sti; out %al, $0xf4; jmp 2b\n");

/* A thread of the host wakes a halted vCPU, by message and by descriptor in turn. */
TEST_F_TIMEOUT(smp, halt_and_kick, 120)
{
	struct kvm_irqfd irqfd = { .fd = eventfd(0, 0), .gsi = 20 };
	volatile uint64_t *count = &counters(&self->vcpu[0])->line;
	const unsigned int rounds = 3000;
	struct vt_payload code = VT_PAYLOAD(smp_halter);
	const uint64_t one = 1;
	pthread_t thread;

	ASSERT_LE(0, irqfd.fd);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_IRQFD, &irqfd));
	memcpy(self->vm.mem + VT_DATA + 0x1800, code.start, code.end - code.start);
	enter(&self->vcpu[0], SENDER, 0, 0, 0, rounds);
	{
		struct kvm_regs regs;

		vt_get_regs(&self->vcpu[0], &regs);
		regs.rip = VT_DATA + 0x1800;
		vt_set_regs(&self->vcpu[0], &regs);
	}
	thread = vt_spawn(run_sender, &self->vcpu[0]);
	for (unsigned int i = 0; i < rounds; i++) {
		if (i & 1) {
			ASSERT_EQ(sizeof(one), write(irqfd.fd, &one, sizeof(one)));
		} else {
			ASSERT_EQ(1, vt_msi(&self->vm, VT_LAPIC, LINE_VECTOR));
		}
		while (*count <= i)
			sched_yield();
		ASSERT_EQ(i + 1, *count);
		/* Now and then let it come to rest. */
		if (i % 64 == 0)
			usleep(1000);
	}
	pthread_join(thread, NULL);
	close(irqfd.fd);
}

static uint64_t mmio_seen;

static void *run_mixture(void *arg)
{
	struct vt_vcpu *vcpu = arg;

	while (vt_run(vcpu) == KVM_EXIT_MMIO)
		mmio_seen++;
	if (vcpu->run->exit_reason != KVM_EXIT_IO)
		vt_run_to_out(vcpu, 0xf4);
	return NULL;
}

/* A timer, another vCPU, a descriptor and accesses that user space answers. */
TEST_F_TIMEOUT(smp, everything_at_once, 120)
{
	struct kvm_irqfd irqfd = { .fd = eventfd(0, 0), .gsi = 20 };
	volatile struct counters *c = counters(&self->vcpu[0]);
	const unsigned int wanted = 500;
	const uint64_t one = 1;
	pthread_t threads[2];

	ASSERT_LE(0, irqfd.fd);
	ASSERT_EQ(0, VT_IOCTL(self->vm.fd, KVM_IRQFD, &irqfd));
	mmio_seen = 0;
	c->wanted = wanted;
	enter(&self->vcpu[0], MIXTURE, 0, 0, 0, 0);
	enter(&self->vcpu[1], SENDER, ICR_ASSERT | REQUEST_VECTOR(1), 1, 1, wanted);
	threads[0] = vt_spawn(run_mixture, &self->vcpu[0]);
	threads[1] = vt_spawn(run_sender, &self->vcpu[1]);
	for (unsigned int i = 0; i < wanted; i++) {
		ASSERT_EQ(sizeof(one), write(irqfd.fd, &one, sizeof(one)));
		while (c->line <= i)
			sched_yield();
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	EXPECT_EQ(wanted, c->line);
	EXPECT_EQ(wanted, c->timer);
	EXPECT_EQ(wanted, c->requests[1]);
	EXPECT_EQ(wanted, counters(&self->vcpu[1])->acks);
	EXPECT_EQ(c->mmio, mmio_seen);
	close(irqfd.fd);
}

TEST_HARNESS_MAIN
