// SPDX-License-Identifier: GPL-2.0-only
/* What a VM costs to have: the time to make and to end it, and memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"

#define MANY	50

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
	ended = __rdtsc();
	keep(&life->vm, made - start);
	keep(&life->vcpu, vcpu_made - made);
	keep(&life->entry, ran - ready);
	keep(&life->end, ended - ran);
	keep(&life->whole, ended - start);
}

/* Pages that are free, with those that each CPU keeps on lists of its own. */
static long free_pages(void)
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
	long before = free_pages(), used;

	for (unsigned int i = 0; i < MANY; i++) {
		vt_vm_create_bare(&vm[i]);
		if (vt_ioctl(vm[i].fd, KVM_CREATE_IRQCHIP, 0))
			vt_die("KVM_CREATE_IRQCHIP is refused");
		for (unsigned int n = 0; n < vcpus; n++)
			vt_vcpu_create(&vm[i], &vcpu[i][n], n);
	}
	used = (before - free_pages()) * (long)(VT_PAGE / 1024);
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

	memset(&least, 0xff, sizeof(least));
	for (unsigned int i = 0; i < BENCH_TRIES; i++)
		live(&least);
	bench_report("life", "VM made, with a slot", "ticks", 100, least.vm);
	bench_report("life", "vCPU made", "ticks", 100, least.vcpu);
	bench_report("life", "first KVM_RUN", "ticks", 100, least.entry);
	bench_report("life", "VM ended", "ticks", 100, least.end);
	bench_report("life", "the whole life of a VM", "ticks", 30, least.whole);

	/* The first round fills what the allocators keep. */
	memory_of(3);
	one = memory_of(1);
	three = memory_of(3);
	bench_report("life", "memory of a VM with one vCPU", "KiB", 50, one / MANY);
	bench_report("life", "memory of a further vCPU", "KiB", 50, (three - one) / 2 / MANY);
}

int bench_command(char **argv)
{
	uint64_t start = __rdtsc();
	pid_t pid = fork();
	int status;

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		vt_die("%s: %s", argv[0], strerror(errno));
	bench_report("whole", "a guest's life, by the same tool", "ticks", 100,
		     __rdtsc() - start);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* The module's name: that of its file, less the ending. */
static void name_of(const char *file, char *name, size_t size)
{
	const char *slash = strrchr(file, '/');

	snprintf(name, size, "%s", slash ? slash + 1 : file);
	name[strcspn(name, ".")] = 0;
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
}

static long loaded_size(const char *name)
{
	char path[96], line[32];

	snprintf(path, sizeof(path), "/sys/module/%s/coresize", name);
	return vt_read_line(path, line, sizeof(line)) ? atol(line) : 0;
}

int bench_modules(char **files)
{
	uint64_t start = __rdtsc();
	char name[64];
	long size = 0;
	int n;

	for (n = 0; files[n]; n++) {
		int fd = open(files[n], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			vt_die("%s: %s", files[n], strerror(errno));
		close(fd);
	}
	bench_report("module", "loaded", "ticks", 100, __rdtsc() - start);
	for (int i = 0; i < n; i++) {
		name_of(files[i], name, sizeof(name));
		size += loaded_size(name);
	}
	bench_report("module", "size in memory", "KiB", 50, size / 1024);
	start = __rdtsc();
	while (n--) {
		name_of(files[n], name, sizeof(name));
		if (syscall(SYS_delete_module, name, O_NONBLOCK))
			vt_die("%s is not unloaded: %s", name, strerror(errno));
	}
	bench_report("module", "unloaded", "ticks", 100, __rdtsc() - start);
	return 0;
}
