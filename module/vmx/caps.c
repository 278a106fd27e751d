// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMX capability MSRs -> one configuration (SDM 3D, "VMX Capability Reporting
 * Facility").
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/seq_buf.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>

#include "apicv.h"
#include "caps.h"
#include "timer.h"

struct vmx_caps vmx_caps __ro_after_init;

/**
 * struct control - one control field and what Vellum asks of it
 * @name: for people
 * @msr: capability MSR; the TRUE one replaces it where the CPU has those
 * @true_msr: the TRUE capability MSR, 0 when the field has none
 * @required: without any of these the CPU is refused
 * @optional: taken where the CPU has them
 * @value: where the result goes
 */
struct control {
	const char *name;
	u32 msr;
	u32 true_msr;
	u32 required;
	u32 optional;
	u32 *value;
};

static const struct control controls[] __initconst = {
	{
		.name = "pin-based",
		.msr = MSR_IA32_VMX_PINBASED_CTLS,
		.true_msr = MSR_IA32_VMX_TRUE_PINBASED_CTLS,
		.required = PIN_BASED_EXT_INTR_MASK | PIN_BASED_NMI_EXITING |
			    PIN_BASED_VIRTUAL_NMIS,
		.optional = PIN_BASED_VMX_PREEMPTION_TIMER,
		.value = &vmx_caps.pin,
	}, {
		.name = "processor-based",
		.msr = MSR_IA32_VMX_PROCBASED_CTLS,
		.true_msr = MSR_IA32_VMX_TRUE_PROCBASED_CTLS,
		.required = CPU_BASED_HLT_EXITING | CPU_BASED_MWAIT_EXITING |
			    CPU_BASED_MONITOR_EXITING | CPU_BASED_RDPMC_EXITING |
			    CPU_BASED_CR8_LOAD_EXITING | CPU_BASED_CR8_STORE_EXITING |
			    CPU_BASED_MOV_DR_EXITING | CPU_BASED_UNCOND_IO_EXITING |
			    CPU_BASED_USE_TSC_OFFSETTING | CPU_BASED_USE_MSR_BITMAPS |
			    CPU_BASED_ACTIVATE_SECONDARY_CONTROLS,
		.optional = CPU_BASED_MONITOR_TRAP_FLAG | CPU_BASED_TPR_SHADOW,
		.value = &vmx_caps.proc,
	}, {
		.name = "secondary processor-based",
		.msr = MSR_IA32_VMX_PROCBASED_CTLS2,
		.required = SECONDARY_EXEC_ENABLE_EPT | SECONDARY_EXEC_UNRESTRICTED_GUEST,
		.optional = SECONDARY_EXEC_ENABLE_VPID | SECONDARY_EXEC_ENABLE_RDTSCP |
			    SECONDARY_EXEC_ENABLE_INVPCID | SECONDARY_EXEC_WBINVD_EXITING |
			    SECONDARY_EXEC_ENABLE_PML | SECONDARY_EXEC_TSC_SCALING |
			    SECONDARY_EXEC_ENABLE_XSAVES | SECONDARY_EXEC_PAUSE_LOOP_EXITING |
			    VMX_APIC_CONTROLS,
		.value = &vmx_caps.proc2,
	}, {
		.name = "VM-exit",
		.msr = MSR_IA32_VMX_EXIT_CTLS,
		.true_msr = MSR_IA32_VMX_TRUE_EXIT_CTLS,
		.required = VM_EXIT_HOST_ADDR_SPACE_SIZE | VM_EXIT_SAVE_DEBUG_CONTROLS |
			    VM_EXIT_SAVE_IA32_EFER | VM_EXIT_LOAD_IA32_EFER |
			    VM_EXIT_SAVE_IA32_PAT | VM_EXIT_LOAD_IA32_PAT,
		.value = &vmx_caps.exit,
	}, {
		.name = "VM-entry",
		.msr = MSR_IA32_VMX_ENTRY_CTLS,
		.true_msr = MSR_IA32_VMX_TRUE_ENTRY_CTLS,
		.required = VM_ENTRY_LOAD_DEBUG_CONTROLS | VM_ENTRY_LOAD_IA32_EFER |
			    VM_ENTRY_LOAD_IA32_PAT,
		/* Follows the guest's EFER.LMA, entry by entry. */
		.optional = VM_ENTRY_IA32E_MODE,
		.value = &vmx_caps.entry,
	},
};

/* Names of the required controls, for the line that a refusal prints. */
static const struct control_name {
	const u32 *field;
	u32 bit;
	const char *name;
} control_names[] __initconst = {
	{ &vmx_caps.pin, PIN_BASED_EXT_INTR_MASK, "external-interrupt exiting" },
	{ &vmx_caps.pin, PIN_BASED_NMI_EXITING, "NMI exiting" },
	{ &vmx_caps.pin, PIN_BASED_VIRTUAL_NMIS, "virtual NMIs" },
	{ &vmx_caps.proc, CPU_BASED_HLT_EXITING, "HLT exiting" },
	{ &vmx_caps.proc, CPU_BASED_MWAIT_EXITING, "MWAIT exiting" },
	{ &vmx_caps.proc, CPU_BASED_MONITOR_EXITING, "MONITOR exiting" },
	{ &vmx_caps.proc, CPU_BASED_RDPMC_EXITING, "RDPMC exiting" },
	{ &vmx_caps.proc, CPU_BASED_CR8_LOAD_EXITING, "CR8-load exiting" },
	{ &vmx_caps.proc, CPU_BASED_CR8_STORE_EXITING, "CR8-store exiting" },
	{ &vmx_caps.proc, CPU_BASED_MOV_DR_EXITING, "MOV-DR exiting" },
	{ &vmx_caps.proc, CPU_BASED_UNCOND_IO_EXITING, "unconditional I/O exiting" },
	{ &vmx_caps.proc, CPU_BASED_USE_TSC_OFFSETTING, "TSC offsetting" },
	{ &vmx_caps.proc, CPU_BASED_USE_MSR_BITMAPS, "MSR bitmaps" },
	{ &vmx_caps.proc, CPU_BASED_ACTIVATE_SECONDARY_CONTROLS, "secondary controls" },
	{ &vmx_caps.proc2, SECONDARY_EXEC_ENABLE_EPT, "EPT" },
	{ &vmx_caps.proc2, SECONDARY_EXEC_UNRESTRICTED_GUEST, "unrestricted guest" },
	{ &vmx_caps.exit, VM_EXIT_HOST_ADDR_SPACE_SIZE, "host address-space size" },
	{ &vmx_caps.exit, VM_EXIT_SAVE_DEBUG_CONTROLS, "save debug controls" },
	{ &vmx_caps.exit, VM_EXIT_SAVE_IA32_EFER, "save IA32_EFER" },
	{ &vmx_caps.exit, VM_EXIT_LOAD_IA32_EFER, "load IA32_EFER on exit" },
	{ &vmx_caps.exit, VM_EXIT_SAVE_IA32_PAT, "save IA32_PAT" },
	{ &vmx_caps.exit, VM_EXIT_LOAD_IA32_PAT, "load IA32_PAT on exit" },
	{ &vmx_caps.entry, VM_ENTRY_LOAD_DEBUG_CONTROLS, "load debug controls" },
	{ &vmx_caps.entry, VM_ENTRY_LOAD_IA32_EFER, "load IA32_EFER on entry" },
	{ &vmx_caps.entry, VM_ENTRY_LOAD_IA32_PAT, "load IA32_PAT on entry" },
};

/* What is required of IA32_VMX_EPT_VPID_CAP. */
static const struct ept_name {
	u64 bit;
	const char *name;
} ept_names[] __initconst = {
	{ VMX_EPT_PAGE_WALK_4_BIT, "EPT 4-level walk" },
	{ VMX_EPTP_WB_BIT, "EPT write-back paging structures" },
	{ VMX_EPT_INVEPT_BIT, "INVEPT" },
	{ VMX_EPT_EXTENT_GLOBAL_BIT, "all-context INVEPT" },
};

static void __init missing(struct seq_buf *names, const char *name)
{
	seq_buf_printf(names, "%s%s", seq_buf_used(names) ? ", " : "", name);
}

static void __init name_missing(const struct control *c, u32 lacking,
				struct seq_buf *names)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(control_names); i++) {
		if (control_names[i].field == c->value && (control_names[i].bit & lacking))
			missing(names, control_names[i].name);
	}
}

/*
 * The low half of a capability MSR holds the bits that must be 1, the high
 * half those that may be: SDM 3D, "VM-Execution Controls".
 */
static void __init resolve(const struct control *c, bool true_msrs,
			   struct seq_buf *names)
{
	u32 must, may;

	/* Only there when the primary controls can activate them. */
	if (c->msr == MSR_IA32_VMX_PROCBASED_CTLS2 &&
	    !(vmx_caps.proc & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)) {
		name_missing(c, c->required, names);
		return;
	}

	rdmsr(true_msrs && c->true_msr ? c->true_msr : c->msr, must, may);
	*c->value = (c->required | c->optional | must) & may;
	name_missing(c, c->required & ~may, names);
}

/* VMX can be locked off by the firmware, outside or inside SMX operation. */
static int __init firmware_allows(void)
{
	u64 ctl;

	if (rdmsrl_safe(MSR_IA32_FEAT_CTL, &ctl) || !(ctl & FEAT_CTL_LOCKED)) {
		vlm_err("IA32_FEATURE_CONTROL was left unlocked: VMX is not enabled by the firmware\n");
		return -EPERM;
	}
	if (!(ctl & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX)) {
		vlm_err("VMX is disabled by the firmware (IA32_FEATURE_CONTROL = %#llx, locked)\n",
			ctl);
		return -EPERM;
	}
	return 0;
}

static void __init read_ept_vpid(struct seq_buf *names)
{
	int i;

	if (!(vmx_caps.proc2 & SECONDARY_EXEC_ENABLE_EPT))
		return;

	rdmsrl(MSR_IA32_VMX_EPT_VPID_CAP, vmx_caps.ept_vpid);
	for (i = 0; i < ARRAY_SIZE(ept_names); i++) {
		if (!(vmx_caps.ept_vpid & ept_names[i].bit))
			missing(names, ept_names[i].name);
	}

	/* VPIDs that cannot be flushed one by one are of no use. */
	if (!(vmx_caps.ept_vpid & (VMX_VPID_INVVPID_BIT << 32)) ||
	    !(vmx_caps.ept_vpid & VMX_VPID_EXTENT_SINGLE_CONTEXT_BIT << 32))
		vmx_caps.proc2 &= ~SECONDARY_EXEC_ENABLE_VPID;

	/* PML logs the setting of dirty flags. */
	if (!(vmx_caps.ept_vpid & VMX_EPT_AD_BIT))
		vmx_caps.proc2 &= ~SECONDARY_EXEC_ENABLE_PML;
}

int __init vmx_caps_read(void)
{
	char text[512];
	struct seq_buf names;
	u64 basic;
	int i, err;

	if (!boot_cpu_has(X86_FEATURE_VMX) && !(cpuid_ecx(1) & BIT(5))) {
		vlm_err("this CPU has no VT-x (CPUID.1:ECX.VMX is 0)\n");
		return -EOPNOTSUPP;
	}
	err = firmware_allows();
	if (err)
		return err;

	seq_buf_init(&names, text, sizeof(text));
	rdmsrl(MSR_IA32_VMX_BASIC, basic);
	vmx_caps.revision = vmx_basic_vmcs_revision_id(basic);
	if (vmx_basic_vmcs_size(basic) > PAGE_SIZE)
		missing(&names, "VMCS of one page");

	for (i = 0; i < ARRAY_SIZE(controls); i++)
		resolve(&controls[i], basic & BIT_ULL(55), &names);
	read_ept_vpid(&names);
	vmx_apic_caps();
	vmx_timer_caps();

	rdmsrl(MSR_IA32_VMX_MISC, vmx_caps.misc);
	rdmsrl(MSR_IA32_VMX_CR0_FIXED0, vmx_caps.cr0_fixed0);
	rdmsrl(MSR_IA32_VMX_CR0_FIXED1, vmx_caps.cr0_fixed1);
	rdmsrl(MSR_IA32_VMX_CR4_FIXED0, vmx_caps.cr4_fixed0);
	rdmsrl(MSR_IA32_VMX_CR4_FIXED1, vmx_caps.cr4_fixed1);

	if (seq_buf_used(&names)) {
		vlm_err("this CPU's VT-x lacks: %.*s\n", (int)seq_buf_used(&names), text);
		return -EOPNOTSUPP;
	}
	return 0;
}
