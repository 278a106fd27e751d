// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel knows of a refused entry.
 */
#include "doctor.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../../uapi/vellum.h"
#include "dump.h"

#define MAX_FIELDS	256
#define MAX_CAPS	64

static void take(struct dump *d, const struct vellum_number *fields, unsigned int nr_fields,
		 const struct vellum_number *caps, unsigned int nr_caps)
{
	unsigned int i;

	for (i = 0; i < nr_fields; i++) {
		enum doctor_field field = doctor_field_find(fields[i].id);

		if (field) {
			doctor_set(&d->state, field, fields[i].value);
			d->fields++;
		}
	}
	for (i = 0; i < nr_caps; i++) {
		u64 *cap = doctor_cap(&d->state.caps, caps[i].id);

		if (cap)
			*cap = caps[i].value;
	}
	d->state.caps.known = true;
}

void doctor_explain(int vcpu_fd)
{
	static struct vellum_number fields[MAX_FIELDS], caps[MAX_CAPS];
	struct vellum_doctor ask = {
		.nr_fields = MAX_FIELDS, .fields = (uintptr_t)fields,
		.nr_caps = MAX_CAPS, .caps = (uintptr_t)caps,
	};
	struct dump dump;

	/* KVM does not know this ioctl. */
	if (ioctl(vcpu_fd, VELLUM_GET_DOCTOR, &ask))
		return;
	dump_read(&dump, "", 0);
	dump.exit_reason = ask.exit_reason;
	dump.instruction_error = ask.instruction_error;
	take(&dump, fields, ask.nr_fields < MAX_FIELDS ? ask.nr_fields : MAX_FIELDS,
	     caps, ask.nr_caps < MAX_CAPS ? ask.nr_caps : MAX_CAPS);
	dump_report(&dump, stderr);
}
