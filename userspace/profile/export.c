// SPDX-License-Identifier: GPL-2.0-only
/* For other programs: JSON, CSV, and stacks for flame graphs. */
#include <inttypes.h>
#include <stdlib.h>

#include "profile.h"

/* Symbols come from a file that anybody may have written. */
static void json_string(const char *s, FILE *f)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", *s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void json_reason(const struct profile *p, uint32_t reason, FILE *f)
{
	struct times t;

	times_of_reason(p, reason, &t);
	fprintf(f, "{\"reason\": \"%s\", \"number\": %u, \"count\": %" PRIu64
		", \"timed\": %" PRIu64 ", \"host\": %" PRIu64 ", \"min\": %" PRIu64
		", \"p50\": %" PRIu64 ", \"p99\": %" PRIu64 ", \"max\": %" PRIu64 ", \"log2\": [",
		reason_name(reason), reason, t.count, t.timed, t.host, t.min, t.p50, t.p99,
		t.max);
	for (unsigned int i = 0; i < NR_LOG2; i++)
		fprintf(f, "%s%" PRIu64, i ? ", " : "", t.log2[i]);
	fprintf(f, "]}");
}

void show_json(const struct profile *p, FILE *f)
{
	char symbol[300], cause[64];
	uint32_t reasons[NR_REASONS];
	unsigned int n = reasons_sorted(p, reasons), i;

	fprintf(f, "{\"what\": ");
	json_string(p->what, f);
	fprintf(f, ", \"way\": \"%s\", \"seconds\": %.6f, \"lost\": %" PRIu64
		", \"tsc_khz\": %u,\n \"reasons\": [", p->aggregated ? "histograms" : "trace",
		p->seconds, p->lost, p->khz);
	for (i = 0; i < n; i++) {
		fprintf(f, "%s\n  ", i ? "," : "");
		json_reason(p, reasons[i], f);
	}
	fprintf(f, "],\n \"places\": [");
	for (size_t k = 0; k < p->nr_places; k++) {
		const struct place *one = &p->places[k];

		fprintf(f, "%s\n  {", k ? "," : "");
		if (!p->aggregated)
			fprintf(f, "\"vm\": %u, \"vcpu\": %u, ", one->vm, one->vcpu);
		fprintf(f, "\"reason\": \"%s\", \"rip\": %" PRIu64 ", \"symbol\": ",
			reason_name(one->reason), one->rip);
		json_string(symbol_text(one->rip, symbol, sizeof(symbol)), f);
		fprintf(f, ", \"cause\": %" PRIu64 ", \"touching\": \"%s\", \"count\": %" PRIu64
			", \"timed\": %" PRIu64 ", \"host\": %" PRIu64 "}", one->cause,
			cause_text(one->reason, one->cause, cause, sizeof(cause)), one->count,
			one->timed, one->host);
	}
	fprintf(f, "]}\n");
}

void show_csv(const struct profile *p, FILE *f)
{
	char symbol[300], cause[64];

	fprintf(f, "vm,vcpu,reason,rip,symbol,cause,touching,count,timed,host_ticks\n");
	for (size_t k = 0; k < p->nr_places; k++) {
		const struct place *one = &p->places[k];

		/* The kernel's histograms do not split places by vCPU. */
		if (p->aggregated)
			fprintf(f, ",,");
		else
			fprintf(f, "%u,%u,", one->vm, one->vcpu);
		fprintf(f, "%s,0x%" PRIx64 ",\"%s\",0x%" PRIx64 ",\"%s\",%" PRIu64 ",%" PRIu64
			",%" PRIu64 "\n", reason_name(one->reason), one->rip,
			symbol_text(one->rip, symbol, sizeof(symbol)), one->cause,
			cause_text(one->reason, one->cause, cause, sizeof(cause)), one->count,
			one->timed, one->host);
	}
}

/* Frames by semicolons, weight: host time. */
void show_folded(const struct profile *p, FILE *f)
{
	char symbol[300], cause[64];
	struct place *places;
	size_t n;

	places = places_merged(p, &n);
	for (size_t i = 0; i < n; i++) {
		const struct place *one = &places[i];

		cause_text(one->reason, one->cause, cause, sizeof(cause));
		fprintf(f, "%s;%s", symbol_text(one->rip, symbol, sizeof(symbol)),
			reason_name(one->reason));
		if (cause[0])
			fprintf(f, ";%s", cause);
		fprintf(f, " %" PRIu64 "\n", one->host);
	}
	free(places);
}
