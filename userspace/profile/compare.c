// SPDX-License-Identifier: GPL-2.0-only
/* Two profiles side by side: what a change has gained or cost. */
#include <inttypes.h>
#include <stdlib.h>

#include "profile.h"

struct pair {
	struct place a, b;
};

static int by_difference(const void *x, const void *y)
{
	const struct pair *p = x, *q = y;
	int64_t dp = llabs((int64_t)(p->b.host - p->a.host));
	int64_t dq = llabs((int64_t)(q->b.host - q->a.host));

	return dp < dq ? 1 : dp > dq ? -1 : 0;
}

static void put_change(const struct profile *p, const struct place *a, const struct place *b,
		       FILE *f)
{
	double ta = host_time(p, a->host), tb = host_time(p, b->host);

	fprintf(f, " %9" PRIu64 " %9" PRIu64 " %+9" PRId64 " %12.0f %12.0f %+12.0f", a->count,
		b->count, (int64_t)(b->count - a->count), ta, tb, tb - ta);
	if (ta)
		fprintf(f, " %+7.1f%%\n", (tb - ta) * 100 / ta);
	else
		fprintf(f, "%s\n", tb ? "     new" : "");
}

static void sum_reason(const struct profile *p, uint32_t reason, struct place *to)
{
	for (size_t i = 0; i < p->nr_places; i++) {
		if (p->places[i].reason != reason)
			continue;
		to->count += p->places[i].count;
		to->host += p->places[i].host;
	}
}

static void put_reasons(const struct profile *a, const struct profile *b, FILE *f)
{
	struct pair *all = calloc(NR_REASONS, sizeof(*all));

	if (!all)
		die("out of memory");
	for (uint32_t r = 0; r < NR_REASONS; r++) {
		all[r].a.reason = r;
		sum_reason(a, r, &all[r].a);
		sum_reason(b, r, &all[r].b);
	}
	qsort(all, NR_REASONS, sizeof(*all), by_difference);
	for (unsigned int i = 0; i < NR_REASONS; i++) {
		if (!all[i].a.count && !all[i].b.count)
			continue;
		fprintf(f, "%-20s %-53s", reason_name(all[i].a.reason), "");
		put_change(a, &all[i].a, &all[i].b, f);
	}
	free(all);
}

static size_t pairs_of(const struct profile *a, const struct profile *b, struct pair **out)
{
	struct profile *index = profile_new();
	const struct profile *both[] = { a, b };
	struct pair *pairs;

	for (unsigned int w = 0; w < 2; w++) {
		for (size_t i = 0; i < both[w]->nr_places; i++) {
			const struct place *o = &both[w]->places[i];

			place_of(index, 0, 0, o->reason, o->rip, o->cause);
		}
	}
	pairs = calloc(index->nr_places + 1, sizeof(*pairs));
	if (!pairs)
		die("out of memory");
	for (size_t i = 0; i < index->nr_places; i++)
		pairs[i].a = pairs[i].b = index->places[i];
	for (unsigned int w = 0; w < 2; w++) {
		for (size_t i = 0; i < both[w]->nr_places; i++) {
			const struct place *o = &both[w]->places[i];
			size_t at = place_of(index, 0, 0, o->reason, o->rip, o->cause) -
				    index->places;
			struct place *to = w ? &pairs[at].b : &pairs[at].a;

			to->count += o->count;
			to->host += o->host;
		}
	}
	*out = pairs;
	return index->nr_places;
}

void compare(const struct profile *a, const struct profile *b, FILE *f)
{
	char symbol[300], cause[64];
	struct pair *pairs;
	size_t n;

	fprintf(f, "A: %s, %.3f s, lost %" PRIu64 "\nB: %s, %.3f s, lost %" PRIu64 "\n", a->what,
		a->seconds, a->lost, b->what, b->seconds, b->lost);
	fprintf(f, "host time in %s\n\n", host_unit(a));
	fprintf(f, "%-20s %-53s %9s %9s %9s %12s %12s %12s\n", "reason", "", "count A",
		"count B", "more", "time A", "time B", "more");
	put_reasons(a, b, f);
	fputc('\n', f);
	n = pairs_of(a, b, &pairs);
	qsort(pairs, n, sizeof(*pairs), by_difference);
	for (size_t i = 0; i < n && i < a->top; i++) {
		const struct place *one = &pairs[i].a;

		fprintf(f, "%-20s %-32s %-20s", reason_name(one->reason),
			symbol_text(one->rip, symbol, sizeof(symbol)),
			cause_text(one->reason, one->cause, cause, sizeof(cause)));
		put_change(a, &pairs[i].a, &pairs[i].b, f);
	}
	free(pairs);
}
