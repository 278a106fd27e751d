// SPDX-License-Identifier: GPL-2.0-only
/* A value out of KVM_GET_STATS_FD. */
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vt.h"

uint64_t vt_stat(int of, const char *name)
{
	int fd = vt_ioctl(of, KVM_GET_STATS_FD, 0);
	struct kvm_stats_header head;
	const struct kvm_stats_desc *found = NULL;
	uint64_t value = 0;
	size_t size;
	char *descs;

	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != sizeof(head))
		vt_die("no statistics");
	size = sizeof(struct kvm_stats_desc) + head.name_size;
	descs = malloc(head.num_desc * size);
	if (!descs || pread(fd, descs, head.num_desc * size, head.desc_offset) < 0)
		vt_die("the statistics cannot be read");
	for (unsigned int i = 0; i < head.num_desc && !found; i++) {
		const struct kvm_stats_desc *desc = (const void *)(descs + i * size);

		if (!strcmp(desc->name, name))
			found = desc;
	}
	if (!found ||
	    pread(fd, &value, sizeof(value), head.data_offset + found->offset) != sizeof(value))
		vt_die("there is no statistic %s", name);
	free(descs);
	close(fd);
	return value;
}
