// SPDX-License-Identifier: GPL-2.0-only
/*
 * Controls and guest state that any CPU with VT-x accepts: a 64-bit guest, with
 * EPT and unrestricted where there is such.  Pure: user space makes states for
 * CPUs that it invents.
 */
#include "doctor/bits.h"
#include "entrytry.h"

static void set_allowed(u64 *value, u64 cap, u32 wanted)
{
	*value = ((u32)cap | wanted) & (cap >> 32);
}

static void fill_controls(const struct doctor_caps *c, const struct entrytry_addresses *at, u64 *v)
{
	set_allowed(&v[DF_PIN], c->pin, PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMIS |
		    PIN_PREEMPTION_TIMER);
	set_allowed(&v[DF_PROC], c->proc, PROC_SECONDARY);
	set_allowed(&v[DF_PROC2], c->proc2, PROC2_EPT | PROC2_UNRESTRICTED);
	set_allowed(&v[DF_EXIT], c->exit, EXIT_HOST_64 | EXIT_PAT | EXIT_EFER);
	set_allowed(&v[DF_ENTRY], c->entry, ENTRY_DEBUG | ENTRY_IA32E | ENTRY_PAT | ENTRY_EFER);
	v[DF_VPID] = 1;
	v[DF_TSC_MULTIPLIER] = 1ull << 48;
	v[DF_IO_BITMAP_A] = at->scratch;
	v[DF_IO_BITMAP_B] = at->scratch;
	v[DF_MSR_BITMAP] = at->scratch;
	v[DF_EXIT_STORE_ADDR] = at->scratch;
	v[DF_EXIT_LOAD_ADDR] = at->scratch;
	v[DF_ENTRY_LOAD_ADDR] = at->msrs;
	v[DF_PML_ADDR] = at->scratch;
	v[DF_VIRTUAL_APIC_ADDR] = at->vapic;
	v[DF_APIC_ACCESS_ADDR] = at->scratch;
	v[DF_POSTED_DESC_ADDR] = at->scratch;
	v[DF_EPTP] = at->empty | 3 << 3 | 6;
	v[DF_EPTP_LIST_ADDR] = at->scratch;
	v[DF_VMREAD_BITMAP] = at->scratch;
	v[DF_VMWRITE_BITMAP] = at->scratch;
	v[DF_VE_INFO_ADDR] = at->scratch;
	v[DF_SPPTP] = at->scratch;
	v[DF_HLATP] = at->empty;
	v[DF_PID_TABLE_ADDR] = at->scratch;
	v[DF_LOW_PASID_ADDR] = at->scratch;
	v[DF_HIGH_PASID_ADDR] = at->scratch;
	v[DF_VMCS_POINTER] = at->vmcs;
	v[DF_LINK_REVISION] = (u32)c->basic & 0x7fffffff;
}

static void fill_guest(const struct doctor_caps *c, const struct entrytry_addresses *at, u64 *v)
{
	int i;

	v[DF_GUEST_CR0] = c->cr0_fixed0 | CR0_PE | CR0_PG | CR0_WP;
	v[DF_GUEST_CR4] = c->cr4_fixed0 | CR4_PAE;
	v[DF_GUEST_CR3] = at->empty;
	v[DF_GUEST_EFER] = v[DF_HOST_EFER];
	v[DF_GUEST_PAT] = v[DF_HOST_PAT];
	v[DF_GUEST_DR7] = 0x400;
	v[DF_GUEST_RFLAGS] = RFLAGS_FIXED;
	v[DF_GUEST_RIP] = 0x1000;
	v[DF_GUEST_RSP] = 0x8000;
	v[DF_LINK_POINTER] = ~0ull;
	v[DF_GUEST_GDTR_LIMIT] = 0xffff;
	v[DF_GUEST_IDTR_LIMIT] = 0xffff;
	for (i = 0; i < 6; i++) {
		v[DF_GUEST_ES_SEL + i] = 0x10;
		v[DF_GUEST_ES_LIMIT + i] = 0xffffffff;
		v[DF_GUEST_ES_AR + i] = 0xc093;
	}
	v[DF_GUEST_CS_SEL] = 0x8;
	v[DF_GUEST_CS_AR] = 0xa09b;
	v[DF_GUEST_TR_SEL] = 0x18;
	v[DF_GUEST_TR_LIMIT] = 0x67;
	v[DF_GUEST_TR_AR] = 0x8b;
	v[DF_GUEST_LDTR_SEL] = 0x20;
	v[DF_GUEST_LDTR_LIMIT] = 0xffff;
	v[DF_GUEST_LDTR_AR] = 0x82;
}

void entrytry_fill(const struct doctor_caps *c, const struct entrytry_addresses *at, u64 *v)
{
	fill_controls(c, at, v);
	fill_guest(c, at, v);
}
