// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control registers, MSRs and exceptions: what the guest does to them itself,
 * and what the host sees of it.
 */
#include <asm/processor-flags.h>
#include <errno.h>
#include <string.h>

#include "msr.h"
#include "vt_fixture.h"

VT_FIXTURE(system)

/* Run from the current state to HLT and give the registers. */
static struct kvm_regs finish(struct vt_vcpu *vcpu)
{
	struct kvm_regs regs;

	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	return regs;
}

static struct kvm_regs run64(struct vt_vcpu *vcpu, struct vt_payload code)
{
	vt_start(vcpu, VT_LONG, code);
	vt_catch(vcpu, VT_LONG);
	return finish(vcpu);
}

/* Control registers */

VT_GUEST(cr_read, 64,
	 "mov %cr0, %rax; mov %cr2, %rbx; mov %cr3, %rcx; mov %cr4, %rdx\n"
	 "mov %cr8, %rsi; smsw %rdi; hlt");

TEST_F(system, guest_reads_what_was_set)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(cr_read));
	vt_get_sregs(&self->vcpu, &sregs);
	sregs.cr0 |= X86_CR0_MP | X86_CR0_WP | X86_CR0_AM;
	sregs.cr2 = 0xffff800012345678;
	sregs.cr4 |= X86_CR4_PGE | X86_CR4_OSFXSR;
	sregs.cr8 = 5;
	vt_set_sregs(&self->vcpu, &sregs);
	/* Without an APIC in the kernel, CR8 comes from the run page. */
	self->vcpu.run->cr8 = 5;
	regs = finish(&self->vcpu);
	/* No bit that Vellum needs for itself shows (CR0.NE, CR4.VMXE). */
	EXPECT_EQ(sregs.cr0, regs.rax);
	EXPECT_EQ(sregs.cr2, regs.rbx);
	EXPECT_EQ(sregs.cr3, regs.rcx);
	EXPECT_EQ(sregs.cr4, regs.rdx);
	EXPECT_EQ(5, regs.rsi);
	EXPECT_EQ(sregs.cr0 & 0xffffffff, regs.rdi);
}

VT_GUEST(cr_write, 64,
	 "mov $0xdead000, %eax; mov %rax, %cr2\n"
	 "mov %cr4, %rax; or $0x600, %rax; mov %rax, %cr4\n"
	 "mov %cr0, %rax; and $~0x20, %rax; or $0x10000, %rax; mov %rax, %cr0\n"
	 "mov %cr0, %rbx\n"
	 "mov %cr3, %rax; mov %rax, %cr3\n"
	 "mov $9, %eax; mov %rax, %cr8\n"
	 "hlt");

TEST_F(system, host_reads_what_the_guest_wrote)
{
	struct kvm_regs regs = run64(&self->vcpu, VT_PAYLOAD(cr_write));
	struct kvm_sregs sregs;

	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
	vt_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(0xdead000, sregs.cr2);
	EXPECT_EQ(0x600, sregs.cr4 & 0x600);
	EXPECT_EQ(X86_CR0_WP, sregs.cr0 & (X86_CR0_WP | X86_CR0_NE));
	EXPECT_EQ(sregs.cr0, regs.rbx);
	EXPECT_EQ(9, sregs.cr8);
}

/* What a MOV to a control register must refuse with #GP(0). */
VT_GUEST(cr4_reserved, 64, "mov %cr4, %rax; bts $15, %rax; mov %rax, %cr4; hlt");
VT_GUEST(cr4_vmxe, 64, "mov %cr4, %rax; bts $13, %rax; mov %rax, %cr4; hlt");
VT_GUEST(cr4_pae, 64, "mov %cr4, %rax; btr $5, %rax; mov %rax, %cr4; hlt");
VT_GUEST(cr0_pg_pe, 64, "mov %cr0, %rax; btr $0, %rax; mov %rax, %cr0; hlt");
VT_GUEST(cr0_high, 64, "mov %cr0, %rax; bts $40, %rax; mov %rax, %cr0; hlt");
VT_GUEST(cr0_nw, 64, "mov %cr0, %rax; bts $29, %rax; btr $30, %rax; mov %rax, %cr0; hlt");
VT_GUEST(cr3_high, 64, "mov %cr3, %rax; bts $60, %rax; mov %rax, %cr3; hlt");
VT_GUEST(cr8_high, 64, "mov $16, %eax; mov %rax, %cr8; hlt");
VT_GUEST(wrmsr_unknown, 64, "mov $0x12345, %ecx; wrmsr; hlt");
VT_GUEST(rdmsr_unknown, 64, "mov $0x12345, %ecx; rdmsr; hlt");
VT_GUEST(efer_reserved, 64,
	 "mov $0xc0000080, %ecx; rdmsr; bts $1, %eax; wrmsr; hlt");
VT_GUEST(lstar_bad, 64,
	 "mov $0xc0000082, %ecx; mov $0x12345678, %edx; wrmsr; hlt");
VT_GUEST(pat_bad, 64, "mov $0x277, %ecx; xor %edx, %edx; mov $2, %eax; wrmsr; hlt");

TEST_F(system, general_protection)
{
	const struct {
		const char *name;
		struct vt_payload code;
	} bad[] = {
		{ "reserved bit of CR4", VT_PAYLOAD(cr4_reserved) },
		{ "CR4.VMXE", VT_PAYLOAD(cr4_vmxe) },
		{ "CR4.PAE cleared in long mode", VT_PAYLOAD(cr4_pae) },
		{ "CR0.PE cleared under paging", VT_PAYLOAD(cr0_pg_pe) },
		{ "upper half of CR0", VT_PAYLOAD(cr0_high) },
		{ "CR0.NW without CD", VT_PAYLOAD(cr0_nw) },
		{ "CR3 beyond the address width", VT_PAYLOAD(cr3_high) },
		{ "CR8 of 16", VT_PAYLOAD(cr8_high) },
		{ "WRMSR that there is not", VT_PAYLOAD(wrmsr_unknown) },
		{ "RDMSR that there is not", VT_PAYLOAD(rdmsr_unknown) },
		{ "reserved bit of EFER", VT_PAYLOAD(efer_reserved) },
		{ "LSTAR not canonical", VT_PAYLOAD(lstar_bad) },
		{ "PAT type 2", VT_PAYLOAD(pat_bad) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct vt_caught *caught = vt_caught(&self->vcpu);

		/* KVM lets its guests have VMX. */
		if (vt_on_kvm() && strstr(bad[i].name, "VMXE"))
			continue;
		run64(&self->vcpu, bad[i].code);
		EXPECT_EQ(1, caught->count)
			TH_LOG("%s: no exception", bad[i].name);
		EXPECT_EQ(13, caught->vector)
			TH_LOG("%s", bad[i].name);
		EXPECT_EQ(0, caught->error);
		EXPECT_LT(caught->rip, VT_CODE + (bad[i].code.end - bad[i].code.start) - 1)
			TH_LOG("%s: RIP was moved on", bad[i].name);
	}
}

/* From real mode to long mode and nothing but the guest's own instructions. */
VT_GUEST(to_long, 16,
	 "xor %ax, %ax; mov %ax, %ds\n"
	 "lgdtl 0x500\n"
	 "mov $0x20, %eax; mov %eax, %cr4\n"
	 "mov $0x4000, %eax; mov %eax, %cr3\n"
	 "mov $0xc0000080, %ecx; rdmsr; or $0x100, %eax; wrmsr\n"
	 "mov %cr0, %eax; or $0x80000001, %eax; mov %eax, %cr0\n"
	 "ljmpl $0x08, $0x10000 + 1f - guest_to_long_start\n"
	 ".code64\n"
	 "1: mov $0x1122334455667788, %rbx\n"
	 "mov $0xc0000080, %ecx; rdmsr\n"
	 "hlt");

TEST_F(system, guest_climbs_to_long_mode)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	/* Only to have the tables written; then back to where a CPU begins. */
	vt_enter_mode(&self->vcpu, VT_LONG);
	vt_start(&self->vcpu, VT_REAL, VT_PAYLOAD(to_long));
	((uint64_t *)(self->vm.mem + VT_GDT))[VT_SEL_CODE / 8] = 0x00af9b000000ffff;
	*(uint16_t *)(self->vm.mem + 0x500) = 0x3f;
	*(uint32_t *)(self->vm.mem + 0x502) = VT_GDT;
	regs = finish(&self->vcpu);
	EXPECT_EQ(0x1122334455667788, regs.rbx);
	EXPECT_EQ(0x500, regs.rax & 0x500);
	vt_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(0x500, sregs.efer);
	EXPECT_EQ(1, sregs.cs.l);
	EXPECT_EQ(0x08, sregs.cs.selector);
	EXPECT_EQ(X86_CR0_PG | X86_CR0_PE, sregs.cr0 & (X86_CR0_PG | X86_CR0_PE));
}

/* And back: paging off leaves long mode. */
VT_GUEST(from_long, 64,
	 "push $0x18; lea 1f(%rip), %rax; push %rax; lretq\n"
	 ".code32\n"
	 "1: mov %cr0, %eax; btr $31, %eax; mov %eax, %cr0\n"
	 "mov $0xc0000080, %ecx; rdmsr; mov %eax, %ebx\n"
	 "btr $8, %eax; wrmsr\n"
	 "mov %cr0, %edx; hlt");

TEST_F(system, guest_leaves_long_mode)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(from_long));
	vt_catch(&self->vcpu, VT_LONG);
	((uint64_t *)(self->vm.mem + VT_GDT))[3] = 0x00cf9b000000ffff;
	regs = finish(&self->vcpu);
	EXPECT_EQ(0, vt_caught(&self->vcpu)->count);
	/* LME stays, LMA goes with paging. */
	EXPECT_EQ(0x100, regs.rbx & 0x500);
	vt_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(0, sregs.efer & 0x500);
	EXPECT_EQ(0, sregs.cr0 & X86_CR0_PG);
}

/* MSRs */

VT_GUEST(msr_swap, 64,
	 "mov $0xc0000082, %ecx; rdmsr; mov %eax, %r8d; mov %edx, %r9d\n"
	 "mov $0xffffffff, %edx; mov $0x81111110, %eax; wrmsr\n"
	 "mov $0x174, %ecx; rdmsr; mov %eax, %r10d; mov $0x33, %eax; wrmsr\n"
	 "mov $0xc0000102, %ecx; rdmsr; mov %edx, %r11d\n"
	 "swapgs; mov $0xc0000101, %ecx; rdmsr; mov %edx, %r12d\n"
	 "mov $0x277, %ecx; rdmsr; mov %eax, %r13d\n"
	 "hlt");

TEST_F(system, msrs)
{
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(msr_swap));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_LSTAR, 0xffff800012345678));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_IA32_SYSENTER_CS, 0x18));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_KERNEL_GS_BASE, 0xffff888800000000));
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_IA32_CR_PAT, 0x0007040600070400));
	regs = finish(&self->vcpu);
	EXPECT_EQ(0x12345678, regs.r8);
	EXPECT_EQ(0xffff8000, regs.r9);
	EXPECT_EQ(0x18, regs.r10);
	EXPECT_EQ(0xffff8888, regs.r11);
	EXPECT_EQ(0xffff8888, regs.r12);
	EXPECT_EQ(0x00070400, regs.r13);
	EXPECT_EQ(0xffffffff81111110, vt_get_msr(&self->vcpu, MSR_LSTAR));
	EXPECT_EQ(0x33, vt_get_msr(&self->vcpu, MSR_IA32_SYSENTER_CS));
	EXPECT_EQ(0xffff888800000000, vt_get_msr(&self->vcpu, MSR_GS_BASE));
	EXPECT_EQ(0, vt_get_msr(&self->vcpu, MSR_KERNEL_GS_BASE));
}

/* Exceptions go to the guest's own handlers and do not come to the host. */

VT_GUEST(ud, 64, "ud2");
VT_GUEST(divide, 64, "xor %ecx, %ecx; div %ecx");
VT_GUEST(gp, 64, "mov $0x1234, %eax; mov %ax, %ds");
VT_GUEST(pf, 64, "mov $0x7f0000000123, %rax; mov %al, (%rax)");
VT_GUEST(not_present, 64, "mov $0x28, %eax; mov %ax, %fs");
VT_GUEST(int80, 64, "int $0x80");

TEST_F(system, exceptions)
{
	const struct {
		struct vt_payload code;
		uint64_t vector, error, rip;
	} all[] = {
		{ VT_PAYLOAD(ud), 6, 0, VT_CODE },
		{ VT_PAYLOAD(divide), 0, 0, VT_CODE + 2 },
		{ VT_PAYLOAD(gp), 13, 0x1234, VT_CODE + 5 },
		{ VT_PAYLOAD(pf), 14, 2, VT_CODE + 10 },
		{ VT_PAYLOAD(not_present), 11, 0x28, VT_CODE + 5 },
		{ VT_PAYLOAD(int80), 0x80, 0, VT_CODE + 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct vt_caught *caught = vt_caught(&self->vcpu);

		vt_start(&self->vcpu, VT_LONG, all[i].code);
		vt_catch(&self->vcpu, VT_LONG);
		/* A data segment that is not present. */
		((uint64_t *)(self->vm.mem + VT_GDT))[5] = 0x00cf13000000ffff;
		finish(&self->vcpu);
		EXPECT_EQ(all[i].vector, caught->vector);
		EXPECT_EQ(all[i].error, caught->error);
		EXPECT_EQ(all[i].rip, caught->rip);
		if (all[i].vector == 14)
			EXPECT_EQ(0x7f0000000123, caught->cr2);
	}
}

/* An exit of an instruction with prefixes that change nothing: all of it is done. */
VT_GUEST(prefixed, 64,
	 "xor %eax, %eax; rex.W cpuid; xor %eax, %eax; .byte 0x66, 0x48; cpuid\n"
	 "mov $0x1b, %ecx; rex.W rdmsr; .byte 0x66; rdmsr; mov $0x77, %edi; hlt");

TEST_F(system, prefixes)
{
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(prefixed));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x77, regs.rdi);
}

/* What Linux has in IA32_STAR, written by a guest that had something else there. */
VT_GUEST(star, 64,
	 "mov $0xc0000081, %ecx; mov $0x00230010, %edx; xor %eax, %eax; wrmsr\n"
	 "mov $0x00130008, %edx; wrmsr; hlt");

/*
 * A single step ends the section at the very exit that changes the MSR, before the
 * CPU has the new value.  The host's own must be back all the same: the next system
 * call of this process needs it.
 */
TEST_F(system, msr_written_as_the_section_ends)
{
	struct kvm_guest_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
	};
	struct kvm_sregs sregs;

	VT_NEED_CAP(KVM_CAP_SET_GUEST_DEBUG);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(star));
	vt_get_sregs(&self->vcpu, &sregs);
	sregs.efer |= 1;	/* SCE */
	vt_set_sregs(&self->vcpu, &sregs);
	ASSERT_EQ(1, vt_set_msr(&self->vcpu, MSR_STAR, 0x0013000800000000));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_GUEST_DEBUG, &debug));
	for (int i = 0; i < 6; i++)
		vt_run_to(&self->vcpu, KVM_EXIT_DEBUG);
	EXPECT_EQ(0x0013000800000000, vt_get_msr(&self->vcpu, MSR_STAR));
}

TEST_HARNESS_MAIN
