// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VMX-preemption timer: SDM 3C, "VMX-Preemption Timer".
 *
 * It counts down while the guest runs, beginning at each entry with the value in
 * the VMCS.  The control stays on: a vCPU that wants no timer has the greatest
 * value, and the exit of one that runs for so long without any other means nothing.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "../irq/lapic.h"
#include "caps.h"
#include "insn.h"
#include "timer.h"

static bool preemption_timer __ro_after_init = true;
module_param(preemption_timer, bool, 0444);
MODULE_PARM_DESC(preemption_timer, "let the CPU watch a guest's APIC timer while the guest runs");

/*
 * CPUs whose timer does not count at the rate that they report, by an erratum of
 * each: family, model and stepping as CPUID.1:EAX has them.
 */
static const u32 wrong_rate[] __initconst = {
	0x106a0, 0x106a1, 0x106a4, 0x106a5,	/* Nehalem-EP, Bloomfield */
	0x106e5,				/* Lynnfield, Clarksfield */
	0x20652, 0x20655,			/* Arrandale, Clarkdale */
	0x206e6,				/* Nehalem-EX */
	0x306a8,				/* Ivy Bridge */
};

#define SIGNATURE	0x0fff3fff

static bool __init has_wrong_rate(void)
{
	u32 signature = cpuid_eax(1) & SIGNATURE;
	int i;

	for (i = 0; i < ARRAY_SIZE(wrong_rate); i++)
		if (wrong_rate[i] == signature)
			return true;
	return false;
}

void __init vmx_timer_caps(void)
{
	/* The time that it is given is in ticks of the TSC. */
	if (!boot_cpu_has(X86_FEATURE_CONSTANT_TSC) || check_tsc_unstable() || has_wrong_rate())
		preemption_timer = false;
	if (!preemption_timer)
		vmx_caps.pin &= ~PIN_BASED_VMX_PREEMPTION_TIMER;
	preemption_timer = vmx_caps.pin & PIN_BASED_VMX_PREEMPTION_TIMER;
}

bool vmx_has_timer(void)
{
	return preemption_timer;
}

void vmx_timer_attach(struct vlm_vcpu *vcpu)
{
	if (!preemption_timer)
		return;
	vmx_begin(vcpu);
	vmcs_write32(PIN_BASED_VM_EXEC_CONTROL, vmx_caps.pin);
	vmcs_write32(VMX_PREEMPTION_TIMER_VALUE, U32_MAX);
	vmx_end(vcpu);
}

void vmx_timer_set(struct vlm_vcpu *vcpu, u64 tsc)
{
	vcpu->vmx.timer = tsc;
}

/* One count is 2^rate ticks, the first may be cut short: so never too early. */
static u32 counts(u64 ticks)
{
	return min_t(u64, (ticks >> vmx_misc_preemption_timer_rate(vmx_caps.misc)) + 2, U32_MAX);
}

void vmx_timer_write(struct vlm_vcpu *vcpu)
{
	u64 now = rdtsc();

	if (vcpu->vmx.timer && vcpu->vmx.timer <= now)
		vlm_lapic_timer_poll(vcpu);
	vcpu->vmx.timer_written = vcpu->vmx.timer;
	if (!vcpu->vmx.timer)
		vmcs_write32(VMX_PREEMPTION_TIMER_VALUE, U32_MAX);
	else
		vmcs_write32(VMX_PREEMPTION_TIMER_VALUE,
			     counts(vcpu->vmx.timer - min(now, vcpu->vmx.timer)));
}
