// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault injection: each call is made again and again, and /proc/self/fail-nth lets the
 * first, the second, the third... allocation or copy in it fail, until it passes with
 * none failing. A failure gives -ENOMEM or -EFAULT, nothing is lost, and the VM goes on.
 *
 * Documentation/fault-injection/fault-injection.rst. Skipped where the kernel has none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hard.h"
#include "vellum.h"
#include "vt_irq.h"

#define MOST	400		/* allocations in one call, and more than there are */

/* What a step works on: a VM of its own, of one kind or another. */
struct world {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	int event, second;
	uint8_t buf[4 * 4096];
};

struct step {
	const char *name;
	bool bare;		/* wants a VM without vCPU and chips */
	long (*call)(struct world *w);
	void (*before)(struct world *w);	/* nothing fails in these */
	void (*after)(struct world *w);
};

static int nth_fd;
static unsigned long injected;

/* What is left of a number may let this very copy fail. */
static void fail_nth(unsigned int n)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(nth_fd, text, size, 0) != size && pwrite(nth_fd, text, size, 0) != size)
		vt_die("fail-nth: %s", strerror(errno));
}

/* Whether the number that was set is used up. */
static bool failed_one(void)
{
	char text[16] = "";

	return pread(nth_fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
}

static void setting(const char *which, const char *name, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", which, name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		vt_die("%s: %s", path, strerror(errno));
	close(fd);
}

/* fail-nth is for all three; what may not sleep fails as well. */
static bool prepare(void)
{
	static const char *const which[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (nth_fd < 0)
		return false;
	for (unsigned int i = 0; i < 3; i++) {
		setting(which[i], "verbose", "0");
		if (i < 2)
			setting(which[i], "ignore-gfp-wait", "N");
	}
	setting("fail_page_alloc", "min-order", "0");
	return true;
}

static long closed(long fd)
{
	if (fd >= 0)
		close(fd);
	return fd;
}

#define SET(name, type, cmd, ...)					\
static long name(struct world *w)					\
{									\
	type data = { __VA_ARGS__ };					\
									\
	return VT_IOCTL(w->vm.fd, cmd, &data);				\
}

static long create_vm(struct world *w)
{
	return closed(vt_ioctl(w->vm.dev, KVM_CREATE_VM, 0));
}

static long create_vcpu(struct world *w)
{
	static unsigned int id = 1;
	long fd = vt_ioctl(w->vm.fd, KVM_CREATE_VCPU, id);

	if (fd >= 0)
		id++;
	return closed(fd);
}

static long create_chips(struct world *w)
{
	return vt_ioctl(w->vm.fd, KVM_CREATE_IRQCHIP, 0);
}

SET(create_pit, struct kvm_pit_config, KVM_CREATE_PIT2, 0)
SET(split, struct kvm_enable_cap, KVM_ENABLE_CAP, .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { 24 })

static long set_slot(struct world *w)
{
	return vt_try_slot(w->vm.fd, 3, 0x10000000, VT_PAGE, w->vm.mem, 0);
}

static void drop_slot(struct world *w)
{
	vt_try_slot(w->vm.fd, 3, 0x10000000, 0, w->vm.mem, 0);
}

static long log_slot(struct world *w)
{
	struct kvm_dirty_log log = { .slot = 0, .dirty_bitmap = w->buf };
	long ret = vt_try_slot(w->vm.fd, 0, 0, w->vm.mem_size, w->vm.mem,
			       KVM_MEM_LOG_DIRTY_PAGES);

	return ret ? ret : VT_IOCTL(w->vm.fd, KVM_GET_DIRTY_LOG, &log);
}

static void end_log(struct world *w)
{
	vt_try_slot(w->vm.fd, 0, 0, w->vm.mem_size, w->vm.mem, 0);
}

static long irqfd_call(struct world *w, uint32_t flags)
{
	struct kvm_irqfd args = {
		.fd = w->event, .gsi = 5, .flags = flags, .resamplefd = w->second,
	};

	return VT_IOCTL(w->vm.fd, KVM_IRQFD, &args);
}

static long irqfd(struct world *w)
{
	return irqfd_call(w, 0);
}

static long resampler(struct world *w)
{
	return irqfd_call(w, KVM_IRQFD_FLAG_RESAMPLE);
}

static void drop_irqfd(struct world *w)
{
	irqfd_call(w, KVM_IRQFD_FLAG_DEASSIGN);
}

static long ioeventfd_call(struct world *w, uint32_t flags)
{
	struct kvm_ioeventfd args = {
		.fd = w->event, .addr = 0xd0000000, .len = 4, .flags = flags,
	};

	return VT_IOCTL(w->vm.fd, KVM_IOEVENTFD, &args);
}

static long ioeventfd(struct world *w)
{
	return ioeventfd_call(w, 0);
}

static void drop_ioeventfd(struct world *w)
{
	ioeventfd_call(w, KVM_IOEVENTFD_FLAG_DEASSIGN);
}

static long zone(struct world *w)
{
	struct kvm_coalesced_mmio_zone data = { .addr = 0xd1000000, .size = 16 };

	return VT_IOCTL(w->vm.fd, KVM_REGISTER_COALESCED_MMIO, &data);
}

static long routing(struct world *w)
{
	struct kvm_irq_routing *r = (void *)w->buf;

	memset(w->buf, 0, sizeof(w->buf));
	r->nr = 24;
	for (unsigned int i = 0; i < r->nr; i++) {
		r->entries[i].gsi = i;
		r->entries[i].type = KVM_IRQ_ROUTING_IRQCHIP;
		r->entries[i].u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		r->entries[i].u.irqchip.pin = i;
	}
	return VT_IOCTL(w->vm.fd, KVM_SET_GSI_ROUTING, r);
}

static long msr_filter(struct world *w)
{
	struct kvm_msr_filter filter = {
		.ranges[0] = { .flags = KVM_MSR_FILTER_READ, .nmsrs = 64, .base = 0x174,
			       .bitmap = w->buf },
	};

	memset(w->buf, 0xff, 64);
	return VT_IOCTL(w->vm.fd, KVM_X86_SET_MSR_FILTER, &filter);
}

static long record(struct world *w)
{
	long ret = vt_ioctl(w->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING | VELLUM_RECORD_LEDGER);

	return ret ? ret : closed(vt_ioctl(w->vm.fd, VELLUM_GET_LEDGER_FD, 0));
}

static long stats(struct world *w)
{
	return closed(vt_ioctl(w->vcpu.fd, KVM_GET_STATS_FD, 0));
}

/* One that has run takes no other CPUID. */
static void new_vcpu(struct world *w)
{
	if (!w->vcpu.run)
		vt_vcpu_create(&w->vm, &w->vcpu, 0);
}

static long cpuid(struct world *w)
{
	struct kvm_cpuid2 *list = (void *)w->buf;
	long ret;

	list->nent = 200;
	ret = VT_IOCTL(w->vm.dev, KVM_GET_SUPPORTED_CPUID, list);
	if (!ret)
		ret = VT_IOCTL(w->vcpu.fd, KVM_SET_CPUID2, list);
	return ret;
}

static long msrs(struct world *w)
{
	struct kvm_msrs *list = (void *)w->buf;
	long ret;

	memset(w->buf, 0, sizeof(w->buf));
	list->nmsrs = 2;
	list->entries[0].index = 0x174;
	list->entries[1].index = 0xc0000082;
	ret = VT_IOCTL(w->vcpu.fd, KVM_GET_MSRS, list);

	return ret < 0 ? ret : VT_IOCTL(w->vcpu.fd, KVM_SET_MSRS, list);
}

/* Got and set again; the large ones are copied by way of allocated memory. */
#define GET_SET(name, type, get, set)					\
static long name(struct world *w)					\
{									\
	long ret = VT_IOCTL(w->vcpu.fd, get, w->buf);			\
									\
	return ret ? ret : VT_IOCTL(w->vcpu.fd, set, w->buf);		\
}

GET_SET(sregs, struct kvm_sregs, KVM_GET_SREGS, KVM_SET_SREGS)
GET_SET(fpu, struct kvm_fpu, KVM_GET_FPU, KVM_SET_FPU)
GET_SET(xsave, struct kvm_xsave, KVM_GET_XSAVE, KVM_SET_XSAVE)
GET_SET(lapic, struct kvm_lapic_state, KVM_GET_LAPIC, KVM_SET_LAPIC)

static long chip(struct world *w)
{
	struct kvm_irqchip *c = (void *)w->buf;
	long ret;

	memset(c, 0, sizeof(*c));
	c->chip_id = KVM_IRQCHIP_IOAPIC;
	ret = VT_IOCTL(w->vm.fd, KVM_GET_IRQCHIP, c);
	return ret ? ret : VT_IOCTL(w->vm.fd, KVM_SET_IRQCHIP, c);
}

VT_GUEST(hard_fault, 64, "mov $0x100000, %edi; 1: incb (%rdi); add $4096, %rdi;"
			 "cmp $0x108000, %rdi; jb 1b; out %al, $0xf4; jmp 1b");

/* The guest touches pages that are not there: tables, and the host's own pages. */
static void rewind_guest(struct world *w)
{
	struct kvm_regs regs;

	madvise(w->vm.mem + VT_FREE, 0x8000, MADV_DONTNEED);
	vt_get_regs(&w->vcpu, &regs);
	regs.rip = VT_CODE;
	vt_set_regs(&w->vcpu, &regs);
}

static long run(struct world *w)
{
	return vt_ioctl(w->vcpu.fd, KVM_RUN, 0);
}

#define ON_FULL(name, call)	{ name, false, call, NULL, NULL }
#define ON_BARE(name, call)	{ name, true, call, NULL, NULL }

static const struct step steps[] = {
	ON_FULL("KVM_CREATE_VM", create_vm),
	ON_FULL("KVM_CREATE_VCPU", create_vcpu),
	ON_BARE("KVM_CREATE_IRQCHIP", create_chips),
	ON_BARE("KVM_CAP_SPLIT_IRQCHIP", split),
	ON_FULL("KVM_CREATE_PIT2", create_pit),
	{ "KVM_SET_USER_MEMORY_REGION", false, set_slot, NULL, drop_slot },
	{ "KVM_GET_DIRTY_LOG", false, log_slot, NULL, end_log },
	{ "KVM_IRQFD", false, irqfd, NULL, drop_irqfd },
	{ "KVM_IRQFD with resampling", false, resampler, NULL, drop_irqfd },
	{ "KVM_IOEVENTFD", false, ioeventfd, NULL, drop_ioeventfd },
	ON_FULL("KVM_REGISTER_COALESCED_MMIO", zone),
	ON_FULL("KVM_SET_GSI_ROUTING", routing),
	ON_FULL("KVM_X86_SET_MSR_FILTER", msr_filter),
	ON_FULL("VELLUM_RECORD", record),
	ON_FULL("KVM_GET_STATS_FD", stats),
	{ "KVM_SET_CPUID2", true, cpuid, new_vcpu, NULL },
	ON_FULL("KVM_SET_MSRS", msrs),
	ON_FULL("KVM_SET_SREGS", sregs),
	ON_FULL("KVM_SET_FPU", fpu),
	ON_FULL("KVM_SET_XSAVE", xsave),
	ON_FULL("KVM_SET_LAPIC", lapic),
	ON_FULL("KVM_SET_IRQCHIP", chip),
	{ "KVM_RUN", false, run, rewind_guest, NULL },
};

static void make(struct world *w, bool bare)
{
	w->event = eventfd(0, 0);
	w->second = eventfd(0, 0);
	if (bare) {
		vt_vm_create(&w->vm);
		return;
	}
	vt_irq_create(&w->vm, &w->vcpu);
	vt_start(&w->vcpu, VT_LONG, VT_PAYLOAD(hard_fault));
}

static void unmake(struct world *w)
{
	if (w->vcpu.run)
		vt_vcpu_destroy(&w->vcpu);
	vt_vm_destroy(&w->vm);
	close(w->event);
	close(w->second);
	memset(w, 0, sizeof(*w));
}

static bool allowed(long ret)
{
	return ret >= 0 || ret == -ENOMEM || ret == -EFAULT;
}

/* Fail each in turn; how many there were, or 0 when something went wrong. */
static unsigned int walk(const struct step *step)
{
	static struct world w;
	unsigned int n;
	bool hit;
	long ret;

	make(&w, step->bare);
	for (n = 1; n < MOST; n++) {
		if (step->before)
			step->before(&w);
		fail_nth(n);
		ret = step->call(&w);
		hit = failed_one();
		fail_nth(0);
		if (step->after)
			step->after(&w);
		if (!hit)
			break;
		injected++;
		if (!allowed(ret)) {
			hard_note("%s, failure %u: %s", step->name, n, strerror(-ret));
			break;
		}
		/* What was made once cannot be made again: begin with a new VM. */
		if (ret >= 0 || step->bare || step->call == create_pit) {
			unmake(&w);
			make(&w, step->bare);
		}
	}
	if (!hit && ret < 0)
		hard_note("%s without a failure: %s", step->name, strerror(-ret));
	unmake(&w);
	return !hit && ret >= 0 ? n : 0;
}

int main(void)
{
	hard_begin("faults");
	if (!prepare()) {
		printf("1..0 # SKIP the kernel cannot inject faults\n");
		return 4;
	}
	cov_init();
	cov_on();
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		unsigned int n = walk(&steps[i]);

		cov_take();
		hard_check(n > 0, "%s: passes after %u failures", steps[i].name, n ? n - 1 : 0);
		hard_check(hard_next_vm(), "the next VM runs");
	}
	cov_off();
	hard_note("%lu faults injected, %u places in the code reached", injected, cov_total());
	printf("# figure faults %lu\n", injected);
	cov_print();
	return hard_end();
}
