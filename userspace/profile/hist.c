// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aggregation in the kernel, by histogram triggers: nothing is copied out per exit,
 * so nothing is lost at any rate, but for places that the tables have no room for.
 * A histogram has at most three keys: places, vCPUs and times are three of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>

#include "profile.h"

/* Entries that a histogram is made for; a power of two. */
#define SIZE	"16384"

/*
 * A guest touches each page once, and often from one place: so EPT violations are
 * counted by 2 MiB, or they would fill the tables.
 */
#define ELSE	"reason != 48"
#define EPT	"reason == 48"
#define BY_2M	"cause.buckets=2097152"

static const struct {
	const char *event;
	const char *trigger;
	const char *filter;
} triggers[] = {
	{ "vm_exit", "hist:keys=reason,rip,cause:size=" SIZE, ELSE },
	{ "vm_exit", "hist:keys=reason,rip," BY_2M ":size=" SIZE, EPT },
	{ "vm_exit", "hist:keys=vm,vcpu,reason:size=" SIZE, "" },
	{ "vm_entry", "hist:keys=reason,exit_rip,cause:vals=hitcount,host:size=" SIZE, ELSE },
	{ "vm_entry", "hist:keys=reason,exit_rip," BY_2M ":vals=hitcount,host:size=" SIZE, EPT },
	{ "vm_entry", "hist:keys=vm,vcpu,reason:vals=hitcount,host:size=" SIZE, "" },
	{ "vm_entry", "hist:keys=reason,host.log2:size=" SIZE, "" },
};

#define NR_TRIGGERS	(sizeof(triggers) / sizeof(triggers[0]))

/* Of the machines asked for; the first entry of a vCPU follows no exit. */
static void trigger_text(char *text, size_t size, unsigned int i, const struct target *target)
{
	bool entry = !strcmp(triggers[i].event, "vm_entry");
	const char * const all[] = { entry ? "by != 0" : "", triggers[i].filter, target->filter };
	const char *word = " if ";
	size_t len = snprintf(text, size, "%s", triggers[i].trigger);

	for (unsigned int n = 0; n < 3 && len < size; n++) {
		if (!all[n][0])
			continue;
		len += snprintf(text + len, size - len, "%s%s", word, all[n]);
		word = " && ";
	}
}

/* One line: { key: value, key: value } hitcount: n  host: n */
static bool value_of(const char *line, const char *name, uint64_t *value)
{
	char wanted[32];
	const char *at;

	snprintf(wanted, sizeof(wanted), " %s:", name);
	at = strstr(line, wanted);
	if (!at)
		return false;
	at += strlen(wanted);
	while (*at == ' ')
		at++;
	/* Powers of two print as ~ 2^n, buckets as ~ first-last. */
	if (!strncmp(at, "~ 2^", 4))
		at += 4;
	else if (!strncmp(at, "~ ", 2))
		at += 2;
	*value = strtoull(at, NULL, 0);
	return true;
}

static uint32_t bounded(uint64_t reason)
{
	return reason < NR_REASONS ? reason : NR_REASONS - 1;
}

static struct place *cpu_of(struct profile *p, uint32_t vm, uint32_t vcpu)
{
	for (size_t i = 0; i < p->nr_cpus; i++) {
		if (p->cpus[i].vm == vm && p->cpus[i].vcpu == vcpu)
			return &p->cpus[i];
	}
	p->cpus = realloc(p->cpus, (p->nr_cpus + 1) * sizeof(*p->cpus));
	if (!p->cpus)
		die("out of memory");
	p->cpus[p->nr_cpus] = (struct place) { .vm = vm, .vcpu = vcpu };
	return &p->cpus[p->nr_cpus++];
}

static void add(struct place *to, uint64_t hits, uint64_t host, bool entry)
{
	if (entry) {
		to->timed += hits;
		to->host += host;
	} else {
		to->count += hits;
	}
}

static void take_line(struct profile *p, const char *line, bool entry)
{
	uint64_t reason, rip, cause, vm, vcpu, hits, host = 0;

	if (!value_of(line, "reason", &reason) || !value_of(line, "hitcount", &hits))
		return;
	if (value_of(line, "vcpu", &vcpu)) {
		value_of(line, "vm", &vm);
		value_of(line, "host", &host);
		if (!entry || !reason_is_idle(reason))
			add(cpu_of(p, vm, vcpu), hits, host, entry);
	} else if (value_of(line, "cause", &cause)) {
		value_of(line, entry ? "exit_rip" : "rip", &rip);
		value_of(line, "host", &host);
		add(place_of(p, 0, 0, bounded(reason), rip, cause), hits, host, entry);
	} else if (value_of(line, "host", &host)) {
		/* Logarithms are rounded up. */
		host = host ? host - 1 : 0;
		p->log2[bounded(reason)][host < NR_LOG2 ? host : NR_LOG2 - 1] += hits;
	}
}

static void read_event(struct tracefs_instance *instance, struct profile *p, const char *event)
{
	char *text = tracefs_event_file_read(instance, "vellum", event, "hist", NULL);
	char *line, *rest;
	uint64_t dropped;

	if (!text)
		die("the histograms of vellum:%s cannot be read", event);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (line[0] == '{')
			take_line(p, line, !strcmp(event, "vm_entry"));
		else if (sscanf(line, " Dropped: %lu", &dropped) == 1)
			p->lost += dropped;
	}
	free(text);
}

static void read_all(struct tracefs_instance *instance, struct profile *p)
{
	unsigned int top = p->top;

	p->log2 = calloc(NR_REASONS, sizeof(*p->log2));
	if (!p->log2)
		die("out of memory");
	p->aggregated = true;
	causes_by_2m = true;
	p->top = top;
	read_event(instance, p, "vm_exit");
	read_event(instance, p, "vm_entry");
}

struct live {
	struct tracefs_instance *instance;
	const struct profile *like;
	double every, passed;
	void (*show)(const struct profile *p, FILE *f);
};

static void refresh(void *context)
{
	struct live *l = context;
	struct profile *p;

	l->passed += 0.05;
	if (!l->every || l->passed < l->every * (int)(l->passed / l->every) ||
	    (int)((l->passed - 0.05) / l->every) == (int)(l->passed / l->every))
		return;
	p = profile_new();
	p->khz = l->like->khz;
	p->ticks = l->like->ticks;
	p->top = l->like->top;
	p->what = l->like->what;
	p->seconds = l->passed;
	read_all(l->instance, p);
	fputs("\033[H\033[2J", stdout);
	l->show(p, stdout);
	fflush(stdout);
	profile_free(p);
}

void histogram(struct target *target, struct profile *p, double live,
	       void (*show)(const struct profile *p, FILE *f))
{
	struct live l = { .like = p, .every = live, .show = show };
	char text[513] = "!", *on = text + 1;
	unsigned int i;
	double began;
	int child;

	l.instance = instance_new();
	child = target_start(target);
	for (i = 0; i < NR_TRIGGERS; i++) {
		trigger_text(on, sizeof(text) - 1, i, target);
		if (tracefs_event_file_append(l.instance, "vellum", triggers[i].event, "trigger",
					      on) < 0)
			die("histogram on vellum:%s: %s", triggers[i].event, strerror(errno));
	}
	began = now();
	target_wait(target, child, refresh, &l);
	p->seconds = now() - began;
	read_all(l.instance, p);
	while (i--) {
		trigger_text(on, sizeof(text) - 1, i, target);
		tracefs_event_file_append(l.instance, "vellum", triggers[i].event, "trigger", text);
	}
}
