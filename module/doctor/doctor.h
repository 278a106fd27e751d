/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VM-entry doctor: a VMCS in, the rules of VM entry that it breaks out (SDM
 * 3C, "VM Entries").
 *
 * Pure: the module builds with it, and so does user space.
 */
#ifndef VELLUM_DOCTOR_DOCTOR_H
#define VELLUM_DOCTOR_DOCTOR_H

#include <linux/types.h>

/* The fields, by small numbers; 0 is none. */
enum doctor_field {
	DF_NONE,
#define FIELD(name, encoding, text)	DF_##name,
#include "fields.h"
#undef FIELD
	NR_DOCTOR_FIELDS
};

/* What a CPU reports for a broken rule: SDM 3C, "VM Entries". */
enum doctor_group {
	DOCTOR_CONTROLS,	/* VMfail, error 7 */
	DOCTOR_HOST,		/* VMfail, error 8 */
	DOCTOR_GUEST,		/* exit reason 33 */
	DOCTOR_MSRS,		/* exit reason 34 */
	NR_DOCTOR_GROUPS
};

/**
 * struct doctor_caps - the CPU, as the rules depend on it
 * @known: the rest was read from a CPU; otherwise it is the laxest there could be
 * @basic: IA32_VMX_BASIC
 * @pin: IA32_VMX_PINBASED_CTLS, the TRUE one where there is one; so too the next four
 * @proc: of the primary processor-based controls
 * @proc2: of the secondary ones
 * @exit: of the VM-exit controls
 * @entry: of the VM-entry controls
 * @proc3: IA32_VMX_PROCBASED_CTLS3
 * @exit2: IA32_VMX_EXIT_CTLS2
 * @misc: IA32_VMX_MISC
 * @cr0_fixed0: IA32_VMX_CR0_FIXED0, and so on
 * @cr0_fixed1: bits that may be set
 * @cr4_fixed0: bits that must be set
 * @cr4_fixed1: bits that may be set
 * @ept_vpid: IA32_VMX_EPT_VPID_CAP
 * @vm_functions: IA32_VMX_VMFUNC
 * @perf_ctl: bits of IA32_PERF_GLOBAL_CTRL that exist
 * @physical_bits: MAXPHYADDR
 * @linear_bits: width of a linear address
 * @in_ia32e: the host runs in IA-32e mode
 * @in_smm: the host runs in SMM
 * @rtm: restricted transactional memory
 * @bus_lock: bus-lock detection
 * @sgx: software guard extensions
 * @lam: linear-address masking
 * @tracing: IA32_RTIT_CTL.TraceEn at the time of the entry
 */
struct doctor_caps {
	bool known;
	u64 basic;
	u64 pin;
	u64 proc;
	u64 proc2;
	u64 exit;
	u64 entry;
	u64 proc3;
	u64 exit2;
	u64 misc;
	u64 cr0_fixed0;
	u64 cr0_fixed1;
	u64 cr4_fixed0;
	u64 cr4_fixed1;
	u64 ept_vpid;
	u64 vm_functions;
	u64 perf_ctl;
	u64 physical_bits;
	u64 linear_bits;
	u64 in_ia32e;
	u64 in_smm;
	u64 rtm;
	u64 bus_lock;
	u64 sgx;
	u64 lam;
	u64 tracing;
};

/**
 * struct doctor_msr - an entry of an MSR area: SDM 3C, "VM-Entry Controls for MSRs"
 * @index: which MSR
 * @reserved: bits 63:32
 * @value: what goes into it
 */
struct doctor_msr {
	u32 index;
	u32 reserved;
	u64 value;
};

/**
 * struct doctor_state - what is to be examined
 * @caps: the CPU
 * @value: by enum doctor_field, where @have says so
 * @have: a dump need not have all fields, nor a CPU
 * @msrs: the VM-entry MSR-load area, as far as it is known
 * @nr_msrs: its entries
 * @unknown: the rule that was asked last wanted something that is not here
 */
struct doctor_state {
	struct doctor_caps caps;
	u64 value[NR_DOCTOR_FIELDS];
	bool have[NR_DOCTOR_FIELDS];
	const struct doctor_msr *msrs;
	unsigned int nr_msrs;
	bool unknown;
};

/**
 * struct doctor_section - a section of the SDM's chapter on VM entries
 * @title: its title
 * @group: how a CPU reports a rule of it that is broken
 */
struct doctor_section {
	const char *title;
	enum doctor_group group;
};

#define DOCTOR_RULE_FIELDS	5

/**
 * struct doctor_rule - one row of the table
 * @name: short and lasting, for programs
 * @holds: is it kept?  @msr is NULL but for the group DOCTOR_MSRS
 * @text: the rule in words
 * @section: where it stands, in doctor_sections
 * @fields: whose values are told with it, up to DF_NONE
 */
struct doctor_rule {
	const char *name;
	bool (*holds)(struct doctor_state *s, const struct doctor_msr *msr);
	const char *text;
	u8 section;
	u8 fields[DOCTOR_RULE_FIELDS];
};

enum doctor_answer {
	DOCTOR_KEPT,
	DOCTOR_BROKEN,
	DOCTOR_UNKNOWN,		/* not everything that it takes is known */
};

extern const struct doctor_section doctor_sections[];
extern const struct doctor_rule doctor_rules[];
extern const unsigned int doctor_nr_rules;

/** doctor_ask() - does @s keep rule number @rule? */
enum doctor_answer doctor_ask(struct doctor_state *s, unsigned int rule);

/**
 * doctor_examine() - ask all rules
 * @broken: numbers of the broken ones, in the order of the table, up to @room
 *
 * Return: how many are broken, which may be more than @room.
 */
unsigned int doctor_examine(struct doctor_state *s, u16 *broken, unsigned int room);

/** doctor_bad_msr() - first entry of the MSR-load area that breaks @rule, from 0; or -1. */
int doctor_bad_msr(struct doctor_state *s, unsigned int rule);

/** doctor_rule_group() - how a CPU reports it. */
static inline enum doctor_group doctor_rule_group(unsigned int rule)
{
	return doctor_sections[doctor_rules[rule].section].group;
}

/** doctor_group_name() - "VMX controls", "host state", ... */
const char *doctor_group_name(enum doctor_group group);

/** doctor_tell() - the rule in words, and the values that break it, into @text. */
void doctor_tell(struct doctor_state *s, unsigned int rule, char *text, unsigned int size);

/** doctor_field_encoding() - of a field; bit 31 set: none in a VMCS. */
u32 doctor_field_encoding(enum doctor_field field);

/** doctor_field_bits() - how wide it is: SDM 3D, "Field Encoding in VMCS". */
unsigned int doctor_field_bits(enum doctor_field field);

/** doctor_field_name() - what people call it. */
const char *doctor_field_name(enum doctor_field field);

/** doctor_field_find() - the field of this encoding, or DF_NONE. */
enum doctor_field doctor_field_find(u32 encoding);

/** doctor_set() - the state has this value in this field. */
static inline void doctor_set(struct doctor_state *s, enum doctor_field field, u64 value)
{
	s->value[field] = value;
	s->have[field] = true;
}

/* A capability by number: of its MSR, or with bit 31 set one of Vellum's own. */
extern const unsigned int doctor_nr_caps;

/** doctor_cap_number() - of capability @i, below doctor_nr_caps. */
u32 doctor_cap_number(unsigned int i);

/** doctor_cap_name() - and what it is called. */
const char *doctor_cap_name(unsigned int i);

/** doctor_cap() - where capability @number is in @caps; NULL: there is none such. */
u64 *doctor_cap(struct doctor_caps *caps, u32 number);

/** doctor_caps_lax() - a CPU that is not known, with everything allowed. */
void doctor_caps_lax(struct doctor_caps *caps);

#endif /* VELLUM_DOCTOR_DOCTOR_H */
