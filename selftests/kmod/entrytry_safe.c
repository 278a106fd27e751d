// SPDX-License-Identifier: GPL-2.0-only
/*
 * What entrytry may let the CPU enter.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/processor-flags.h>

#include "doctor/bits.h"
#include "entrytry_priv.h"

/**
 * struct restricted - a field that must stay as it is, but for some bits
 * @field: which
 * @free: bits that may change
 */
struct restricted {
	enum doctor_field field;
	u64 free;
};

/* In what a VM exit loads: without these the host cannot go on. */
static const struct restricted host_fields[] = {
	{ DF_HOST_CR0, X86_CR0_MP | X86_CR0_WP | X86_CR0_AM | X86_CR0_TS },
	{ DF_HOST_CR3, 0 },
	{ DF_HOST_CR4, X86_CR4_VME | X86_CR4_TSD | X86_CR4_DE | X86_CR4_PGE | X86_CR4_PCE |
		       X86_CR4_UMIP | X86_CR4_FSGSBASE | X86_CR4_SMEP | X86_CR4_SMAP },
	{ DF_HOST_EFER, EFER_VALID & 1 },
	{ DF_HOST_CS_SEL, 0 },
	{ DF_HOST_TR_SEL, 0 },
	{ DF_HOST_TR_BASE, 0 },
	{ DF_HOST_RIP, 0 },
	{ DF_HOST_S_CET, 0 },
	{ DF_HOST_SSP, 0 },
	{ DF_HOST_SSP_TABLE, 0 },
	{ DF_EXIT_STORE_COUNT, 0 },
	{ DF_EXIT_LOAD_COUNT, 0 },
};

/* In a state that will be accepted: the guest, or the CPU for it, must not reach memory. */
static const struct restricted guest_fields[] = {
	/* Its NXE stays with the host where the exit does not load EFER. */
	{ DF_GUEST_EFER, EFER_LME_BIT | EFER_LMA_BIT | 1 },
	{ DF_GUEST_CR3, 0xfff },
	{ DF_EPTP, 0xfff },
	{ DF_VIRTUAL_APIC_ADDR, 0 },
	{ DF_VE_INFO_ADDR, 0 },
	{ DF_POSTED_DESC_ADDR, 0xfc0 },
	{ DF_PML_ADDR, 0 },
};

static bool unchanged(const struct restricted *fields, int n, const struct entrytry_base *base,
		      const struct doctor_state *s)
{
	int i;

	for (i = 0; i < n; i++) {
		enum doctor_field field = fields[i].field;

		if (s->have[field] && (s->value[field] ^ base->value[field]) & ~fields[i].free)
			return false;
	}
	return true;
}

/* SYSENTER's, which a VM exit loads again, and IA32_KERNEL_GS_BASE. */
static bool msrs_are_safe(const struct entrytry *t)
{
	int i;

	for (i = 0; i < t->value[DF_ENTRY_LOAD_COUNT]; i++) {
		switch (t->msrs[i].index) {
		case 0x174 ... 0x176:
		case 0xc0000102:
			continue;
		default:
			return false;
		}
	}
	return true;
}

/* The timer ends a guest's run in any state but wait-for-SIPI. */
static bool comes_back(const struct doctor_state *s)
{
	const u64 *v = s->value;
	bool secondary = v[DF_PROC] & PROC_SECONDARY;

	if ((v[DF_PIN] & PIN_PREEMPTION_TIMER) && !v[DF_PREEMPTION_TIMER])
		return v[DF_ACTIVITY] != ACTIVITY_WAIT_SIPI;
	return secondary && (v[DF_PROC2] & PROC2_EPT) && v[DF_ACTIVITY] == ACTIVITY_ACTIVE;
}

/*
 * Bochs does not refuse these, and comes to an end over them: an IA-32e mode guest
 * in real mode, and an event of type 7 where there is no monitor trap flag.
 */
static bool ends_bochs(const struct doctor_state *s)
{
	const u64 *v = s->value;

	if ((v[DF_ENTRY] & ENTRY_IA32E) && !(v[DF_GUEST_CR0] & CR0_PE))
		return true;
	return (v[DF_EVENT] & EVENT_VALID) && EVENT_TYPE(v[DF_EVENT]) == TYPE_OTHER &&
	       !(s->caps.proc >> 32 & PROC_MONITOR_TRAP);
}

/* Rules that Bochs does not look at: a state that breaks them may be accepted. */
static const char *const lax[] = {
	"entry_to_smm", "event_error_unwanted", "event_error_wanted", "exit2_allowed",
	"host_perf_ctl", "host_pkrs",
	"posted_delivery", "posted_desc_aligned", "posted_desc_width", "posted_vector",
	"guest_cs_dpl", "guest_debugctl", "guest_ia32e_pg", "guest_perf_ctl", "guest_pkrs",
	"guest_rflags_vm", "guest_rip_64", "guest_ss_base", "guest_ss_coarse", "guest_ss_dpl",
	"guest_ss_fine", "guest_ss_present", "guest_ss_reserved", "guest_ss_s", "guest_ss_type",
	"activity_event_hlt", "activity_event_shutdown", "activity_hlt", "blocking_nmi",
	"pending_bs_unwanted", "pending_bs_wanted", "pending_reserved",
};

/* Nor at the end of an MSR area that is this long. */
static const char *const lax_if_long[] = { "entry_load_end", "exit_load_end", "exit_store_end" };

static bool is_lax(const struct entrytry *t, u16 rule)
{
	const u64 *v = t->value;
	const char *name = doctor_rules[rule].name;

	if ((v[DF_ENTRY_LOAD_COUNT] | v[DF_EXIT_LOAD_COUNT] | v[DF_EXIT_STORE_COUNT]) >> 28 &&
	    match_string(lax_if_long, ARRAY_SIZE(lax_if_long), name) >= 0)
		return true;
	return match_string(lax, ARRAY_SIZE(lax), name) >= 0;
}

/* For a rule of @last or a group before it, which is looked at before any state is loaded. */
static bool will_be_refused(const struct entrytry *t, enum doctor_group last)
{
	int i;

	for (i = 0; i < min_t(u32, t->nr_broken, ENTRYTRY_BROKEN); i++) {
		if (doctor_rule_group(t->broken[i]) <= last && !is_lax(t, t->broken[i]))
			return true;
	}
	return false;
}

bool entrytry_is_safe(const struct entrytry_pages *pages, const struct entrytry_base *base,
		      const struct doctor_state *s, const struct entrytry *t)
{
	u64 link = s->value[DF_LINK_POINTER];

	if (ends_bochs(s))
		return false;
	/* VMfail leaves the host alone. */
	if (will_be_refused(t, DOCTOR_HOST))
		return true;
	/* What lies behind the list, or elsewhere, is no list. */
	if (t->value[DF_ENTRY_LOAD_COUNT] > t->nr_msrs ||
	    (t->nr_msrs && t->value[DF_ENTRY_LOAD_ADDR] != pages->at.msrs))
		return false;
	/* From here on the host's fields are loaded, accepted or not. */
	if (!unchanged(host_fields, ARRAY_SIZE(host_fields), base, s))
		return false;
	/* A CPU of Bochs that was in wait-for-SIPI keeps SMIs and NMIs blocked for ever. */
	if (!comes_back(s))
		return s->value[DF_ACTIVITY] == ACTIVITY_WAIT_SIPI &&
		       will_be_refused(t, DOCTOR_GUEST);
	if (t->nr_broken)
		return true;
	return unchanged(guest_fields, ARRAY_SIZE(guest_fields), base, s) &&
	       msrs_are_safe(t) && (link == ~0ull || link == pages->at.link);
}
