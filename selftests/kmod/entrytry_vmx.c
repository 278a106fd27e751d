// SPDX-License-Identifier: GPL-2.0-only
/*
 * entrytry's VMX: into VMX operation, one VMLAUNCH, and out of it.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/segment.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>
#include <asm/vmx.h>

#include "doctor/bits.h"
#include "entrytry_priv.h"

#define NR_PAGES_ORDER	3

/**
 * struct entrytry_host - what entrytry_enter.S puts back
 * @cr0: control registers
 * @cr4: likewise
 * @gdt: GDTR
 * @pad_gdt: up to eight bytes
 * @idt: IDTR
 * @pad_idt: up to eight bytes
 * @ds: selectors
 * @es: likewise
 * @fs: likewise
 * @gs: likewise
 * @ldt: likewise
 * @msrs: index and value, up to an index of 0
 */
struct entrytry_host {
	u64 cr0;
	u64 cr4;
	struct desc_ptr gdt;
	u8 pad_gdt[6];
	struct desc_ptr idt;
	u8 pad_idt[6];
	u16 ds;
	u16 es;
	u16 fs;
	u16 gs;
	u64 ldt;
	struct {
		u64 index;
		u64 value;
	} msrs[12];
};

static_assert(offsetof(struct entrytry_host, gdt) == 0x10);
static_assert(offsetof(struct entrytry_host, idt) == 0x20);
static_assert(offsetof(struct entrytry_host, ds) == 0x30);
static_assert(offsetof(struct entrytry_host, ldt) == 0x38);
static_assert(offsetof(struct entrytry_host, msrs) == 0x40);

static const u32 kept_msrs[] = {
	MSR_EFER, MSR_GS_BASE, MSR_FS_BASE, MSR_KERNEL_GS_BASE, MSR_IA32_CR_PAT,
	MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP,
	MSR_IA32_DEBUGCTLMSR,
};

static_assert(ARRAY_SIZE(kept_msrs) < 12);

/* One operand in memory; false when the instruction failed. */
#define VMX_MEMORY(insn, operand) ({				\
	u64 pa_ = (operand);					\
	bool good_;						\
	asm volatile(insn " %[pa]" : "=@cca" (good_)		\
		     : [pa] "m" (pa_) : "memory");		\
	good_;							\
})

static bool write(u64 field, u64 value)
{
	bool good;

	asm volatile("vmwrite %[value], %[field]" : "=@cca" (good)
		     : [value] "rm" (value), [field] "r" (field));
	return good;
}

static bool read(u64 field, u64 *value)
{
	bool good;

	asm volatile("vmread %[field], %[value]" : "=@cca" (good), [value] "=rm" (*value)
		     : [field] "r" (field));
	return good;
}

static u64 msr(u32 index)
{
	u64 value = 0;

	if (rdmsrl_safe(index, &value))
		return 0;
	return value;
}

/* The TRUE capability MSR, where there is one. */
static u64 controls(u64 basic, u32 plain, u32 true_msr)
{
	return msr(basic & BIT_ULL(55) ? true_msr : plain);
}

static u64 perf_ctl(void)
{
	u32 eax, ebx, ecx, edx;

	cpuid(10, &eax, &ebx, &ecx, &edx);
	return (BIT_ULL((eax >> 8) & 0xff) - 1) | (BIT_ULL(edx & 0x1f) - 1) << 32;
}

static bool linear_masking(void)
{
	u32 eax, ebx, ecx, edx;

	cpuid_count(7, 1, &eax, &ebx, &ecx, &edx);
	return eax & BIT(26);
}

void entrytry_caps(struct doctor_caps *c)
{
	*c = (struct doctor_caps) {
		.known = true,
		.basic = msr(MSR_IA32_VMX_BASIC),
		.misc = msr(MSR_IA32_VMX_MISC),
		.cr0_fixed0 = msr(MSR_IA32_VMX_CR0_FIXED0),
		.cr0_fixed1 = msr(MSR_IA32_VMX_CR0_FIXED1),
		.cr4_fixed0 = msr(MSR_IA32_VMX_CR4_FIXED0),
		.cr4_fixed1 = msr(MSR_IA32_VMX_CR4_FIXED1),
		.perf_ctl = perf_ctl(),
		.physical_bits = cpuid_eax(0x80000008) & 0xff,
		.linear_bits = cpuid_eax(0x80000008) >> 8 & 0xff,
		.in_ia32e = true,
		.rtm = cpuid_ebx(7) & BIT(11),
		.bus_lock = cpuid_ecx(7) & BIT(24),
		.sgx = cpuid_ebx(7) & BIT(2),
		.lam = cpuid_eax(7) && linear_masking(),
		.tracing = msr(MSR_IA32_RTIT_CTL) & RTIT_CTL_TRACEEN,
	};
	c->pin = controls(c->basic, MSR_IA32_VMX_PINBASED_CTLS, MSR_IA32_VMX_TRUE_PINBASED_CTLS);
	c->proc = controls(c->basic, MSR_IA32_VMX_PROCBASED_CTLS, MSR_IA32_VMX_TRUE_PROCBASED_CTLS);
	c->exit = controls(c->basic, MSR_IA32_VMX_EXIT_CTLS, MSR_IA32_VMX_TRUE_EXIT_CTLS);
	c->entry = controls(c->basic, MSR_IA32_VMX_ENTRY_CTLS, MSR_IA32_VMX_TRUE_ENTRY_CTLS);
	if (c->proc >> 32 & PROC_SECONDARY)
		c->proc2 = msr(MSR_IA32_VMX_PROCBASED_CTLS2);
	if (c->proc >> 32 & PROC_TERTIARY)
		c->proc3 = msr(0x492);
	if (c->exit >> 32 & EXIT_SECONDARY)
		c->exit2 = msr(0x493);
	if (c->proc2 >> 32 & (PROC2_EPT | PROC2_VPID))
		c->ept_vpid = msr(MSR_IA32_VMX_EPT_VPID_CAP);
	if (c->proc2 >> 32 & PROC2_VMFUNC)
		c->vm_functions = msr(MSR_IA32_VMX_VMFUNC);
}

static void keep_host(struct entrytry_host *host)
{
	int i;

	host->cr0 = read_cr0();
	host->cr4 = __read_cr4();
	native_store_gdt(&host->gdt);
	store_idt(&host->idt);
	savesegment(ds, host->ds);
	savesegment(es, host->es);
	savesegment(fs, host->fs);
	savesegment(gs, host->gs);
	store_ldt(host->ldt);
	for (i = 0; i < ARRAY_SIZE(kept_msrs); i++) {
		host->msrs[i].index = kept_msrs[i];
		host->msrs[i].value = msr(kept_msrs[i]);
	}
}

static bool begin(struct entrytry_pages *p)
{
	u32 revision = (u32)msr(MSR_IA32_VMX_BASIC) & 0x7fffffff;

	*(u32 *)p->vmxon = revision;
	*(u32 *)p->vmcs = revision;
	return VMX_MEMORY("vmxon", p->vmxon_pa) && VMX_MEMORY("vmclear", p->at.vmcs) &&
	       VMX_MEMORY("vmptrld", p->at.vmcs);
}

static void end(struct entrytry_pages *p)
{
	VMX_MEMORY("vmclear", p->at.vmcs);
	asm volatile("vmxoff" : : : "cc", "memory");
}

static void write_fields(const struct entrytry_base *base, const struct entrytry *t)
{
	int i;

	for (i = DF_NONE + 1; i < NR_DOCTOR_FIELDS; i++) {
		if (base->have[i] && !(doctor_field_encoding(i) >> 31))
			write(doctor_field_encoding(i), t->value[i]);
	}
}

static void read_verdict(struct entrytry *t, int failed)
{
	u64 detail = 0;

	if (failed) {
		t->verdict = ENTRYTRY_VMFAIL;
		if (failed == 1)
			read(VM_INSTRUCTION_ERROR, &detail);
	} else {
		read(VM_EXIT_REASON, &detail);
		read(EXIT_QUALIFICATION, &t->qualification);
		t->verdict = detail & VMX_EXIT_REASONS_FAILED_VMENTRY ? ENTRYTRY_FAILED :
									ENTRYTRY_ACCEPTED;
	}
	t->detail = detail;
}

void entrytry_launch(struct entrytry_pages *p, struct entrytry_base *base, struct entrytry *t)
{
	struct entrytry_host host = {};
	u16 cs;

	keep_host(&host);
	if (!begin(p))
		return;
	write_fields(base, t);
	read_verdict(t, entrytry_enter(&host));
	savesegment(cs, cs);
	WARN_ON(cs != __KERNEL_CS);
	end(p);
}

/* A field that this CPU has not is no field to VMREAD. */
static void find_fields(struct entrytry_pages *p)
{
	u64 value;
	int i;

	for (i = DF_NONE + 1; i < NR_DOCTOR_FIELDS; i++) {
		u32 encoding = doctor_field_encoding(i);

		p->have[i] = encoding >> 31 || read(encoding, &value);
	}
}

int entrytry_setup(struct entrytry_pages *p)
{
	void **page[] = { &p->vmxon, &p->vmcs, &p->empty, &p->scratch, &p->vapic, &p->link,
			  &p->msrs };
	u64 *pa[] = { &p->vmxon_pa, &p->at.vmcs, &p->at.empty, &p->at.scratch, &p->at.vapic,
		      &p->at.link, &p->at.msrs };
	int i, err = 0;

	if (!(cpuid_ecx(1) & BIT(5)) ||
	    !(msr(MSR_IA32_FEAT_CTL) & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX))
		return -EOPNOTSUPP;
	/* Somebody else's: CR4.VMXE is set as long as it is in VMX operation. */
	if (__read_cr4() & X86_CR4_VMXE)
		return -EBUSY;
	p->all = __get_free_pages(GFP_KERNEL | __GFP_ZERO, NR_PAGES_ORDER);
	if (!p->all)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(page); i++) {
		*page[i] = (void *)(p->all + i * PAGE_SIZE);
		*pa[i] = __pa(*page[i]);
	}
	local_irq_disable();
	cr4_set_bits(X86_CR4_VMXE);
	if (begin(p)) {
		find_fields(p);
		end(p);
	} else {
		err = -EBUSY;
	}
	cr4_clear_bits(X86_CR4_VMXE);
	local_irq_enable();
	return err;
}

void entrytry_free(struct entrytry_pages *p)
{
	free_pages(p->all, NR_PAGES_ORDER);
}
