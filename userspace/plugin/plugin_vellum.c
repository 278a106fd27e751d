// SPDX-License-Identifier: GPL-2.0-only
/* Plugin of libtraceevent: `trace-cmd report` prints exits of Vellum in words. */
#include <stddef.h>
#include <event-parse.h>
#include <trace-seq.h>

#include "../profile/profile.h"

static unsigned long long number(struct tep_event *event, struct tep_record *record,
				 const char *name)
{
	struct tep_format_field *field = tep_find_field(event, name);
	unsigned long long value = 0;

	if (field)
		tep_read_number_field(field, record->data, &value);
	return value;
}

/* name, then what it is about. */
static void put_exit(struct trace_seq *s, unsigned long long reason, unsigned long long cause)
{
	char text[64];

	trace_seq_printf(s, "%s", reason_name(reason));
	if (cause_text(reason, cause, text, sizeof(text))[0])
		trace_seq_printf(s, " (%s)", text);
}

static int print_exit(struct trace_seq *s, struct tep_record *record, struct tep_event *event,
		      void *context)
{
	(void)context;
	trace_seq_printf(s, "vm %llu vcpu %llu ", number(event, record, "vm"),
			 number(event, record, "vcpu"));
	put_exit(s, number(event, record, "reason"), number(event, record, "cause"));
	trace_seq_printf(s, " at 0x%llx, ring %llu, %llu-bit code", number(event, record, "rip"),
			 number(event, record, "cpl"), number(event, record, "bits"));
	return 0;
}

static int print_entry(struct trace_seq *s, struct tep_record *record, struct tep_event *event,
		       void *context)
{
	static const char *const by[] = { "", "resumed", "resumed by the slow handler",
					  "answered by user space" };
	unsigned long long who = number(event, record, "by"), inject;

	(void)context;
	trace_seq_printf(s, "vm %llu vcpu %llu at 0x%llx", number(event, record, "vm"),
			 number(event, record, "vcpu"), number(event, record, "rip"));
	if (who) {
		trace_seq_puts(s, " after ");
		put_exit(s, number(event, record, "reason"), number(event, record, "cause"));
		trace_seq_printf(s, ", %s after %llu ticks", by[who & 3],
				 number(event, record, "host"));
	}
	inject = number(event, record, "event");
	if (inject)
		trace_seq_printf(s, ", with vector 0x%llx", inject & 0xff);
	return 0;
}

int TEP_PLUGIN_LOADER(struct tep_handle *tep)
{
	tep_register_event_handler(tep, -1, "vellum", "vm_exit", print_exit, NULL);
	tep_register_event_handler(tep, -1, "vellum", "vm_entry", print_entry, NULL);
	return 0;
}

void TEP_PLUGIN_UNLOADER(struct tep_handle *tep)
{
	tep_unregister_event_handler(tep, -1, "vellum", "vm_exit", print_exit, NULL);
	tep_unregister_event_handler(tep, -1, "vellum", "vm_entry", print_entry, NULL);
}
