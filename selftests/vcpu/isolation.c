// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing of a guest is left for the next: a VM leaves marks in every register and in
 * memory, goes, and the next VM looks for them.
 */
#include <string.h>
#include <sys/mman.h>

#include "msr.h"
#include "vt_fixture.h"

#define MARK	0x5ec7e75ec7e75ec7ull

/* Marks in general registers, vector registers, debug registers, MSRs, memory. */
VT_GUEST(isolation_mark, 64,
	 "mov %cr4, %rax; or $0x600, %eax; mov %rax, %cr4;"
	 "mov $0x5ec7e75ec7e75ec7, %rax; mov %rax, %rbx; mov %rax, %rcx; mov %rax, %rdx;"
	 "mov %rax, %rsi; mov %rax, %rdi; mov %rax, %rbp; mov %rax, %r8; mov %rax, %r9;"
	 "mov %rax, %r10; mov %rax, %r11; mov %rax, %r12; mov %rax, %r13; mov %rax, %r14;"
	 "mov %rax, %r15; movq %rax, %xmm0; movlhps %xmm0, %xmm0;"
	 ".irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15; movaps %xmm0, %xmm\\n; .endr;"
	 "mov $0x5ec7000, %eax; mov %rax, %dr0; mov %rax, %dr1; mov %rax, %dr2; mov %rax, %dr3;"
	 "mov $0xc0000102, %ecx; mov $0x7e75ec7, %eax; mov $0x5ec7, %edx; wrmsr;"
	 "hlt");

/* Says what it finds: registers into memory at 0x20000, FXSAVE at 0x21000. */
VT_GUEST(isolation_look, 64,
	 "push %rax; mov %cr4, %rax; or $0x600, %eax; mov %rax, %cr4;"
	 "mov $0x20000, %eax; mov %rbx, 8(%rax); mov %rcx, 16(%rax);"
	 "mov %rdx, 24(%rax); mov %rsi, 32(%rax); mov %rdi, 40(%rax); mov %rbp, 48(%rax);"
	 "mov %r8, 56(%rax); mov %r9, 64(%rax); mov %r10, 72(%rax); mov %r11, 80(%rax);"
	 "mov %r12, 88(%rax); mov %r13, 96(%rax); mov %r14, 104(%rax); mov %r15, 112(%rax);"
	 "pop %rbx; mov %rbx, (%rax); mov %dr0, %rbx; mov %rbx, 120(%rax);"
	 "mov %dr3, %rbx; mov %rbx, 128(%rax); mov $0xc0000102, %ecx; mov %rax, %rdi; rdmsr;"
	 "mov %eax, 136(%rdi); mov %edx, 140(%rdi); fxsave64 0x21000; hlt");

#define WORDS	18

static void mark(struct __test_metadata *_metadata)
{
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_pass_cpuid(&vcpu);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(isolation_mark));
	vt_run_to(&vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(0x5ec707e75ec7ull, vt_get_msr(&vcpu, 0xc0000102));
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

TEST(registers)
{
	const uint64_t *words;
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	mark(_metadata);
	vt_vm_create(&vm);
	vt_vcpu_create(&vm, &vcpu, 0);
	vt_pass_cpuid(&vcpu);
	vt_start(&vcpu, VT_LONG, VT_PAYLOAD(isolation_look));
	vt_run_to(&vcpu, KVM_EXIT_HLT);
	words = (const uint64_t *)(vm.mem + 0x20000);
	for (unsigned int i = 0; i < WORDS; i++) {
		EXPECT_NE(MARK, words[i]);
		EXPECT_NE(0x5ec7000, words[i]);
		EXPECT_NE(0x5ec707e75ec7ull, words[i]);
	}
	/* XMM0 to XMM15 of the FXSAVE image are as after reset. */
	words = (const uint64_t *)(vm.mem + 0x21000 + 160);
	for (unsigned int i = 0; i < 32; i++)
		EXPECT_EQ(0, words[i]);
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}

static bool holds(const void *data, size_t size, uint64_t what)
{
	for (size_t i = 0; i + 8 <= size; i++)
		if (!memcmp((const uint8_t *)data + i, &what, 8))
			return true;
	return false;
}

/* The run page, the data of port I/O, the coalesced ring, the XSAVE area. */
TEST(pages_of_the_vcpu)
{
	struct kvm_xsave xsave;
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	for (unsigned int round = 0; round < 8; round++) {
		vt_vm_create(&vm);
		vt_vcpu_create(&vm, &vcpu, 0);
		EXPECT_FALSE(holds(vcpu.run, vm.run_size, MARK));
		ASSERT_EQ(0, VT_IOCTL(vcpu.fd, KVM_GET_XSAVE, &xsave));
		EXPECT_FALSE(holds(&xsave, sizeof(xsave), MARK));
		for (size_t i = 0; i + 8 <= vm.run_size; i += 8)
			*(uint64_t *)((uint8_t *)vcpu.run + i) = MARK;
		for (size_t i = 160; i < 416; i += 8)
			*(uint64_t *)((uint8_t *)&xsave + i) = MARK;
		((uint64_t *)&xsave)[64] |= 3;
		ASSERT_EQ(0, VT_IOCTL(vcpu.fd, KVM_SET_XSAVE, &xsave));
		vt_vcpu_destroy(&vcpu);
		vt_vm_destroy(&vm);
	}
}

TEST_HARNESS_MAIN
