// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mitigations at the border between guest and host.  Each stands behind the CPU
 * bug or feature that asks for it.
 */
#include "../vellum.h"

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/hardirq.h>
#include <linux/sched.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/processor.h>

#include "../core/vcpu.h"
#include "speculation.h"

DEFINE_STATIC_KEY_FALSE(vmx_l1d_flush_needed);

/* Twice the largest L1 data cache of a CPU without IA32_FLUSH_CMD. */
#define FILL_ORDER	4
#define FILL_SIZE	(PAGE_SIZE << FILL_ORDER)

static const u8 *fill;
static bool flush_always;	/* as the host's l1tf=full asks for */
static DEFINE_PER_CPU(u64, last_vcpu);

static bool l1tf_affects_guests(void)
{
	u64 caps = 0;

	if (!boot_cpu_has_bug(X86_BUG_L1TF) || l1tf_mitigation == L1TF_MITIGATION_OFF)
		return false;
	if (boot_cpu_has(X86_FEATURE_ARCH_CAPABILITIES))
		rdmsrl(MSR_IA32_ARCH_CAPABILITIES, caps);
	return !(caps & ARCH_CAP_SKIP_VMENTRY_L1DFLUSH);
}

int vmx_speculation_init(void)
{
	if (!l1tf_affects_guests())
		return 0;
	if (!boot_cpu_has(X86_FEATURE_FLUSH_L1D)) {
		fill = (const u8 *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, FILL_ORDER);
		if (!fill)
			return -ENOMEM;
	}
	flush_always = l1tf_mitigation >= L1TF_MITIGATION_FULL;
	static_branch_enable(&vmx_l1d_flush_needed);
	return 0;
}

void vmx_speculation_exit(void)
{
	static_branch_disable(&vmx_l1d_flush_needed);
	free_pages((unsigned long)fill, FILL_ORDER);
	fill = NULL;
}

/* Under its own name in traces, by which it is tested. */
static noinline void flush_l1d(void)
{
	const u8 *p = fill;
	unsigned int i;

	if (!p) {
		wrmsrl(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
		return;
	}
	/* Translations first, so that the lines come in without a break. */
	for (i = 0; i < FILL_SIZE; i += PAGE_SIZE)
		(void)READ_ONCE(p[i]);
	for (i = 0; i < FILL_SIZE; i += L1_CACHE_BYTES)
		(void)READ_ONCE(p[i]);
}

/* The kernel notes each interrupt for KVM; one built without it notes nothing. */
static bool was_interrupted(void)
{
#if IS_ENABLED(CONFIG_KVM_INTEL)
	return kvm_get_cpu_l1tf_flush_l1d();
#else
	return true;
#endif
}

static void interrupts_noted(void)
{
#if IS_ENABLED(CONFIG_KVM_INTEL)
	kvm_clear_cpu_l1tf_flush_l1d();
#endif
}

void vmx_l1d_leave_nothing(struct vlm_vcpu *vcpu)
{
	if (!vcpu->vmx.l1d_touched && !flush_always && !was_interrupted())
		return;
	vcpu->vmx.l1d_touched = false;
	interrupts_noted();
	flush_l1d();
}

void vmx_speculation_section(struct vlm_vcpu *vcpu)
{
	unsigned long switches;

	/* A pointer could be that of a vCPU that is long gone. */
	if (this_cpu_read(last_vcpu) != vcpu->vmx.serial) {
		this_cpu_write(last_vcpu, vcpu->vmx.serial);
		indirect_branch_prediction_barrier();
	}
	/* The program would follow what the guest trained; it runs once this section ends. */
	if (cpu_feature_enabled(X86_FEATURE_IBPB_EXIT_TO_USER))
		this_cpu_write(x86_ibpb_exit_to_user, true);
	switches = current->nvcsw + current->nivcsw;
	if (vcpu->vmx.switches != switches) {
		vcpu->vmx.switches = switches;
		vmx_l1d_touch(vcpu);
	}
}
