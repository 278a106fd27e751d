// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions that access what is no memory. selftests/unit/decoder tests what
 * they do; here, how the accesses reach user space and their answers the guest.
 */
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

#define MMIO		0xd0000000ull
#define MAX_ACCESSES	32

struct access {
	uint64_t gpa;
	uint32_t len;
	bool write;
	uint64_t data;
};

VT_FIXTURE(mmio)

/*
 * Run to HLT. Reads are answered with bytes that tell their address; what was
 * accessed goes to @seen. Returns how many accesses there were.
 */
static unsigned int run_to_hlt(struct vt_vcpu *vcpu, struct access *seen)
{
	struct kvm_run *run = vcpu->run;
	unsigned int n;
	long reason;

	for (n = 0; n < MAX_ACCESSES; n++) {
		reason = vt_run(vcpu);
		if (reason == KVM_EXIT_HLT)
			return n;
		if (reason != KVM_EXIT_MMIO)
			vt_die("stopped with %ld (%s), suberror %u", reason, vt_exit_name(reason),
			       run->internal.suberror);
		seen[n] = (struct access){ run->mmio.phys_addr, run->mmio.len,
					   run->mmio.is_write, 0 };
		for (unsigned int i = 0; i < run->mmio.len; i++) {
			if (!run->mmio.is_write)
				run->mmio.data[i] = 0x80 + run->mmio.phys_addr + i;
		}
		memcpy(&seen[n].data, run->mmio.data, run->mmio.len);
	}
	vt_die("the guest does not come to an end");
}

#define EXPECT_ACCESSES(n, seen, ...) do {					\
	const struct access want_[] = { __VA_ARGS__ };				\
	ASSERT_EQ(ARRAY_SIZE(want_), n);					\
	for (unsigned int i_ = 0; i_ < (n); i_++) {				\
		EXPECT_EQ(want_[i_].gpa, (seen)[i_].gpa);			\
		EXPECT_EQ(want_[i_].len, (seen)[i_].len);			\
		EXPECT_EQ(want_[i_].write, (seen)[i_].write);			\
		EXPECT_EQ(want_[i_].data, (seen)[i_].data);			\
	}									\
} while (0)

VT_GUEST(reads, 64,
	 "mov $0xd0000000, %edi\n"
	 "mov $-1, %rax; mov $-1, %rbx; mov $-1, %rcx\n"
	 "mov (%rdi), %al; mov 2(%rdi), %bx; mov 4(%rdi), %ecx; mov 8(%rdi), %rdx\n"
	 "movzbl 3(%rdi), %esi; movsbq 5(%rdi), %r8; hlt");

TEST_F(mmio, reads)
{
	struct access seen[MAX_ACCESSES];
	struct kvm_regs regs;
	unsigned int n;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(reads));
	n = run_to_hlt(&self->vcpu, seen);
	EXPECT_ACCESSES(n, seen,
			{ MMIO, 1, false, 0x80 }, { MMIO + 2, 2, false, 0x8382 },
			{ MMIO + 4, 4, false, 0x87868584 },
			{ MMIO + 8, 8, false, 0x8f8e8d8c8b8a8988 },
			{ MMIO + 3, 1, false, 0x83 }, { MMIO + 5, 1, false, 0x85 });
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0xffffffffffffff80, regs.rax);
	EXPECT_EQ(0xffffffffffff8382, regs.rbx);
	EXPECT_EQ(0x87868584, regs.rcx);
	EXPECT_EQ(0x8f8e8d8c8b8a8988, regs.rdx);
	EXPECT_EQ(0x83, regs.rsi);
	EXPECT_EQ(0xffffffffffffff85, regs.r8);
}

VT_GUEST(writes, 64,
	 "mov $0xd0000000, %edi\n"
	 "mov $0x1122334455667788, %rax\n"
	 "mov %ah, (%rdi); mov %ax, 1(%rdi); mov %eax, 4(%rdi); mov %rax, 8(%rdi)\n"
	 "movl $0x12345678, (%rdi); hlt");

TEST_F(mmio, writes)
{
	struct access seen[MAX_ACCESSES];
	unsigned int n;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(writes));
	n = run_to_hlt(&self->vcpu, seen);
	EXPECT_ACCESSES(n, seen,
			{ MMIO, 1, true, 0x77 }, { MMIO + 1, 2, true, 0x7788 },
			{ MMIO + 4, 4, true, 0x55667788 },
			{ MMIO + 8, 8, true, 0x1122334455667788 },
			{ MMIO, 4, true, 0x12345678 });
}

VT_GUEST(modify, 64,
	 "mov $0xd0000000, %edi\n"
	 "mov $0x11, %eax; stc; adc %al, (%rdi); setc %bl\n"
	 "mov $0x22, %ecx; xchg %ecx, 4(%rdi)\n"
	 "lock xadd %edx, 8(%rdi); lock orb $1, (%rdi)\n"
	 "cmpb $0x80, (%rdi); sete %bh; hlt");

TEST_F(mmio, read_modify_write)
{
	struct access seen[MAX_ACCESSES];
	struct kvm_regs regs;
	unsigned int n;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(modify));
	n = run_to_hlt(&self->vcpu, seen);
	EXPECT_ACCESSES(n, seen,
			{ MMIO, 1, false, 0x80 }, { MMIO, 1, true, 0x92 },
			{ MMIO + 4, 4, false, 0x87868584 }, { MMIO + 4, 4, true, 0x22 },
			{ MMIO + 8, 4, false, 0x8b8a8988 }, { MMIO + 8, 4, true, 0x8b8a8988 },
			{ MMIO, 1, false, 0x80 }, { MMIO, 1, true, 0x81 },
			{ MMIO, 1, false, 0x80 });
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x100, regs.rbx & 0xffff);
	EXPECT_EQ(0x87868584, regs.rcx);
	EXPECT_EQ(0x8b8a8988, regs.rdx);
}

VT_GUEST(split, 64,
	 "mov $0x1122334455667788, %rax\n"
	 "mov $0xd0000ffd, %edi; mov %rax, (%rdi); mov (%rdi), %rbx\n"
	 /* The end of memory, at 2 MiB. */
	 "mov $0x1ffffd, %edi; mov %rax, (%rdi); mov (%rdi), %rcx; hlt");

TEST_F(mmio, across_pages)
{
	struct access seen[MAX_ACCESSES];
	struct kvm_regs regs;
	unsigned int n;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(split));
	n = run_to_hlt(&self->vcpu, seen);
	EXPECT_ACCESSES(n, seen,
			{ MMIO + 0xffd, 3, true, 0x667788 },
			{ MMIO + 0x1000, 5, true, 0x1122334455 },
			{ MMIO + 0xffd, 3, false, 0x7f7e7d },
			{ MMIO + 0x1000, 5, false, 0x8483828180 },
			{ VT_LOW_SIZE, 5, true, 0x1122334455 },
			{ VT_LOW_SIZE, 5, false, 0x8483828180 });
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x84838281807f7e7d, regs.rbx);
	EXPECT_EQ(0x8483828180667788, regs.rcx);
	EXPECT_EQ(0, memcmp(self->vm.mem + VT_LOW_SIZE - 3, "\x88\x77\x66", 3));
}

VT_GUEST(strings, 64,
	 "mov $0xd0000000, %esi; mov $0x20000, %edi; mov $3, %ecx; rep movsw\n"
	 "mov $0xd0000104, %edi; mov $0x1234, %eax; mov $2, %ecx; std; rep stosw; cld\n"
	 "mov %rdi, %r8\n"
	 "mov $0xd0000000, %edi; mov $0x83, %al; mov $9, %ecx; repne scasb; hlt");

TEST_F(mmio, strings)
{
	struct access seen[MAX_ACCESSES];
	struct kvm_regs regs;
	unsigned int n;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(strings));
	n = run_to_hlt(&self->vcpu, seen);
	EXPECT_ACCESSES(n, seen,
			{ MMIO, 2, false, 0x8180 }, { MMIO + 2, 2, false, 0x8382 },
			{ MMIO + 4, 2, false, 0x8584 },
			{ MMIO + 0x104, 2, true, 0x1234 }, { MMIO + 0x102, 2, true, 0x1234 },
			{ MMIO, 1, false, 0x80 }, { MMIO + 1, 1, false, 0x81 },
			{ MMIO + 2, 1, false, 0x82 }, { MMIO + 3, 1, false, 0x83 });
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(MMIO + 6, regs.rsi);
	EXPECT_EQ(MMIO + 0x100, regs.r8);
	EXPECT_EQ(MMIO + 4, regs.rdi);
	EXPECT_EQ(5, regs.rcx);
	EXPECT_EQ(0, memcmp(self->vm.mem + VT_DATA, "\x80\x81\x82\x83\x84\x85", 6));
}

VT_GUEST(flat32, 32,
	 "mov $0xd0000000, %edi; mov $0x11223344, %eax\n"
	 "mov %eax, 4(%edi); movw %ax, %es:(%edi); mov 8(%edi), %ebx\n"
	 "push 0x20(%edi); pop 0x24(%edi); hlt");

TEST_F(mmio, modes_32)
{
	static const enum vt_mode modes[] = { VT_FLAT32, VT_PAGED32, VT_PAE };
	struct access seen[MAX_ACCESSES];
	struct kvm_regs regs;
	unsigned int n;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		vt_start(&self->vcpu, modes[i], VT_PAYLOAD(flat32));
		n = run_to_hlt(&self->vcpu, seen);
		EXPECT_ACCESSES(n, seen,
				{ MMIO + 4, 4, true, 0x11223344 }, { MMIO, 2, true, 0x3344 },
				{ MMIO + 8, 4, false, 0x8b8a8988 },
				{ MMIO + 0x20, 4, false, 0xa3a2a1a0 },
				{ MMIO + 0x24, 4, true, 0xa3a2a1a0 });
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(0x8b8a8988, regs.rbx);
	}
}

VT_GUEST(real, 16,
	 "mov $0xffff, %ax; mov %ax, %ds; mov $0x1234, %bx\n"
	 "mov %bx, 0x10; mov 0x12, %cx; cs xchg %cx, (%bx); hlt");

/* Memory ends at 1 MiB here, and FFFF:0010 is behind that. */
TEST_F(mmio, real_mode)
{
	struct access seen[MAX_ACCESSES];
	struct kvm_regs regs;
	unsigned int n;

	vt_set_slot(&self->vm, 0, 0, 0, self->vm.mem, 0);
	vt_set_slot(&self->vm, 0, 0, VT_MIB, self->vm.mem, 0);
	vt_start(&self->vcpu, VT_REAL, VT_PAYLOAD(real));
	n = run_to_hlt(&self->vcpu, seen);
	EXPECT_ACCESSES(n, seen,
			{ VT_MIB, 2, true, 0x1234 }, { VT_MIB + 2, 2, false, 0x8382 });
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x8382, *(uint16_t *)(self->vm.mem + VT_CODE + 0x1234));
}

VT_GUEST(rom, 64,
	 "mov $0xe0000000, %edi; mov (%rdi), %eax; mov $0x55, %ebx; mov %bl, 1(%rdi)\n"
	 "addl $1, (%rdi); hlt");

TEST_F(mmio, read_only_slot)
{
	struct access seen[MAX_ACCESSES];
	uint32_t *rom = vt_anon(VT_PAGE);
	struct kvm_regs regs;
	unsigned int n;

	VT_NEED_CAP(KVM_CAP_READONLY_MEM);
	*rom = 0x11223344;
	vt_set_slot(&self->vm, 1, 0xe0000000, VT_PAGE, rom, KVM_MEM_READONLY);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(rom));
	n = run_to_hlt(&self->vcpu, seen);
	EXPECT_ACCESSES(n, seen,
			{ 0xe0000001, 1, true, 0x55 }, { 0xe0000000, 4, true, 0x11223345 });
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x11223344, regs.rax);
	EXPECT_EQ(0x11223344, *rom);
}

VT_GUEST(fault, 64,
	 "mov $0xd0000000, %esi; mov $0x8000000000, %rdi; movsl; hlt");

/* Nothing is read from a device if the guest cannot store it. */
TEST_F(mmio, fault_comes_first)
{
	const struct vt_caught *caught;
	struct access seen[MAX_ACCESSES];

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(fault));
	vt_catch(&self->vcpu, VT_LONG);
	if (vt_on_kvm())
		SKIP(return, "KVM reads first");
	EXPECT_EQ(0, run_to_hlt(&self->vcpu, seen));
	caught = vt_caught(&self->vcpu);
	EXPECT_EQ(14, caught->vector);
	EXPECT_EQ(2, caught->error);
	EXPECT_EQ(0x8000000000, caught->cr2);
}

VT_GUEST(vector, 64,
	 "mov $0xd0000000, %edi; mov $0x20000, %esi\n"
	 "movdqu 1(%rdi), %xmm3; movups %xmm3, (%rsi); movaps %xmm3, 16(%rdi)\n"
	 "movq 32(%rdi), %xmm3; movups %xmm3, 16(%rsi); hlt");

TEST_F(mmio, vector_registers)
{
	struct access seen[MAX_ACCESSES];
	struct kvm_sregs sregs;
	uint64_t *data = (uint64_t *)(self->vm.mem + VT_DATA);
	unsigned int n;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(vector));
	vt_get_sregs(&self->vcpu, &sregs);
	sregs.cr4 |= 1 << 9;	/* OSFXSR */
	vt_set_sregs(&self->vcpu, &sregs);
	if (vt_on_kvm())
		SKIP(return, "KVM knows fewer of them");
	n = run_to_hlt(&self->vcpu, seen);
	EXPECT_ACCESSES(n, seen,
			{ MMIO + 1, 8, false, 0x8887868584838281 },
			{ MMIO + 9, 8, false, 0x908f8e8d8c8b8a89 },
			{ MMIO + 16, 8, true, 0x8887868584838281 },
			{ MMIO + 24, 8, true, 0x908f8e8d8c8b8a89 },
			{ MMIO + 32, 8, false, 0xa7a6a5a4a3a2a1a0 });
	EXPECT_EQ(0x8887868584838281, data[0]);
	EXPECT_EQ(0x908f8e8d8c8b8a89, data[1]);
	EXPECT_EQ(0xa7a6a5a4a3a2a1a0, data[2]);
	EXPECT_EQ(0, data[3]);
}

VT_GUEST(unhandled, 64, "mov $0xd0000000, %edi; fldl (%rdi); hlt");

TEST_F(mmio, cannot_be_emulated)
{
	struct kvm_run *run = self->vcpu.run;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(unhandled));
	vt_run_to(&self->vcpu, KVM_EXIT_INTERNAL_ERROR);
	EXPECT_EQ(KVM_INTERNAL_ERROR_EMULATION, run->emulation_failure.suberror);
	ASSERT_LE(3, run->emulation_failure.ndata);
	EXPECT_TRUE(run->emulation_failure.flags &
		    KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES);
	ASSERT_LE(3, run->emulation_failure.insn_size);
	EXPECT_EQ(0, memcmp(run->emulation_failure.insn_bytes, "\xdd\x07\xf4", 3));
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_CODE + 5, regs.rip);
	EXPECT_EQ(MMIO, regs.rdi);
}

static void enter_ring_3(struct vt_vcpu *vcpu)
{
	struct kvm_sregs sregs;

	vt_get_sregs(vcpu, &sregs);
	sregs.cs.selector = VT_SEL_UCODE;
	sregs.cs.dpl = 3;
	sregs.ss.selector = VT_SEL_UDATA;
	sregs.ss.dpl = 3;
	vt_set_sregs(vcpu, &sregs);
}

static long exit_on_failure(struct vt_vm *vm, uint64_t on, uint32_t flags)
{
	const struct kvm_enable_cap cap = {
		.cap = KVM_CAP_EXIT_ON_EMULATION_FAILURE, .args[0] = on, .flags = flags,
	};

	return VT_IOCTL(vm->fd, KVM_ENABLE_CAP, &cap);
}

/* A process of the guest does not stop it, unless user space wants to know. */
TEST_F(mmio, cannot_be_emulated_in_ring_3)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	struct kvm_run *run = self->vcpu.run;
	struct kvm_regs regs;

	VT_NEED_CAP(KVM_CAP_EXIT_ON_EMULATION_FAILURE);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(unhandled));
	vt_catch(&self->vcpu, VT_LONG);
	enter_ring_3(&self->vcpu);
	ASSERT_EQ(0, exit_on_failure(&self->vm, 1, 0));
	/* Refused, it stays as it is. */
	EXPECT_EQ(-EINVAL, exit_on_failure(&self->vm, 2, 0));
	EXPECT_EQ(-EINVAL, exit_on_failure(&self->vm, 0, 1));
	vt_run_to(&self->vcpu, KVM_EXIT_INTERNAL_ERROR);
	EXPECT_EQ(0, caught->count);
	EXPECT_EQ(KVM_INTERNAL_ERROR_EMULATION, run->emulation_failure.suberror);
	EXPECT_TRUE(run->emulation_failure.flags &
		    KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES);
	EXPECT_EQ(0, memcmp(run->emulation_failure.insn_bytes, "\xdd\x07\xf4", 3));
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_CODE + 5, regs.rip);

	/* It is tried again, and turned off that is undefined. */
	ASSERT_EQ(0, exit_on_failure(&self->vm, 0, 0));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	ASSERT_EQ(1, caught->count);
	EXPECT_EQ(6, caught->vector);
	EXPECT_EQ(VT_CODE + 5, caught->rip);
	EXPECT_EQ(VT_SEL_UCODE, caught->cs);
}

VT_GUEST(one_read, 64, "mov $0xd0000000, %edi; mov (%rdi), %rax; hlt; mov $7, %ebx; hlt");

/* An answer is taken before a signal or immediate_exit is looked at. */
TEST_F(mmio, immediate_exit)
{
	struct kvm_run *run = self->vcpu.run;
	struct kvm_regs regs;

	VT_NEED_CAP(KVM_CAP_IMMEDIATE_EXIT);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(one_read));
	vt_run_to(&self->vcpu, KVM_EXIT_MMIO);
	memset(run->mmio.data, 0x5a, 8);
	run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x5a5a5a5a5a5a5a5a, regs.rax);
	EXPECT_EQ(VT_CODE + 8, regs.rip);
	EXPECT_EQ(KVM_EXIT_MMIO, run->exit_reason);
	run->immediate_exit = 0;
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

/* User space that moves RIP has given the instruction up. */
TEST_F(mmio, moved_away)
{
	struct kvm_regs regs;

	if (vt_on_kvm())
		SKIP(return, "KVM completes it");
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(one_read));
	vt_run_to(&self->vcpu, KVM_EXIT_MMIO);
	vt_get_regs(&self->vcpu, &regs);
	regs.rip += 4;
	regs.rax = 0;
	vt_set_regs(&self->vcpu, &regs);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rax);
	EXPECT_EQ(7, regs.rbx);
}

TEST_HARNESS_MAIN
