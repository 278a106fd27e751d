/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VMCS in text: Vellum's own form, and what KVM's dump_vmcs() prints.
 */
#ifndef DOCTOR_DUMP_H
#define DOCTOR_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "kernel.h"

#include "../../module/doctor/doctor.h"

#define DUMP_MSRS	64

/**
 * struct dump - what a text says
 * @state: the VMCS and the CPU
 * @msrs: the VM-entry MSR-load area
 * @exit_reason: as the CPU gave it, bit 31 set; 0: not known
 * @instruction_error: after VMfail
 * @kvm: the text is KVM's
 * @fields: how many fields were found
 * @part: while KVM's text is read: in which of its parts
 * @loads: while it is read: in the list of MSRs to load
 */
struct dump {
	struct doctor_state state;
	struct doctor_msr msrs[DUMP_MSRS];
	uint32_t exit_reason;
	uint32_t instruction_error;
	bool kvm;
	unsigned int fields;
	unsigned int part;
	bool loads;
};

/* Read @text; how many fields it has. The first dump counts, if there are several. */
unsigned int dump_read(struct dump *dump, const char *text, size_t size);

/* Write Vellum's form, which dump_read() reads again. */
void dump_write(const struct dump *dump, FILE *out);

/* The text has this field; what its width has no room for is no value of it. */
void dump_set(struct dump *dump, enum doctor_field field, uint64_t value);

/* What is broken, for people; how many rules. */
unsigned int dump_report(struct dump *dump, FILE *out);

#endif /* DOCTOR_DUMP_H */
