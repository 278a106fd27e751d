// SPDX-License-Identifier: GPL-2.0-only
/* Tables for a terminal. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

double host_time(const struct profile *p, double ticks)
{
	return p->khz && !p->ticks ? ticks * 1000 / p->khz : ticks;
}

const char *host_unit(const struct profile *p)
{
	return p->khz && !p->ticks ? "us" : "ticks";
}

static double share(uint64_t part, uint64_t all)
{
	return all ? 100.0 * part / all : 0;
}

/* From the first power of two that occurs to the last. */
static void histogram_line(const struct times *t, FILE *f)
{
	static const char *const bars[] = {
		"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"
	};
	unsigned int low = NR_LOG2, high = 0, i;
	uint64_t most = 0;

	for (i = 0; i < NR_LOG2; i++) {
		if (!t->log2[i])
			continue;
		low = low < i ? low : i;
		high = i;
		most = most > t->log2[i] ? most : t->log2[i];
	}
	if (!most)
		return;
	fprintf(f, " 2^%u ", low);
	for (i = low; i <= high; i++)
		fputs(t->log2[i] ? bars[t->log2[i] * 7 / most] : " ", f);
	fprintf(f, " 2^%u", high + 1);
}

/* Of the time that guests cost the host. */
static void share_cell(uint32_t reason, uint64_t part, uint64_t all, FILE *f)
{
	if (reason_is_idle(reason))
		fprintf(f, " %6s", "idle");
	else
		fprintf(f, " %5.1f%%", share(part, all));
}

static void cell(const struct profile *p, uint64_t ticks, FILE *f)
{
	fprintf(f, p->khz && !p->ticks ? " %9.3f" : " %9.0f", host_time(p, ticks));
}

static void show_head(const struct profile *p, FILE *f)
{
	uint64_t count = 0;

	for (size_t i = 0; i < p->nr_places; i++)
		count += p->places[i].count;
	fprintf(f, "%s: %" PRIu64 " exits in %.3f s", p->what, count, p->seconds);
	fprintf(f, p->aggregated ? "; counted in the kernel by histograms\n" :
				   "; traced one by one\n");
	fprintf(f, "lost: %" PRIu64 " %s\n", p->lost, p->lost ?
		(p->aggregated ? "exits had no place in a histogram; what follows is too little" :
				 "events; what follows is too little") : "events");
	if (p->khz)
		fprintf(f, "host time in %s, TSC of %u kHz\n", host_unit(p), p->khz);
	else
		fprintf(f, "host time in ticks of the TSC\n");
	if (p->aggregated)
		fprintf(f, "min, p50, p99 and max are bounds, to the next power of two\n");
}

static void show_reasons(const struct profile *p, FILE *f)
{
	uint32_t reasons[NR_REASONS];
	unsigned int n = reasons_sorted(p, reasons);
	uint64_t all = profile_host(p);

	fprintf(f, "\n%-20s %9s %9s %6s %9s %9s %9s %9s %9s  histogram of ticks\n", "reason",
		"count", "per s", "time", "min", "mean", "p50", "p99", "max");
	for (unsigned int i = 0; i < n; i++) {
		struct times t;

		times_of_reason(p, reasons[i], &t);
		fprintf(f, "%-20s %9" PRIu64 " %9.0f", reason_name(reasons[i]), t.count,
			p->seconds > 0 ? t.count / p->seconds : 0.0);
		share_cell(reasons[i], t.host, all, f);
		cell(p, t.min, f);
		cell(p, t.timed ? t.host / t.timed : 0, f);
		cell(p, t.p50, f);
		cell(p, t.p99, f);
		cell(p, t.max, f);
		histogram_line(&t, f);
		fputc('\n', f);
	}
}

static void show_places(const struct profile *p, FILE *f)
{
	char symbol[300], cause[64];
	uint64_t all = profile_host(p);
	struct place *places;
	size_t n;

	places = places_merged(p, &n);
	fprintf(f, "\n%-20s %-32s %-20s %9s %6s %9s\n", "reason", "where in the guest",
		"touching", "count", "time", "mean");
	for (size_t i = 0; i < n && i < p->top; i++) {
		const struct place *one = &places[i];

		fprintf(f, "%-20s %-32s %-20s %9" PRIu64, reason_name(one->reason),
			symbol_text(one->rip, symbol, sizeof(symbol)),
			cause_text(one->reason, one->cause, cause, sizeof(cause)), one->count);
		share_cell(one->reason, one->host, all, f);
		cell(p, one->timed ? one->host / one->timed : 0, f);
		fputc('\n', f);
	}
	if (n > p->top)
		fprintf(f, "... and %zu more places; see --top\n", n - p->top);
	free(places);
}

static void show_vcpus(const struct profile *p, FILE *f)
{
	uint64_t all = profile_host(p);
	struct place *cpus;
	size_t n;

	cpus = places_by_vcpu(p, &n);
	fprintf(f, "\n%6s %6s %9s %6s %9s\n", "vm", "vcpu", "count", "time", "mean");
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "%6u %6u %9" PRIu64 " %5.1f%%", cpus[i].vm, cpus[i].vcpu,
			cpus[i].count, share(cpus[i].host, all));
		cell(p, cpus[i].timed ? cpus[i].host / cpus[i].timed : 0, f);
		fputc('\n', f);
	}
	free(cpus);
}

void show_text(const struct profile *p, FILE *f)
{
	show_head(p, f);
	show_reasons(p, f);
	show_places(p, f);
	show_vcpus(p, f);
}
