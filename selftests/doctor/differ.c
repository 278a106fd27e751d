// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Bochs 2.7 and 3.0 do otherwise than the SDM; docs/doctor.md has the same
 * list with the sections.
 */
#include "differ.h"

#include <string.h>

#include "doctor/bits.h"

#define LAX(rule, when, text)		{ DIFFER_LAX, #rule, 0, when, text, 0 },
#define AS(rule, group, when, text)	{ DIFFER_AS, #rule, group, when, text, 0 },
#define STRICT(group, when, text)	{ DIFFER_STRICT, 0, group, when, text, 0 },

static bool always(const struct entrytry *t)
{
	return true;
}

static bool real_mode(const struct entrytry *t)
{
	return !(t->value[DF_GUEST_CR0] & CR0_PE) && !(t->value[DF_ENTRY] & ENTRY_IA32E);
}

static bool vector_18(const struct entrytry *t)
{
	return (t->value[DF_EVENT] & EVENT_VECTOR) == 18;
}

static bool pending_high(const struct entrytry *t)
{
	return !(t->value[DF_PENDING_DEBUG] & 0xffffaff0);
}

static bool ss_rpl_0_64(const struct entrytry *t)
{
	return (t->value[DF_ENTRY] & ENTRY_IA32E) && (t->value[DF_GUEST_CS_AR] & RIGHTS_L) &&
	       !SEL_RPL(t->value[DF_GUEST_SS_SEL]);
}

static bool ss_unusable(const struct entrytry *t)
{
	return t->value[DF_GUEST_SS_AR] & RIGHTS_UNUSABLE;
}

/* Of an unrestricted guest, where the SDM asks for no such thing. */
static bool cs_rpl_dpl(const struct entrytry *t)
{
	u64 sel = t->value[DF_GUEST_CS_SEL], ar = t->value[DF_GUEST_CS_AR];

	return (t->value[DF_PROC2] & PROC2_UNRESTRICTED) && SEL_RPL(sel) != RIGHTS_DPL(ar);
}

static bool unrestricted_guest(const struct entrytry *t)
{
	return t->value[DF_PROC2] & PROC2_UNRESTRICTED;
}

static bool no_tpr_shadow(const struct entrytry *t)
{
	return !(t->value[DF_PROC] & PROC_TPR_SHADOW);
}

static bool desc_in_page(const struct entrytry *t)
{
	return (t->value[DF_PIN] & PIN_POSTED) && (t->value[DF_POSTED_DESC_ADDR] & 0xfc0);
}

static bool many(const struct entrytry *t)
{
	return t->value[DF_EXIT_STORE_COUNT] >> 28 || t->value[DF_EXIT_LOAD_COUNT] >> 28 ||
	       t->value[DF_ENTRY_LOAD_COUNT] >> 28;
}

struct differ doctor_differ[] = {
	AS(entry_to_smm, DOCTOR_GUEST, always, "\"entry to SMM\" outside SMM is exit reason 33")
	LAX(posted_, no_tpr_shadow, "posted interrupts without \"use TPR shadow\"")
	STRICT(DOCTOR_CONTROLS, desc_in_page, "posted-interrupt descriptor must be page-aligned")
	LAX(exit_store_end, many, "the end of an MSR area is computed in 32 bits")
	LAX(exit_load_end, many, "the end of an MSR area is computed in 32 bits")
	LAX(entry_load_end, many, "the end of an MSR area is computed in 32 bits")
	LAX(host_perf_ctl, always, "there is no IA32_PERF_GLOBAL_CTRL")
	LAX(guest_perf_ctl, always, "there is no IA32_PERF_GLOBAL_CTRL")
	LAX(guest_debugctl, always, "reserved bits of guest IA32_DEBUGCTL")
	LAX(guest_ia32e_pg, always, "\"IA-32e mode guest\" without CR0.PG")
	LAX(guest_rip_64, always, "guest RIP in 64-bit mode")
	LAX(guest_rflags_vm, real_mode, "RFLAGS.VM in real mode")
	LAX(guest_ss_present, ss_rpl_0_64, "SS with RPL 0 in 64-bit mode")
	LAX(guest_ss_reserved, ss_rpl_0_64, "SS with RPL 0 in 64-bit mode")
	LAX(guest_ss_fine, ss_rpl_0_64, "SS with RPL 0 in 64-bit mode")
	LAX(guest_ss_coarse, ss_rpl_0_64, "SS with RPL 0 in 64-bit mode")
	LAX(guest_ss_s, ss_rpl_0_64, "SS with RPL 0 in 64-bit mode")
	LAX(guest_ss_base, ss_rpl_0_64, "SS with RPL 0 in 64-bit mode")
	LAX(guest_ss_type, ss_rpl_0_64, "SS with RPL 0 in 64-bit mode")
	STRICT(DOCTOR_GUEST, cs_rpl_dpl, "2.7: CS of an unrestricted guest: RPL and DPL")
	LAX(guest_cs_dpl, unrestricted_guest, "2.7: CS of an unrestricted guest: DPL and SS's")
	LAX(guest_ss_dpl, ss_unusable, "2.7: DPL of an unusable SS counts as 0")
	LAX(activity_hlt, ss_unusable, "2.7: DPL of an unusable SS counts as 0")
	LAX(activity_event_hlt, always, "events injected into the HLT state")
	LAX(activity_event_shutdown, vector_18, "vector 18 of any type in the shutdown state")
	LAX(blocking_nmi, always, "an NMI under blocking by NMI")
	LAX(pending_reserved, pending_high, "bits 63:32 of the pending debug exceptions")
	LAX(pending_bs_, always, "BS of the pending debug exceptions")
	LAX(msr_smm_monitor, always, "IA32_SMM_MONITOR_CTL in an MSR area")
	LAX(msr_microcode, always, "IA32_BIOS_UPDT_TRIG in an MSR area")
};

const unsigned int doctor_nr_differ = sizeof(doctor_differ) / sizeof(*doctor_differ);

static bool has_group(const enum doctor_group *groups, unsigned int count,
		      enum doctor_group group)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

/* Would a CPU that found rules of these groups broken say what this one said? */
static bool explained(const struct entrytry *t, const enum doctor_group *groups,
		      unsigned int count)
{
	bool controls = has_group(groups, count, DOCTOR_CONTROLS);
	bool host = has_group(groups, count, DOCTOR_HOST);

	/* Controls and host state may be looked at in any order. */
	if (controls || host)
		return t->verdict == ENTRYTRY_VMFAIL &&
		       ((t->detail == 7 && controls) || (t->detail == 8 && host));
	if (has_group(groups, count, DOCTOR_GUEST))
		return t->verdict == ENTRYTRY_FAILED && t->detail == (1u << 31 | 33);
	if (has_group(groups, count, DOCTOR_MSRS))
		return t->verdict == ENTRYTRY_FAILED && t->detail == (1u << 31 | 34);
	return t->verdict == ENTRYTRY_ACCEPTED;
}

bool verdict_agrees(const struct entrytry *t, const u16 *broken, unsigned int count)
{
	enum doctor_group groups[ENTRYTRY_BROKEN];
	unsigned int i;

	if (count > ENTRYTRY_BROKEN)
		count = ENTRYTRY_BROKEN;
	for (i = 0; i < count; i++)
		groups[i] = doctor_rule_group(broken[i]);
	return explained(t, groups, count);
}

static struct differ *differs(const struct entrytry *t, u16 rule)
{
	const char *name = doctor_rules[rule].name;
	unsigned int i;

	for (i = 0; i < doctor_nr_differ; i++) {
		struct differ *d = &doctor_differ[i];

		if (d->rule && !strncmp(name, d->rule, strlen(d->rule)) && d->when(t))
			return d;
	}
	return 0;
}

/* With the rules left out that this CPU does not look at. */
static bool by_rules(const struct entrytry *t, const u16 *broken, unsigned int count)
{
	enum doctor_group groups[ENTRYTRY_BROKEN];
	struct differ *used[ENTRYTRY_BROKEN];
	unsigned int i, nr_groups = 0, nr_used = 0;

	for (i = 0; i < count; i++) {
		struct differ *d = differs(t, broken[i]);

		if (d)
			used[nr_used++] = d;
		if (!d)
			groups[nr_groups++] = doctor_rule_group(broken[i]);
		else if (d->kind == DIFFER_AS)
			groups[nr_groups++] = d->group;
	}
	if (!nr_used || !explained(t, groups, nr_groups))
		return false;
	for (i = 0; i < nr_used; i++)
		used[i]->seen++;
	return true;
}

static bool by_strictness(const struct entrytry *t)
{
	unsigned int i;

	for (i = 0; i < doctor_nr_differ; i++) {
		struct differ *d = &doctor_differ[i];

		if (d->kind == DIFFER_STRICT && d->when(t) && explained(t, &d->group, 1)) {
			d->seen++;
			return true;
		}
	}
	return false;
}

bool verdict_differs(const struct entrytry *t, const u16 *broken, unsigned int count)
{
	if (count > ENTRYTRY_BROKEN)
		return false;
	return by_rules(t, broken, count) || by_strictness(t);
}
