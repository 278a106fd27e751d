// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Bochs 2.7 and 3.0 do otherwise than the SDM.
 */
#include "differ.h"

#include <stdio.h>
#include <string.h>

#include "doctor/bits.h"

#define LAX(in, rule, when, text)						\
	{ DIFFER_LAX, BOCHS_##in, #rule, 0, 0, when, text, 0 },
#define AS(in, rule, group, when, text)						\
	{ DIFFER_AS, BOCHS_##in, #rule, 0, group, when, text, 0 },
#define STRICT(in, section, group, when, text)					\
	{ DIFFER_STRICT, BOCHS_##in, 0, section, group, when, text, 0 },

static bool always(const struct entrytry *t, const struct doctor_caps *caps)
{
	return true;
}

static bool real_mode(const struct entrytry *t, const struct doctor_caps *caps)
{
	return !(t->value[DF_GUEST_CR0] & CR0_PE) && !(t->value[DF_ENTRY] & ENTRY_IA32E);
}

static bool vector_18(const struct entrytry *t, const struct doctor_caps *caps)
{
	return (t->value[DF_EVENT] & EVENT_VECTOR) == 18;
}

static bool pending_high(const struct entrytry *t, const struct doctor_caps *caps)
{
	return !(t->value[DF_PENDING_DEBUG] & 0xffffaff0);
}

static bool ss_null_64(const struct entrytry *t, const struct doctor_caps *caps)
{
	return (t->value[DF_ENTRY] & ENTRY_IA32E) && (t->value[DF_GUEST_CS_AR] & RIGHTS_L) &&
	       !(t->value[DF_GUEST_SS_SEL] & ~3ull);
}

static bool ss_unusable(const struct entrytry *t, const struct doctor_caps *caps)
{
	return t->value[DF_GUEST_SS_AR] & RIGHTS_UNUSABLE;
}

/* Of an unrestricted guest, where the SDM asks for no such thing. */
static bool cs_rpl_dpl(const struct entrytry *t, const struct doctor_caps *caps)
{
	u64 sel = t->value[DF_GUEST_CS_SEL], ar = t->value[DF_GUEST_CS_AR];

	return (t->value[DF_PROC2] & PROC2_UNRESTRICTED) && SEL_RPL(sel) != RIGHTS_DPL(ar);
}

static bool cs_rpl_is_dpl(const struct entrytry *t, const struct doctor_caps *caps)
{
	return (t->value[DF_PROC2] & PROC2_UNRESTRICTED) && !cs_rpl_dpl(t, caps);
}

static bool no_tpr_shadow(const struct entrytry *t, const struct doctor_caps *caps)
{
	return !(t->value[DF_PROC] & PROC_TPR_SHADOW);
}

static bool desc_in_page(const struct entrytry *t, const struct doctor_caps *caps)
{
	return (t->value[DF_PIN] & PIN_POSTED) && (t->value[DF_POSTED_DESC_ADDR] & 0xfc0);
}

static bool many(const struct entrytry *t, const struct doctor_caps *caps)
{
	return t->value[DF_EXIT_STORE_COUNT] >> 28 || t->value[DF_EXIT_LOAD_COUNT] >> 28 ||
	       t->value[DF_ENTRY_LOAD_COUNT] >> 28;
}

static bool has_cet(const struct entrytry *t, const struct doctor_caps *caps)
{
	return caps->entry >> 32 & ENTRY_CET;
}

static bool no_apic_registers(const struct entrytry *t, const struct doctor_caps *caps)
{
	return !(caps->proc2 >> 32 & PROC2_APIC_REGISTERS);
}

static bool without_exit_cet(const struct entrytry *t, const struct doctor_caps *caps)
{
	return !(t->value[DF_EXIT] & EXIT_CET);
}

static bool exit2_high(const struct entrytry *t, const struct doctor_caps *caps)
{
	return !((u32)t->value[DF_EXIT2] & ~(u32)caps->exit2);
}

/* Canonical on this CPU, but not as long as the host's CR4.LA57 is 0. */
static bool wide_linear(const struct entrytry *t, const struct doctor_caps *caps)
{
	static const enum doctor_field fields[] = {
		DF_HOST_FS_BASE, DF_HOST_GS_BASE, DF_HOST_TR_BASE, DF_HOST_GDTR_BASE,
		DF_HOST_IDTR_BASE, DF_HOST_SYSENTER_ESP, DF_HOST_SYSENTER_EIP, DF_HOST_RIP,
		DF_GUEST_FS_BASE, DF_GUEST_GS_BASE, DF_GUEST_TR_BASE, DF_GUEST_LDTR_BASE,
		DF_GUEST_GDTR_BASE, DF_GUEST_IDTR_BASE, DF_GUEST_SYSENTER_ESP,
		DF_GUEST_SYSENTER_EIP,
	};
	unsigned int i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		int64_t high = (int64_t)t->value[fields[i]] >> 47;

		if (high && high != -1)
			return caps->linear_bits == 57;
	}
	return false;
}

struct differ doctor_differ[] = {
	AS(ALL, entry_to_smm, DOCTOR_GUEST, always,
	   "\"entry to SMM\" outside SMM is exit reason 33")
	LAX(ALL, posted_delivery, no_tpr_shadow,
	    "posted interrupts without \"use TPR shadow\"")
	LAX(ALL, posted_vector, no_tpr_shadow,
	    "posted interrupts without \"use TPR shadow\"")
	LAX(ALL, posted_desc_aligned, no_tpr_shadow,
	    "posted interrupts without \"use TPR shadow\"")
	LAX(ALL, posted_desc_width, no_tpr_shadow,
	    "posted interrupts without \"use TPR shadow\"")
	STRICT(ALL, "VM-Execution Control Fields", DOCTOR_CONTROLS, desc_in_page,
	       "posted-interrupt descriptor must be page-aligned")
	LAX(ALL, exit_store_end, many, "the end of an MSR area is computed in 32 bits")
	LAX(ALL, exit_load_end, many, "the end of an MSR area is computed in 32 bits")
	LAX(ALL, entry_load_end, many, "the end of an MSR area is computed in 32 bits")
	LAX(FROM_30, exit2_allowed, exit2_high, "bits 63:32 of the secondary VM-exit controls")
	LAX(ALL, event_error_wanted, has_cet,
	    "on a CPU with CET, which events deliver an error code")
	LAX(ALL, event_error_unwanted, has_cet,
	    "on a CPU with CET, which events deliver an error code")
	LAX(ALL, host_cet_wp, without_exit_cet,
	    "host CR4.CET without CR0.WP, but for \"load CET state\"")
	LAX(ALL, host_perf_ctl, always, "there is no IA32_PERF_GLOBAL_CTRL")
	LAX(ALL, guest_perf_ctl, always, "there is no IA32_PERF_GLOBAL_CTRL")
	LAX(CET_30, host_pkrs, always, "bits 63:32 of IA32_PKRS")
	LAX(CET_30, guest_pkrs, always, "bits 63:32 of IA32_PKRS")
	LAX(ALL, guest_debugctl, always, "reserved bits of guest IA32_DEBUGCTL")
	LAX(ALL, guest_ia32e_pg, always, "\"IA-32e mode guest\" without CR0.PG")
	LAX(ALL, guest_rip_64, always, "guest RIP in 64-bit mode")
	LAX(ALL, guest_rflags_vm, real_mode, "RFLAGS.VM in real mode")
	LAX(ALL, guest_ss_present, ss_null_64, "SS with a null selector in 64-bit mode")
	LAX(ALL, guest_ss_reserved, ss_null_64, "SS with a null selector in 64-bit mode")
	LAX(ALL, guest_ss_fine, ss_null_64, "SS with a null selector in 64-bit mode")
	LAX(ALL, guest_ss_coarse, ss_null_64, "SS with a null selector in 64-bit mode")
	LAX(ALL, guest_ss_s, ss_null_64, "SS with a null selector in 64-bit mode")
	LAX(ALL, guest_ss_base, ss_null_64, "SS with a null selector in 64-bit mode")
	LAX(ALL, guest_ss_type, ss_null_64, "SS with a null selector in 64-bit mode")
	STRICT(27, "Checks on Guest Segment Registers", DOCTOR_GUEST, cs_rpl_dpl,
	       "CS of an unrestricted guest: RPL and DPL must be equal")
	LAX(27, guest_cs_dpl, cs_rpl_is_dpl, "CS of an unrestricted guest: DPL and SS's")
	LAX(27, guest_ss_dpl, ss_unusable, "DPL of an unusable SS counts as 0")
	LAX(27, activity_hlt, ss_unusable, "DPL of an unusable SS counts as 0")
	LAX(ALL, activity_event_hlt, always, "events injected into the HLT state")
	LAX(ALL, activity_event_shutdown, vector_18, "vector 18 of any type in the shutdown state")
	LAX(ALL, blocking_nmi, always, "an NMI under blocking by NMI")
	LAX(ALL, pending_reserved, pending_high, "bits 63:32 of the pending debug exceptions")
	LAX(ALL, pending_bs_wanted, always, "BS of the pending debug exceptions")
	LAX(ALL, pending_bs_unwanted, always, "BS of the pending debug exceptions")
	STRICT(FROM_30, "Checks on Host Control Registers, MSRs, and SSP", DOCTOR_HOST, wide_linear,
	       "57 bits of a linear address, but only 48 while the host's CR4.LA57 is 0")
	STRICT(FROM_30, "Checks on Guest Segment Registers", DOCTOR_GUEST, wide_linear,
	       "57 bits of a linear address, but only 48 while the host's CR4.LA57 is 0")
	LAX(27, msr_x2apic, no_apic_registers,
	    "registers of the x2APIC in an MSR area, on a CPU without APIC-register virtualization")
	LAX(ALL, msr_smm_monitor, always, "IA32_SMM_MONITOR_CTL in an MSR area")
	LAX(ALL, msr_microcode, always, "IA32_BIOS_UPDT_TRIG in an MSR area")
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

static bool is_here(const struct differ *d, const struct entrytry *t,
		    const struct doctor_caps *caps)
{
	return d->in & emulator && d->when(t, caps);
}

static struct differ *differs(const struct entrytry *t, const struct doctor_caps *caps, u16 rule)
{
	const char *name = doctor_rules[rule].name;
	unsigned int i;

	for (i = 0; i < doctor_nr_differ; i++) {
		struct differ *d = &doctor_differ[i];

		if (d->rule && !strcmp(name, d->rule) && is_here(d, t, caps))
			return d;
	}
	return 0;
}

/* With the rules left out that this CPU does not look at. */
static bool by_rules(const struct entrytry *t, const struct doctor_caps *caps,
		     const u16 *broken, unsigned int count)
{
	enum doctor_group groups[ENTRYTRY_BROKEN];
	struct differ *used[ENTRYTRY_BROKEN];
	unsigned int i, nr_groups = 0, nr_used = 0;

	for (i = 0; i < count; i++) {
		struct differ *d = differs(t, caps, broken[i]);

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

static bool by_strictness(const struct entrytry *t, const struct doctor_caps *caps)
{
	unsigned int i;

	for (i = 0; i < doctor_nr_differ; i++) {
		struct differ *d = &doctor_differ[i];

		if (d->kind == DIFFER_STRICT && is_here(d, t, caps) && explained(t, &d->group, 1)) {
			d->seen++;
			return true;
		}
	}
	return false;
}

bool verdict_differs(const struct entrytry *t, const struct doctor_caps *caps,
		     const u16 *broken, unsigned int count)
{
	if (count > ENTRYTRY_BROKEN)
		return false;
	return by_rules(t, caps, broken, count) || by_strictness(t, caps);
}

bool belies_list(const struct entrytry *t, const struct doctor_caps *caps, u16 rule)
{
	return differs(t, caps, rule) && !by_strictness(t, caps);
}

static const char *section_of(const struct differ *d)
{
	unsigned int i;

	for (i = 0; d->rule && i < doctor_nr_rules; i++) {
		if (!strcmp(doctor_rules[i].name, d->rule))
			return doctor_sections[doctor_rules[i].section].title;
	}
	return d->section;
}

static void print_difference(FILE *out, const struct differ *d)
{
	static const char *const kinds[] = {
		[DIFFER_LAX] = "not looked at: ",
		[DIFFER_AS] = "",
		[DIFFER_STRICT] = "more is asked: ",
	};

	fprintf(out, "| %s | %s | %s%s |\n", section_of(d), emulator_names(d->in),
		kinds[d->kind], d->text);
}

void print_differ(FILE *out)
{
	unsigned int i;

	fprintf(out, "| section of SDM 3C | in | what |\n| --- | --- | --- |\n");
	for (i = 0; i < doctor_nr_differ; i++) {
		const struct differ *d = &doctor_differ[i];

		/* Several rows for several rules. */
		if (!i || strcmp(d->text, d[-1].text) || strcmp(section_of(d), section_of(d - 1)))
			print_difference(out, d);
	}
}
