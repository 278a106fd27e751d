// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory that another thread of the process brings in, by userfaultfd: a
 * live migration's target does so. The vCPU waits in KVM_RUN for as long as
 * that takes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "vt_fixture.h"

#define BASE	0x40000000ul
#define PAGES	64u
#define SIZE	(PAGES * VT_PAGE)

FIXTURE(uffd)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	struct vt_thread thread;
	uint8_t *mem;
	uint64_t features;
	int fd;
};

/* RAX = the word at RSI; if RBX is not 0, that goes there. */
VT_GUEST(uffd_touch, 64,
	 "sti; mov (%rsi), %rax; test %rbx, %rbx; jz 1f; mov %rbx, (%rsi); 1: hlt");
/* The write comes first. */
VT_GUEST(uffd_write, 64, "sti; mov %rbx, (%rsi); mov (%rsi), %rax; hlt");
/* RAX = sum of a word of each page. */
VT_GUEST(uffd_sum, 64,
	 "sti; xor %eax, %eax; mov $64, %ecx\n"
	 "1: add (%rsi), %rax; add $4096, %rsi; dec %ecx; jnz 1b; hlt");

FIXTURE_SETUP(uffd)
{
	struct uffdio_api api = { .api = UFFD_API };

	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	self->mem = vt_anon(SIZE);
	madvise(self->mem, SIZE, MADV_NOHUGEPAGE);
	vt_set_slot(&self->vm, 1, BASE, SIZE, self->mem, 0);
	self->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (self->fd < 0)
		vt_die("userfaultfd: %s", strerror(errno));
	if (ioctl(self->fd, UFFDIO_API, &api))
		vt_die("UFFDIO_API: %s", strerror(errno));
	self->features = api.features;
}

FIXTURE_TEARDOWN(uffd)
{
	close(self->fd);
	munmap(self->mem, SIZE);
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

static void watch(int fd, void *mem, uint64_t mode)
{
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)mem, .len = SIZE },
		.mode = mode,
	};

	if (ioctl(fd, UFFDIO_REGISTER, &reg))
		vt_die("UFFDIO_REGISTER: %s", strerror(errno));
}

static void go(struct vt_thread *thread, struct vt_vcpu *vcpu, struct vt_payload code,
	       uint64_t gpa, uint64_t value)
{
	struct kvm_regs regs;

	vt_start(vcpu, VT_LONG, code);
	vt_get_regs(vcpu, &regs);
	regs.rsi = gpa;
	regs.rbx = value;
	vt_set_regs(vcpu, &regs);
	vt_thread_start(thread, vcpu);
}

static uint64_t rax(struct vt_vcpu *vcpu)
{
	struct kvm_regs regs;

	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

/* The next fault that waits, or false when none comes in so many ms. */
static bool next_fault(int fd, int ms, struct uffd_msg *msg)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, ms) == 1 &&
	       read(fd, msg, sizeof(*msg)) == sizeof(*msg) &&
	       msg->event == UFFD_EVENT_PAGEFAULT;
}

static void serve(int fd, void *page, uint64_t word)
{
	static uint64_t data[VT_PAGE / 8];
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page, .src = (uintptr_t)data, .len = VT_PAGE,
	};

	data[0] = word;
	if (ioctl(fd, UFFDIO_COPY, &copy))
		vt_die("UFFDIO_COPY: %s", strerror(errno));
}

/* KVM waits through signals up to 6.1, and uninterrupted with its slots held. */
static bool waits_through_signals(void)
{
	struct utsname name;

	return vt_on_kvm() && !uname(&name) && !strncmp(name.release, "6.1.", 4);
}

TEST_F(uffd, read_is_served)
{
	struct uffd_msg msg;

	watch(self->fd, self->mem, UFFDIO_REGISTER_MODE_MISSING);
	go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_touch), BASE + VT_PAGE, 0);
	ASSERT_TRUE(next_fault(self->fd, 5000, &msg));
	EXPECT_EQ((uintptr_t)self->mem + VT_PAGE, msg.arg.pagefault.address & -VT_PAGE);
	EXPECT_EQ(0, msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE);
	usleep(50000);
	EXPECT_FALSE(self->thread.done);
	serve(self->fd, self->mem + VT_PAGE, 0x1111);
	EXPECT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 5000));
	EXPECT_EQ(0x1111, rax(&self->vcpu));
	EXPECT_FALSE(next_fault(self->fd, 0, &msg));
}

TEST_F(uffd, write_is_served)
{
	struct uffd_msg msg;

	watch(self->fd, self->mem, UFFDIO_REGISTER_MODE_MISSING);
	go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_write), BASE, 0x2222);
	ASSERT_TRUE(next_fault(self->fd, 5000, &msg));
	EXPECT_NE(0, msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE);
	serve(self->fd, self->mem, 0x1111);
	EXPECT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 5000));
	EXPECT_EQ(0x2222, rax(&self->vcpu));
	EXPECT_EQ(0x2222, *(uint64_t *)self->mem);
}

/* All pages, one after the other, in the order that the guest asks for them. */
TEST_F(uffd, page_after_page)
{
	struct uffd_msg msg;
	uint64_t want = 0;

	watch(self->fd, self->mem, UFFDIO_REGISTER_MODE_MISSING);
	go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_sum), BASE, 0);
	for (unsigned int page = 0; page < PAGES; page++) {
		uint8_t *at = self->mem + page * VT_PAGE;

		ASSERT_TRUE(next_fault(self->fd, 5000, &msg));
		ASSERT_EQ((uintptr_t)at, msg.arg.pagefault.address & -VT_PAGE);
		serve(self->fd, at, page * 7);
		want += page * 7;
	}
	EXPECT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 5000));
	EXPECT_EQ(want, rax(&self->vcpu));
}

/* A signal gets the vCPU out of the wait, as often as it likes; nothing is lost. */
TEST_F(uffd, kicked_while_it_waits)
{
	struct uffd_msg msg;

	if (waits_through_signals())
		SKIP(return, "KVM of 6.1 does not let a signal end the wait");
	watch(self->fd, self->mem, UFFDIO_REGISTER_MODE_MISSING);
	go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_touch), BASE, 0x4444);
	for (unsigned int i = 0; i < 5; i++) {
		ASSERT_TRUE(next_fault(self->fd, 5000, &msg));
		EXPECT_EQ((uintptr_t)self->mem, msg.arg.pagefault.address & -VT_PAGE);
		ASSERT_TRUE(vt_thread_kick(&self->thread))
			TH_LOG("KVM_RUN did not end with -EINTR");
		EXPECT_FALSE(self->thread.done);
	}
	serve(self->fd, self->mem, 0x3333);
	EXPECT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 5000));
	EXPECT_EQ(0x3333, rax(&self->vcpu));
	EXPECT_EQ(0x4444, *(uint64_t *)self->mem);
}

/* The vCPU is stopped for good while it waits, and goes on later. */
TEST_F(uffd, stopped_and_resumed)
{
	struct uffd_msg msg;

	if (waits_through_signals())
		SKIP(return, "KVM of 6.1 does not let a signal end the wait");
	watch(self->fd, self->mem, UFFDIO_REGISTER_MODE_MISSING);
	go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_touch), BASE, 0);
	ASSERT_TRUE(next_fault(self->fd, 5000, &msg));
	EXPECT_EQ(VT_STOPPED, vt_thread_end(&self->thread, 0));
	serve(self->fd, self->mem, 0x5555);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0x5555, rax(&self->vcpu));
}

/* Slots can be changed meanwhile; the waiting vCPU finds what is there now. */
TEST_F(uffd, slot_replaced_while_it_waits)
{
	uint64_t *other = vt_anon(SIZE);
	struct uffd_msg msg;

	if (vt_on_kvm())
		SKIP(return, "KVM holds its slots while a vCPU waits");
	other[0] = 0x6666;
	watch(self->fd, self->mem, UFFDIO_REGISTER_MODE_MISSING);
	go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_touch), BASE, 0);
	ASSERT_TRUE(next_fault(self->fd, 5000, &msg));
	vt_set_slot(&self->vm, 1, BASE, 0, self->mem, 0);
	vt_set_slot(&self->vm, 1, BASE, SIZE, other, 0);
	EXPECT_FALSE(self->thread.done);
	serve(self->fd, self->mem, 0x7777);
	EXPECT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 5000));
	EXPECT_EQ(0x6666, rax(&self->vcpu));
}

static void wake(int fd, const void *mem)
{
	struct uffdio_range range = { .start = (uintptr_t)mem, .len = SIZE };

	if (ioctl(fd, UFFDIO_WAKE, &range))
		vt_die("UFFDIO_WAKE: %s", strerror(errno));
}

/* Unmapped meanwhile: what cannot be brought in any more is -EFAULT. */
TEST_F(uffd, unmapped_while_it_waits)
{
	struct uffd_msg msg;

	watch(self->fd, self->mem, UFFDIO_REGISTER_MODE_MISSING);
	go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_touch), BASE, 0);
	ASSERT_TRUE(next_fault(self->fd, 5000, &msg));
	ASSERT_EQ(0, munmap(self->mem, SIZE));
	wake(self->fd, self->mem);
	EXPECT_EQ(-EFAULT, vt_thread_end(&self->thread, 5000));
	ASSERT_EQ(self->mem, mmap(self->mem, SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	*(uint64_t *)self->mem = 0x8888;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0x8888, rax(&self->vcpu));
}

static void protect(int fd, void *page, bool on)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = (uintptr_t)page, .len = VT_PAGE },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	if (ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		vt_die("UFFDIO_WRITEPROTECT: %s", strerror(errno));
}

/* A page that the guest has already may be taken from it for writing. */
TEST_F(uffd, write_protected)
{
	volatile uint64_t *word = (void *)self->mem;
	struct uffd_msg msg;

	if (!(self->features & UFFD_FEATURE_PAGEFAULT_FLAG_WP))
		SKIP(return, "this kernel's userfaultfd does not protect from writing");
	watch(self->fd, self->mem, UFFDIO_REGISTER_MODE_WP);
	go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_write), BASE, 0xa1);
	ASSERT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 5000));
	for (uint64_t round = 0; round < 4; round++) {
		protect(self->fd, self->mem, true);
		/* Reading is free. */
		go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_touch), BASE, 0);
		ASSERT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 5000));
		EXPECT_EQ(0xa1 + round, rax(&self->vcpu));

		go(&self->thread, &self->vcpu, VT_PAYLOAD(uffd_write), BASE, 0xa2 + round);
		ASSERT_TRUE(next_fault(self->fd, 5000, &msg));
		EXPECT_NE(0, msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP);
		EXPECT_EQ(0xa1 + round, *word);
		EXPECT_FALSE(self->thread.done);
		protect(self->fd, self->mem, false);
		ASSERT_EQ(KVM_EXIT_HLT, vt_thread_end(&self->thread, 5000));
		EXPECT_EQ(0xa2 + round, *word);
	}
}

TEST_HARNESS_MAIN
