// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text that KVM's dump_vmcs() prints, as it stands in the kernel's log: with
 * or without time stamps and "kvm_intel:" before each line.
 */
#include "kvm.h"

#include <stdlib.h>
#include <string.h>

enum part { GUEST, HOST, CONTROL, NR_PARTS };

/*
 * What stands before "=" and a number, and the field that it is. Numbers are
 * hexadecimal, with or without 0x; there may be blanks on both sides of the "=", more
 * in some kernels than in others. The same label may mean another field in another
 * part.
 */
static const struct {
	enum part part;
	const char *label;
	u8 field;
} labels[] = {
	{ GUEST, "CR0: actual", DF_GUEST_CR0 },
	{ GUEST, "CR4: actual", DF_GUEST_CR4 },
	{ GUEST, "CR3", DF_GUEST_CR3 },
	{ GUEST, "PDPTR0", DF_GUEST_PDPTE0 },
	{ GUEST, "PDPTR1", DF_GUEST_PDPTE1 },
	{ GUEST, "PDPTR2", DF_GUEST_PDPTE2 },
	{ GUEST, "PDPTR3", DF_GUEST_PDPTE3 },
	{ GUEST, "RSP", DF_GUEST_RSP },
	{ GUEST, "RIP", DF_GUEST_RIP },
	{ GUEST, "RFLAGS", DF_GUEST_RFLAGS },
	{ GUEST, "DR7", DF_GUEST_DR7 },
	{ GUEST, "EFER", DF_GUEST_EFER },
	{ GUEST, "PAT", DF_GUEST_PAT },
	{ GUEST, "DebugCtl", DF_GUEST_DEBUGCTL },
	{ GUEST, "DebugExceptions", DF_PENDING_DEBUG },
	{ GUEST, "PerfGlobCtl", DF_GUEST_PERF_CTL },
	{ GUEST, "BndCfgS", DF_GUEST_BNDCFGS },
	{ GUEST, "S_CET", DF_GUEST_S_CET },
	{ GUEST, "SSP", DF_GUEST_SSP },
	{ GUEST, "SSP TABLE", DF_GUEST_SSP_TABLE },
	{ GUEST, "Interruptibility", DF_INTERRUPTIBILITY },
	{ GUEST, "ActivityState", DF_ACTIVITY },
	{ HOST, "RIP", DF_HOST_RIP },
	{ HOST, "RSP", DF_HOST_RSP },
	{ HOST, "CS", DF_HOST_CS_SEL },
	{ HOST, "SS", DF_HOST_SS_SEL },
	{ HOST, "DS", DF_HOST_DS_SEL },
	{ HOST, "ES", DF_HOST_ES_SEL },
	{ HOST, "FS", DF_HOST_FS_SEL },
	{ HOST, "GS", DF_HOST_GS_SEL },
	{ HOST, "TR", DF_HOST_TR_SEL },
	{ HOST, "FSBase", DF_HOST_FS_BASE },
	{ HOST, "GSBase", DF_HOST_GS_BASE },
	{ HOST, "TRBase", DF_HOST_TR_BASE },
	{ HOST, "GDTBase", DF_HOST_GDTR_BASE },
	{ HOST, "IDTBase", DF_HOST_IDTR_BASE },
	{ HOST, "CR0", DF_HOST_CR0 },
	{ HOST, "CR3", DF_HOST_CR3 },
	{ HOST, "CR4", DF_HOST_CR4 },
	{ HOST, "EFER", DF_HOST_EFER },
	{ HOST, "PAT", DF_HOST_PAT },
	{ HOST, "PerfGlobCtl", DF_HOST_PERF_CTL },
	{ HOST, "S_CET", DF_HOST_S_CET },
	{ HOST, "SSP", DF_HOST_SSP },
	{ HOST, "SSP TABLE", DF_HOST_SSP_TABLE },
	{ CONTROL, "CPUBased", DF_PROC },
	{ CONTROL, "SecondaryExec", DF_PROC2 },
	{ CONTROL, "TertiaryExec", DF_PROC3 },
	{ CONTROL, "PinBased", DF_PIN },
	{ CONTROL, "EntryControls", DF_ENTRY },
	{ CONTROL, "ExitControls", DF_EXIT },
	{ CONTROL, "ExceptionBitmap", DF_EXCEPTION_BITMAP },
	{ CONTROL, "VMEntry: intr_info", DF_EVENT },
	{ CONTROL, "TSC Multiplier", DF_TSC_MULTIPLIER },
	{ CONTROL, "TPR Threshold", DF_TPR_THRESHOLD },
	{ CONTROL, "APIC-access addr", DF_APIC_ACCESS_ADDR },
	{ CONTROL, "virt-APIC addr", DF_VIRTUAL_APIC_ADDR },
	{ CONTROL, "PostedIntrVec", DF_POSTED_VECTOR },
	{ CONTROL, "EPT pointer", DF_EPTP },
	{ CONTROL, "Virtual processor ID", DF_VPID },
};

/* "CS:   sel=0x0010, attr=0x0a09b, limit=0xffffffff, base=0x0000000000000000" */
static const struct {
	const char *label;
	u8 index;	/* in the order of the fields: ES, CS, ... */
} segments[] = {
	{ "ES:", 0 }, { "CS:", 1 }, { "SS:", 2 }, { "DS:", 3 }, { "FS:", 4 }, { "GS:", 5 },
	{ "LDTR:", 6 }, { "TR:", 7 }, { "GDTR:", 8 }, { "IDTR:", 9 },
};

#define NR_SEGMENTS	8	/* the others are tables: limit and base */

/* Behind "=", and the blanks around it; NULL: there is none. */
static const char *behind_equals(const char *at)
{
	at += strspn(at, " ");
	if (*at != '=')
		return NULL;
	at++;
	return at + strspn(at, " ");
}

/* The number that follows @label in @line. */
static bool number_after(const char *line, const char *label, uint64_t *value)
{
	const char *at;

	for (at = strstr(line, label); at; at = strstr(at + 1, label)) {
		const char *number = behind_equals(at + strlen(label));
		char *end;

		/* "SS" is not the end of another word. */
		if (!number || (at > line && !strchr(" |,", at[-1])))
			continue;
		*value = strtoull(number, &end, 16);
		return end != number;
	}
	return false;
}

static bool segment_line(struct dump *d, const char *line)
{
	uint64_t value;
	unsigned int i;

	for (i = 0; i < sizeof(segments) / sizeof(*segments); i++) {
		u8 n = segments[i].index;

		if (strncmp(line, segments[i].label, strlen(segments[i].label)))
			continue;
		if (n < NR_SEGMENTS && number_after(line, "sel", &value))
			dump_set(d, DF_GUEST_ES_SEL + n, value);
		if (n < NR_SEGMENTS && number_after(line, "attr", &value))
			dump_set(d, DF_GUEST_ES_AR + n, value);
		if (number_after(line, "limit", &value))
			dump_set(d, DF_GUEST_ES_LIMIT + n, value);
		if (number_after(line, "base", &value))
			dump_set(d, DF_GUEST_ES_BASE + n, value);
		return true;
	}
	return false;
}

/* "Sysenter RSP=... CS:RIP=0010:ffffffff81000000": its RSP is not the RSP. */
static bool sysenter_line(struct dump *d, const char *line)
{
	bool host = d->part == HOST;
	unsigned long long cs, rip;
	const char *at = strstr(line, "CS:RIP=");
	uint64_t esp;

	if (strncmp(line, "Sysenter", strlen("Sysenter")))
		return false;
	if (number_after(line, "RSP", &esp))
		dump_set(d, host ? DF_HOST_SYSENTER_ESP : DF_GUEST_SYSENTER_ESP, esp);
	if (at && sscanf(at, "CS:RIP=%llx:%llx", &cs, &rip) == 2) {
		dump_set(d, host ? DF_HOST_SYSENTER_CS : DF_GUEST_SYSENTER_CS, cs);
		dump_set(d, host ? DF_HOST_SYSENTER_EIP : DF_GUEST_SYSENTER_EIP, rip);
	}
	return true;
}

/* Labels that stand on two lines, and mean something on one. */
static void control_line(struct dump *d, const char *line)
{
	uint64_t value;

	if (!strncmp(line, "VMEntry:", 8)) {
		if (number_after(line, "errcode", &value))
			dump_set(d, DF_EVENT_ERROR, value);
		if (number_after(line, "ilen", &value))
			dump_set(d, DF_EVENT_LENGTH, value);
	}
	if (number_after(line, "reason", &value))
		d->exit_reason = value;
}

/* " 1: msr=0x00000174 value=0x0000000000000000", under a heading of its own. */
static void msr_line(struct dump *d, const char *line)
{
	unsigned long long index, value;
	const char *at = strstr(line, "msr=");

	if (!at || sscanf(at, "msr=%llx value=%llx", &index, &value) != 2 ||
	    d->state.nr_msrs >= DUMP_MSRS)
		return;
	d->msrs[d->state.nr_msrs++] = (struct doctor_msr) { .index = index, .value = value };
	dump_set(d, DF_ENTRY_LOAD_COUNT, d->state.nr_msrs);
}

static const char *behind(const char *line, const char *text)
{
	const char *at = strstr(line, text);

	return at ? at + strlen(text) : line;
}

/*
 * Behind what stands before a message: the time and host of a system's journal, the
 * level and the time stamp, the module's name.
 */
static const char *text_of(const char *line)
{
	const char *stamp;
	size_t n;

	line = behind(line, "kernel: ");
	stamp = strchr(line, '[');
	n = stamp ? 1 + strspn(stamp + 1, " .0123456789") : 0;
	if (n > 1 && !strncmp(stamp + n, "] ", 2))
		line = stamp + n + 2;
	return behind(line, "kvm_intel: ");
}

bool kvm_line(struct dump *d, const char *line)
{
	static const char *const headings[NR_PARTS] = {
		"*** Guest State ***", "*** Host State ***", "*** Control State ***",
	};
	uint64_t value;
	unsigned int i;

	line = text_of(line);
	for (i = 0; i < NR_PARTS; i++) {
		if (!strstr(line, headings[i]))
			continue;
		if (i == GUEST && d->kvm)
			return false;
		d->part = i;
		d->kvm = true;
		d->loads = false;
		return true;
	}
	if (!d->kvm)
		return true;
	if ((d->part == GUEST && segment_line(d, line)) || sysenter_line(d, line))
		return true;
	for (i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		if (labels[i].part == d->part && number_after(line, labels[i].label, &value))
			dump_set(d, labels[i].field, value);
	}
	if (d->part == CONTROL)
		control_line(d, line);
	if (strstr(line, "MSR guest autoload:"))
		d->loads = true;
	else if (strstr(line, "MSR "))
		d->loads = false;
	if (d->loads)
		msr_line(d, line);
	return true;
}
