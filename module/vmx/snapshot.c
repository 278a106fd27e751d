// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMCS and its CPU, as the VM-entry doctor wants them.
 */
#include "../vellum.h"

#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/apicdef.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "../core/vcpu.h"
#include "../doctor/bits.h"
#include "caps.h"
#include "insn.h"
#include "snapshot.h"

/* IA32_VMX_PROCBASED_CTLS3 and IA32_VMX_EXIT_CTLS2: older headers lack them. */
#define MSR_PROC3	0x492
#define MSR_EXIT2	0x493

static struct doctor_caps cpu_caps __ro_after_init;

static u64 __init msr(u32 index)
{
	u64 value = 0;

	return rdmsrl_safe(index, &value) ? 0 : value;
}

/* SDM 3B, "Architectural Performance Monitoring": how many counters of each kind. */
static u64 __init perf_ctl(void)
{
	u32 eax, ebx, ecx, edx;

	if (boot_cpu_data.cpuid_level < 10)
		return 0;
	cpuid(10, &eax, &ebx, &ecx, &edx);
	return (BIT_ULL((eax >> 8) & 0x1f) - 1) | (BIT_ULL(edx & 0x1f) - 1) << 32;
}

/* SDM 2A, "CPUID": leaf 7, subleaf 1. */
static bool __init linear_masking(void)
{
	u32 eax, ebx, ecx, edx;

	cpuid_count(7, 1, &eax, &ebx, &ecx, &edx);
	return eax & BIT(26);
}

void __init vmx_snapshot_init(void)
{
	struct doctor_caps *c = &cpu_caps;
	bool true_msrs;

	c->known = true;
	c->basic = msr(MSR_IA32_VMX_BASIC);
	true_msrs = c->basic & BIT_ULL(55);
	c->pin = msr(true_msrs ? MSR_IA32_VMX_TRUE_PINBASED_CTLS : MSR_IA32_VMX_PINBASED_CTLS);
	c->proc = msr(true_msrs ? MSR_IA32_VMX_TRUE_PROCBASED_CTLS :
				  MSR_IA32_VMX_PROCBASED_CTLS);
	c->exit = msr(true_msrs ? MSR_IA32_VMX_TRUE_EXIT_CTLS : MSR_IA32_VMX_EXIT_CTLS);
	c->entry = msr(true_msrs ? MSR_IA32_VMX_TRUE_ENTRY_CTLS : MSR_IA32_VMX_ENTRY_CTLS);
	c->proc2 = msr(MSR_IA32_VMX_PROCBASED_CTLS2);
	c->proc3 = (c->proc >> 32) & PROC_TERTIARY ? msr(MSR_PROC3) : 0;
	c->exit2 = (c->exit >> 32) & EXIT_SECONDARY ? msr(MSR_EXIT2) : 0;
	c->misc = vmx_caps.misc;
	c->cr0_fixed0 = vmx_caps.cr0_fixed0;
	c->cr0_fixed1 = vmx_caps.cr0_fixed1;
	c->cr4_fixed0 = vmx_caps.cr4_fixed0;
	c->cr4_fixed1 = vmx_caps.cr4_fixed1;
	c->ept_vpid = vmx_caps.ept_vpid;
	c->vm_functions = (c->proc2 >> 32) & PROC2_VMFUNC ? msr(MSR_IA32_VMX_VMFUNC) : 0;
	c->perf_ctl = perf_ctl();
	c->physical_bits = cpuid_eax(0x80000008) & 0xff;
	c->linear_bits = (cpuid_eax(0x80000008) >> 8) & 0xff;
	c->in_ia32e = true;
	c->rtm = !!boot_cpu_has(X86_FEATURE_RTM);
	c->bus_lock = !!boot_cpu_has(X86_FEATURE_BUS_LOCK_DETECT);
	c->sgx = !!(cpuid_ebx(7) & BIT(2));
	c->lam = cpuid_eax(7) && linear_masking();
}

void vmx_snapshot(struct vlm_vcpu *vcpu, struct doctor_state *s)
{
	enum doctor_field field;
	unsigned long value;
	u64 control;

	s->caps = cpu_caps;
	if (boot_cpu_has(X86_FEATURE_INTEL_PT) && !rdmsrl_safe(MSR_IA32_RTIT_CTL, &control))
		s->caps.tracing = control & RTIT_CTL_TRACEEN;
	for (field = DF_NONE + 1; field < NR_DOCTOR_FIELDS; field++) {
		u32 encoding = doctor_field_encoding(field);

		s->have[field] = !(encoding >> 31) && vmread_try(encoding, &value);
		if (s->have[field])
			s->value[field] = value;
	}
	doctor_set(s, DF_VMCS_POINTER, vcpu->vmx.vmcs.pa);
	if (vcpu->vmx.apic_page)
		doctor_set(s, DF_VTPR, *(u32 *)(vcpu->vmx.apic_page + APIC_TASKPRI));
}
