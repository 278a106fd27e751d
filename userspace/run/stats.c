// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exits by reason: those that the kernel counted, and those that came here.
 */
#include "machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What the kernel counted, summed over the vCPUs; names are the kernel's. */
struct kernel_exits {
	unsigned int nr;
	struct { char name[48]; uint64_t count; } row[128];
};

static void add_exits(const char *name, uint64_t value, void *context)
{
	struct kernel_exits *all = context;
	unsigned int i;

	if (!strstr(name, "exit") || !value)
		return;
	for (i = 0; i < all->nr && strcmp(all->row[i].name, name); i++)
		;
	if (i == sizeof(all->row) / sizeof(all->row[0]))
		return;
	if (i == all->nr) {
		snprintf(all->row[i].name, sizeof(all->row[i].name), "%s", name);
		all->row[i].count = 0;
		all->nr++;
	}
	all->row[i].count += value;
}

static void kernel_stats(const struct machine *m, FILE *out)
{
	struct kernel_exits all = { 0 };
	unsigned int i;

	for (i = 0; i < m->opt->cpus; i++) {
		if (vellum_stats(m->cpus[i].vcpu.fd, add_exits, &all))
			return;
	}
	fprintf(out, "exits to the kernel by reason\n");
	for (i = 0; i < all.nr; i++)
		fprintf(out, "  %-24s %10" PRIu64 "\n", all.row[i].name, all.row[i].count);
}

void cpu_stats(const struct machine *m, FILE *out)
{
	uint64_t total = 0, n;
	unsigned int reason, i;

	kernel_stats(m, out);
	fprintf(out, "exits to vellum by reason\n");
	for (reason = 0; reason < EXIT_REASONS; reason++) {
		for (n = 0, i = 0; i < m->opt->cpus; i++)
			n += m->cpus[i].exits[reason];
		if (n)
			fprintf(out, "  %-24s %10" PRIu64 "\n", vellum_exit_name(reason), n);
		total += n;
	}
	fprintf(out, "  %-24s %10" PRIu64 "\n", "all", total);
}
