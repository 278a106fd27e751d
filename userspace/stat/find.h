/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machines that run on this host, and what the kernel has counted of them.
 */
#ifndef STAT_FIND_H
#define STAT_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct counted - one statistic
 * @name: as the kernel calls it
 * @value: at the moment of the look
 */
struct counted {
	char name[48];
	uint64_t value;
};

/**
 * struct counts - statistics of one VM, or of one vCPU
 * @vcpu: its id, or -1: of the VM
 * @row: what was counted
 * @nr: how many of them
 */
struct counts {
	int vcpu;
	struct counted *row;
	size_t nr;
};

/**
 * struct found_vm - one that runs
 * @pid: the process that made it
 * @number: as "vm" in the trace events, or its descriptor in the process where it is KVM's
 * @kvm: it is KVM's, not Vellum's
 * @name: what the process was told to call it, or the process' own name
 * @nr_vcpus: vCPUs
 * @own: statistics of the VM; KVM sums up those of the vCPUs here
 * @vcpus: of the vCPUs; none where it is KVM's
 */
struct found_vm {
	int pid;
	unsigned int number;
	bool kvm;
	char name[64];
	unsigned int nr_vcpus;
	struct counts own;
	struct counts *vcpus;
};

/**
 * struct found - all of them
 * @vm: by process and number
 * @nr: how many
 * @denied: processes have VMs that this one may not look into
 */
struct found {
	struct found_vm *vm;
	size_t nr;
	unsigned int denied;
};

/* Those of @pid, or of all processes if it is 0. 0 or -errno. */
int find_vms(struct found *found, int pid);
void found_free(struct found *found);

/* Only the one called @name, or with that number, stays; how many those are. */
size_t found_keep(struct found *found, const char *name);

/* What a machine's process was told to call it: --name NAME, or QEMU's -name. */
void vm_name(int pid, char *name, size_t room);

/* counts.c: @array of @nr elements, with room for one more; NULL: no memory, it stays. */
void *one_more(void *array, size_t nr, size_t size);
/* One statistic, or 0. */
uint64_t counted(const struct counts *c, const char *name);
/* The same, of the VM and of all vCPUs. */
uint64_t counted_all(const struct found_vm *vm, const char *name);
/* For vellum_stats(): adds to a struct counts. */
void count_row(const char *name, uint64_t value, void *counts);

/* debugfs.c: KVM tells its statistics to the owner alone, and root here. */
int kvm_counts(struct found_vm *vm);

#endif /* STAT_FIND_H */
