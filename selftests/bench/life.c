// SPDX-License-Identifier: GPL-2.0-only
/* What a VM costs to have: the time to make and to end it, and memory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

#define MANY	50
#define HUNDRED	100

VT_GUEST(bench_halt, 16, "hlt");

struct life {
	uint64_t vm, vcpu, entry, end, whole;
};

static void keep(uint64_t *least, uint64_t ticks)
{
	if (ticks < *least)
		*least = ticks;
}

/* From nothing to the first exit, and to nothing again. */
static void live(struct life *life)
{
	uint64_t start, made, vcpu_made, ready, ran, ended;
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	start = __rdtsc();
	bench_begin();
	vt_vm_create(&vm);
	made = __rdtsc();
	vt_vcpu_create(&vm, &vcpu, 0);
	vcpu_made = __rdtsc();
	vt_start(&vcpu, VT_REAL, VT_PAYLOAD(bench_halt));
	ready = __rdtsc();
	vt_run_to(&vcpu, KVM_EXIT_HLT);
	ran = __rdtsc();
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
	bench_end();
	ended = __rdtsc();
	keep(&life->vm, made - start);
	keep(&life->vcpu, vcpu_made - made);
	keep(&life->entry, ran - ready);
	keep(&life->end, ended - ran);
	keep(&life->whole, ended - start);
}

/* So many VMs that have run, there at the same time; ticks for each. */
static void hundred(void)
{
	static struct vt_vm vm[HUNDRED];
	static struct vt_vcpu vcpu[HUNDRED];
	uint64_t start = __rdtsc(), made;

	for (unsigned int i = 0; i < HUNDRED; i++) {
		vt_vm_create(&vm[i]);
		vt_vcpu_create(&vm[i], &vcpu[i], 0);
		vt_start(&vcpu[i], VT_REAL, VT_PAYLOAD(bench_halt));
		vt_run_to(&vcpu[i], KVM_EXIT_HLT);
	}
	made = __rdtsc();
	for (unsigned int i = 0; i < HUNDRED; i++) {
		vt_vcpu_destroy(&vcpu[i]);
		vt_vm_destroy(&vm[i]);
	}
	bench_report("life", "one of 100 VMs made and run", "ticks", 100,
		     (made - start) / HUNDRED);
	bench_report("life", "one of 100 VMs ended", "ticks", 100,
		     (__rdtsc() - made) / HUNDRED);
}

/* Pages that are free, with those that each CPU keeps on lists of its own. */
long bench_free_pages(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	char line[128];
	long pages = 0, some;

	if (!file)
		vt_die("/proc/zoneinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " pages free %ld", &some) == 1 ||
		    sscanf(line, " count: %ld", &some) == 1)
			pages += some;
	fclose(file);
	return pages;
}

/* Kernel memory of VMs with so many vCPUs each, in KiB. */
static long memory_of(unsigned int vcpus)
{
	static struct vt_vm vm[MANY];
	static struct vt_vcpu vcpu[MANY][4];
	long before = bench_free_pages(), used;

	for (unsigned int i = 0; i < MANY; i++) {
		vt_vm_create_bare(&vm[i]);
		if (vt_ioctl(vm[i].fd, KVM_CREATE_IRQCHIP, 0))
			vt_die("KVM_CREATE_IRQCHIP is refused");
		for (unsigned int n = 0; n < vcpus; n++)
			vt_vcpu_create(&vm[i], &vcpu[i][n], n);
	}
	used = (before - bench_free_pages()) * (long)(VT_PAGE / 1024);
	for (unsigned int i = 0; i < MANY; i++) {
		for (unsigned int n = 0; n < vcpus; n++)
			vt_vcpu_destroy(&vcpu[i][n]);
		vt_vm_destroy(&vm[i]);
	}
	/* They are freed when nobody can be reading them any more. */
	usleep(300000);
	return used;
}

void bench_life(void)
{
	struct life least;
	long one, three;

	if (!bench_wanted("life", "the whole life of a VM", 1))
		return;
	memset(&least, 0xff, sizeof(least));
	for (unsigned int i = 0; i < BENCH_TRIES; i++)
		live(&least);
	bench_report("life", "VM made, with a slot", "ticks", 100, least.vm);
	bench_report("life", "vCPU made", "ticks", 100, least.vcpu);
	bench_report("life", "first KVM_RUN", "ticks", 100, least.entry);
	bench_report("life", "VM ended", "ticks", 100, least.end);
	bench_report("life", "the whole life of a VM", "ticks", 30, least.whole);
	hundred();

	/* The first round fills what the allocators keep. */
	memory_of(3);
	one = memory_of(1);
	three = memory_of(3);
	bench_report("life", "memory of a VM with one vCPU", "KiB", 50, one / MANY);
	bench_report("life", "memory of a further vCPU", "KiB", 50, (three - one) / 2 / MANY);
}
