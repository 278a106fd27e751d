// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_CHECK_EXTENSION: one table, and only what works is in it.
 */
#include "../vellum.h"

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kvm.h>

#include <vellum.h>

#include "ioctl.h"
#include "vcpu.h"

static unsigned int nr_vcpus(void)
{
	return min_t(unsigned int, num_online_cpus(), VLM_MAX_VCPUS);
}

static unsigned int has_xsave(void)
{
	return vlm_fpu_host_mask() != 0;
}

static unsigned int tsc_control(void)
{
	return vmx_tsc_scales();
}

/**
 * struct capability - the answer to one KVM_CAP_*
 * @cap: its number
 * @value: the answer, when it is the same everywhere
 * @get: computes it from the host's CPU otherwise
 */
struct capability {
	unsigned int cap;
	unsigned int value;
	unsigned int (*get)(void);
};

static const struct capability capabilities[] = {
	{ KVM_CAP_IRQCHIP, 1 },
	{ KVM_CAP_HLT, 1 },
	{ KVM_CAP_USER_MEMORY, 1 },
	{ KVM_CAP_SET_TSS_ADDR, 1 },
	{ KVM_CAP_EXT_CPUID, 1 },
	{ KVM_CAP_CLOCKSOURCE, 1 },
	{ KVM_CAP_NR_VCPUS, 0, nr_vcpus },
	{ KVM_CAP_NR_MEMSLOTS, VLM_MAX_SLOTS },
	{ KVM_CAP_NOP_IO_DELAY, 1 },
	{ KVM_CAP_PIT, 1 },
	{ KVM_CAP_MP_STATE, 1 },
	{ KVM_CAP_COALESCED_MMIO, KVM_COALESCED_MMIO_PAGE_OFFSET },
	{ KVM_CAP_SYNC_MMU, 1 },
	{ KVM_CAP_IRQ_ROUTING, VLM_MAX_ROUTES },
	{ KVM_CAP_IRQ_INJECT_STATUS, 1 },
	{ KVM_CAP_DESTROY_MEMORY_REGION_WORKS, 1 },
	{ KVM_CAP_USER_NMI, 1 },
	{ KVM_CAP_SET_GUEST_DEBUG, 1 },
	{ KVM_CAP_REINJECT_CONTROL, 1 },
	{ KVM_CAP_JOIN_MEMORY_REGIONS_WORKS, 1 },
	{ KVM_CAP_MCE, VLM_MCE_BANKS },
	{ KVM_CAP_IRQFD, 1 },
	{ KVM_CAP_PIT2, 1 },
	{ KVM_CAP_SET_BOOT_CPU_ID, 1 },
	{ KVM_CAP_PIT_STATE2, 1 },
	{ KVM_CAP_IOEVENTFD, 1 },
	{ KVM_CAP_SET_IDENTITY_MAP_ADDR, 1 },
	{ KVM_CAP_ADJUST_CLOCK, VLM_CLOCK_FLAGS },
	{ KVM_CAP_INTERNAL_ERROR_DATA, 1 },
	{ KVM_CAP_VCPU_EVENTS, 1 },
	{ KVM_CAP_DEBUGREGS, 1 },
	{ KVM_CAP_X86_ROBUST_SINGLESTEP, 1 },
	{ KVM_CAP_ENABLE_CAP, 1 },
	{ KVM_CAP_XSAVE, 1 },
	{ KVM_CAP_XCRS, 0, has_xsave },
	{ KVM_CAP_TSC_CONTROL, 0, tsc_control },
	{ KVM_CAP_GET_TSC_KHZ, 1 },
	{ KVM_CAP_MAX_VCPUS, VLM_MAX_VCPUS },
	{ KVM_CAP_SYNC_REGS, VLM_SYNC_REGS },
	{ KVM_CAP_TSC_DEADLINE_TIMER, 1 },
	{ KVM_CAP_KVMCLOCK_CTRL, 1 },
	{ KVM_CAP_SIGNAL_MSI, 1 },
	{ KVM_CAP_READONLY_MEM, 1 },
	{ KVM_CAP_IRQFD_RESAMPLE, 1 },
	{ KVM_CAP_IOAPIC_POLARITY_IGNORED, 1 },
	{ KVM_CAP_ENABLE_CAP_VM, 1 },
	{ KVM_CAP_IOEVENTFD_NO_LENGTH, 1 },
	{ KVM_CAP_CHECK_EXTENSION_VM, 1 },
	{ KVM_CAP_SPLIT_IRQCHIP, 1 },
	{ KVM_CAP_IOEVENTFD_ANY_LENGTH, 1 },
	{ KVM_CAP_VCPU_ATTRIBUTES, 1 },
	{ KVM_CAP_MAX_VCPU_ID, VLM_MAX_VCPUS },
	{ KVM_CAP_X2APIC_API, VLM_X2APIC_API },
	{ KVM_CAP_IMMEDIATE_EXIT, 1 },
	{ KVM_CAP_GET_MSR_FEATURES, 1 },
	{ KVM_CAP_MSR_PLATFORM_INFO, 1 },
	{ KVM_CAP_COALESCED_PIO, 1 },
	{ KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, VLM_DIRTY_LOG_CAPS },
	{ KVM_CAP_HALT_POLL, 1 },
	{ KVM_CAP_X86_USER_SPACE_MSR, VLM_MSR_EXIT_REASONS },
	{ KVM_CAP_X86_MSR_FILTER, 1 },
	{ KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 1 },
	{ KVM_CAP_BINARY_STATS_FD, 1 },
	{ KVM_CAP_SET_GUEST_DEBUG2, VLM_GUEST_DEBUG },
	{ KVM_CAP_SREGS2, 1 },
	{ KVM_CAP_EXIT_ON_EMULATION_FAILURE, 1 },
	{ KVM_CAP_DISABLE_QUIRKS2, VLM_QUIRKS },
	{ KVM_CAP_XSAVE2, sizeof(struct kvm_xsave) },
	{ VELLUM_CAP_DOCTOR, 1 },
};

long vlm_check_extension(unsigned long cap)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		const struct capability *c = &capabilities[i];

		if (c->cap == cap)
			return c->get ? c->get() : c->value;
	}
	return 0;
}
