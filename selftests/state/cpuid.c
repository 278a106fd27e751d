// SPDX-License-Identifier: GPL-2.0-only
/* CPUID: what is supported, what is set, what the guest is told. */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(cpuid)

#define ROOM	256

static struct kvm_cpuid2 *new_list(unsigned int nent)
{
	struct kvm_cpuid2 *list;

	list = calloc(1, sizeof(*list) + ROOM * sizeof(list->entries[0]));
	if (!list)
		vt_die("out of memory");
	list->nent = nent;
	return list;
}

TEST_F(cpuid, room)
{
	struct kvm_cpuid2 *list = new_list(0);

	EXPECT_EQ(-E2BIG, VT_IOCTL(self->vm.dev, KVM_GET_SUPPORTED_CPUID, list));
	list->nent = 1;
	EXPECT_EQ(-E2BIG, VT_IOCTL(self->vm.dev, KVM_GET_SUPPORTED_CPUID, list));
	list->nent = ROOM;
	EXPECT_EQ(0, VT_IOCTL(self->vm.dev, KVM_GET_SUPPORTED_CPUID, list));
	EXPECT_GT(list->nent, 5);
	/* rust-vmm gives room for 80. */
	EXPECT_LE(list->nent, 80);
	free(list);
}

/* What a kernel needs is there; what is not there is not promised. */
TEST_F(cpuid, supported)
{
	struct kvm_cpuid2 *list = vt_supported_cpuid(self->vm.dev);
	const struct kvm_cpuid_entry2 *leaf;
	unsigned int a, b, c, d;

	leaf = vt_cpuid_leaf(list, 1, 0);
	ASSERT_NE(NULL, leaf);
	__cpuid(1, a, b, c, d);
	/* FPU PSE TSC MSR PAE CX8 MTRR PGE CMOV PAT FXSR SSE SSE2 */
	EXPECT_EQ(0x0701b179 & d, 0x0701b179 & leaf->edx);
	EXPECT_EQ(0, leaf->edx & ~d);
	/* VMX in a guest is out of scope, and KVM may show what it emulates. */
	if (!vt_on_kvm()) {
		EXPECT_EQ(0, leaf->ecx & 1u << 5);
		/* x2APIC, TSC deadline, hypervisor, OSXSAVE: made in software. */
		EXPECT_EQ(0, leaf->ecx & ~c & ~(1u << 21 | 1u << 24 | 1u << 31 | 1u << 27));
	}
	leaf = vt_cpuid_leaf(list, 0x80000001, 0);
	ASSERT_NE(NULL, leaf);
	EXPECT_TRUE(leaf->edx & 1u << 29)
		TH_LOG("long mode is not offered");
	EXPECT_NE(NULL, vt_cpuid_leaf(list, 0, 0));
	EXPECT_NE(NULL, vt_cpuid_leaf(list, 0x80000000, 0));
	EXPECT_NE(NULL, vt_cpuid_leaf(list, 0x80000008, 0));
	free(list);
}

TEST_F(cpuid, set_get)
{
	struct kvm_cpuid2 *set = vt_supported_cpuid(self->vm.dev);
	struct kvm_cpuid2 *got = new_list(ROOM);

	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_CPUID2, set));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_CPUID2, got));
	/* KVM of 6.1 leaves the count as the caller gave it. */
	if (!vt_on_kvm())
		ASSERT_EQ(set->nent, got->nent);
	for (unsigned int i = 0; i < set->nent; i++) {
		EXPECT_EQ(set->entries[i].function, got->entries[i].function);
		EXPECT_EQ(set->entries[i].index, got->entries[i].index);
		EXPECT_EQ(set->entries[i].eax, got->entries[i].eax)
			TH_LOG("leaf %#x", set->entries[i].function);
		EXPECT_EQ(set->entries[i].edx, got->entries[i].edx)
			TH_LOG("leaf %#x", set->entries[i].function);
	}
	got->nent = 1;
	EXPECT_EQ(-E2BIG, VT_IOCTL(self->vcpu.fd, KVM_GET_CPUID2, got));
	free(set);
	free(got);
}

TEST_F(cpuid, too_many)
{
	struct kvm_cpuid2 *list;

	list = calloc(1, sizeof(*list) + 300 * sizeof(list->entries[0]));
	list->nent = 257;
	EXPECT_EQ(-E2BIG, VT_IOCTL(self->vcpu.fd, KVM_SET_CPUID2, list));
	free(list);
}

/* In: EAX leaf, ECX subleaf. Out: the four registers. */
VT_GUEST(cpuid, 64, "1: cpuid; hlt; jmp 1b");

static void ask(struct vt_vcpu *vcpu, uint32_t leaf, uint32_t index,
		struct kvm_regs *regs)
{
	vt_get_regs(vcpu, regs);
	/* CPUID looks at EAX and ECX only, and clears the upper halves. */
	regs->rax = 0xffffffff00000000 | leaf;
	regs->rcx = 0xffffffff00000000 | index;
	regs->rbx = regs->rdx = ~0ull;
	vt_set_regs(vcpu, regs);
	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, regs);
}

TEST_F(cpuid, guest_sees_what_was_set)
{
	struct kvm_cpuid2 *list = new_list(4);
	struct kvm_regs regs;

	list->entries[0] = (struct kvm_cpuid_entry2){
		.function = 0, .eax = 4, .ebx = 0x756e6547, .ecx = 0x6c65746e,
		.edx = 0x49656e69,
	};
	list->entries[1] = (struct kvm_cpuid_entry2){
		.function = 2, .eax = 0x11111111, .ebx = 0x22222222,
		.ecx = 0x33333333, .edx = 0x44444444,
	};
	for (unsigned int i = 0; i < 2; i++) {
		list->entries[2 + i] = (struct kvm_cpuid_entry2){
			.function = 4, .index = i, .eax = 0x100 + i,
			.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		};
	}
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_CPUID2, list));
	vt_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(cpuid));

	ask(&self->vcpu, 2, 99, &regs);
	EXPECT_EQ(0x11111111, regs.rax);
	EXPECT_EQ(0x22222222, regs.rbx);
	EXPECT_EQ(0x33333333, regs.rcx);
	EXPECT_EQ(0x44444444, regs.rdx);
	ask(&self->vcpu, 4, 1, &regs);
	EXPECT_EQ(0x101, regs.rax);
	ask(&self->vcpu, 4, 0, &regs);
	EXPECT_EQ(0x100, regs.rax);
	/* A leaf within the limit that is not in the list: zeros. */
	ask(&self->vcpu, 3, 0, &regs);
	EXPECT_EQ(0, regs.rax | regs.rbx | regs.rcx | regs.rdx);
	/* Beyond the limit an Intel CPU answers as for its highest leaf. */
	ask(&self->vcpu, 0x20, 1, &regs);
	EXPECT_EQ(0x101, regs.rax);
	free(list);
}

/* SDM 2A, "CPUID": OSXSAVE follows CR4 as the guest sets it. */
VT_GUEST(osxsave, 64,
	 "mov $1, %eax; cpuid; mov %ecx, %r8d\n"
	 "mov %cr4, %rax; or $0x40000, %rax; mov %rax, %cr4\n"
	 "mov $1, %eax; cpuid; mov %ecx, %r9d\n"
	 "hlt");

TEST_F(cpuid, osxsave_follows_cr4)
{
	struct kvm_cpuid2 *list = vt_supported_cpuid(self->vm.dev);
	const struct kvm_cpuid_entry2 *leaf = vt_cpuid_leaf(list, 1, 0);
	bool has = leaf && leaf->ecx & 1u << 26;
	struct kvm_regs regs;

	free(list);
	if (!has)
		SKIP(return, "this CPU has no XSAVE");
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(osxsave));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.r8 & 1u << 27);
	EXPECT_EQ(1u << 27, regs.r9 & 1u << 27);
}

TEST_HARNESS_MAIN
