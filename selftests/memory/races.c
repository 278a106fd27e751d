// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of several vCPUs at once, against memory that is taken away, and
 * against slots that go, come and move under running guests.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt_fixture.h"

#define BASE	0x40000000ul
#define PAGES	512u
#define SIZE	(PAGES * VT_PAGE)
#define VCPUS	3

FIXTURE(races)
{
	struct vt_vm vm;
	struct vt_vcpu vcpus[VCPUS];
	uint8_t *mem;
};

/* Round and round over all pages, adding to one word of each. RDI = which. */
VT_GUEST(hammer, 64,
	 "sti\n"
	 "2: mov $0x40000000, %esi; lea (%rsi, %rdi, 8), %rsi; mov $512, %ecx\n"
	 "1: incq (%rsi); add $4096, %rsi; dec %ecx; jnz 1b\n"
	 "incq %rbx; jmp 2b");
/* Once over all pages, each word set to RBX. */
VT_GUEST(finish, 64,
	 "mov $0x40000000, %esi; lea (%rsi, %rdi, 8), %rsi; mov $512, %ecx\n"
	 "1: mov %rbx, (%rsi); add $4096, %rsi; dec %ecx; jnz 1b; hlt");

FIXTURE_SETUP(races)
{
	uintptr_t raw = (uintptr_t)vt_anon(SIZE + 2 * VT_MIB);

	vt_vm_create(&self->vm);
	for (unsigned int i = 0; i < VCPUS; i++) {
		vt_vcpu_create(&self->vm, &self->vcpus[i], i);
		vt_pass_cpuid(&self->vcpus[i]);
		vt_enter_mode(&self->vcpus[i], VT_LONG);
	}
	vt_load(&self->vcpus[0], VT_PAYLOAD(hammer));
	self->mem = (uint8_t *)((raw + 2 * VT_MIB - 1) & ~(2 * VT_MIB - 1));
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
}

FIXTURE_TEARDOWN(races)
{
	for (unsigned int i = 0; i < VCPUS; i++)
		vt_vcpu_destroy(&self->vcpus[i]);
	vt_vm_destroy(&self->vm);
}

static atomic_bool stop;

static void nothing(int sig)
{
	(void)sig;
}

/*
 * Run until told to stop. A missing slot shows as an access for user space: the
 * guest stays where it is and tries again, as it would after a repair.
 */
static void *run(void *arg)
{
	struct vt_vcpu *vcpu = arg;

	while (!stop) {
		long ret = vt_ioctl(vcpu->fd, KVM_RUN, 0);

		if (ret == -EINTR || ret == -EAGAIN || ret == -EFAULT)
			continue;
		if (ret < 0)
			return (void *)ret;
		switch (vcpu->run->exit_reason) {
		case KVM_EXIT_MMIO:
		case KVM_EXIT_INTR:
			break;
		case KVM_EXIT_INTERNAL_ERROR:
			if (!vt_on_kvm())
				break;
			/* fallthrough */
		default:
			return (void *)(long)(1000 + vcpu->run->exit_reason);
		}
	}
	return NULL;
}

static void start_all(struct __test_metadata *_metadata, struct vt_vcpu *vcpus,
		      pthread_t *threads)
{
	struct sigaction action = { .sa_handler = nothing };
	struct kvm_regs regs;

	sigaction(SIGUSR1, &action, NULL);
	stop = false;
	for (unsigned int i = 0; i < VCPUS; i++) {
		vt_get_regs(&vcpus[i], &regs);
		regs.rdi = i;
		regs.rsp -= i * 0x1000;
		vt_set_regs(&vcpus[i], &regs);
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run, &vcpus[i]));
	}
}

static void stop_all(struct __test_metadata *_metadata, struct vt_vcpu *vcpus,
		     pthread_t *threads)
{
	void *result;

	stop = true;
	for (unsigned int i = 0; i < VCPUS; i++) {
		/* It may be on its way into KVM_RUN: kick until it is out. */
		while (pthread_tryjoin_np(threads[i], &result)) {
			vcpus[i].run->immediate_exit = 1;
			pthread_kill(threads[i], SIGUSR1);
			usleep(1000);
		}
		vcpus[i].run->immediate_exit = 0;
		EXPECT_EQ(NULL, result)
			TH_LOG("vCPU %u ended with %ld", i, (long)result);
	}
}

/* After the storm every write of every vCPU must arrive. */
static void still_right(struct __test_metadata *_metadata, struct vt_vm *vm,
			struct vt_vcpu *vcpus, const uint8_t *mem)
{
	struct kvm_regs regs;

	(void)vm;
	for (unsigned int i = 0; i < VCPUS; i++) {
		vt_start(&vcpus[i], VT_LONG, VT_PAYLOAD(finish));
		vt_get_regs(&vcpus[i], &regs);
		regs.rdi = i;
		regs.rbx = 0x1234500 + i;
		vt_set_regs(&vcpus[i], &regs);
		vt_run_to(&vcpus[i], KVM_EXIT_HLT);
	}
	for (unsigned int page = 0; page < PAGES; page++)
		for (unsigned int i = 0; i < VCPUS; i++)
			ASSERT_EQ(0x1234500 + i, *(uint64_t *)(mem + page * VT_PAGE + i * 8));
}

TEST_F_TIMEOUT(races, pages_given_back, 120)
{
	pthread_t threads[VCPUS];

	start_all(_metadata, self->vcpus, threads);
	for (unsigned int i = 0; i < 150; i++) {
		size_t at = i * 37 % PAGES * VT_PAGE;

		ASSERT_EQ(0, madvise(self->mem + at, i % 3 ? VT_PAGE : SIZE - at,
				     MADV_DONTNEED));
		usleep(500);
	}
	stop_all(_metadata, self->vcpus, threads);
	still_right(_metadata, &self->vm, self->vcpus, self->mem);
}

TEST_F_TIMEOUT(races, protection_changes, 120)
{
	pthread_t threads[VCPUS];

	start_all(_metadata, self->vcpus, threads);
	for (unsigned int i = 0; i < 60; i++) {
		ASSERT_EQ(0, mprotect(self->mem, SIZE / 2, PROT_READ));
		usleep(300);
		ASSERT_EQ(0, mprotect(self->mem, SIZE / 2, PROT_READ | PROT_WRITE));
		usleep(300);
	}
	stop_all(_metadata, self->vcpus, threads);
	still_right(_metadata, &self->vm, self->vcpus, self->mem);
}

TEST_F_TIMEOUT(races, slot_deleted_and_made, 120)
{
	pthread_t threads[VCPUS];

	start_all(_metadata, self->vcpus, threads);
	for (unsigned int i = 0; i < 40; i++) {
		vt_set_slot(&self->vm, 1, BASE, 0, self->mem, 0);
		usleep(300);
		vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
		usleep(300);
	}
	stop_all(_metadata, self->vcpus, threads);
	still_right(_metadata, &self->vm, self->vcpus, self->mem);
}

TEST_F_TIMEOUT(races, slot_moved, 120)
{
	pthread_t threads[VCPUS];

	start_all(_metadata, self->vcpus, threads);
	for (unsigned int i = 0; i < 40; i++) {
		vt_set_slot(&self->vm, 1, i % 2 ? BASE : BASE + SIZE / 2, SIZE,
			    self->mem, 0);
		usleep(300);
	}
	stop_all(_metadata, self->vcpus, threads);
	still_right(_metadata, &self->vm, self->vcpus, self->mem);
}

TEST_F_TIMEOUT(races, dirty_log_on_and_off, 120)
{
	uint64_t log[PAGES / 64];
	struct kvm_dirty_log arg = { .slot = 1, .dirty_bitmap = log };
	pthread_t threads[VCPUS];

	start_all(_metadata, self->vcpus, threads);
	for (unsigned int i = 0; i < 30; i++) {
		vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem,
			    KVM_MEM_LOG_DIRTY_PAGES);
		usleep(300);
		EXPECT_EQ(0, VT_IOCTL(self->vm.fd, KVM_GET_DIRTY_LOG, &arg));
		vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
		usleep(300);
	}
	stop_all(_metadata, self->vcpus, threads);
	still_right(_metadata, &self->vm, self->vcpus, self->mem);
}

TEST_HARNESS_MAIN
