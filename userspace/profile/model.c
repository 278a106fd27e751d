// SPDX-License-Identifier: GPL-2.0-only
/* Places, times, and their order. */
#include <stdlib.h>
#include <string.h>

#include "profile.h"

#define NONE	((size_t)-1)

static void *grown(void *array, size_t nr, size_t size)
{
	/* A power of two is full. */
	if (nr & (nr - 1) || nr == 1)
		return array;
	array = realloc(array, (nr ? nr * 2 : 2) * size);
	if (!array)
		die("out of memory");
	return array;
}

struct profile *profile_new(void)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (!p)
		die("out of memory");
	memset(p->table, 0xff, sizeof(p->table));
	p->top = 20;
	return p;
}

void profile_free(struct profile *p)
{
	free(p->places);
	free(p->samples);
	free(p->log2);
	free(p->cpus);
	free(p);
}

struct place *place_of(struct profile *p, uint32_t vm, uint32_t vcpu, uint32_t reason,
		       uint64_t rip, uint64_t cause)
{
	uint64_t hash = (rip ^ cause << 7 ^ (uint64_t)reason << 40 ^ vcpu ^ vm << 9) *
			0x9e3779b97f4a7c15ull;
	size_t *head = &p->table[hash >> 52], i;
	struct place *place;

	for (i = *head; i != NONE; i = place->next) {
		place = &p->places[i];
		if (place->rip == rip && place->cause == cause && place->reason == reason &&
		    place->vcpu == vcpu && place->vm == vm)
			return place;
	}
	p->places = grown(p->places, p->nr_places, sizeof(*place));
	place = &p->places[p->nr_places];
	*place = (struct place) {
		.vm = vm, .vcpu = vcpu, .reason = reason, .rip = rip, .cause = cause,
		.next = *head,
	};
	*head = p->nr_places++;
	return place;
}

void sample_add(struct profile *p, const struct place *place, uint64_t ts, uint64_t host)
{
	p->samples = grown(p->samples, p->nr_samples, sizeof(*p->samples));
	p->samples[p->nr_samples++] = (struct sample) {
		.ts = ts, .host = host, .place = place - p->places, .reason = place->reason,
	};
}

uint64_t profile_host(const struct profile *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->nr_places; i++) {
		if (!reason_is_idle(p->places[i].reason))
			sum += p->places[i].host;
	}
	return sum;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static unsigned int log2_of(uint64_t value)
{
	return value ? 63 - __builtin_clzll(value) : 0;
}

/* From the samples: exact. */
static void fill(struct times *t, uint64_t *hosts, size_t nr)
{
	if (!nr)
		return;
	qsort(hosts, nr, sizeof(*hosts), by_value);
	t->min = hosts[0];
	t->p50 = hosts[(nr - 1) / 2];
	t->p99 = hosts[(nr - 1) * 99 / 100];
	t->max = hosts[nr - 1];
	for (size_t i = 0; i < nr; i++)
		t->log2[log2_of(hosts[i])]++;
}

/* From powers of two: the upper bound of the one that it is in. */
static uint64_t bound(const uint64_t *log2, uint64_t rank)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < NR_LOG2; i++) {
		sum += log2[i];
		if (sum > rank)
			return (2ull << i) - 1;
	}
	return 0;
}

static void fill_log2(struct times *t, const uint64_t *log2)
{
	uint64_t nr = 0;

	memcpy(t->log2, log2, sizeof(t->log2));
	for (unsigned int i = 0; i < NR_LOG2; i++)
		nr += log2[i];
	if (!nr)
		return;
	t->p50 = bound(log2, (nr - 1) / 2);
	t->p99 = bound(log2, (nr - 1) * 99 / 100);
	t->max = bound(log2, nr - 1);
	for (t->min = 0; !log2[t->min]; t->min++)
		;
	t->min = t->min ? 1ull << t->min : 0;
}

static bool same(const struct place *a, const struct place *b)
{
	return a->reason == b->reason && a->rip == b->rip && a->cause == b->cause;
}

/* @place NULL: of the whole reason. */
static void times_of(const struct profile *p, uint32_t reason, const struct place *place,
		     struct times *t)
{
	uint64_t *hosts = malloc((p->nr_samples + 1) * sizeof(*hosts));
	size_t nr = 0;

	if (!hosts)
		die("out of memory");
	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < p->nr_places; i++) {
		const struct place *one = &p->places[i];

		if (one->reason != reason || (place && !same(one, place)))
			continue;
		t->count += one->count;
		t->timed += one->timed;
		t->host += one->host;
	}
	for (size_t i = 0; i < p->nr_samples; i++) {
		const struct sample *s = &p->samples[i];

		if (s->reason == reason && (!place || same(&p->places[s->place], place)))
			hosts[nr++] = s->host;
	}
	fill(t, hosts, nr);
	free(hosts);
	if (p->aggregated && !place && p->log2)
		fill_log2(t, p->log2[reason]);
}

void times_of_reason(const struct profile *p, uint32_t reason, struct times *t)
{
	times_of(p, reason, NULL, t);
}

void times_of_place(const struct profile *p, const struct place *place, struct times *t)
{
	times_of(p, place->reason, place, t);
}

static int by_cost(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (reason_is_idle(x->reason) != reason_is_idle(y->reason))
		return reason_is_idle(x->reason) ? 1 : -1;
	if (x->host != y->host)
		return x->host < y->host ? 1 : -1;
	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

static struct place *merge(const struct profile *p, size_t *nr, bool vcpus)
{
	struct profile *m = profile_new();
	struct place *to;

	for (size_t i = 0; i < p->nr_places; i++) {
		const struct place *one = &p->places[i];

		if (vcpus)
			to = place_of(m, one->vm, one->vcpu, 0, 0, 0);
		else
			to = place_of(m, 0, 0, one->reason, one->rip, one->cause);
		to->count += one->count;
		if (vcpus && reason_is_idle(one->reason))
			continue;
		to->timed += one->timed;
		to->host += one->host;
	}
	to = m->places;
	*nr = m->nr_places;
	if (*nr)
		qsort(to, *nr, sizeof(*to), by_cost);
	free(m);
	return to;
}

struct place *places_merged(const struct profile *p, size_t *nr)
{
	return merge(p, nr, false);
}

struct place *places_by_vcpu(const struct profile *p, size_t *nr)
{
	struct place *copy;

	if (!p->aggregated)
		return merge(p, nr, true);
	*nr = p->nr_cpus;
	copy = calloc(*nr + 1, sizeof(*copy));
	if (!copy)
		die("out of memory");
	memcpy(copy, p->cpus, *nr * sizeof(*copy));
	return copy;
}

unsigned int reasons_sorted(const struct profile *p, uint32_t *out)
{
	struct place sums[NR_REASONS] = { 0 };
	unsigned int i, n = 0;

	for (i = 0; i < NR_REASONS; i++)
		sums[i].reason = i;
	for (size_t k = 0; k < p->nr_places; k++) {
		sums[p->places[k].reason].count += p->places[k].count;
		sums[p->places[k].reason].host += p->places[k].host;
	}
	qsort(sums, NR_REASONS, sizeof(*sums), by_cost);
	for (i = 0; i < NR_REASONS; i++) {
		if (sums[i].count || sums[i].host)
			out[n++] = sums[i].reason;
	}
	return n;
}
