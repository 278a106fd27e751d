// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions that exit, or that would if the guest were at another level: what
 * each does in ring 0, and what in ring 3.
 */
#include <asm/processor-flags.h>
#include <string.h>

#include "msr.h"
#include "vt_fixture.h"

#define SLOT		16u	/* bytes of one instruction of a list */
#define CR4_DE		X86_CR4_DE
/* KVM_ENOSYS and KVM_EPERM of the hypercall ABI. */
#define HYPERCALL_NONE		(-1000ll)
#define HYPERCALL_FORBIDDEN	(-1ll)

VT_FIXTURE(insns)

/* At instruction number i of the payload that is loaded, in ring 0 or 3. */
static void start(struct vt_vcpu *vcpu, unsigned int i, bool user, struct kvm_regs regs)
{
	struct kvm_sregs sregs;

	vt_enter_mode(vcpu, VT_LONG);
	vt_catch(vcpu, VT_LONG);
	vt_get_sregs(vcpu, &sregs);
	if (user) {
		sregs.cs.selector = VT_SEL_UCODE;
		sregs.cs.dpl = 3;
		sregs.ss.selector = VT_SEL_UDATA;
		sregs.ss.dpl = 3;
	}
	sregs.cr4 |= X86_CR4_TSD;
	if (vt_cap(vcpu->vm->dev, KVM_CAP_XCRS))
		sregs.cr4 |= X86_CR4_OSXSAVE;
	vt_set_sregs(vcpu, &sregs);
	regs.rip = VT_CODE + SLOT * i;
	regs.rsp = 0x50000;
	regs.rflags |= 2;
	vt_set_regs(vcpu, &regs);
}

#define NEXT	"; hlt; .balign 16\n"

/* SDM 2, "Chapter 5: VMX Instruction Reference", GETSEC, RSM: all #UD here. */
VT_GUEST(undefined, 64,
	 "vmlaunch" NEXT "vmresume" NEXT "vmxoff" NEXT "vmxon 0x20000" NEXT
	 "vmclear 0x20000" NEXT "vmptrld 0x20000" NEXT "vmptrst 0x20000" NEXT
	 "vmread %rax, %rbx" NEXT "vmwrite %rax, %rbx" NEXT
	 "invept 0x20000, %rax" NEXT "invvpid 0x20000, %rax" NEXT
	 "vmfunc" NEXT "getsec" NEXT "rsm" NEXT "ud2" NEXT
	 "mov %cr1, %rax" NEXT);

TEST_F(insns, undefined)
{
	static const char *const names[] = {
		"VMLAUNCH", "VMRESUME", "VMXOFF", "VMXON", "VMCLEAR", "VMPTRLD",
		"VMPTRST", "VMREAD", "VMWRITE", "INVEPT", "INVVPID", "VMFUNC", "GETSEC",
		"RSM", "UD2", "MOV CR1",
	};
	const struct vt_caught *caught = vt_caught(&self->vcpu);

	vt_load(&self->vcpu, VT_PAYLOAD(undefined));
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(names); i++) {
		unsigned int n = i / 2;

		start(&self->vcpu, n, i & 1, (struct kvm_regs){ 0 });
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(1, caught->count);
		EXPECT_EQ(6, caught->vector);
		EXPECT_EQ(VT_CODE + SLOT * n, caught->rip)
			TH_LOG("%s in ring %u", names[n], i & 1 ? 3 : 0);
		EXPECT_EQ(i & 1 ? VT_SEL_UCODE : VT_SEL_CODE, caught->cs);
	}
}

VT_GUEST(waits, 64, "monitor" NEXT "mwait" NEXT);

/* The instruction that catches in waits came from, or -1 when it did nothing. */
static int wait_with(struct vt_vcpu *vcpu, unsigned int i, bool user)
{
	const struct vt_caught *caught = vt_caught(vcpu);

	start(vcpu, i, user, (struct kvm_regs){ .rax = VT_DATA });
	vt_run_to(vcpu, KVM_EXIT_HLT);
	return caught->count ? caught->vector : -1;
}

/*
 * MONITOR and MWAIT do nothing, unless user space turns KVM's quirk off; then CPUID
 * decides, and with the other quirk off, IA32_MISC_ENABLE does.
 */
TEST_F(insns, mwait)
{
	const uint64_t quirks = KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS |
				KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT;
	const struct kvm_enable_cap cap = { .cap = KVM_CAP_DISABLE_QUIRKS2, .args = { quirks } };

	if ((vt_cap(self->vm.dev, KVM_CAP_DISABLE_QUIRKS2) & quirks) != quirks)
		SKIP(return, "no such quirks");
	vt_load(&self->vcpu, VT_PAYLOAD(waits));
	for (unsigned int i = 0; i < 2; i++)
		EXPECT_EQ(-1, wait_with(&self->vcpu, i, false));
	EXPECT_EQ(0, VT_IOCTL(self->vm.fd, KVM_ENABLE_CAP, &cap));
	for (unsigned int i = 0; i < 2; i++) {
		vt_set_msr(&self->vcpu, MSR_IA32_MISC_ENABLE, 0);
		EXPECT_EQ(6, wait_with(&self->vcpu, i, false));
		vt_set_msr(&self->vcpu, MSR_IA32_MISC_ENABLE, 1 << 18);
		EXPECT_EQ(-1, wait_with(&self->vcpu, i, false));
		/* Never in ring 3; KVM leaves that to the CPU. */
		if (!vt_on_kvm())
			EXPECT_EQ(6, wait_with(&self->vcpu, i, true));
	}
}

VT_GUEST(privileged, 64,
	 "hlt" NEXT "invd" NEXT "wbinvd" NEXT "clts" NEXT "lmsw %ax" NEXT
	 "mov %cr0, %rax" NEXT "mov %rax, %cr0" NEXT "mov %cr2, %rax" NEXT
	 "mov %rax, %cr2" NEXT "mov %cr3, %rax" NEXT "mov %rax, %cr3" NEXT
	 "mov %cr4, %rax" NEXT "mov %rax, %cr4" NEXT "mov %cr8, %rax" NEXT
	 "mov %rax, %cr8" NEXT "mov %db0, %rax" NEXT "mov %rax, %db7" NEXT
	 "rdmsr" NEXT "wrmsr" NEXT "invlpg 0x20000" NEXT
	 "lgdt 0x20000" NEXT "lidt 0x20000" NEXT "lldt %ax" NEXT "ltr %ax" NEXT
	 "rdpmc" NEXT "rdtsc" NEXT "swapgs" NEXT "cli" NEXT "sti" NEXT
	 "in %dx, %al" NEXT "out %al, %dx" NEXT "in $1, %eax" NEXT "out %eax, $1" NEXT
	 "insb" NEXT "rep outsb" NEXT "xsetbv" NEXT);

/* In ring 3 each is #GP(0), and nothing has changed. */
TEST_F(insns, privileged)
{
	const unsigned int all = vt_cap(self->vm.dev, KVM_CAP_XCRS) ? 36 : 35;
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_sregs before, after;
	struct kvm_regs regs;

	vt_load(&self->vcpu, VT_PAYLOAD(privileged));
	for (unsigned int i = 0; i < all; i++) {
		start(&self->vcpu, i, true, (struct kvm_regs){
				.rcx = 1, .rdx = 0x80, .rax = 5, .rsi = VT_DATA, .rdi = VT_DATA });
		vt_get_sregs(&self->vcpu, &before);
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(1, caught->count);
		EXPECT_EQ(13, caught->vector);
		EXPECT_EQ(0, caught->error);
		EXPECT_EQ(VT_CODE + SLOT * i, caught->rip)
			TH_LOG("instruction %u", i);
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(5, regs.rax);
		vt_get_sregs(&self->vcpu, &after);
		EXPECT_EQ(before.cr0, after.cr0);
		EXPECT_EQ(before.cr2, after.cr2);
		EXPECT_EQ(before.cr3, after.cr3);
		EXPECT_EQ(before.cr4, after.cr4);
		EXPECT_EQ(before.cr8, after.cr8);
		EXPECT_EQ(0, memcmp(&before.gdt, &after.gdt, sizeof(after.gdt)));
		EXPECT_EQ(0, memcmp(&before.idt, &after.idt, sizeof(after.idt)));
	}
}

VT_GUEST(nothing, 64,
	 "invd" NEXT "wbinvd" NEXT "pause" NEXT "invlpg 0x20000" NEXT ".byte 0xf3; wbinvd" NEXT);

/* What was in the caches is not lost with INVD. */
TEST_F(insns, no_effect)
{
	static const unsigned int lengths[] = { 2, 2, 2, 8, 3 };
	const struct kvm_regs given = {
		.rax = 1, .rbx = 2, .rcx = 3, .rdx = 4, .rsi = 5, .rdi = 6, .rbp = 7,
		.r8 = 8, .r9 = 9, .r10 = 10, .r11 = 11, .r12 = 12, .r13 = 13, .r14 = 14,
		.r15 = 15, .rsp = 0x50000, .rflags = 0x8d7,
	};
	uint64_t *data = (uint64_t *)(self->vm.mem + VT_DATA);

	vt_load(&self->vcpu, VT_PAYLOAD(nothing));
	*data = 0x1122334455667788;
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct kvm_regs got, want = given;

		start(&self->vcpu, i, false, given);
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
		vt_get_regs(&self->vcpu, &got);
		want.rip = VT_CODE + SLOT * i + lengths[i] + 1;
		EXPECT_EQ(0, memcmp(&want, &got, sizeof(got)))
			TH_LOG("instruction %u: RIP %#llx", i, got.rip);
		EXPECT_EQ(0x1122334455667788, *data);
	}
}

VT_GUEST(cpuid, 64, "cpuid; int $0x80");

/* Ring 3 may ask as well; the upper halves of the registers are cleared. */
TEST_F(insns, cpuid)
{
	static const uint32_t leaves[] = { 0, 2, 0x80000002, 0x80000003, 0x80000004, 0x80000008 };
	struct kvm_cpuid2 *cpuid = vt_supported_cpuid(self->vm.dev);

	vt_load(&self->vcpu, VT_PAYLOAD(cpuid));
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(leaves); i++) {
		const struct kvm_cpuid_entry2 *e = vt_cpuid_leaf(cpuid, leaves[i / 2], 0);
		struct kvm_regs regs = {
			.rax = 0xffffffff00000000 | leaves[i / 2], .rbx = ~0ull,
			.rcx = 0xffffffff00000000, .rdx = ~0ull,
		};

		ASSERT_NE(NULL, e);
		start(&self->vcpu, 0, i & 1, regs);
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(0x80, vt_caught(&self->vcpu)->vector);
		EXPECT_EQ(VT_CODE + 4, vt_caught(&self->vcpu)->rip);
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(e->eax, regs.rax);
		EXPECT_EQ(e->ebx, regs.rbx);
		EXPECT_EQ(e->ecx, regs.rcx);
		EXPECT_EQ(e->edx, regs.rdx)
			TH_LOG("leaf %#x", leaves[i / 2]);
	}
}

VT_GUEST(xcr, 64, "xsetbv; xor %ecx, %ecx; xgetbv; hlt");

TEST_F(insns, xsetbv)
{
	static const struct {
		uint64_t value, xcr;
		bool legal;
	} all[] = {
		{ 1, 0, true }, { 3, 0, true }, { 0, 0, false }, { 2, 0, false },
		{ 1ull << 62 | 3, 0, false }, { 3, 1, false }, { 3, 0x80000000, false },
	};
	const struct vt_caught *caught = vt_caught(&self->vcpu);

	if (!vt_cap(self->vm.dev, KVM_CAP_XCRS))
		SKIP(return, "this CPU has no XSAVE, so there is no XCR0");
	vt_load(&self->vcpu, VT_PAYLOAD(xcr));
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		struct kvm_regs regs = {
			.rax = 0xffffffff00000000 | (uint32_t)all[i].value,
			.rdx = 0xffffffff00000000 | all[i].value >> 32,
			.rcx = 0xffffffff00000000 | all[i].xcr,
		};

		start(&self->vcpu, 0, false, regs);
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(!all[i].legal, caught->count)
			TH_LOG("XCR%#llx = %#llx", (unsigned long long)all[i].xcr,
			       (unsigned long long)all[i].value);
		if (all[i].legal) {
			EXPECT_EQ(all[i].value, regs.rax | regs.rdx << 32);
		} else {
			EXPECT_EQ(13, caught->vector);
			EXPECT_EQ(0, caught->error);
			EXPECT_EQ(VT_CODE, caught->rip);
		}
	}
}

VT_GUEST(rdpmc, 64, "rdpmc; hlt");

TEST_F(insns, rdpmc_of_no_counter)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);

	vt_load(&self->vcpu, VT_PAYLOAD(rdpmc));
	start(&self->vcpu, 0, false, (struct kvm_regs){ .rcx = 0x3fffffff });
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(1, caught->count);
	EXPECT_EQ(13, caught->vector);
	EXPECT_EQ(0, caught->error);
	EXPECT_EQ(VT_CODE, caught->rip);
}

VT_GUEST(vmcall, 64, "vmcall; hlt");

TEST_F(insns, vmcall)
{
	struct kvm_regs regs = { .rax = 0x777 };

	vt_load(&self->vcpu, VT_PAYLOAD(vmcall));
	start(&self->vcpu, 0, false, regs);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(HYPERCALL_NONE, (long long)regs.rax);
	EXPECT_EQ(VT_CODE + 4, regs.rip);
}

VT_GUEST(vmcall_user, 64, "vmcall; int $0x80");
VT_GUEST(vmcall32, 32, "vmcall; hlt");

/* Not for ring 3; and 32-bit code gets 32 bits. */
TEST_F(insns, vmcall_elsewhere)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_regs regs = { .rax = 0x777 };

	vt_load(&self->vcpu, VT_PAYLOAD(vmcall_user));
	start(&self->vcpu, 0, true, regs);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(1, caught->count);
	EXPECT_EQ(0x80, caught->vector);
	EXPECT_EQ(VT_SEL_UCODE, caught->cs);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(HYPERCALL_FORBIDDEN, (long long)regs.rax);

	vt_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(vmcall32));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ((uint32_t)HYPERCALL_NONE, regs.rax);
}

VT_GUEST(msw, 64,
	 "mov %cr0, %rax; or $8, %rax; mov %rax, %cr0; clts; mov %cr0, %rbx\n"
	 "mov $0xffff, %ecx; lmsw %cx; mov %cr0, %rcx\n"
	 "xor %edx, %edx; lmsw %dx; mov %cr0, %rdx; hlt");

/* LMSW reaches PE, MP, EM and TS, and cannot clear PE. */
TEST_F(insns, clts_and_lmsw)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	vt_load(&self->vcpu, VT_PAYLOAD(msw));
	start(&self->vcpu, 0, false, (struct kvm_regs){ 0 });
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
	vt_get_regs(&self->vcpu, &regs);
	vt_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(9, regs.rax & 15);
	EXPECT_EQ(1, regs.rbx & 15);
	EXPECT_EQ(15, regs.rcx & 15);
	EXPECT_EQ(1, regs.rdx & 15);
	EXPECT_EQ(regs.rbx & ~15ull, regs.rcx & ~15ull);
	EXPECT_EQ(regs.rbx, regs.rdx);
	EXPECT_EQ(regs.rdx, sregs.cr0);
}

VT_GUEST(debug, 64,
	 "mov %db4, %rax" NEXT "mov %db5, %rax" NEXT "mov %rax, %db6" NEXT
	 "mov %rax, %db7" NEXT "mov %db0, %rax" NEXT "mov %rax, %db3; mov %db3, %rbx" NEXT);

TEST_F(insns, debug_registers)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	static const struct {
		unsigned int i;
		uint64_t cr4, rax, dr7, vector, want;
	} all[] = {
		/* 4 and 5 are 6 and 7, or undefined with CR4.DE. */
		{ 0, 0, 0, 0x400, 0, 0xffff0ff0 }, { 1, 0, 0, 0x400, 0, 0x400 },
		{ 0, CR4_DE, 0, 0x400, 6, 0 }, { 1, CR4_DE, 0, 0x400, 6, 0 },
		/* The upper halves of 6 and 7 must be 0. */
		{ 2, 0, 1ull << 32, 0x400, 13, 1ull << 32 },
		{ 3, 0, 1ull << 63, 0x400, 13, 1ull << 63 },
		/* DR7.GD guards all of them. */
		{ 4, 0, 0x55, 0x2400, 1, 0x55 }, { 3, 0, 0x55, 0x2400, 1, 0x55 },
		/* An address may have all 64 bits. */
		{ 5, 0, 0xffff800012345678, 0x400, 0, 0xffff800012345678 },
	};

	vt_load(&self->vcpu, VT_PAYLOAD(debug));
	for (unsigned int n = 0; n < ARRAY_SIZE(all); n++) {
		struct kvm_debugregs dr = { .dr6 = 0xffff0ff0, .dr7 = all[n].dr7 };
		struct kvm_regs regs = { .rax = all[n].rax };
		struct kvm_sregs sregs;

		start(&self->vcpu, all[n].i, false, regs);
		vt_get_sregs(&self->vcpu, &sregs);
		sregs.cr4 |= all[n].cr4;
		vt_set_sregs(&self->vcpu, &sregs);
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_DEBUGREGS, &dr));
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(!!all[n].vector, caught->count);
		EXPECT_EQ(all[n].vector, caught->vector)
			TH_LOG("case %u", n);
		EXPECT_EQ(all[n].want, regs.rax);
		if (all[n].vector)
			EXPECT_EQ(VT_CODE + SLOT * all[n].i, caught->rip);
		if (all[n].vector != 1)
			continue;
		ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_DEBUGREGS, &dr));
		EXPECT_EQ(1 << 13, dr.dr6 & 0xe00f);
		EXPECT_EQ(0x400, dr.dr7);
	}
}

VT_GUEST(iopl, 64, "mov $0x1234, %edx; mov $0x42, %al; out %al, %dx; in %dx, %al; int $0x80");

/* With IOPL 3, ports are for ring 3 as well. */
TEST_F(insns, ports_in_ring_3)
{
	struct kvm_regs regs = { .rflags = X86_EFLAGS_IOPL };

	vt_load(&self->vcpu, VT_PAYLOAD(iopl));
	start(&self->vcpu, 0, true, regs);
	EXPECT_EQ(0x42, vt_run_to_out(&self->vcpu, 0x1234));
	vt_run_to(&self->vcpu, KVM_EXIT_IO);
	EXPECT_EQ(KVM_EXIT_IO_IN, self->vcpu.run->io.direction);
	*((uint8_t *)self->vcpu.run + self->vcpu.run->io.data_offset) = 0x99;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(0x80, vt_caught(&self->vcpu)->vector);
	EXPECT_EQ(VT_SEL_UCODE, vt_caught(&self->vcpu)->cs);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x99, regs.rax);
}

TEST_HARNESS_MAIN
