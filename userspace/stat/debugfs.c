// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics of KVM's machines: /sys/kernel/debug/kvm/PID-FD, one file for each, those
 * of vCPUs summed.
 */
#include "find.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define KVM_DEBUGFS	"/sys/kernel/debug/kvm"

static void take_file(struct found_vm *vm, const char *dir, const char *name)
{
	char path[512];
	unsigned long long value;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return;
	/* Histograms have several numbers, other files none. */
	if (fscanf(f, "%llu %*[^\n]", &value) == 1 && fgetc(f) == '\n' && fgetc(f) == EOF)
		count_row(name, value, &vm->own);
	fclose(f);
}

int kvm_counts(struct found_vm *vm)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), KVM_DEBUGFS "/%d-%u", vm->pid, vm->number);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_type == DT_REG)
			take_file(vm, path, entry->d_name);
	}
	closedir(dir);
	return 0;
}
