// SPDX-License-Identifier: GPL-2.0-only
/* The exits of a trace.dat, whoever recorded it. */
#include <stdlib.h>
#include <string.h>
#include <event-parse.h>
#include <trace-cmd.h>

#include "profile.h"

struct loader {
	struct profile *p;
	int exit_id, entry_id;
	uint64_t last;
};

static uint64_t number(struct tep_event *event, const void *data, const char *name)
{
	struct tep_format_field *field = tep_find_field(event, name);
	unsigned long long value = 0;

	if (!field || tep_read_number_field(field, data, &value))
		die("the trace's event %s has no %s", event->name, name);
	return value;
}

static uint32_t reason_of(struct tep_event *event, const void *data)
{
	uint64_t reason = number(event, data, "reason");

	return reason < NR_REASONS ? reason : NR_REASONS - 1;
}

static struct place *place_in(struct profile *p, struct tep_event *event, const void *data,
			      const char *rip)
{
	uint32_t reason = reason_of(event, data);
	uint64_t cause = number(event, data, "cause");

	if (reason == 48)	/* EPT violations: by page */
		cause &= ~0xfffull;
	return place_of(p, number(event, data, "vm"), number(event, data, "vcpu"), reason,
			number(event, data, rip), cause);
}

static int take(struct tracecmd_input *in, struct tep_record *record, int cpu, void *context)
{
	struct tep_event *event = tep_find_event_by_record(tracecmd_get_tep(in), record);
	struct loader *l = context;
	struct place *place;

	(void)cpu;
	/* Negative: some, nobody knows how many. */
	if (record->missed_events)
		l->p->lost += record->missed_events > 0 ? record->missed_events : 1;
	if (!event || strcmp(event->system, "vellum"))
		return 0;
	if (!l->p->first)
		l->p->first = record->ts;
	l->last = record->ts;
	if (!strcmp(event->name, "vm_exit")) {
		place_in(l->p, event, record->data, "rip")->count++;
	} else if (!strcmp(event->name, "vm_entry") && number(event, record->data, "by")) {
		uint64_t host = number(event, record->data, "host");

		place = place_in(l->p, event, record->data, "exit_rip");
		place->timed++;
		place->host += host;
		sample_add(l->p, place, record->ts, host);
	}
	return 0;
}

void dat_read(const char *path, struct profile *p)
{
	struct tracecmd_input *in = tracecmd_open(path, 0);
	struct loader l = { .p = p };

	if (!in)
		die("%s is no trace of trace-cmd", path);
	if (tracecmd_buffer_instances(in)) {
		struct tracecmd_input *first = tracecmd_buffer_instance_handle(in, 0);

		if (first)
			tracecmd_iterate_events(first, NULL, 0, take, &l);
	}
	tracecmd_iterate_events(in, NULL, 0, take, &l);
	tracecmd_close(in);
	p->seconds = (l.last - p->first) / 1e9;
	p->what = path;
}
