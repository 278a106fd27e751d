// SPDX-License-Identifier: GPL-2.0-only
/* What a thread of the fuzzer does: calls, and things done to the world meanwhile. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"
#include "vellum.h"

int fuzz_fd(struct fuzz *f, enum fuzz_on on)
{
	struct fuzz_world *w = f->world;

	if (on == ON_DEVICE)
		return w->dev;
	return on == ON_VM ? w->vm[f->which_vm] : w->vcpu[f->which_vm][f->which_vcpu];
}

static long call(struct fuzz *f, int fd, unsigned long cmd, uint64_t arg)
{
	++*f->calls;
	return vt_ioctl(fd, cmd, arg);
}

/* Commands of a known number with another size or direction are not known. */
static void wrong_command(struct fuzz *f, const struct fuzz_call *c, int fd)
{
	unsigned int size = rng_one_in(&f->rng, 2) ? _IOC_SIZE(c->cmd) + 8 :
			    rng_below(&f->rng, 1 << _IOC_SIZEBITS);
	unsigned long cmd = _IOC(rng_below(&f->rng, 4), _IOC_TYPE(c->cmd), _IOC_NR(c->cmd), size);
	long ret;

	for (unsigned int i = 0; i < fuzz_nr_calls; i++)
		if (fuzz_calls[i].cmd == cmd)
			return;
	rng_fill(&f->rng, f->arg, 512);
	ret = call(f, fd, cmd, (uintptr_t)f->arg);
	if (ret != -ENOTTY && ret != -EIO && ret != -EBADF && ret != -EINTR) {
		hard_note("command %#lx (%s changed) answered %ld", cmd, c->name, ret);
		++*f->wrong;
	}
}

/* Where an argument may lie: whole, cut off by the end of memory, or nowhere. */
static uint64_t place(struct fuzz *f, unsigned long cmd)
{
	size_t size = _IOC_SIZE(cmd), left;

	switch (rng_below(&f->rng, 24)) {
	case 0:
		return 0;
	case 1:
		return 0xffff888000000000ull;
	case 2:
		left = size ? rng_below(&f->rng, size) : 0;
		memmove(f->arg + FUZZ_ARG - left, f->arg, left);
		return (uintptr_t)f->arg + FUZZ_ARG - left;
	default:
		return (uintptr_t)f->arg;
	}
}

static void change(struct fuzz *f, size_t size)
{
	static const uint8_t widths[] = { 1, 2, 4, 8 };

	for (unsigned int n = rng_below(&f->rng, 5); n && size >= 8; n--) {
		unsigned int width = widths[rng_below(&f->rng, 4)];
		uint64_t value = rng_hostile(&f->rng);

		memcpy(f->arg + rng_below(&f->rng, size / width) * width, &value, width);
	}
}

static void by_address(struct fuzz *f, const struct fuzz_call *c, int fd)
{
	size_t size = _IOC_SIZE(c->cmd);

	if (c->make) {
		c->make(f);
	} else if (c->get && !rng_one_in(&f->rng, 10)) {
		if (c->cmd == KVM_SET_IRQCHIP)
			*(uint32_t *)f->arg = rng_below(&f->rng, 3);
		call(f, fd, c->get, (uintptr_t)f->arg);
		change(f, c->cmd == KVM_SET_XSAVE && rng_one_in(&f->rng, 2) ? 640 : size);
	} else {
		rng_fill(&f->rng, f->arg, size);
		change(f, size);
	}
	call(f, fd, c->cmd, place(f, c->cmd));
}

/* Whose argument is a number, though some of them say otherwise. */
static bool by_value(unsigned long cmd)
{
	return !_IOC_SIZE(cmd) || cmd == KVM_CREATE_PIT || cmd == KVM_GET_TSC_KHZ ||
	       cmd == KVM_SET_TSC_KHZ;
}

static void do_call(struct fuzz *f)
{
	const struct fuzz_call *c = &fuzz_calls[rng_below(&f->rng, fuzz_nr_calls)];
	enum fuzz_on on = rng_one_in(&f->rng, 40) ? (enum fuzz_on)rng_below(&f->rng, 3) : c->on;
	int fd = fuzz_fd(f, on);

	if (rng_one_in(&f->rng, 20))
		wrong_command(f, c, fd);
	else if (by_value(c->cmd))
		call(f, fd, c->cmd, rng_one_in(&f->rng, 4) ? rng_hostile(&f->rng) :
						   rng_below(&f->rng, c->cmd == KVM_RUN ? 1 : 4));
	else
		by_address(f, c, fd);
}

static void close_and_take(struct fuzz *f, atomic_int *where, int fd)
{
	int old = atomic_exchange(where, fd);

	(void)f;
	if (old >= 0)
		close(old);
}

static void new_vm(struct fuzz *f)
{
	struct fuzz_world *w = f->world;
	struct kvm_userspace_memory_region all = {
		.memory_size = FUZZ_MEMORY, .userspace_addr = (uintptr_t)w->memory,
	};
	int fd = call(f, w->dev, KVM_CREATE_VM, 0);

	if (fd < 0)
		return;
	call(f, fd, KVM_SET_USER_MEMORY_REGION, (uintptr_t)&all);
	if (!rng_one_in(&f->rng, 3))
		call(f, fd, KVM_CREATE_IRQCHIP, 0);
	close_and_take(f, &w->vm[f->which_vm], fd);
}

static void new_vcpu(struct fuzz *f)
{
	struct fuzz_world *w = f->world;
	int fd = call(f, w->vm[f->which_vm], KVM_CREATE_VCPU,
		      rng_one_in(&f->rng, 10) ? rng_hostile(&f->rng) : f->which_vcpu);

	if (fd < 0)
		return;
	if (rng_one_in(&f->rng, 2)) {
		make_cpuid(f);
		call(f, fd, KVM_SET_CPUID2, (uintptr_t)f->arg);
	}
	close_and_take(f, &w->vcpu[f->which_vm][f->which_vcpu], fd);
}

/* The run page: mapped anew, mapped oddly, taken away from a thread that uses it. */
static void map_run(struct fuzz *f)
{
	static const int prots[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE };
	int fd = fuzz_fd(f, ON_VCPU);
	struct kvm_run *old;
	void *map;

	map = mmap(NULL, VELLUM_RUN_PAGES * VT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED) {
		old = atomic_exchange(&f->world->run[f->which_vm][f->which_vcpu], map);
		if (old && rng_one_in(&f->rng, 2))
			mremap(old, VT_PAGE, rng_below(&f->rng, 32) * VT_PAGE, MREMAP_MAYMOVE);
		else if (old)
			munmap(old, VELLUM_RUN_PAGES * VT_PAGE);
	}
	map = mmap(NULL, (1 + rng_below(&f->rng, 24)) * VT_PAGE, prots[rng_below(&f->rng, 3)],
		   rng_one_in(&f->rng, 2) ? MAP_SHARED : MAP_PRIVATE, fd,
		   rng_below(&f->rng, 24) * VT_PAGE);
	if (map != MAP_FAILED) {
		hard_copy(f->arg, map, 1);
		munmap(map, VT_PAGE);
	}
}

static void write_run(struct fuzz *f)
{
	struct kvm_run *run = f->world->run[f->which_vm][f->which_vcpu];
	uint64_t value = rng_hostile(&f->rng);
	uint32_t at = rng_below(&f->rng, sizeof(struct kvm_run) / 8) * 8;

	if (!run)
		return;
	if (rng_one_in(&f->rng, 2))
		at = offsetof(struct kvm_run, kvm_valid_regs) + 8 * rng_below(&f->rng, 4);
	else if (rng_one_in(&f->rng, 3))
		at = VT_PAGE + rng_below(&f->rng, 2 * VT_PAGE / 8) * 8;
	hard_copy((uint8_t *)run + at, &value, sizeof(value));
}

/* Guest memory: contents stay HLT, all else changes. */
static void change_memory(struct fuzz *f)
{
	static const int advice[] = { MADV_DONTNEED, MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE,
				      MADV_NOHUGEPAGE, MADV_DONTFORK, MADV_DOFORK, MADV_WILLNEED };
	uint32_t page = rng_below(&f->rng, FUZZ_MEMORY / VT_PAGE);
	uint8_t *at = f->world->memory + page * VT_PAGE;
	size_t size = (1 + rng_below(&f->rng, FUZZ_MEMORY / VT_PAGE - page)) * VT_PAGE;

	switch (rng_below(&f->rng, 4)) {
	case 0:
		munmap(at, size);
		break;
	case 1:
		mprotect(at, size, rng_below(&f->rng, 4));
		break;
	case 2:
		madvise(at, size, advice[rng_below(&f->rng, 8)]);
		break;
	}
	mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, f->world->memory_fd,
	     page * VT_PAGE);
}

/* Small programs that end by HLT; left in place for a moment. */
static void write_code(struct fuzz *f)
{
	static const uint8_t code[][4] = {
		{ 0x0f, 0xa2, 0xf4 },		/* CPUID */
		{ 0xe6, 0x80, 0xf4 },		/* OUT */
		{ 0xe4, 0x20, 0xf4 },		/* IN */
		{ 0x6c, 0xf4 }, { 0x6f, 0xf4 },	/* INS, OUTS */
		{ 0x0f, 0x32, 0xf4 },		/* RDMSR */
		{ 0x0f, 0x30, 0xf4 },		/* WRMSR */
		{ 0xa4, 0xf4 }, { 0xab, 0xf4 },	/* MOVS, STOS */
		{ 0xcd, 0x03, 0xf4 },		/* INT */
		{ 0x0f, 0x01, 0xc1, 0xf4 },	/* VMCALL */
		{ 0xfb, 0x90, 0xf4 },		/* STI */
		{ 0x0f, 0x22, 0xc0, 0xf4 },	/* MOV to CR0 */
		{ 0x0f, 0x23, 0xf8, 0xf4 },	/* MOV to DR7 */
	};
	static const uint8_t hlt[4] = { FUZZ_HLT, FUZZ_HLT, FUZZ_HLT, FUZZ_HLT };
	struct kvm_regs *regs = (void *)f->arg;
	const uint8_t *one = code[rng_below(&f->rng, sizeof(code) / sizeof(code[0]))];
	/* Kept here: the argument may be a guest's memory. */
	uint32_t rip = rng_below(&f->rng, 0x10000 - 8);
	int fd = fuzz_fd(f, ON_VCPU);
	uint8_t *at;

	if (call(f, fd, KVM_GET_REGS, (uintptr_t)regs))
		return;
	regs->rip = rip;
	regs->rflags = 0x202;
	for (unsigned int i = 0; i < 8; i++)
		((uint64_t *)regs)[i] = rng_hostile(&f->rng);
	call(f, fd, KVM_SET_REGS, (uintptr_t)regs);
	at = f->world->memory + (rng_one_in(&f->rng, 2) ? 0 : 0xf0000) + rip;
	hard_copy(at, one, 4);
	call(f, fd, KVM_RUN, 0);
	hard_copy(at, hlt, 4);
}

/* Another process has nothing to say here. */
static void fork_and_call(struct fuzz *f)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		int vm = fuzz_fd(f, ON_VM), vcpu = fuzz_fd(f, ON_VCPU);
		bool stranger = VT_IOCTL(vcpu, KVM_GET_REGS, f->arg) < 0 &&
				vt_ioctl(vm, KVM_CREATE_VCPU, 2) < 0 &&
				vt_ioctl(vcpu, KVM_RUN, 0) < 0;

		if (stranger && rng_one_in(&f->rng, 2))
			execl("/proc/self/exe", "fuzz", "--nothing", (char *)NULL);
		_exit(!stranger);
	}
	if (pid < 0)
		return;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status) {
		hard_note("a forked process may use the files: status %#x", status);
		++*f->wrong;
	}
}

static void use_files(struct fuzz *f)
{
	struct fuzz_world *w = f->world;
	uint64_t value = 1;
	int fd;

	switch (rng_below(&f->rng, 4)) {
	case 0:
		value = write(w->event[rng_below(&f->rng, FUZZ_EVENTS)], &value, 8);
		break;
	case 1:
		value = read(w->event[rng_below(&f->rng, FUZZ_EVENTS)], &value, 8);
		break;
	case 2:
		fd = rng_one_in(&f->rng, 2) ? call(f, fuzz_fd(f, ON_VM), VELLUM_GET_LEDGER_FD, 0) :
		     call(f, fuzz_fd(f, rng_one_in(&f->rng, 2) ? ON_VM : ON_VCPU),
			  KVM_GET_STATS_FD, 0);
		if (fd >= 0)
			close_and_take(f, &w->other, fd);
		break;
	default:
		value = pread(w->other, f->arg, rng_below(&f->rng, FUZZ_ARG + 64),
			      rng_one_in(&f->rng, 3) ? rng_hostile(&f->rng) >> 1 :
			      rng_below(&f->rng, 600));
		break;
	}
}

void fuzz_step(struct fuzz *f)
{
	uint32_t what = rng_below(&f->rng, 100);

	f->which_vm = rng_below(&f->rng, FUZZ_VMS);
	f->which_vcpu = rng_below(&f->rng, FUZZ_VCPUS);
	if (what < 66)
		do_call(f);
	else if (what < 76)
		write_code(f);
	else if (what < 82)
		write_run(f);
	else if (what < 85)
		map_run(f);
	else if (what < 90)
		change_memory(f);
	else if (what < 94)
		use_files(f);
	else if (what < 97)
		new_vcpu(f);
	else if (what < 98)
		new_vm(f);
	else if (what < 99)
		close_and_take(f, rng_one_in(&f->rng, 3) ? &f->world->vm[f->which_vm] :
			       &f->world->vcpu[f->which_vm][f->which_vcpu], -1);
	else
		fork_and_call(f);
}

void fuzz_populate(struct fuzz *f)
{
	for (f->which_vm = 0; f->which_vm < FUZZ_VMS; f->which_vm++) {
		new_vm(f);
		for (f->which_vcpu = 0; f->which_vcpu < FUZZ_VCPUS; f->which_vcpu++) {
			new_vcpu(f);
			map_run(f);
		}
	}
}

void fuzz_world_make(struct fuzz_world *w)
{
	uint8_t *fill;

	memset(w, 0, sizeof(*w));
	w->dev = vt_open();
	w->other = -1;
	for (unsigned int i = 0; i < FUZZ_EVENTS; i++)
		w->event[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	for (unsigned int i = 0; i < FUZZ_VMS; i++) {
		w->vm[i] = -1;
		for (unsigned int n = 0; n < FUZZ_VCPUS; n++)
			w->vcpu[i][n] = -1;
	}
	w->memory_fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (w->memory_fd < 0 || ftruncate(w->memory_fd, FUZZ_MEMORY))
		vt_die("no memory for guests");
	fill = mmap(NULL, FUZZ_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, w->memory_fd, 0);
	w->memory = fill;
	if (fill == MAP_FAILED)
		vt_die("no memory for guests");
	memset(fill, FUZZ_HLT, FUZZ_MEMORY);
}
