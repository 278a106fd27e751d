// SPDX-License-Identifier: GPL-2.0-only
/*
 * The capabilities by number, for whoever hands them on.
 */
#include "doctor.h"

#define CAP(number, name, member)	{ number, name, offsetof(struct doctor_caps, member) }

/* Of controls the MSRs with "TRUE" in their name, whichever were read. */
static const struct {
	u32 number;
	const char *name;
	u32 offset;
} table[] = {
	CAP(0x480, "IA32_VMX_BASIC", basic),
	CAP(0x48d, "IA32_VMX_TRUE_PINBASED_CTLS", pin),
	CAP(0x48e, "IA32_VMX_TRUE_PROCBASED_CTLS", proc),
	CAP(0x48b, "IA32_VMX_PROCBASED_CTLS2", proc2),
	CAP(0x48f, "IA32_VMX_TRUE_EXIT_CTLS", exit),
	CAP(0x490, "IA32_VMX_TRUE_ENTRY_CTLS", entry),
	CAP(0x492, "IA32_VMX_PROCBASED_CTLS3", proc3),
	CAP(0x493, "IA32_VMX_EXIT_CTLS2", exit2),
	CAP(0x485, "IA32_VMX_MISC", misc),
	CAP(0x486, "IA32_VMX_CR0_FIXED0", cr0_fixed0),
	CAP(0x487, "IA32_VMX_CR0_FIXED1", cr0_fixed1),
	CAP(0x488, "IA32_VMX_CR4_FIXED0", cr4_fixed0),
	CAP(0x489, "IA32_VMX_CR4_FIXED1", cr4_fixed1),
	CAP(0x48c, "IA32_VMX_EPT_VPID_CAP", ept_vpid),
	CAP(0x491, "IA32_VMX_VMFUNC", vm_functions),
	CAP(0x80000000, "bits of IA32_PERF_GLOBAL_CTRL", perf_ctl),
	CAP(0x80000001, "physical-address width", physical_bits),
	CAP(0x80000002, "linear-address width", linear_bits),
	CAP(0x80000003, "host in IA-32e mode", in_ia32e),
	CAP(0x80000004, "host in SMM", in_smm),
	CAP(0x80000006, "RTM", rtm),
	CAP(0x80000007, "bus-lock detection", bus_lock),
	CAP(0x80000008, "SGX", sgx),
	CAP(0x80000009, "linear-address masking", lam),
	CAP(0x8000000a, "Intel PT is tracing", tracing),
};

const unsigned int doctor_nr_caps = sizeof(table) / sizeof(*table);

u32 doctor_cap_number(unsigned int i)
{
	return table[i].number;
}

const char *doctor_cap_name(unsigned int i)
{
	return table[i].name;
}

u64 *doctor_cap(struct doctor_caps *caps, u32 number)
{
	unsigned int i;

	for (i = 0; i < doctor_nr_caps; i++) {
		if (table[i].number == number)
			return (u64 *)((u8 *)caps + table[i].offset);
	}
	return NULL;
}
