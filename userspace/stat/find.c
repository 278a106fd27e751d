// SPDX-License-Identifier: GPL-2.0-only
/*
 * Machines are found by the descriptors of processes, whatever program they run in.
 * Who may take a descriptor of another process (ptrace(2)) may see its statistics.
 */
#define _GNU_SOURCE
#include "find.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/vellum.h"

/* Of arguments with a 0 behind each, the one that follows --name or -name. */
static void name_from(const char *args, size_t len, char *name, size_t room)
{
	for (const char *arg = args; arg < args + len; arg += strlen(arg) + 1) {
		const char *value = NULL, *next = arg + strlen(arg) + 1;

		if (!strncmp(arg, "--name=", 7))
			value = arg + 7;
		else if ((!strcmp(arg, "--name") || !strcmp(arg, "-name")) && next < args + len)
			value = next;
		if (!value)
			continue;
		if (!strncmp(value, "guest=", 6))
			value += 6;
		snprintf(name, room, "%.*s", (int)strcspn(value, ","), value);
		return;
	}
}

static ssize_t read_proc(int pid, const char *file, char *buf, size_t room)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, room - 1);
	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n;
}

void vm_name(int pid, char *name, size_t room)
{
	char args[4096], *c;
	ssize_t n = read_proc(pid, "cmdline", args, sizeof(args));

	name[0] = 0;
	if (n > 0)
		name_from(args, n, name, room);
	if (!name[0] && read_proc(pid, "comm", args, sizeof(args)) > 0)
		snprintf(name, room, "%.*s", (int)strcspn(args, "\n"), args);
	/* It may be anything, and goes to terminals. */
	for (c = name; *c; c++)
		*c = isprint((unsigned char)*c) ? *c : '?';
}

static struct found_vm *vm_of(struct found *found, int pid, unsigned int number, bool kvm)
{
	struct found_vm *vm;

	for (size_t i = 0; i < found->nr; i++) {
		vm = &found->vm[i];
		if (vm->number == number && vm->kvm == kvm && (!kvm || vm->pid == pid))
			return vm;
	}
	vm = one_more(found->vm, found->nr, sizeof(*vm));
	if (!vm)
		return NULL;
	found->vm = vm;
	vm += found->nr++;
	*vm = (struct found_vm) { .pid = pid, .number = number, .kvm = kvm, .own.vcpu = -1 };
	vm_name(pid, vm->name, sizeof(vm->name));
	return vm;
}

static void add_vcpu(struct found_vm *vm, const struct counts *c)
{
	struct counts *vcpus;

	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		if (vm->vcpus[i].vcpu == c->vcpu) {
			free(c->row);
			return;
		}
	}
	vcpus = one_more(vm->vcpus, vm->nr_vcpus, sizeof(*vcpus));
	if (!vcpus) {
		free(c->row);
		return;
	}
	vm->vcpus = vcpus;
	vm->vcpus[vm->nr_vcpus++] = *c;
}

/* @fd is a VM or a vCPU of Vellum's: a descriptor of this process. */
static int take_vellum(struct found *found, int fd)
{
	struct counts c = { .vcpu = -1 };
	unsigned int number, pid, id;
	struct found_vm *vm;
	char name[64];
	int err = vellum_stats_id(fd, name, sizeof(name), count_row, &c);
	bool is_vm, is_vcpu;

	is_vm = !err && sscanf(name, "kvm-%u-%u", &pid, &number) == 2;
	is_vcpu = is_vm && sscanf(name, "kvm-%u-%u/vcpu-%u", &pid, &number, &id) == 3;
	vm = is_vm ? vm_of(found, pid, number, false) : NULL;
	if (vm && is_vcpu) {
		c.vcpu = id;
		add_vcpu(vm, &c);
	} else if (vm && !vm->own.row) {
		vm->own = c;
	} else {
		free(c.row);
	}
	return err;
}

/* One descriptor of a process; @what is what it is of. */
static int look_at(struct found *found, int pid, int pidfd, int fd, const char *what)
{
	struct found_vm *vm;
	int copy, err;

	if (!strcmp(what, "anon_inode:kvm-vm")) {
		vm = vm_of(found, pid, fd, true);
		return vm && !vm->own.row ? kvm_counts(vm) : 0;
	}
	if (strcmp(what, "anon_inode:vellum-vm") && strcmp(what, "anon_inode:vellum-vcpu"))
		return 0;
	copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (copy < 0)
		return -errno;
	err = take_vellum(found, copy);
	close(copy);
	return err;
}

/* KVM does not say whose a vCPU is; most processes have one VM. */
static void count_kvm_vcpu(struct found *found, int pid, const char *what)
{
	if (strncmp(what, "anon_inode:kvm-vcpu", 19))
		return;
	for (size_t i = 0; i < found->nr; i++) {
		if (found->vm[i].kvm && found->vm[i].pid == pid)
			found->vm[i].nr_vcpus++;
	}
}

static void look_into(struct found *found, int pid)
{
	char path[64], what[64];
	struct dirent *entry;
	int pidfd, err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	while ((entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, what, sizeof(what) - 1);

		what[n > 0 ? n : 0] = 0;
		if (look_at(found, pid, pidfd, atoi(entry->d_name), what))
			err = 1;
		count_kvm_vcpu(found, pid, what);
	}
	found->denied += err;
	if (pidfd >= 0)
		close(pidfd);
	closedir(dir);
}

static int by_vcpu(const void *a, const void *b)
{
	return ((const struct counts *)a)->vcpu - ((const struct counts *)b)->vcpu;
}

static int by_number(const void *a, const void *b)
{
	const struct found_vm *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

int find_vms(struct found *found, int pid)
{
	struct dirent *entry;
	DIR *dir;

	*found = (struct found) { 0 };
	if (pid) {
		look_into(found, pid);
	} else {
		dir = opendir("/proc");
		if (!dir)
			return -errno;
		while ((entry = readdir(dir))) {
			if (isdigit((unsigned char)entry->d_name[0]))
				look_into(found, atoi(entry->d_name));
		}
		closedir(dir);
	}
	for (size_t i = 0; i < found->nr; i++) {
		if (found->vm[i].vcpus)
			qsort(found->vm[i].vcpus, found->vm[i].nr_vcpus, sizeof(struct counts),
			      by_vcpu);
	}
	if (found->nr)
		qsort(found->vm, found->nr, sizeof(*found->vm), by_number);
	return 0;
}

static void vm_free(struct found_vm *vm)
{
	for (unsigned int i = 0; vm->vcpus && i < vm->nr_vcpus; i++)
		free(vm->vcpus[i].row);
	free(vm->vcpus);
	free(vm->own.row);
}

void found_free(struct found *found)
{
	for (size_t i = 0; i < found->nr; i++)
		vm_free(&found->vm[i]);
	free(found->vm);
	*found = (struct found) { 0 };
}

static bool is_called(const struct found_vm *vm, const char *name)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", vm->number);
	return !strcmp(vm->name, name) || (!vm->kvm && !strcmp(number, name));
}

size_t found_keep(struct found *found, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->nr; i++) {
		if (is_called(&found->vm[i], name))
			found->vm[kept++] = found->vm[i];
		else
			vm_free(&found->vm[i]);
	}
	return found->nr = kept;
}
