// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hunt for a lost wake-up: a vCPU halts, something wakes it, a thousand times
 * over, at moments that move from before its HLT to long after it.  Whoever wakes
 * waits for the answer, so one that is lost shows at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt_apic.h"

#define VECTOR		0x51
#define PIN		20
#define COUNTER		(VT_DATA + 0x1000)
#define SENT		(VT_DATA + 0x1040)
#define CODE		(VT_DATA + 0x1800)
#define PATIENCE	20	/* seconds */

/*
 * All in x2APIC mode.  The first 16 bytes are for the vector, the next for NMIs, which
 * have no EOI; then come the vCPU that halts, one that sends IPIs, and one that
 * waits for its own timer.  RBX rounds.
 */
VT_GUEST(wakeups, 64,
	 "jmp 5f; .balign 16; jmp 6f; .balign 16; jmp 1f; .balign 16; jmp 2f; .balign 16\n"
	 "jmp 7f; .balign 16\n"
	 "1: sti; hlt; jmp 1b\n"
	 /* r11 goes through all delays up to 8191 in an order that looks like none. */
	 "2: imul $0x1235, %r11d, %r11d; inc %r11d; mov %r11d, %eax; and $0x1fff, %eax\n"
	 "3: dec %eax; jns 3b\n"
	 "incq 0x21040\n"
	 "mov $0x830, %ecx; mov $0x4051, %eax; xor %edx, %edx; wrmsr\n"
	 "4: pause; mov 0x21040, %rax; cmp 0x21000, %rax; jne 4b\n"
	 "dec %ebx; jnz 2b; out %al, $0xf4\n"
	 "5: push %rax; push %rcx; push %rdx; incq 0x21000\n"
	 "mov $0x80b, %ecx; xor %eax, %eax; xor %edx, %edx; wrmsr\n"
	 "pop %rdx; pop %rcx; pop %rax; iretq\n"
	 "6: incq 0x21000; iretq\n"
	 "7: imul $0x1235, %r11d, %r11d; inc %r11d; cli\n"
	 "mov $0x838, %ecx; mov %r11d, %eax; and $0x1ffff, %eax; inc %eax\n"
	 "xor %edx, %edx; wrmsr; sti; hlt\n"
	 "dec %ebx; jnz 7b; out %al, $0xf4\n");

enum { HANDLER, NMI_HANDLER, HALTER, SENDER, TIMER };

FIXTURE(wakeups) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	unsigned int rounds;
};

FIXTURE_VARIANT(wakeups) {
	int cpus;
};

FIXTURE_VARIANT_ADD(wakeups, one_cpu) { .cpus = 1 };
FIXTURE_VARIANT_ADD(wakeups, two_cpus) { .cpus = 2 };
FIXTURE_VARIANT_ADD(wakeups, four_cpus) { .cpus = 4 };

/* What the vCPU's thread does when it is called out of KVM_RUN, and how often it was. */
enum errand { NONE, JUST_COUNT, SEND_NMI, INTERRUPT };
static atomic_int errand;
static atomic_uint returns;
static atomic_bool stop;
static bool halted;	/* in user space */

static void nothing(int sig)
{
	(void)sig;
}

static void gate(struct vt_vm *vm, unsigned int vector, unsigned int entry)
{
	vt_set_gate(vm, vector, CODE + 16 * entry);
}

static void enter(struct vt_vcpu *vcpu, unsigned int entry, unsigned int rounds)
{
	struct kvm_regs regs = {
		.rip = CODE + 16 * entry,
		.rsp = VT_STACK_TOP - 0x1000 * vcpu->id,
		.rflags = 0x202,
		.rbx = rounds,
	};

	vt_set_regs(vcpu, &regs);
}

static void load(struct vt_vm *vm)
{
	struct vt_payload code = VT_PAYLOAD(wakeups);

	memset(vm->mem + COUNTER, 0, 0x100);
	memcpy(vm->mem + CODE, code.start, code.end - code.start);
	gate(vm, VECTOR, HANDLER);
	gate(vm, 2, NMI_HANDLER);
}

FIXTURE_SETUP(wakeups)
{
	struct sigaction action = { .sa_handler = nothing };
	cpu_set_t set;

	if (sysconf(_SC_NPROCESSORS_ONLN) < variant->cpus)
		return;
	CPU_ZERO(&set);
	for (int i = 0; i < variant->cpus; i++)
		CPU_SET(i, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	sigaction(SIGUSR1, &action, NULL);
	self->rounds = getenv("VT_LONG") ? 20000 : 1000;
	vt_irq_create(&self->vm, &self->vcpu);
	vt_enable_x2apic(&self->vcpu);
	vt_ioapic_set(&self->vcpu, PIN, VECTOR);
	load(&self->vm);
	enter(&self->vcpu, HALTER, 0);
}

#define NEED_CPUS() do {						\
	if (!self->vcpu.vm)						\
		SKIP(return, "fewer CPUs");				\
} while (0)

FIXTURE_TEARDOWN(wakeups)
{
	if (!self->vcpu.vm)
		return;
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static volatile uint64_t *counter(struct vt_vm *vm)
{
	return (volatile uint64_t *)(vm->mem + COUNTER);
}

/* Without an irqchip it is user space that injects, when the guest is ready. */
static void interrupt(struct vt_vcpu *vcpu)
{
	struct kvm_interrupt irq = { .irq = VECTOR };
	long ret;

	vcpu->run->request_interrupt_window = !vcpu->run->ready_for_interrupt_injection;
	if (vcpu->run->request_interrupt_window)
		return;
	ret = VT_IOCTL(vcpu->fd, KVM_INTERRUPT, &irq);
	if (ret)
		vt_die("KVM_INTERRUPT: %s", strerror(-ret));
	errand = NONE;
	halted = false;
}

static void run_errand(struct vt_vcpu *vcpu)
{
	switch (errand) {
	case JUST_COUNT:
		errand = NONE;
		returns++;
		break;
	case SEND_NMI:
		errand = NONE;
		if (vt_ioctl(vcpu->fd, KVM_NMI, 0))
			vt_die("KVM_NMI");
		break;
	case INTERRUPT:
		interrupt(vcpu);
		break;
	}
}

/* What it came out with is seen to; false: it is at its end. */
static bool goes_on(struct vt_vcpu *vcpu)
{
	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_HLT:
		halted = true;
		return true;
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		interrupt(vcpu);
		return true;
	case KVM_EXIT_IO:
		return false;
	}
	vt_die("exit %s", vt_exit_name(vcpu->run->exit_reason));
}

static void *run_vcpu(void *arg)
{
	struct vt_vcpu *vcpu = arg;

	while (!stop) {
		long ret;

		if (halted && errand == NONE) {
			sched_yield();
			continue;
		}
		if (halted)
			run_errand(vcpu);
		ret = vt_ioctl(vcpu->fd, KVM_RUN, 0);
		if (ret == -EINTR) {
			vcpu->run->immediate_exit = 0;
			run_errand(vcpu);
		} else if (ret) {
			vt_die("KVM_RUN: %s", strerror(-ret));
		} else if (!goes_on(vcpu)) {
			break;
		}
	}
	return NULL;
}

static time_t seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* False: it does not come. */
static bool wait_for(volatile uint64_t *count, uint64_t value)
{
	time_t end = seconds() + PATIENCE;

	for (unsigned int n = 1; *count < value; n++) {
		sched_yield();
		if (n % 256 == 0 && seconds() > end)
			return false;
	}
	return true;
}

/* Each round a little later than the one before; now and then it comes to rest. */
static void delay(unsigned int round)
{
	if (round % 64 == 63)
		usleep(1000);
	else
		for (volatile unsigned int i = round * 37 % 4001; i; i--)
			;
}

/* Call the thread out of KVM_RUN, wherever it is. */
static void call_out(struct vt_vcpu *vcpu, pthread_t thread, enum errand what)
{
	errand = what;
	vcpu->run->immediate_exit = 1;
	pthread_kill(thread, SIGUSR1);
}

static void end(struct vt_vcpu *vcpu, pthread_t thread)
{
	stop = true;
	call_out(vcpu, thread, NONE);
	pthread_join(thread, NULL);
}

enum kind { MSI, IRQFD, MSI_NMI };

static void kick(struct vt_vm *vm, enum kind kind, int fd)
{
	const uint64_t one = 1;

	if (kind == IRQFD) {
		if (write(fd, &one, sizeof(one)) != sizeof(one))
			vt_die("write to an eventfd");
	} else if (vt_msi(vm, VT_LAPIC, kind == MSI ? VECTOR : ICR_NMI) != 1) {
		vt_die("KVM_SIGNAL_MSI");
	}
}

static void by_host(struct __test_metadata *_metadata, struct vt_vcpu *vcpu, enum kind kind,
		    unsigned int rounds)
{
	struct kvm_irqfd irqfd = { .fd = eventfd(0, 0), .gsi = PIN };
	pthread_t thread;

	ASSERT_LE(0, irqfd.fd);
	ASSERT_EQ(0, VT_IOCTL(vcpu->vm->fd, KVM_IRQFD, &irqfd));
	thread = vt_spawn(run_vcpu, vcpu);
	for (unsigned int i = 0; i < rounds; i++) {
		delay(i);
		kick(vcpu->vm, kind, irqfd.fd);
		ASSERT_TRUE(wait_for(counter(vcpu->vm), i + 1))
			TH_LOG("lost at round %u", i);
		ASSERT_EQ(i + 1, *counter(vcpu->vm));
	}
	end(vcpu, thread);
	close(irqfd.fd);
}

TEST_F_TIMEOUT(wakeups, msi, 600)
{
	NEED_CPUS();
	by_host(_metadata, &self->vcpu, MSI, self->rounds);
}

TEST_F_TIMEOUT(wakeups, irqfd, 600)
{
	NEED_CPUS();
	by_host(_metadata, &self->vcpu, IRQFD, self->rounds);
}

TEST_F_TIMEOUT(wakeups, nmi_by_msi, 600)
{
	NEED_CPUS();
	by_host(_metadata, &self->vcpu, MSI_NMI, self->rounds);
}

/* By a signal: KVM_RUN ends, and the vCPU halts again. */
TEST_F_TIMEOUT(wakeups, signal, 600)
{
	pthread_t thread;

	NEED_CPUS();
	thread = vt_spawn(run_vcpu, &self->vcpu);
	for (unsigned int i = 0; i < self->rounds; i++) {
		time_t late = seconds() + PATIENCE;

		delay(i);
		call_out(&self->vcpu, thread, JUST_COUNT);
		while (returns <= i && seconds() <= late)
			sched_yield();
		ASSERT_EQ(i + 1, returns);
	}
	end(&self->vcpu, thread);
	EXPECT_EQ(0, *counter(&self->vm));
}

/* KVM_NMI between two KVM_RUNs of a vCPU that is halted. */
TEST_F_TIMEOUT(wakeups, kvm_nmi, 600)
{
	pthread_t thread;

	NEED_CPUS();
	thread = vt_spawn(run_vcpu, &self->vcpu);
	for (unsigned int i = 0; i < self->rounds; i++) {
		delay(i);
		call_out(&self->vcpu, thread, SEND_NMI);
		ASSERT_TRUE(wait_for(counter(&self->vm), i + 1))
			TH_LOG("lost at round %u", i);
		ASSERT_EQ(i + 1, *counter(&self->vm));
	}
	end(&self->vcpu, thread);
}

/* The caller's interrupt controller: it knows when the guest halts, and what it does then. */
TEST_F_TIMEOUT(wakeups, kvm_interrupt, 600)
{
	struct vt_vcpu vcpu;
	struct vt_vm vm;
	pthread_t thread;

	NEED_CPUS();
	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_pass_cpuid(&vcpu);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(wakeups));
	load(&vm);
	/* There is no EOI to be written. */
	gate(&vm, VECTOR, NMI_HANDLER);
	enter(&vcpu, HALTER, 0);
	thread = vt_spawn(run_vcpu, &vcpu);
	for (unsigned int i = 0; i < self->rounds; i++) {
		delay(i);
		call_out(&vcpu, thread, INTERRUPT);
		ASSERT_TRUE(wait_for(counter(&vm), i + 1))
			TH_LOG("lost at round %u", i);
		ASSERT_EQ(i + 1, *counter(&vm));
	}
	end(&vcpu, thread);
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

/* By another vCPU, and nobody in user space. */
TEST_F_TIMEOUT(wakeups, ipi, 600)
{
	volatile uint64_t *sent;
	pthread_t threads[2];
	struct vt_vcpu other;

	NEED_CPUS();
	vt_irq_vcpu(&self->vm, &other, 1);
	vt_enable_x2apic(&other);
	load(&self->vm);
	sent = (volatile uint64_t *)(self->vm.mem + SENT);
	enter(&self->vcpu, HALTER, 0);
	enter(&other, SENDER, self->rounds);
	threads[0] = vt_spawn(run_vcpu, &self->vcpu);
	threads[1] = vt_spawn(run_vcpu, &other);
	for (unsigned int i = 1; i <= self->rounds; i++) {
		ASSERT_TRUE(wait_for(counter(&self->vm), i))
			TH_LOG("lost: %lu sent", *sent);
	}
	pthread_join(threads[1], NULL);
	EXPECT_EQ(self->rounds, *counter(&self->vm));
	end(&self->vcpu, threads[0]);
	vt_vcpu_destroy(&other);
}

/* By its own timer, which is due before the HLT, at it, or up to 131 us later. */
TEST_F_TIMEOUT(wakeups, timer, 600)
{
	pthread_t thread;

	NEED_CPUS();
	vt_apic_write(&self->vcpu, APIC_TDCR, 0xb);
	vt_apic_write(&self->vcpu, APIC_LVTT, VECTOR);
	enter(&self->vcpu, TIMER, self->rounds);
	thread = vt_spawn(run_vcpu, &self->vcpu);
	for (unsigned int i = 1; i <= self->rounds; i++) {
		ASSERT_TRUE(wait_for(counter(&self->vm), i))
			TH_LOG("lost after %u", i - 1);
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(self->rounds, *counter(&self->vm));
}

TEST_HARNESS_MAIN
