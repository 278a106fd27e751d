// SPDX-License-Identifier: GPL-2.0-only
/* The flight recorder of a vCPU and the ledger of a VM: VELLUM_RECORD. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../uapi/vellum.h"
#include "vt_fixture.h"
#include "vt_known.h"

VT_FIXTURE(recorder)

#define NEED_VELLUM() do {						\
	if (vt_on_kvm())						\
		SKIP(return, "KVM has no recorder");			\
} while (0)

#define RING_SIZE	(VELLUM_RING_PAGES * VT_PAGE)
#define BOTH		(VELLUM_RECORD_RING | VELLUM_RECORD_LEDGER)
#define EPT_VIOLATION	48

static struct vellum_ring *map_ring(struct vt_vcpu *vcpu)
{
	void *ring = mmap(NULL, RING_SIZE, PROT_READ, MAP_SHARED, vcpu->fd,
			  VELLUM_RING_PAGE * VT_PAGE);

	if (ring == MAP_FAILED)
		vt_die("the ring cannot be mapped: %s", strerror(errno));
	return ring;
}

static const struct vellum_exit *exit_at(const struct vellum_ring *ring, uint64_t number)
{
	const struct vellum_exit *records = (const void *)((const char *)ring + VT_PAGE);

	return &records[number % VELLUM_RING_RECORDS];
}

/* Counts of one reason and cause, and for a reason of all causes at ~0. */
static uint64_t counted(struct vt_vm *vm, unsigned int reason, uint64_t cause)
{
	struct vellum_ledger_entry e;
	struct vellum_ledger head;
	uint64_t sum = 0;
	int fd = vt_ioctl(vm->fd, VELLUM_GET_LEDGER_FD, 0);

	if (fd < 0)
		vt_die("VELLUM_GET_LEDGER_FD: %s", strerror(-fd));
	if (read(fd, &head, sizeof(head)) != sizeof(head) || head.entry_size != sizeof(e))
		vt_die("the ledger cannot be read");
	for (uint32_t i = 0; i < head.entries; i++) {
		if (read(fd, &e, sizeof(e)) != sizeof(e))
			vt_die("the ledger is too short");
		if (!e.host || !e.count)
			vt_die("an exit of no time");
		if (e.reason == reason && (cause == ~0ull || e.cause == cause))
			sum += e.count;
	}
	if (read(fd, &e, 1))
		vt_die("the ledger is too long");
	close(fd);
	return sum;
}

TEST_F(recorder, ledger_counts_exactly)
{
	struct vt_known known[VT_KNOWNS];
	uint64_t touched = 0;

	NEED_VELLUM();
	vt_known_load(&self->vcpu, known);
	ASSERT_EQ(-ENOENT, vt_ioctl(self->vm.fd, VELLUM_GET_LEDGER_FD, 0));
	ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD, BOTH));
	EXPECT_EQ(500, vt_known_run(&self->vcpu));

	for (int i = 0; i < VT_KNOWNS; i++) {
		/* The last one was not followed by an entry; pages are apart. */
		uint64_t wanted = known[i].reason == 12 ? 0 : known[i].count;

		if (known[i].reason != EPT_VIOLATION)
			EXPECT_EQ(wanted, counted(&self->vm, known[i].reason, known[i].cause));
	}
	for (int i = 0; i < 200; i++)
		touched += counted(&self->vm, EPT_VIOLATION, VT_KNOWN_MEMORY + i * VT_PAGE);
	/* What shares a place with others in the table may be among the rest. */
	EXPECT_LE(touched, 200);
	EXPECT_GE(touched + counted(&self->vm, EPT_VIOLATION, 0), 200);
}

TEST_F(recorder, ring_has_the_last_exits)
{
	struct vt_known known[VT_KNOWNS];
	const struct vellum_ring *ring;
	const struct vellum_exit *e;
	unsigned int calls = 0;

	NEED_VELLUM();
	vt_known_load(&self->vcpu, known);
	ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING));
	ring = map_ring(&self->vcpu);
	vt_known_run(&self->vcpu);

	ASSERT_EQ(VELLUM_RING_RECORDS, ring->records);
	EXPECT_GE(ring->head, 2401);
	EXPECT_EQ(0, ring->frozen);
	e = exit_at(ring, ring->head - 1);
	EXPECT_EQ(12, e->reason);
	EXPECT_EQ(known[5].rip, e->rip);
	EXPECT_EQ(0, e->host);
	EXPECT_EQ(ring->head - 1, e->number);
	for (uint64_t n = ring->head - 2; n > ring->head - VELLUM_RING_RECORDS; n--) {
		e = exit_at(ring, n);
		EXPECT_EQ(n, e->number);
		EXPECT_NE(0, e->host);
		EXPECT_LT(e->tsc, exit_at(ring, n + 1)->tsc);
		if (e->reason != 18)
			continue;
		calls++;
		EXPECT_EQ(known[4].rip, e->rip);
		EXPECT_EQ(VT_KNOWN_CALL, e->cause);
		EXPECT_EQ(VELLUM_BY_FAST, e->by);
	}
	EXPECT_GE(calls, 200);
	munmap((void *)ring, RING_SIZE);
}

VT_GUEST(out_then_hlt, 64, "mov $0x80, %edx; 1: out %al, %dx; cpuid; jmp 1b");

TEST_F(recorder, says_who_finished_it)
{
	const struct vellum_ring *ring;

	NEED_VELLUM();
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(out_then_hlt));
	ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING));
	ring = map_ring(&self->vcpu);
	for (int i = 0; i < 10; i++)
		vt_run_to(&self->vcpu, KVM_EXIT_IO);
	for (uint64_t n = 0; n + 1 < ring->head; n++) {
		if (exit_at(ring, n)->reason == 30)
			EXPECT_EQ(VELLUM_BY_USER, exit_at(ring, n)->by);
		if (exit_at(ring, n)->reason == 10)
			EXPECT_EQ(VELLUM_BY_FAST, exit_at(ring, n)->by);
	}
	munmap((void *)ring, RING_SIZE);
}

/* No interrupt descriptor table: a page fault, a double fault, and the end. */
VT_GUEST(dies, 64, "mov $0x12345678, %ecx; mov $0x7000000000, %rax; mov (%rax), %rax; hlt");

TEST_F(recorder, frozen_at_a_triple_fault)
{
	const struct vellum_ring *ring;
	const struct vellum_exit *e;
	struct kvm_sregs sregs;
	uint64_t head;

	NEED_VELLUM();
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(dies));
	vt_get_sregs(&self->vcpu, &sregs);
	sregs.idt.limit = 0;
	vt_set_sregs(&self->vcpu, &sregs);
	ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING));
	ring = map_ring(&self->vcpu);
	vt_run_to(&self->vcpu, KVM_EXIT_SHUTDOWN);

	EXPECT_EQ(VELLUM_FROZEN_SHUTDOWN, ring->frozen);
	EXPECT_EQ(0x12345678, ring->regs.rcx);
	EXPECT_EQ(0x7000000000ull, ring->sregs.cr2);
	ASSERT_GE(ring->head, 2);
	EXPECT_EQ(2, exit_at(ring, ring->head - 1)->reason);
	e = exit_at(ring, ring->head - 2);
	EXPECT_EQ(0, e->reason);
	EXPECT_EQ(8, e->cause);
	EXPECT_EQ(0x80000b08, e->event);

	/* It stays until it is asked to go on. */
	head = ring->head;
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(out_then_hlt));
	vt_run_to(&self->vcpu, KVM_EXIT_IO);
	EXPECT_EQ(head, ring->head);
	ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING));
	EXPECT_EQ(0, ring->frozen);
	vt_run_to(&self->vcpu, KVM_EXIT_IO);
	EXPECT_LT(head, ring->head);
	munmap((void *)ring, RING_SIZE);
}

VT_GUEST(df, 64, "mov $0x7000000000, %rax; mov (%rax), %rax; hlt");

/* A guest that has a handler for #DF gets it, as without a recorder. */
TEST_F(recorder, double_fault_is_the_guests)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_sregs sregs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(df));
	vt_catch(&self->vcpu, VT_LONG);
	if (!vt_on_kvm())
		ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD, BOTH));
	/* The gate of #PF is gone. */
	vt_get_sregs(&self->vcpu, &sregs);
	memset(self->vm.mem + sregs.idt.base + 14 * 16, 0, 16);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(8, caught->vector);
	EXPECT_EQ(0, caught->error);
	EXPECT_EQ(1, caught->count);
	EXPECT_EQ(0x7000000000ull, caught->cr2);
}

TEST_F(recorder, refuses)
{
	int fd = self->vcpu.fd;
	const uint64_t at = VELLUM_RING_PAGE * VT_PAGE;
	struct vt_vcpu late;
	void *p;

	NEED_VELLUM();
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vm.fd, VELLUM_RECORD, 4));
	EXPECT_EQ(-EINVAL, vt_ioctl(self->vm.fd, VELLUM_RECORD, ~0ul));
	EXPECT_EQ(-ENOTTY, vt_ioctl(fd, VELLUM_RECORD, 1));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, RING_SIZE + 1, PROT_READ, MAP_SHARED, fd, at));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, VT_PAGE, PROT_READ, MAP_SHARED, fd, at - VT_PAGE));
	ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING));
	p = map_ring(&self->vcpu);
	EXPECT_EQ(-1, mprotect(p, RING_SIZE, PROT_READ | PROT_WRITE));
	munmap(p, RING_SIZE);
	/* One that comes later records, too. */
	vt_vcpu_create(&self->vm, &late, 1);
	p = map_ring(&late);
	EXPECT_EQ(VELLUM_RING_RECORDS, ((struct vellum_ring *)p)->records);
	munmap(p, RING_SIZE);
	vt_vcpu_destroy(&late);
	ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD, 0));
}

TEST_HARNESS_MAIN
