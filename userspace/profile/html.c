// SPDX-License-Identifier: GPL-2.0-only
/*
 * One page that needs no network and no script: charts are drawn here, as SVG.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

#define BINS	240
#define WIDTH	960
#define SHOWN	8	/* reasons with a colour of their own */

static const char *const colours[SHOWN + 1] = {
	"#3b6fb6", "#d1603d", "#5a9e4b", "#8c5fb0", "#c9a227", "#3aa3a0", "#b5497f", "#6b6b6b",
	"#bbbbbb",
};

static const char style[] =
"body{font:14px/1.45 system-ui,sans-serif;max-width:1200px;margin:2em auto;padding:0 1em;"
"color:#222;background:#fff}h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}\n"
"table{border-collapse:collapse;width:100%}td,th{padding:2px 8px;text-align:right;"
"border-bottom:1px solid #eee;white-space:nowrap}td.l,th.l{text-align:left}\n"
"code{font:13px ui-monospace,monospace}.lost{color:#b00;font-weight:bold}\n"
".key span{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}";

static void text(const char *s, FILE *f)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*s, f);
		}
	}
}

static unsigned int colour_of(const uint32_t *reasons, unsigned int n, uint32_t reason)
{
	for (unsigned int i = 0; i < n && i < SHOWN; i++) {
		if (reasons[i] == reason)
			return i;
	}
	return SHOWN;
}

static void key(const uint32_t *reasons, unsigned int n, FILE *f)
{
	fprintf(f, "<p class=key>");
	for (unsigned int i = 0; i < n && i < SHOWN; i++)
		fprintf(f, "<span style=\"background:%s\"></span>%s", colours[i],
			reason_name(reasons[i]));
	if (n > SHOWN)
		fprintf(f, "<span style=\"background:%s\"></span>others", colours[SHOWN]);
	fprintf(f, "</p>\n");
}

static void small_histogram(const struct times *t, const char *colour, FILE *f)
{
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
	fprintf(f, "<svg width=%u height=24 role=img aria-label=\"histogram\">",
		(high - low + 1) * 8);
	for (i = low; i <= high; i++) {
		double h = t->log2[i] ? 2 + 22.0 * t->log2[i] / most : 0;

		fprintf(f, "<rect x=%u y=%.1f width=7 height=%.1f fill=\"%s\">\n"
			"<title>2^%u to 2^%u ticks: %" PRIu64 "</title></rect>", (i - low) * 8,
			24 - h, h, colour, i, i + 1, t->log2[i]);
	}
	fprintf(f, "</svg>");
}

/* Of the time that guests cost the host, drawn and in words. */
static void share_cell(uint32_t reason, uint64_t host, uint64_t all, const char *colour, FILE *f)
{
	double part = all && !reason_is_idle(reason) ? 100.0 * host / all : 0;

	if (colour)
		fprintf(f, "<td class=l><svg width=100 height=12>\n"
			"<rect width=%.1f height=12 fill=\"%s\"/></svg>", part, colour);
	if (reason_is_idle(reason))
		fprintf(f, "<td>idle");
	else
		fprintf(f, "<td>%.1f%%", part);
}

static void time_cell(const struct profile *p, uint64_t ticks, FILE *f)
{
	fprintf(f, "<td>%.*f", p->khz && !p->ticks ? 3 : 0, host_time(p, ticks));
}

static void reasons_table(const struct profile *p, const uint32_t *reasons, unsigned int n,
			  FILE *f)
{
	uint64_t all = profile_host(p);

	fprintf(f, "<h2>By reason</h2>\n<table><tr><th class=l>reason<th>count<th>per s\n"
		"<th class=l colspan=2>host time<th>min<th>mean<th>p50<th>p99<th>max (%s)\n"
		"<th class=l>ticks, powers of two\n", host_unit(p));
	for (unsigned int i = 0; i < n; i++) {
		struct times t;

		times_of_reason(p, reasons[i], &t);
		fprintf(f, "<tr><td class=l>%s<td>%" PRIu64 "<td>%.0f", reason_name(reasons[i]),
			t.count, p->seconds > 0 ? t.count / p->seconds : 0.0);
		share_cell(reasons[i], t.host, all, colours[i < SHOWN ? i : SHOWN], f);
		time_cell(p, t.min, f);
		time_cell(p, t.timed ? t.host / t.timed : 0, f);
		time_cell(p, t.p50, f);
		time_cell(p, t.p99, f);
		time_cell(p, t.max, f);
		fprintf(f, "<td class=l>");
		small_histogram(&t, colours[i < SHOWN ? i : SHOWN], f);
		fputc('\n', f);
	}
	fprintf(f, "</table>\n");
}

static void places_table(const struct profile *p, FILE *f)
{
	char symbol[300], cause[64];
	uint64_t all = profile_host(p);
	struct place *places;
	size_t n;

	places = places_merged(p, &n);
	fprintf(f, "<h2>By place</h2>\n<table><tr><th class=l>where in the guest\n"
		"<th class=l>reason<th class=l>touching<th>count<th>host time<th>mean (%s)\n",
		host_unit(p));
	for (size_t i = 0; i < n && i < p->top; i++) {
		const struct place *one = &places[i];

		fprintf(f, "<tr><td class=l><code>");
		text(symbol_text(one->rip, symbol, sizeof(symbol)), f);
		fprintf(f, "</code><td class=l>%s<td class=l>%s<td>%" PRIu64,
			reason_name(one->reason),
			cause_text(one->reason, one->cause, cause, sizeof(cause)), one->count);
		share_cell(one->reason, one->host, all, NULL, f);
		time_cell(p, one->timed ? one->host / one->timed : 0, f);
		fputc('\n', f);
	}
	fprintf(f, "</table>\n");
	if (n > p->top)
		fprintf(f, "<p>... and %zu more places\n", n - p->top);
	free(places);
}

/* Exits in each bin, stacked by reason. */
static void timeline(const struct profile *p, const struct place *cpu, const uint32_t *reasons,
		     unsigned int n, FILE *f)
{
	static uint32_t bins[BINS][SHOWN + 1];
	double span = p->seconds * 1e9;
	uint32_t most = 1, sum;

	memset(bins, 0, sizeof(bins));
	for (size_t i = 0; i < p->nr_samples; i++) {
		const struct place *one = &p->places[p->samples[i].place];
		unsigned int bin = span > 0 ? (p->samples[i].ts - p->first) / span * BINS : 0;

		if (one->vm == cpu->vm && one->vcpu == cpu->vcpu)
			bins[bin < BINS ? bin : BINS - 1][colour_of(reasons, n, one->reason)]++;
	}
	for (unsigned int b = 0; b < BINS; b++) {
		for (unsigned int k = sum = 0; k <= SHOWN; k++)
			sum += bins[b][k];
		most = sum > most ? sum : most;
	}
	fprintf(f, "<p>VM %u, vCPU %u: %" PRIu64 " exits; highest bar: %u in %.3f ms\n"
		"<svg width=%u height=100 style=\"background:#f7f7f7\" role=img\n"
		"aria-label=\"timeline\">", cpu->vm, cpu->vcpu, cpu->count, most,
		p->seconds * 1000 / BINS, WIDTH);
	for (unsigned int b = 0; b < BINS; b++) {
		double y = 100;

		for (unsigned int k = 0; k <= SHOWN; k++) {
			double h = 100.0 * bins[b][k] / most;

			if (!bins[b][k])
				continue;
			y -= h;
			fprintf(f, "<rect x=%u y=%.2f width=4 height=%.2f fill=\"%s\"/>", b * 4, y,
				h, colours[k]);
		}
	}
	fprintf(f, "</svg>\n");
}

static void vcpus(const struct profile *p, const uint32_t *reasons, unsigned int n, FILE *f)
{
	struct place *cpus;
	size_t nr;

	cpus = places_by_vcpu(p, &nr);
	fprintf(f, "<h2>By vCPU</h2>\n");
	if (p->aggregated)
		fprintf(f, "<p>The kernel counted: there is no timeline.\n");
	else
		key(reasons, n, f);
	for (size_t i = 0; i < nr; i++) {
		if (p->aggregated)
			fprintf(f, "<p>VM %u, vCPU %u: %" PRIu64 " exits\n", cpus[i].vm,
				cpus[i].vcpu, cpus[i].count);
		else
			timeline(p, &cpus[i], reasons, n, f);
	}
	free(cpus);
}

void show_html(const struct profile *p, FILE *f)
{
	uint32_t reasons[NR_REASONS];
	unsigned int n = reasons_sorted(p, reasons);
	uint64_t count = 0;

	for (size_t i = 0; i < p->nr_places; i++)
		count += p->places[i].count;
	fprintf(f, "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\n");
	fprintf(f, "<title>vellum profile: ");
	text(p->what, f);
	fprintf(f, "</title><link rel=icon href=\"data:,\"><style>%s</style></head><body>\n"
		"<h1>vellum profile: ", style);
	text(p->what, f);
	fprintf(f, "</h1>\n<p>%" PRIu64 " exits in %.3f s, %s.", count, p->seconds,
		p->aggregated ? "counted in the kernel by histograms; times but the mean are\n"
				"bounds, to the next power of two" : "traced one by one");
	fprintf(f, " <span%s>Lost: %" PRIu64 ".</span> Host time: from an exit to the entry that\n"
		"follows.\n", p->lost ? " class=lost" : "", p->lost);
	reasons_table(p, reasons, n, f);
	places_table(p, f);
	vcpus(p, reasons, n, f);
	fprintf(f, "</body></html>\n");
}
