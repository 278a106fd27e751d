// SPDX-License-Identifier: GPL-2.0-only
/* irqfd, ioeventfd, coalesced writes. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "vt_irq.h"

#define PIN	20
#define LEVEL	(1ull << 15)
#define MASKED	(1ull << 16)
#define PORT	0x1230
#define MMIO	0xd0000000u

/* KVM_CAP_COALESCED_MMIO tells the page. */
#define RING_PAGE	2
#define RING_ENTRIES	((VT_PAGE - sizeof(struct kvm_coalesced_mmio_ring)) / \
			 sizeof(struct kvm_coalesced_mmio))

FIXTURE(eventfd) {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	int fd;
	int resample;
};

FIXTURE_SETUP(eventfd)
{
	vt_irq_create(&self->vm, &self->vcpu);
	self->fd = eventfd(0, EFD_NONBLOCK);
	self->resample = eventfd(0, EFD_NONBLOCK);
	ASSERT_GE(self->fd, 0);
	ASSERT_GE(self->resample, 0);
}

FIXTURE_TEARDOWN(eventfd)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
	close(self->fd);
	close(self->resample);
}

static void signal_fd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		vt_die("write to an eventfd: %s", strerror(errno));
}

/* How often it was signalled since the last look. */
static uint64_t signals(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static long irqfd(struct vt_vm *vm, int fd, unsigned int gsi, unsigned int flags, int resample)
{
	struct kvm_irqfd args = { .fd = fd, .gsi = gsi, .flags = flags, .resamplefd = resample };

	return VT_IOCTL(vm->fd, KVM_IRQFD, &args);
}

TEST_F(eventfd, irqfd)
{
	vt_ioapic_set(&self->vcpu, PIN, 0x41);
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, PIN, 0, 0));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	for (int i = 0; i < 3; i++) {
		signal_fd(self->fd);
		usleep(2000);	/* KVM may use a kernel thread */
		EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
		vt_eoi(&self->vcpu);
		/* The event was taken. */
		EXPECT_EQ(0, signals(self->fd));
	}
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, PIN, KVM_IRQFD_FLAG_DEASSIGN, 0));
	signal_fd(self->fd);
	usleep(2000);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_EQ(1, signals(self->fd));
}

TEST_F(eventfd, irqfd_counts_what_was_written_before)
{
	vt_ioapic_set(&self->vcpu, PIN, 0x41);
	signal_fd(self->fd);
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, PIN, 0, 0));
	usleep(2000);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
}

TEST_F(eventfd, irqfd_to_the_pic)
{
	vt_pic_init(&self->vcpu);
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, 5, 0, 0));
	signal_fd(self->fd);
	usleep(2000);
	EXPECT_EQ(VT_PIC_BASE + 5, vt_irq_next(&self->vcpu));
}

TEST_F(eventfd, irqfd_errors)
{
	EXPECT_EQ(-EINVAL, irqfd(&self->vm, self->fd, PIN, 4, 0));
	EXPECT_EQ(-EBADF, irqfd(&self->vm, -1, PIN, 0, 0));
	EXPECT_EQ(-EINVAL, irqfd(&self->vm, self->vm.fd, PIN, 0, 0));
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, PIN, 0, 0));
	EXPECT_EQ(-EBUSY, irqfd(&self->vm, self->fd, PIN, 0, 0));
	EXPECT_EQ(-EBUSY, irqfd(&self->vm, self->fd, PIN + 1, 0, 0));
	EXPECT_EQ(-EBADF, irqfd(&self->vm, self->resample, PIN, KVM_IRQFD_FLAG_RESAMPLE, -1));
	/* What is not there is not missed. */
	EXPECT_EQ(0, irqfd(&self->vm, self->fd, PIN + 1, KVM_IRQFD_FLAG_DEASSIGN, 0));
	EXPECT_EQ(0, irqfd(&self->vm, self->fd, PIN, KVM_IRQFD_FLAG_DEASSIGN, 0));
	EXPECT_EQ(0, irqfd(&self->vm, self->fd, PIN + 1, 0, 0));
}

TEST_F(eventfd, irqfd_without_irqchip)
{
	struct vt_vm bare;

	vt_vm_create(&bare);
	EXPECT_EQ(-EINVAL, irqfd(&bare, self->fd, PIN, 0, 0));
	vt_vm_destroy(&bare);
}

/* The descriptor may be closed at any time, by then or before the VM. */
TEST_F(eventfd, irqfd_of_a_closed_eventfd)
{
	int fd = eventfd(0, 0);

	ASSERT_EQ(0, irqfd(&self->vm, fd, PIN, 0, 0));
	close(fd);
	fd = eventfd(0, 0);
	ASSERT_EQ(0, irqfd(&self->vm, fd, PIN, 0, 0));
	close(fd);
	usleep(2000);
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, PIN, 0, 0));
}

TEST_F(eventfd, resample)
{
	vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, PIN, KVM_IRQFD_FLAG_RESAMPLE, self->resample));
	signal_fd(self->fd);
	usleep(2000);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, signals(self->resample));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(1, signals(self->resample));
	/* The line fell at the EOI. */
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	/* The device raises it again. */
	signal_fd(self->fd);
	usleep(2000);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, PIN, KVM_IRQFD_FLAG_DEASSIGN, 0));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, signals(self->resample));
}

TEST_F(eventfd, resample_of_a_shared_line)
{
	int fd = eventfd(0, EFD_NONBLOCK), resample = eventfd(0, EFD_NONBLOCK);

	vt_ioapic_set(&self->vcpu, PIN, LEVEL | 0x41);
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, PIN, KVM_IRQFD_FLAG_RESAMPLE, self->resample));
	ASSERT_EQ(0, irqfd(&self->vm, fd, PIN, KVM_IRQFD_FLAG_RESAMPLE, resample));
	signal_fd(self->fd);
	usleep(2000);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	/* Both are asked. */
	EXPECT_EQ(1, signals(self->resample));
	EXPECT_EQ(1, signals(resample));
	/* The user's own pull keeps the line high. */
	vt_line(&self->vm, PIN, 1);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	vt_eoi(&self->vcpu);
	EXPECT_EQ(0x41, vt_irq_next(&self->vcpu));
	vt_line(&self->vm, PIN, 0);
	vt_eoi(&self->vcpu);
	close(fd);
	close(resample);
}

TEST_F(eventfd, resample_on_the_pic)
{
	vt_pic_init(&self->vcpu);
	vt_outb(&self->vcpu, 0x4d0, 0x20);
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, 5, KVM_IRQFD_FLAG_RESAMPLE, self->resample));
	signal_fd(self->fd);
	usleep(2000);
	EXPECT_EQ(VT_PIC_BASE + 5, vt_irq_next(&self->vcpu));
	EXPECT_EQ(0, signals(self->resample));
	vt_outb(&self->vcpu, 0x20, 0x20);
	EXPECT_EQ(1, signals(self->resample));
	EXPECT_EQ(-1, vt_irq_next(&self->vcpu));
}

static long ioeventfd(struct vt_vm *vm, int fd, uint64_t addr, unsigned int len,
		      unsigned int flags, uint64_t match)
{
	struct kvm_ioeventfd args = {
		.fd = fd, .addr = addr, .len = len, .flags = flags, .datamatch = match,
	};

	return VT_IOCTL(vm->fd, KVM_IOEVENTFD, &args);
}

#define PIO	KVM_IOEVENTFD_FLAG_PIO
#define MATCH	KVM_IOEVENTFD_FLAG_DATAMATCH
#define DEASSIGN KVM_IOEVENTFD_FLAG_DEASSIGN

TEST_F(eventfd, ioeventfd_on_a_port)
{
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, PORT, 2, PIO, 0));
	EXPECT_EQ(false, vt_try_out(&self->vcpu, PORT, 2, 0x1234));
	EXPECT_EQ(1, signals(self->fd));
	/* Another size, another port: user space. */
	EXPECT_EQ(true, vt_try_out(&self->vcpu, PORT, 1, 0));
	EXPECT_EQ(true, vt_try_out(&self->vcpu, PORT, 4, 0));
	EXPECT_EQ(true, vt_try_out(&self->vcpu, PORT + 1, 1, 0));
	EXPECT_EQ(0, signals(self->fd));
	EXPECT_EQ(0, ioeventfd(&self->vm, self->fd, PORT, 2, PIO | DEASSIGN, 0));
	EXPECT_EQ(true, vt_try_out(&self->vcpu, PORT, 2, 0x1234));
	EXPECT_EQ(0, signals(self->fd));
}

TEST_F(eventfd, ioeventfd_in_memory)
{
	for (unsigned int len = 1; len <= 8; len *= 2) {
		ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, MMIO, len, 0, 0));
		EXPECT_EQ(false, vt_try_write(&self->vcpu, MMIO, len, 0x55));
		EXPECT_EQ(1, signals(self->fd));
		EXPECT_EQ(true, vt_try_write(&self->vcpu, MMIO + 8, len, 0x55));
		EXPECT_EQ(0, ioeventfd(&self->vm, self->fd, MMIO, len, DEASSIGN, 0));
	}
}

TEST_F(eventfd, ioeventfd_of_any_length)
{
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, MMIO, 0, 0, 0));
	for (unsigned int len = 1; len <= 8; len *= 2)
		EXPECT_EQ(false, vt_try_write(&self->vcpu, MMIO, len, 0x55));
	EXPECT_EQ(4, signals(self->fd));
	EXPECT_EQ(true, vt_try_write(&self->vcpu, MMIO + 1, 1, 0x55));
}

TEST_F(eventfd, ioeventfd_with_datamatch)
{
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, PORT, 2, PIO | MATCH, 1));
	ASSERT_EQ(0, ioeventfd(&self->vm, self->resample, PORT, 2, PIO | MATCH, 2));
	EXPECT_EQ(false, vt_try_out(&self->vcpu, PORT, 2, 1));
	EXPECT_EQ(1, signals(self->fd));
	EXPECT_EQ(0, signals(self->resample));
	EXPECT_EQ(false, vt_try_out(&self->vcpu, PORT, 2, 2));
	EXPECT_EQ(0, signals(self->fd));
	EXPECT_EQ(1, signals(self->resample));
	EXPECT_EQ(true, vt_try_out(&self->vcpu, PORT, 2, 3));
}

TEST_F(eventfd, ioeventfd_errors)
{
	EXPECT_EQ(-EINVAL, ioeventfd(&self->vm, self->fd, PORT, 3, PIO, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(&self->vm, self->fd, PORT, 2, 0x80, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(&self->vm, self->fd, PORT, 0, PIO | MATCH, 0));
	EXPECT_EQ(-EINVAL, ioeventfd(&self->vm, self->fd, ~0ull, 4, 0, 0));
	EXPECT_EQ(-EBADF, ioeventfd(&self->vm, -1, PORT, 2, PIO, 0));
	EXPECT_EQ(-ENOENT, ioeventfd(&self->vm, self->fd, PORT, 2, PIO | DEASSIGN, 0));
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, PORT, 2, PIO | MATCH, 1));
	EXPECT_EQ(-EEXIST, ioeventfd(&self->vm, self->resample, PORT, 2, PIO | MATCH, 1));
	EXPECT_EQ(-EEXIST, ioeventfd(&self->vm, self->resample, PORT, 2, PIO, 0));
	EXPECT_EQ(-EEXIST, ioeventfd(&self->vm, self->resample, PORT, 0, PIO, 0));
	EXPECT_EQ(0, ioeventfd(&self->vm, self->resample, PORT, 4, PIO, 0));
	EXPECT_EQ(0, ioeventfd(&self->vm, self->resample, PORT, 2, 0, 0));
	EXPECT_EQ(-ENOENT, ioeventfd(&self->vm, self->fd, PORT, 2, PIO | MATCH | DEASSIGN, 2));
	EXPECT_EQ(0, ioeventfd(&self->vm, self->fd, PORT, 2, PIO | MATCH | DEASSIGN, 1));
}

/* There is a bound, and the bus still works at it. */
TEST_F(eventfd, ioeventfds_up_to_the_bound)
{
	const unsigned int many = 6000;
	unsigned int n;

	for (n = 0; n < many; n++)
		if (ioeventfd(&self->vm, self->fd, MMIO + 8 * n, 4, 0, 0))
			break;
	EXPECT_GE(n, 1000);
	EXPECT_EQ(false, vt_try_write(&self->vcpu, MMIO, 4, 1));
	EXPECT_EQ(false, vt_try_write(&self->vcpu, MMIO + 8 * (n / 2), 4, 1));
	EXPECT_EQ(false, vt_try_write(&self->vcpu, MMIO + 8 * (n - 1), 4, 1));
	EXPECT_EQ(true, vt_try_write(&self->vcpu, MMIO + 8 * n, 4, 1));
	EXPECT_EQ(3, signals(self->fd));
	if (vt_on_kvm())	/* it counts the other devices only */
		return;
	EXPECT_LT(n, many);
	EXPECT_EQ(-ENOSPC, ioeventfd(&self->vm, self->fd, MMIO + 8 * n, 4, 0, 0));
	EXPECT_EQ(0, ioeventfd(&self->vm, self->fd, MMIO + 8, 4, DEASSIGN, 0));
	EXPECT_EQ(0, ioeventfd(&self->vm, self->fd, MMIO + 8 * n, 4, 0, 0));
}

static long zone(struct vt_vm *vm, unsigned long cmd, uint64_t addr, uint32_t size, uint32_t pio)
{
	struct kvm_coalesced_mmio_zone z = { .addr = addr, .size = size, .pio = pio };

	return VT_IOCTL(vm->fd, cmd, &z);
}

static struct kvm_coalesced_mmio_ring *ring(struct vt_vcpu *vcpu)
{
	return (void *)((uint8_t *)vcpu->run + RING_PAGE * VT_PAGE);
}

/*
 * An event channel: the host's event is an interrupt, the guest answers it by a
 * write to the doorbell, which is the next event's cause. RBX events, R12 seen.
 */
VT_GUEST(channel, 64,
	 "jmp 1f; .balign 16\n"
	 "inc %r12; mov $0x1230, %edx; out %ax, %dx; mov $0xfee000b0, %eax; movl $0, (%rax)\n"
	 "iretq\n"
	 "1: sti; hlt; cli; cmp %r12, %rbx; jne 1b\n"
	 "2: out %al, $0xf4; jmp 2b");

#define EVENTS	200
#define VECTOR	0x41

struct channel {
	int in, doorbell;
	unsigned int rung;
};

static void *answer(void *arg)
{
	struct channel *c = arg;

	for (c->rung = 0; c->rung < EVENTS; c->rung++) {
		struct pollfd ring = { .fd = c->doorbell, .events = POLLIN };

		signal_fd(c->in);
		if (poll(&ring, 1, 5000) != 1 || signals(c->doorbell) != 1)
			break;
	}
	return NULL;
}

TEST_F(eventfd, channel)
{
	struct channel c = { .in = self->fd, .doorbell = self->resample };
	struct kvm_regs regs = {
		.rip = VT_CODE, .rsp = VT_STACK_TOP, .rflags = 2, .rbx = EVENTS,
	};
	pthread_t thread;

	vt_ioapic_set(&self->vcpu, PIN, VECTOR);
	vt_set_gate(&self->vm, VECTOR, VT_CODE + 16);
	vt_load(&self->vcpu, VT_PAYLOAD(channel));
	vt_set_regs(&self->vcpu, &regs);
	ASSERT_EQ(0, irqfd(&self->vm, c.in, PIN, 0, 0));
	ASSERT_EQ(0, ioeventfd(&self->vm, c.doorbell, PORT, 2, PIO, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, answer, &c));
	/* One call of KVM_RUN for all of it. */
	vt_run_to_out(&self->vcpu, 0xf4);
	pthread_join(thread, NULL);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(EVENTS, regs.r12);
	EXPECT_EQ(EVENTS, c.rung);
	printf("# show: %llu events in, %u doorbells out, one KVM_RUN\n", regs.r12, c.rung);
}

TEST_F(eventfd, coalesced_writes)
{
	struct kvm_coalesced_mmio_ring *r = ring(&self->vcpu);

	ASSERT_EQ(0, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, MMIO, 0x100, 0));
	EXPECT_EQ(false, vt_try_write(&self->vcpu, MMIO, 4, 0x11223344));
	EXPECT_EQ(false, vt_try_write(&self->vcpu, MMIO + 0xff, 1, 0x55));
	EXPECT_EQ(true, vt_try_write(&self->vcpu, MMIO + 0xfe, 4, 0x55));
	EXPECT_EQ(true, vt_try_write(&self->vcpu, MMIO + 0x100, 4, 0x55));
	EXPECT_EQ(0, r->first);
	EXPECT_EQ(2, r->last);
	EXPECT_EQ(MMIO, r->coalesced_mmio[0].phys_addr);
	EXPECT_EQ(4, r->coalesced_mmio[0].len);
	EXPECT_EQ(0, memcmp(r->coalesced_mmio[0].data, "\x44\x33\x22\x11", 4));
	EXPECT_EQ(0, r->coalesced_mmio[0].pio);
	EXPECT_EQ(MMIO + 0xff, r->coalesced_mmio[1].phys_addr);
	EXPECT_EQ(0, zone(&self->vm, KVM_UNREGISTER_COALESCED_MMIO, MMIO, 0x100, 0));
	EXPECT_EQ(true, vt_try_write(&self->vcpu, MMIO, 4, 0));
	EXPECT_EQ(2, r->last);
}

TEST_F(eventfd, coalesced_ports)
{
	struct kvm_coalesced_mmio_ring *r = ring(&self->vcpu);

	ASSERT_EQ(0, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, PORT, 4, 1));
	EXPECT_EQ(true, vt_try_write(&self->vcpu, PORT + 0xd0000000, 4, 0));
	EXPECT_EQ(false, vt_try_out(&self->vcpu, PORT + 2, 2, 0x1234));
	EXPECT_EQ(1, r->last);
	EXPECT_EQ(PORT + 2, r->coalesced_mmio[0].phys_addr);
	EXPECT_EQ(1, r->coalesced_mmio[0].pio);
	EXPECT_EQ(2, r->coalesced_mmio[0].len);
}

TEST_F(eventfd, full_ring)
{
	struct kvm_coalesced_mmio_ring *r = ring(&self->vcpu);
	unsigned int n;

	ASSERT_EQ(0, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, MMIO, 0x100, 0));
	for (n = 0; n < 1000; n++)
		if (vt_try_write(&self->vcpu, MMIO, 4, n))
			break;
	if (!vt_on_kvm())	/* whose arithmetic leaves some room unused */
		EXPECT_EQ(RING_ENTRIES - 1, n);
	EXPECT_EQ(n, r->last);
	/* Emptied, it takes more. */
	r->first = r->last;
	EXPECT_EQ(false, vt_try_write(&self->vcpu, MMIO, 4, 0));
	EXPECT_EQ((n + 1) % RING_ENTRIES, r->last);
}

/* User space may write anything into the ring. */
TEST_F(eventfd, hostile_ring)
{
	struct kvm_coalesced_mmio_ring *r = ring(&self->vcpu);

	ASSERT_EQ(0, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, MMIO, 0x100, 0));
	r->last = 0xffffffff;
	EXPECT_EQ(true, vt_try_write(&self->vcpu, MMIO, 4, 0));
	r->last = RING_ENTRIES;
	EXPECT_EQ(true, vt_try_write(&self->vcpu, MMIO, 4, 0));
	r->last = 0;
	r->first = 0xffffffff;
	vt_try_write(&self->vcpu, MMIO, 4, 0);
	r->first = 0;
	r->last = 0;
	EXPECT_EQ(false, vt_try_write(&self->vcpu, MMIO, 4, 0));
}

TEST_F(eventfd, ring_of_all_vcpus)
{
	struct vt_vcpu other;

	vt_irq_vcpu(&self->vm, &other, 1);
	ASSERT_EQ(0, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, MMIO, 0x100, 0));
	EXPECT_EQ(false, vt_try_write(&other, MMIO, 4, 0x99));
	EXPECT_EQ(1, ring(&self->vcpu)->last);
	EXPECT_EQ(1, ring(&other)->last);
	vt_vcpu_destroy(&other);
}

TEST_F(eventfd, zone_errors)
{
	EXPECT_EQ(-EINVAL, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, MMIO, 4, 2));
	/* What is not there is not missed. */
	EXPECT_EQ(0, zone(&self->vm, KVM_UNREGISTER_COALESCED_MMIO, MMIO, 4, 0));
}

TEST_HARNESS_MAIN
