// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's CPUID: what user space gave it, and the answer to the instruction.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/apicdef.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/processor.h>

#include "../core/vcpu.h"

#define F(name)		BIT(X86_FEATURE_##name & 31)

#define MAXPHYADDR_NONE	36	/* SDM 3A: what a CPU without leaf 80000008H has */
#define MAXPHYADDR_MIN	32
#define MAXPHYADDR_MAX	52

static bool index_matters(const struct kvm_cpuid_entry2 *e)
{
	return e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
}

/* Where to look for a leaf's first entry without a search. */
static u16 *fast_slot(struct vlm_cpuid *c, u32 function)
{
	if (function < VLM_FAST_LEAVES)
		return &c->basic[function];
	if (function - 0x80000000 < VLM_FAST_LEAVES)
		return &c->ext[function - 0x80000000];
	return NULL;
}

/* By function, then index; the first of equal entries wins, so by position. */
static int compare(const void *a, const void *b, const void *priv)
{
	const struct vlm_cpuid *c = priv;
	u16 i = *(const u16 *)a, j = *(const u16 *)b;
	const struct kvm_cpuid_entry2 *x = &c->entries[i], *y = &c->entries[j];

	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	if (index_matters(x) && index_matters(y) && x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return i < j ? -1 : 1;
}

/* Leaves 1 and 7 have bits that follow CR4 and the APIC base. */
static void build_fixed(struct vlm_cpuid *c)
{
	u32 leaf;

	BUILD_BUG_ON(struct_size_t(struct vlm_cpuid, entries, VLM_MAX_CPUID_ENTRIES) > U16_MAX);
	for (leaf = 0; leaf < VLM_FAST_LEAVES; leaf++)
		if (c->basic[leaf] && leaf != 1 && leaf != 7)
			c->fixed[leaf] = (u8 *)&c->entries[c->basic[leaf] - 1] - (u8 *)c;
}

static void build_index(struct vlm_cpuid *c)
{
	u32 i;

	for (i = 0; i < c->nent; i++) {
		u16 *slot = fast_slot(c, c->entries[i].function);

		c->sorted[i] = i;
		if (slot && !*slot && (!index_matters(&c->entries[i]) || !c->entries[i].index))
			*slot = i + 1;
	}
	sort_r(c->sorted, c->nent, sizeof(c->sorted[0]), compare, NULL, c);
	if (c->basic[0])
		c->max_basic = c->entries[c->basic[0] - 1].eax;
	build_fixed(c);
}

static struct kvm_cpuid_entry2 *search(struct vlm_cpuid *c, u32 function, u32 index)
{
	u32 low = 0, high = c->nent;

	while (low < high) {
		u32 middle = (low + high) / 2;
		struct kvm_cpuid_entry2 *e = &c->entries[c->sorted[middle]];

		if (e->function < function ||
		    (e->function == function && index_matters(e) && e->index < index))
			low = middle + 1;
		else
			high = middle;
	}
	if (low < c->nent) {
		struct kvm_cpuid_entry2 *e = &c->entries[c->sorted[low]];

		if (e->function == function && (!index_matters(e) || e->index == index))
			return e;
	}
	return NULL;
}

static struct kvm_cpuid_entry2 *find(struct vlm_cpuid *c, u32 function, u32 index)
{
	u16 *slot = fast_slot(c, function);

	if (likely(slot)) {
		struct kvm_cpuid_entry2 *e;

		if (!*slot)
			return index ? search(c, function, index) : NULL;
		e = &c->entries[*slot - 1];
		if (likely(!index_matters(e) || e->index == index))
			return e;
	}
	return search(c, function, index);
}

const struct kvm_cpuid_entry2 *vlm_cpuid_find(struct vlm_vcpu *vcpu, u32 function, u32 index)
{
	struct vlm_cpuid *c = vcpu->x86.cpuid;

	return c ? find(c, function, index) : NULL;
}

/*
 * SDM 2A, "CPUID--CPU Identification": a leaf beyond the highest basic or the
 * highest extended one gives the data of the highest basic one.  A hypervisor's
 * range has a highest leaf of its own, if it is there at all.
 */
static bool leaf_exists(struct vlm_cpuid *c, u32 function)
{
	struct kvm_cpuid_entry2 *head;

	if (function < 0x40000000)
		return function <= c->max_basic;
	if (function < 0x50000000)
		head = find(c, function & 0xffffff00, 0);
	else
		head = find(c, function & 0xc0000000, 0);
	return head && function <= head->eax;
}

/* An absent sub-leaf of the topology leaves still names itself and the CPU. */
static void topology_tail(struct vlm_cpuid *c, u32 function, u32 index, u32 regs[4])
{
	struct kvm_cpuid_entry2 *e;

	if (function != 0xb && function != 0x1f)
		return;
	e = find(c, function, 1);
	if (e) {
		regs[VLM_ECX] = index & 0xff;
		regs[VLM_EDX] = e->edx;
	}
}

static noinline void cpuid_absent(struct vlm_vcpu *vcpu, u32 function, u32 index, u32 regs[4])
{
	struct vlm_cpuid *c = vcpu->x86.cpuid;

	memset(regs, 0, 4 * sizeof(regs[0]));
	if (!c || !c->basic[0])
		return;
	if (leaf_exists(c, function)) {
		topology_tail(c, function, index, regs);
		return;
	}
	if (!find(c, c->max_basic, index)) {
		topology_tail(c, c->max_basic, index, regs);
		return;
	}
	regs[VLM_EAX] = c->max_basic;
	regs[VLM_ECX] = index;
	vlm_cpuid(vcpu, regs);
}

/* With KVM's quirk IA32_MISC_ENABLE does not show in CPUID. */
bool vlm_cpuid_has_mwait(struct vlm_vcpu *vcpu)
{
	if (likely(vlm_quirk(vcpu->vm, KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT)))
		return vlm_guest_has(vcpu, VF_MWAIT);
	return vcpu->x86.misc_enable & MSR_IA32_MISC_ENABLE_MWAIT;
}

static void patch_leaf_1(struct vlm_vcpu *vcpu, u32 *ecx, u32 *edx)
{
	*ecx &= ~F(MWAIT);
	if (vlm_cpuid_has_mwait(vcpu))
		*ecx |= F(MWAIT);
	*ecx &= ~F(OSXSAVE);
	if ((*ecx & F(XSAVE)) && (vmx_get_cr4(vcpu) & X86_CR4_OSXSAVE))
		*ecx |= F(OSXSAVE);
	if (unlikely(!(vcpu->x86.apic_base & MSR_IA32_APICBASE_ENABLE)))
		*edx &= ~F(APIC);
}

static void patch_leaf_7(struct vlm_vcpu *vcpu, u32 *ecx)
{
	*ecx &= ~F(OSPKE);
	if ((*ecx & F(PKU)) && (vmx_get_cr4(vcpu) & X86_CR4_PKE))
		*ecx |= F(OSPKE);
}

void vlm_cpuid(struct vlm_vcpu *vcpu, u32 regs[4])
{
	struct vlm_cpuid *c = vcpu->x86.cpuid;
	u32 function = regs[VLM_EAX], index = regs[VLM_ECX];
	const struct kvm_cpuid_entry2 *e;

	e = likely(c) ? find(c, function, index) : NULL;
	if (unlikely(!e)) {
		cpuid_absent(vcpu, function, index, regs);
		return;
	}
	regs[VLM_EAX] = e->eax;
	regs[VLM_EBX] = e->ebx;
	regs[VLM_ECX] = e->ecx;
	regs[VLM_EDX] = e->edx;
	if (function == 1)
		patch_leaf_1(vcpu, &regs[VLM_ECX], &regs[VLM_EDX]);
	else if (function == 7 && !index)
		patch_leaf_7(vcpu, &regs[VLM_ECX]);
}

static void patch_sizes(struct vlm_vcpu *vcpu, struct vlm_cpuid *c)
{
	struct vlm_x86 *x86 = &vcpu->x86;
	struct kvm_cpuid_entry2 *e;

	e = find(c, 0xd, 0);
	if (e && vlm_fpu_host_mask())
		e->ebx = vlm_xsave_size(x86->xcr0, false);
	e = find(c, 0xd, 1);
	if (e && (e->eax & (F(XSAVEC) | F(XSAVES))))
		e->ebx = vlm_xsave_size(x86->xcr0 | x86->xss, true);
}

void vlm_cpuid_xcr0_changed(struct vlm_vcpu *vcpu)
{
	if (vcpu->x86.cpuid)
		patch_sizes(vcpu, vcpu->x86.cpuid);
}

/* All dynamic bits, for what is shown to user space and compared with it. */
static void patch_all(struct vlm_vcpu *vcpu, struct vlm_cpuid *c)
{
	struct kvm_cpuid_entry2 *e;

	patch_sizes(vcpu, c);
	e = find(c, 1, 0);
	if (e)
		patch_leaf_1(vcpu, &e->ecx, &e->edx);
	e = find(c, 7, 0);
	if (e)
		patch_leaf_7(vcpu, &e->ecx);
}

static void set_limits(struct vlm_vcpu *vcpu, const struct kvm_cpuid_entry2 *xsave,
		       const struct kvm_cpuid_entry2 *sizes)
{
	struct vlm_x86 *x86 = &vcpu->x86;

	x86->guest_cr4 = vlm_cpuid_cr4(x86->features) & vmx_supported_cr4();
	x86->guest_efer = vlm_cpuid_efer(x86->features);
	x86->guest_xcr0 = 0;
	if (vlm_guest_has(vcpu, VF_XSAVE) && xsave)
		x86->guest_xcr0 = (xsave->eax | ((u64)xsave->edx << 32)) & vlm_fpu_host_mask();
	x86->maxphyaddr = sizes ? sizes->eax & 0xff : MAXPHYADDR_NONE;
	x86->maxphyaddr = clamp(x86->maxphyaddr, MAXPHYADDR_MIN, MAXPHYADDR_MAX);
}

void vlm_cpuid_create(struct vlm_vcpu *vcpu)
{
	struct vlm_x86 *x86 = &vcpu->x86;

	x86->features = vlm_supported_features();
	set_limits(vcpu, NULL, NULL);
	x86->guest_xcr0 = vlm_fpu_host_mask();
	x86->maxphyaddr = vlm_host_maxphyaddr();
}

void vlm_cpuid_destroy(struct vlm_vcpu *vcpu)
{
	kfree(vcpu->x86.cpuid);
	vcpu->x86.cpuid = NULL;
}

static struct vlm_cpuid *take(struct kvm_cpuid2 __user *user)
{
	struct vlm_cpuid *c;
	u32 nent;

	if (get_user(nent, &user->nent))
		return ERR_PTR(-EFAULT);
	if (nent > VLM_MAX_CPUID_ENTRIES)
		return ERR_PTR(-E2BIG);

	c = kzalloc(struct_size(c, entries, nent), GFP_KERNEL_ACCOUNT);
	if (!c)
		return ERR_PTR(-ENOMEM);
	c->nent = nent;
	if (copy_from_user(c->entries, user->entries, array_size(nent, sizeof(c->entries[0])))) {
		kfree(c);
		return ERR_PTR(-EFAULT);
	}
	build_index(c);
	return c;
}

/* The guest may have acted on what it saw, so after its first run it stays. */
static bool same(const struct vlm_cpuid *a, const struct vlm_cpuid *b)
{
	return a->nent == b->nent &&
	       !memcmp(a->entries, b->entries, a->nent * sizeof(a->entries[0]));
}

long vlm_set_cpuid2(struct vlm_vcpu *vcpu, struct kvm_cpuid2 __user *user)
{
	struct vlm_x86 *x86 = &vcpu->x86;
	struct vlm_cpuid *c = take(user);
	long ret = 0;

	if (IS_ERR(c))
		return PTR_ERR(c);

	patch_all(vcpu, c);
	if (vlm_vcpu_exits(vcpu)) {
		if (x86->cpuid)
			patch_all(vcpu, x86->cpuid);
		if (!x86->cpuid || !same(x86->cpuid, c))
			ret = -EINVAL;
		kfree(c);
		return ret;
	}

	kfree(x86->cpuid);
	x86->cpuid = c;
	x86->features = vlm_cpuid_features(c->entries, c->nent) &
			(vlm_supported_features() | BIT_ULL(VF_TSC_DEADLINE));
	set_limits(vcpu, find(c, 0xd, 0), find(c, 0x80000008, 0));
	vmx_cpuid_changed(vcpu);
	return 0;
}

long vlm_get_cpuid2(struct vlm_vcpu *vcpu, struct kvm_cpuid2 __user *user)
{
	struct vlm_cpuid *c = vcpu->x86.cpuid;
	u32 nent = c ? c->nent : 0;
	u32 room;

	if (get_user(room, &user->nent))
		return -EFAULT;
	if (c)
		patch_all(vcpu, c);
	if (put_user(nent, &user->nent))
		return -EFAULT;
	if (room < nent)
		return -E2BIG;
	if (c && copy_to_user(user->entries, c->entries,
			      array_size(nent, sizeof(c->entries[0]))))
		return -EFAULT;
	return 0;
}
