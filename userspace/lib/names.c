// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capabilities and exit reasons by name.
 */
#include "vellum.h"

#define CAP(name, what)		{ KVM_CAP_##name, #name, what }

const struct vellum_cap vellum_caps[] = {
	CAP(HLT, "a HLT without an interrupt controller comes to the program"),
	CAP(USER_MEMORY, "guest memory from this process"),
	CAP(SET_TSS_ADDR, "three pages for a task state segment"),
	CAP(VAPIC, "the TPR shadow of old guests"),
	CAP(EXT_CPUID, "what CPUID may say, as a list"),
	CAP(NR_VCPUS, "vCPUs that this host serves well"),
	CAP(NR_MEMSLOTS, "memory slots"),
	CAP(IRQCHIP, "PIC, I/O APIC and local APICs in the kernel"),
	CAP(PIT, "the 8254 timer in the kernel, old call"),
	CAP(PIT2, "the 8254 timer in the kernel"),
	CAP(PIT_STATE2, "its state saved and restored"),
	CAP(IRQ_ROUTING, "interrupt lines and messages routed by a table"),
	CAP(IRQ_INJECT_STATUS, "a raised line says what became of it"),
	CAP(IRQFD, "an eventfd raises an interrupt"),
	CAP(IRQFD_RESAMPLE, "level-triggered ones too"),
	CAP(IOEVENTFD, "a guest's store becomes an eventfd"),
	CAP(IOEVENTFD_ANY_LENGTH, "of any size"),
	CAP(SIGNAL_MSI, "interrupt messages without a route"),
	CAP(SPLIT_IRQCHIP, "local APICs in the kernel, the rest in the program"),
	CAP(TSC_DEADLINE_TIMER, "the local APIC's deadline mode"),
	CAP(X2APIC_API, "x2APIC identifiers beyond 255"),
	CAP(MP_STATE, "waiting and running vCPUs told apart"),
	CAP(SYNC_MMU, "memory may be swapped, shared, unmapped"),
	CAP(DESTROY_MEMORY_REGION_WORKS, "slots can be taken away"),
	CAP(JOIN_MEMORY_REGIONS_WORKS, "slots may touch"),
	CAP(READONLY_MEM, "slots that the guest cannot write"),
	CAP(MULTI_ADDRESS_SPACE, "a second address space, for SMM"),
	CAP(MANUAL_DIRTY_LOG_PROTECT2, "the dirty log cleared by the program"),
	CAP(DIRTY_LOG_RING, "the dirty log as a ring"),
	CAP(COALESCED_MMIO, "stores gathered in a ring"),
	CAP(COALESCED_PIO, "the same for ports"),
	CAP(USER_NMI, "the program injects NMIs"),
	CAP(SET_GUEST_DEBUG, "breakpoints and single steps"),
	CAP(MCE, "machine-check banks"),
	CAP(SET_IDENTITY_MAP_ADDR, "a page for an identity map"),
	CAP(INTERNAL_ERROR_DATA, "internal errors come with data"),
	CAP(VCPU_EVENTS, "pending events saved and restored"),
	CAP(DEBUGREGS, "debug registers saved and restored"),
	CAP(XSAVE, "extended state saved and restored"),
	CAP(XSAVE2, "the same beyond 4 KiB"),
	CAP(XCRS, "XCR0"),
	CAP(SREGS2, "segment registers with PDPTEs"),
	CAP(SYNC_REGS, "registers in the shared page"),
	CAP(TSC_CONTROL, "a TSC frequency of the program's choice"),
	CAP(GET_TSC_KHZ, "the TSC frequency"),
	CAP(ADJUST_CLOCK, "the paravirtual clock set and read"),
	CAP(KVMCLOCK_CTRL, "a guest told that it was paused"),
	CAP(MAX_VCPUS, "vCPUs of one machine"),
	CAP(MAX_VCPU_ID, "highest vCPU number"),
	CAP(ENABLE_CAP_VM, "capabilities can be turned on"),
	CAP(CHECK_EXTENSION_VM, "capabilities asked of a machine"),
	CAP(IMMEDIATE_EXIT, "a run that ends before it begins"),
	CAP(SET_BOOT_CPU_ID, "which vCPU boots"),
	CAP(GET_MSR_FEATURES, "MSRs that name features"),
	CAP(X86_USER_SPACE_MSR, "MSR accesses come to the program"),
	CAP(X86_MSR_FILTER, "which of them"),
	CAP(EXCEPTION_PAYLOAD, "exceptions keep CR2 and DR6 until delivered"),
	CAP(X86_SMM, "system management mode"),
	CAP(X86_DISABLE_EXITS, "HLT, MWAIT and PAUSE without exits"),
	CAP(NESTED_STATE, "VMX within the guest"),
	CAP(HYPERV, "Hyper-V's interface"),
	CAP(BINARY_STATS_FD, "statistics by a file descriptor"),
	CAP(PCI_2_3, "device assignment, old style"),
	CAP(VM_ATTRIBUTES, "attributes of a machine"),
	CAP(SYS_ATTRIBUTES, "attributes of the device"),
};

const size_t vellum_nr_caps = sizeof(vellum_caps) / sizeof(vellum_caps[0]);

/**
 * vellum_cap_name() - the name of a capability
 * @cap: a KVM_CAP_*
 *
 * Return: the name without its prefix, or NULL.
 */
const char *vellum_cap_name(unsigned int cap)
{
	size_t i;

	for (i = 0; i < vellum_nr_caps; i++)
		if (vellum_caps[i].number == cap)
			return vellum_caps[i].name;
	return NULL;
}

static const char * const exits[] = {
	[KVM_EXIT_UNKNOWN] = "UNKNOWN",
	[KVM_EXIT_EXCEPTION] = "EXCEPTION",
	[KVM_EXIT_IO] = "IO",
	[KVM_EXIT_HYPERCALL] = "HYPERCALL",
	[KVM_EXIT_DEBUG] = "DEBUG",
	[KVM_EXIT_HLT] = "HLT",
	[KVM_EXIT_MMIO] = "MMIO",
	[KVM_EXIT_IRQ_WINDOW_OPEN] = "IRQ_WINDOW_OPEN",
	[KVM_EXIT_SHUTDOWN] = "SHUTDOWN",
	[KVM_EXIT_FAIL_ENTRY] = "FAIL_ENTRY",
	[KVM_EXIT_INTR] = "INTR",
	[KVM_EXIT_SET_TPR] = "SET_TPR",
	[KVM_EXIT_TPR_ACCESS] = "TPR_ACCESS",
	[KVM_EXIT_NMI] = "NMI",
	[KVM_EXIT_INTERNAL_ERROR] = "INTERNAL_ERROR",
	[KVM_EXIT_SYSTEM_EVENT] = "SYSTEM_EVENT",
	[KVM_EXIT_IOAPIC_EOI] = "IOAPIC_EOI",
	[KVM_EXIT_HYPERV] = "HYPERV",
	[KVM_EXIT_X86_RDMSR] = "X86_RDMSR",
	[KVM_EXIT_X86_WRMSR] = "X86_WRMSR",
	[KVM_EXIT_DIRTY_RING_FULL] = "DIRTY_RING_FULL",
	[KVM_EXIT_AP_RESET_HOLD] = "AP_RESET_HOLD",
	[KVM_EXIT_X86_BUS_LOCK] = "X86_BUS_LOCK",
	[KVM_EXIT_XEN] = "XEN",
	[KVM_EXIT_NOTIFY] = "NOTIFY",
};

/**
 * vellum_exit_name() - the name of an exit reason
 * @reason: a KVM_EXIT_*
 *
 * Return: the name without its prefix, or NULL.
 */
const char *vellum_exit_name(unsigned int reason)
{
	if (reason >= sizeof(exits) / sizeof(exits[0]))
		return NULL;
	return exits[reason];
}
