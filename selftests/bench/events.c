// SPDX-License-Identifier: GPL-2.0-only
/*
 * What goes between threads: eventfds in and out, and a signal. The figures hold
 * the host's own switches from one thread to the other, the same for everybody.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

#define GSI		24
#define VECTOR		0x51
#define EVENT_PORT	0x510
#define TRIES		20

/* Waits; its handler says so with an OUT. */
VT_GUEST(bench_wait, 64, "sti; 1: hlt; jmp 1b");
VT_GUEST(bench_say, 64, "out %al, $0xf4; push %rax; mov $0xfee000b0, %eax\n"
	 "movl $0, (%rax); pop %rax; iretq");
VT_GUEST(bench_signal, 64, "sti; 1: mov $0x510, %edx; out %eax, %dx; hlt; jmp 1b");
VT_GUEST(bench_spin, 64, "sti; 1: pause; jmp 1b");

struct side {
	struct vt_vcpu vcpu;
	int come;	/* eventfd: run once more */
	int done;	/* eventfd: it has */
	volatile uint64_t started;
	volatile uint64_t ended;
};

static void post(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		vt_die("eventfd: %s", strerror(errno));
}

static void wait_for(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) != sizeof(count))
		if (errno != EINTR)
			vt_die("eventfd: %s", strerror(errno));
}

static int event(void)
{
	int fd = eventfd(0, 0);

	if (fd < 0)
		vt_die("eventfd: %s", strerror(errno));
	return fd;
}

static void *runs(void *arg)
{
	struct side *side = arg;

	for (;;) {
		wait_for(side->come);
		side->started = __rdtsc();
		ioctl(side->vcpu.fd, KVM_RUN, 0);
		side->ended = __rdtsc();
		post(side->done);
	}
	return NULL;
}

static void ignore(int sig)
{
	(void)sig;
}

static void handle(struct vt_vcpu *vcpu, struct vt_payload code)
{
	memcpy(vcpu->vm->mem + VT_DATA, code.start, code.end - code.start);
	vt_set_gate(vcpu->vm, VECTOR, VT_DATA);
}

static void begin(struct side *side, struct vt_payload code)
{
	struct kvm_regs regs = {
		.rip = VT_CODE, .rsp = VT_STACK_TOP, .rflags = 2,
	};

	vt_set_mp_state(&side->vcpu, KVM_MP_STATE_RUNNABLE);
	vt_load(&side->vcpu, code);
	vt_set_regs(&side->vcpu, &regs);
}

/* Long enough for the other side to be in its wait or in the guest. */
static void settle(void)
{
	usleep(2000);
}

static uint64_t irq_in(struct side *side, int fd)
{
	uint64_t least = UINT64_MAX;

	begin(side, VT_PAYLOAD(bench_wait));
	for (unsigned int i = 0; i < TRIES; i++) {
		uint64_t start;

		post(side->come);
		settle();
		start = __rdtsc();
		post(fd);
		wait_for(side->done);
		if (side->ended - start < least)
			least = side->ended - start;
	}
	return least;
}

static uint64_t signal_out(struct side *side, pthread_t thread, int fd)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < TRIES; i++) {
		uint64_t end;

		begin(side, VT_PAYLOAD(bench_signal));
		post(side->come);
		wait_for(fd);
		end = __rdtsc();
		settle();
		pthread_kill(thread, SIGUSR1);
		wait_for(side->done);
		if (end - side->started < least)
			least = end - side->started;
	}
	return least;
}

static uint64_t kick(struct side *side, pthread_t thread)
{
	uint64_t least = UINT64_MAX;

	begin(side, VT_PAYLOAD(bench_spin));
	for (unsigned int i = 0; i < TRIES; i++) {
		uint64_t start;

		post(side->come);
		settle();
		start = __rdtsc();
		pthread_kill(thread, SIGUSR1);
		wait_for(side->done);
		if (side->ended - start < least)
			least = side->ended - start;
	}
	return least;
}

/* The way of a device's interrupt: a message to the local APIC. */
static void route(struct vt_vm *vm)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry;
	} table = {
		.head.nr = 1,
		.entry = {
			.gsi = GSI,
			.type = KVM_IRQ_ROUTING_MSI,
			.u.msi = { .address_lo = VT_LAPIC, .data = VECTOR },
		},
	};

	if (VT_IOCTL(vm->fd, KVM_SET_GSI_ROUTING, &table))
		vt_die("KVM_SET_GSI_ROUTING is refused");
}

void bench_events(void)
{
	struct sigaction action = { .sa_handler = ignore };
	struct kvm_irqfd irqfd = { .fd = event(), .gsi = GSI };
	struct kvm_ioeventfd out = {
		.addr = EVENT_PORT, .len = 4, .fd = event(), .flags = KVM_IOEVENTFD_FLAG_PIO,
	};
	struct side side = { .come = event(), .done = event() };
	pthread_t thread;
	struct vt_vm vm;

	vt_irq_create(&vm, &side.vcpu);
	route(&vm);
	handle(&side.vcpu, VT_PAYLOAD(bench_say));
	if (VT_IOCTL(vm.fd, KVM_IRQFD, &irqfd) || VT_IOCTL(vm.fd, KVM_IOEVENTFD, &out))
		vt_die("an irqfd or ioeventfd is refused");
	sigaction(SIGUSR1, &action, NULL);
	if (pthread_create(&thread, NULL, runs, &side))
		vt_die("no thread");

	bench_report("event", "irqfd to the handler of a halted guest", "ticks", 100,
		     irq_in(&side, irqfd.fd));
	bench_report("event", "ioeventfd to the thread that waits", "ticks", 100,
		     signal_out(&side, thread, out.fd));
	bench_report("event", "signal to the end of KVM_RUN", "ticks", 100,
		     kick(&side, thread));

	pthread_cancel(thread);
	pthread_join(thread, NULL);
	vt_vcpu_destroy(&side.vcpu);
	vt_vm_destroy(&vm);
}
