// SPDX-License-Identifier: GPL-2.0-only
/*
 * What guest and host share or hand over: MSRs that are in the CPU while the
 * guest runs, one time-stamp counter for all vCPUs, translations of an address
 * space that the host has replaced.
 */
#include <errno.h>
#include <string.h>

#include "msr.h"
#include "vt_fixture.h"

VT_FIXTURE(shared)

#define MSR_TSC_ADJUST	0x3b

static struct kvm_regs finish(struct vt_vcpu *vcpu)
{
	struct kvm_regs regs;

	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	return regs;
}

/* SWAPGS and two MSRs, of which one may be reloaded when the other is written. */
VT_GUEST(gs, 64,
	 "mov $0xc0000102, %ecx; mov $0x1111, %eax; xor %edx, %edx; wrmsr\n"
	 "mov $0xc0000101, %ecx; mov $0x2222, %eax; xor %edx, %edx; wrmsr\n"
	 "swapgs\n"
	 "mov $0xc0000082, %ecx; mov $0x3333, %eax; xor %edx, %edx; wrmsr\n"
	 "mov %rax, %dr0\n"
	 "mov $0xc0000102, %ecx; rdmsr; mov %rax, %rsi\n"
	 "mov $0xc0000101, %ecx; rdmsr; mov %rax, %rdi\n"
	 "mov $0xc0000082, %ecx; rdmsr; mov %rax, %rbx\n"
	 "hlt");

TEST_F(shared, swapgs_survives_other_msrs)
{
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(gs));
	regs = finish(&self->vcpu);
	EXPECT_EQ(0x2222, regs.rsi);
	EXPECT_EQ(0x1111, regs.rdi);
	EXPECT_EQ(0x3333, regs.rbx);
	EXPECT_EQ(0x2222, vt_get_msr(&self->vcpu, MSR_KERNEL_GS_BASE));
	EXPECT_EQ(0x1111, vt_get_msr(&self->vcpu, MSR_GS_BASE));
	EXPECT_EQ(0x3333, vt_get_msr(&self->vcpu, MSR_LSTAR));
}

VT_GUEST(tsc, 64, "1: rdtsc; shl $32, %rdx; or %rdx, %rax; hlt; jmp 1b");

static uint64_t tsc(struct vt_vcpu *vcpu)
{
	return finish(vcpu).rax;
}

/* Read in turn, the counters of two vCPUs never step back. */
TEST_F(shared, one_tsc)
{
	struct vt_vcpu other;
	uint64_t last, now;

	vt_vcpu_create(&self->vm, &other, 1);
	vt_pass_cpuid(&other);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(tsc));
	vt_start(&other, VT_LONG, VT_PAYLOAD(tsc));
	for (int round = 0; round < 3; round++) {
		last = tsc(&self->vcpu);
		for (int i = 0; i < 10; i++) {
			now = tsc(i % 2 ? &self->vcpu : &other);
			EXPECT_GT(now, last)
				TH_LOG("round %d, read %d", round, i);
			last = now;
		}
		/* Far away, and the other one a moment later to about the same. */
		if (round == 0) {
			ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_IA32_TSC, 1ull << 50));
			ASSERT_EQ(1, vt_set_msr(&other, MSR_IA32_TSC, 1ull << 50));
		} else {
			ASSERT_EQ(1, vt_set_msr(&other, MSR_IA32_TSC, 0));
			ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_IA32_TSC, 0));
		}
	}
	vt_vcpu_destroy(&other);
}

VT_GUEST(adjust, 64,
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, %rsi\n"
	 "mov $0x3b, %ecx; mov $0x100, %edx; xor %eax, %eax; wrmsr\n"
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, %rdi\n"
	 "mov $0x10, %ecx; xor %edx, %edx; xor %eax, %eax; wrmsr\n"
	 "rdtsc; shl $32, %rdx; or %rdx, %rax; mov %rax, %rbx\n"
	 "mov $0x3b, %ecx; rdmsr; shl $32, %rdx; or %rdx, %rax\n"
	 "hlt");

/* SDM 3B, "IA32_TSC_ADJUST MSR": a write to either moves both. */
TEST_F(shared, tsc_adjust)
{
	const uint64_t step = 0x100ull << 32, slack = 1ull << 32;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(adjust));
	regs = finish(&self->vcpu);
	EXPECT_GE(regs.rdi, regs.rsi + step);
	EXPECT_LT(regs.rdi, regs.rsi + step + slack);
	EXPECT_LT(regs.rbx, slack);
	/* What was added, less what the write of 0 took away. */
	EXPECT_LE(step - regs.rdi - slack, regs.rax);
	EXPECT_EQ(regs.rax, vt_get_msr(&self->vcpu, MSR_TSC_ADJUST));
}

/* For user space the two are apart: it restores them one by one. */
TEST_F(shared, tsc_adjust_from_outside)
{
	uint64_t before = vt_get_msr(&self->vcpu, MSR_IA32_TSC);

	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_TSC_ADJUST, 1ull << 45));
	EXPECT_EQ(1ull << 45, vt_get_msr(&self->vcpu, MSR_TSC_ADJUST));
	EXPECT_LT(vt_get_msr(&self->vcpu, MSR_IA32_TSC), before + (1ull << 40));
}

#define FAR	0xffff800000000000

/* Reads what is at one linear address. */
VT_GUEST(peek, 64, "1: mov $0xffff800000000000, %rsi; mov (%rsi), %rax; hlt; jmp 1b");

/* The entry that maps FAR: the first of each table below the top. */
static uint64_t *leaf(struct vt_vm *vm, uint64_t cr3)
{
	uint64_t *table = (uint64_t *)(vm->mem + cr3);
	uint64_t entry = table[256];

	for (int level = 3; level > 1; level--) {
		table = (uint64_t *)(vm->mem + (entry & 0xffffff000));
		entry = table[0];
	}
	return (uint64_t *)(vm->mem + (entry & 0xffffff000));
}

/* The page is mapped elsewhere from outside, and CR3 set to what it was. */
TEST_F(shared, another_address_space)
{
	uint64_t *const at = (uint64_t *)(self->vm.mem + VT_FREE);
	struct kvm_sregs sregs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(peek));
	vt_map_long(&self->vm, FAR, VT_FREE, VT_PAGE, 3);
	at[0] = 0x1111;
	at[VT_PAGE / 8] = 0x2222;
	EXPECT_EQ(0x1111, finish(&self->vcpu).rax);

	vt_get_sregs(&self->vcpu, &sregs);
	*leaf(&self->vm, sregs.cr3) = (VT_FREE + VT_PAGE) | 3;
	vt_set_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(0x2222, finish(&self->vcpu).rax);
}

/* MSRs that only user space may write, or that can only be read. */
VT_GUEST(mtrr_cap, 64, "mov $0xfe, %ecx; rdmsr; mov %rax, %rbx; wrmsr; hlt");
VT_GUEST(mcg_cap, 64, "mov $0x179, %ecx; rdmsr; mov %rax, %rbx; wrmsr; hlt");
VT_GUEST(apic_base, 64, "mov $0x1b, %ecx; rdmsr; mov %rax, %rbx; or $2, %eax; wrmsr; hlt");
VT_GUEST(mtrr_type, 64, "mov $0x250, %ecx; mov $7, %eax; xor %edx, %edx; wrmsr; hlt");

TEST_F(shared, not_for_the_guest_to_write)
{
	const struct {
		const char *name;
		struct vt_payload code;
		uint64_t low;	/* bits that are read before */
	} rows[] = {
		{ "MTRRcap", VT_PAYLOAD(mtrr_cap), 0x508 },
		{ "MCG_CAP", VT_PAYLOAD(mcg_cap), 32 },
		{ "APIC base, reserved bit", VT_PAYLOAD(apic_base), 0x900 },
		{ "MTRR type 7", VT_PAYLOAD(mtrr_type), 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kvm_regs regs;

		vt_start(&self->vcpu, VT_LONG, rows[i].code);
		vt_catch(&self->vcpu, VT_LONG);
		regs = finish(&self->vcpu);
		EXPECT_EQ(13, vt_caught(&self->vcpu)->vector)
			TH_LOG("%s", rows[i].name);
		EXPECT_EQ(rows[i].low, regs.rbx & rows[i].low)
			TH_LOG("%s", rows[i].name);
	}
}

/* PAE paging whose PDPTEs are not in memory, or are not legal. */
TEST_F(shared, pdptes_are_looked_at)
{
	struct kvm_sregs before, bad, after;

	if (vt_on_kvm())
		SKIP(return, "KVM of 6.1 does not look at them");
	vt_enter_mode(&self->vcpu, VT_PAE);
	vt_get_sregs(&self->vcpu, &before);
	for (int i = 0; i < 2; i++) {
		bad = before;
		bad.cr3 = i ? VT_FREE : 0x40000000;
		bad.cr2 = 0x1234;
		*(uint64_t *)(self->vm.mem + VT_FREE) = 3;	/* bit 1 is reserved */
		EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, KVM_SET_SREGS, &bad))
			TH_LOG("case %d", i);
		vt_get_sregs(&self->vcpu, &after);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	}
}

TEST_HARNESS_MAIN
