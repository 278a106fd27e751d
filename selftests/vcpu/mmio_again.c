// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions that access a device more than once: what is remembered of the
 * first time must not show when code, registers, page tables, slots or the mode
 * are others the next time.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vt_fixture.h"

#define MMIO		0xd0000000ull
#define VIRTUAL		0x4000000000ull
#define CODE_A		0x110000u
#define CODE_B		0x111000u
#define PTE_PW		3u	/* present, writable */
#define DONE		0x80

VT_FIXTURE(again)

/* The next exit is this access; a read is answered with @data. */
#define EXPECT_ACCESS(w, g, l, d) do {						\
	struct kvm_run *run_ = self->vcpu.run;					\
	uint64_t want_ = (d), got_ = 0;						\
	vt_run_to(&self->vcpu, KVM_EXIT_MMIO);					\
	EXPECT_EQ((w), run_->mmio.is_write);					\
	EXPECT_EQ((uint64_t)(g), run_->mmio.phys_addr);				\
	ASSERT_EQ((l), run_->mmio.len);						\
	if (run_->mmio.is_write) {						\
		memcpy(&got_, run_->mmio.data, (l));				\
		EXPECT_EQ(want_, got_);						\
	} else {								\
		memcpy(run_->mmio.data, &want_, 8);				\
	}									\
} while (0)

#define WRITES(gpa, len, data)	EXPECT_ACCESS(1, gpa, len, data)
#define READS(gpa, len, data)	EXPECT_ACCESS(0, gpa, len, data)

VT_GUEST(every_form, 64,
	 "mov $0xd0000000, %edi; mov $3, %r12d; lea 1f(%rip), %r13; jmp *%r13\n"
	 "1: mov $-1, %rax; mov $-1, %rbx; mov $-1, %rcx; mov $-1, %r9\n"
	 "mov (%rdi), %ah; mov 2(%rdi), %bx; mov 4(%rdi), %ecx; mov 8(%rdi), %rdx\n"
	 "movzbl 3(%rdi), %esi; movsbq 5(%rdi), %r8; movswl 6(%rdi), %r9d\n"
	 "mov $0x1122334455667788, %rbp; mov $4, %r10d\n"
	 "mov %bpl, (%rdi); mov %bp, 2(%rdi); mov %ebp, (%rdi,%r10); mov %rbp, 8(%rdi,%r10,2)\n"
	 "movb $-2, (%rdi); movw $-2, 2(%rdi); movl $-2, 4(%rdi); movq $-2, 8(%rdi)\n"
	 "mov $0x4321, %r11d; xchg %ax, %r11w; mov %ah, 1(%rdi); movabs %eax, 0xd0000010\n"
	 "xchg %ax, %r11w; out %al, $0x80; dec %r12d; jz 2f; jmp *%r13; 2: hlt");

TEST_F(again, every_form)
{
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(every_form));
	for (int i = 0; i < 3; i++) {
		READS(MMIO, 1, 0x5a80);
		READS(MMIO + 2, 2, 0x12348382);
		READS(MMIO + 4, 4, 0x1187868584);
		READS(MMIO + 8, 8, 0x8f8e8d8c8b8a8988);
		READS(MMIO + 3, 1, 0x183);
		READS(MMIO + 5, 1, 0x185);
		READS(MMIO + 6, 2, 0x18786);
		WRITES(MMIO, 1, 0x88);
		WRITES(MMIO + 2, 2, 0x7788);
		WRITES(MMIO + 4, 4, 0x55667788);
		WRITES(MMIO + 16, 8, 0x1122334455667788);
		WRITES(MMIO, 1, 0xfe);
		WRITES(MMIO + 2, 2, 0xfffe);
		WRITES(MMIO + 4, 4, 0xfffffffe);
		WRITES(MMIO + 8, 8, 0xfffffffffffffffe);
		WRITES(MMIO + 1, 1, 0x43);
		WRITES(MMIO + 0x10, 4, 0xffff4321);
		vt_run_to_out(&self->vcpu, DONE);
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(0xffffffffffff80ff, regs.rax);
		EXPECT_EQ(0xffffffffffff8382, regs.rbx);
		EXPECT_EQ(0x87868584, regs.rcx);
		EXPECT_EQ(0x8f8e8d8c8b8a8988, regs.rdx);
		EXPECT_EQ(0x83, regs.rsi);
		EXPECT_EQ(0xffffffffffffff85, regs.r8);
		EXPECT_EQ(0xffff8786, regs.r9);
	}
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

/* The first instruction is the one that the following tests change. */
VT_GUEST(store, 64, "1: mov %eax, (%rdi); out %al, $0x80; jmp 1b");

static void start_store(struct vt_vcpu *vcpu, uint64_t rip)
{
	struct kvm_regs regs = {
		.rip = rip, .rflags = 2, .rsp = VT_STACK_TOP,
		.rdi = MMIO, .rax = 0x11111111, .rcx = 0x22222222,
	};

	vt_set_regs(vcpu, &regs);
}

static void patch(struct vt_vm *vm, uint64_t at, const char *bytes)
{
	memcpy(vm->mem + at, bytes, strlen(bytes));
}

TEST_F(again, other_code)
{
	static const uint64_t at = VT_CODE;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(store));
	start_store(&self->vcpu, VT_CODE);
	for (int i = 0; i < 3; i++) {
		patch(&self->vm, at, "\x89\x07");	/* mov %eax, (%rdi) */
		WRITES(MMIO, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
		WRITES(MMIO, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
		patch(&self->vm, at, "\x89\x0f");	/* mov %ecx, (%rdi) */
		WRITES(MMIO, 4, 0x22222222);
		vt_run_to_out(&self->vcpu, DONE);
		patch(&self->vm, at, "\x88\x07");	/* mov %al, (%rdi) */
		WRITES(MMIO, 1, 0x11);
		vt_run_to_out(&self->vcpu, DONE);
		patch(&self->vm, at, "\x8b\x1f");	/* mov (%rdi), %ebx */
		READS(MMIO, 4, 0);
		vt_run_to_out(&self->vcpu, DONE);
		patch(&self->vm, at, "\x01\x07");	/* add %eax, (%rdi) */
		READS(MMIO, 4, 3);
		WRITES(MMIO, 4, 0x11111114);
		vt_run_to_out(&self->vcpu, DONE);
	}
}

VT_GUEST(rewrites, 64,
	 "lea 1f(%rip), %rbx; mov $6, %edx\n"
	 "1: mov %eax, (%rdi); xorb $8, 1(%rbx); cmp $3, %edx; jne 2f; movb $0x88, (%rbx)\n"
	 "2: dec %edx; jnz 1b; hlt");

TEST_F(again, code_that_rewrites_itself)
{
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(rewrites));
	start_store(&self->vcpu, VT_CODE);
	WRITES(MMIO, 4, 0x11111111);
	WRITES(MMIO, 4, 0x22222222);
	WRITES(MMIO, 4, 0x11111111);
	WRITES(MMIO, 4, 0x22222222);
	WRITES(MMIO, 1, 0x11);
	WRITES(MMIO, 1, 0x22);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

static void set_rdi(struct vt_vcpu *vcpu, uint64_t rdi)
{
	struct kvm_regs regs;

	vt_get_regs(vcpu, &regs);
	regs.rdi = rdi;
	vt_set_regs(vcpu, &regs);
}

TEST_F(again, other_addresses)
{
	uint32_t *data = (uint32_t *)(self->vm.mem + VT_DATA);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(store));
	start_store(&self->vcpu, VT_CODE);
	for (int i = 0; i < 2; i++) {
		set_rdi(&self->vcpu, MMIO);
		WRITES(MMIO, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
		set_rdi(&self->vcpu, MMIO + 0xffc);
		WRITES(MMIO + 0xffc, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
		set_rdi(&self->vcpu, MMIO + 1);
		WRITES(MMIO + 1, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
		set_rdi(&self->vcpu, MMIO + 0xffd);
		WRITES(MMIO + 0xffd, 3, 0x111111);
		WRITES(MMIO + 0x1000, 1, 0x11);
		vt_run_to_out(&self->vcpu, DONE);
		set_rdi(&self->vcpu, MMIO + 0x2000);
		WRITES(MMIO + 0x2000, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
		*data = 0;
		set_rdi(&self->vcpu, VT_DATA);
		vt_run_to_out(&self->vcpu, DONE);
		EXPECT_EQ(0x11111111, *data);
		set_rdi(&self->vcpu, VT_LOW_SIZE - 2);
		WRITES(VT_LOW_SIZE, 2, 0x1111);
		vt_run_to_out(&self->vcpu, DONE);
	}
}

TEST_F(again, memory_comes_and_goes)
{
	uint32_t *page = vt_anon(VT_PAGE);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(store));
	start_store(&self->vcpu, VT_CODE);
	for (int i = 0; i < 3; i++) {
		WRITES(MMIO, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
		WRITES(MMIO, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
		*page = 0;
		vt_set_slot(&self->vm, 1, MMIO, VT_PAGE, page, 0);
		vt_run_to_out(&self->vcpu, DONE);
		EXPECT_EQ(0x11111111, *page);
		vt_set_slot(&self->vm, 1, MMIO, 0, page, 0);
	}
}

/* Memory that the code is in is that of another slot, at the same place. */
TEST_F(again, code_in_another_slot)
{
	uint8_t *other = vt_anon(VT_LOW_SIZE);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(store));
	start_store(&self->vcpu, VT_CODE);
	for (int i = 0; i < 2; i++) {
		WRITES(MMIO, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
	}
	memcpy(other, self->vm.mem, VT_LOW_SIZE);
	memcpy(other + VT_CODE, "\x89\x0f", 2);
	vt_set_slot(&self->vm, 0, 0, 0, self->vm.mem, 0);
	vt_set_slot(&self->vm, 0, 0, VT_LOW_SIZE, other, 0);
	for (int i = 0; i < 2; i++) {
		WRITES(MMIO, 4, 0x22222222);
		vt_run_to_out(&self->vcpu, DONE);
	}
	vt_set_slot(&self->vm, 0, 0, 0, other, 0);
	vt_set_slot(&self->vm, 0, 0, VT_LOW_SIZE, self->vm.mem, 0);
}

VT_GUEST(flushing, 64,
	 "1: mov %eax, (%rdi); out %al, $0x80; invlpg (%rdi); invlpg 1b(%rip); jmp 1b");

TEST_F(again, other_tables)
{
	const uint64_t flags = PTE_PW;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(flushing));
	memcpy(self->vm.mem + CODE_A, self->vm.mem + VT_CODE, VT_PAGE);
	memcpy(self->vm.mem + CODE_B, self->vm.mem + VT_CODE, VT_PAGE);
	patch(&self->vm, CODE_B, "\x89\x0f");
	start_store(&self->vcpu, VIRTUAL);
	set_rdi(&self->vcpu, VIRTUAL + VT_PAGE);
	for (int i = 0; i < 3; i++) {
		vt_map_long(&self->vm, VIRTUAL, CODE_A, VT_PAGE, flags);
		vt_map_long(&self->vm, VIRTUAL + VT_PAGE, MMIO, VT_PAGE, flags);
		for (int n = 0; n < 2; n++) {
			WRITES(MMIO, 4, 0x11111111);
			vt_run_to_out(&self->vcpu, DONE);
		}
		/* The device moves. */
		vt_map_long(&self->vm, VIRTUAL + VT_PAGE, MMIO + 0x3000, VT_PAGE, flags);
		for (int n = 0; n < 2; n++) {
			WRITES(MMIO + 0x3000, 4, 0x11111111);
			vt_run_to_out(&self->vcpu, DONE);
		}
		/* It is memory. */
		memset(self->vm.mem + VT_DATA, 0, 4);
		vt_map_long(&self->vm, VIRTUAL + VT_PAGE, VT_DATA, VT_PAGE, flags);
		vt_run_to_out(&self->vcpu, DONE);
		EXPECT_EQ(0, memcmp(self->vm.mem + VT_DATA, "\x11\x11\x11\x11", 4));
		vt_map_long(&self->vm, VIRTUAL + VT_PAGE, MMIO, VT_PAGE, flags);
		/* The code moves. */
		vt_map_long(&self->vm, VIRTUAL, CODE_B, VT_PAGE, flags);
		for (int n = 0; n < 2; n++) {
			WRITES(MMIO, 4, 0x22222222);
			vt_run_to_out(&self->vcpu, DONE);
		}
	}
}

/* 48 89 07 is mov %rax, (%rdi), or dec %eax; mov %eax, (%edi). */
VT_GUEST(modes, 64, "mov $0xd0000000, %edi; mov $9, %eax; 1: mov %rax, (%rdi); jmp 1b");

TEST_F(again, other_modes)
{
	static const struct {
		enum vt_mode mode;
		uint32_t len;
		uint32_t step;
	} modes[] = {
		{ VT_LONG, 8, 0 }, { VT_FLAT32, 4, 1 }, { VT_LONG, 8, 0 },
		{ VT_PAE, 4, 1 }, { VT_LONG, 8, 0 }, { VT_PAGED32, 4, 1 },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		vt_start(&self->vcpu, modes[i].mode, VT_PAYLOAD(modes));
		for (unsigned int n = 1; n < 4; n++)
			WRITES(MMIO, modes[i].len, 9 - n * modes[i].step);
	}
}

#define LOW_CODE	0xf000u		/* within 16 bits */

/*
 * 89 07 is mov %eax, (%rdi), and in a 16-bit segment mov %ax, (%bx): the same place
 * here, under page tables that are the same, and not used.
 */
TEST_F(again, other_code_size)
{
	struct kvm_sregs sregs[2];
	struct kvm_regs regs = {
		.rip = LOW_CODE, .rflags = 2, .rsp = VT_STACK_TOP,
		.rdi = MMIO, .rax = 0x11111111,
	};

	vt_enter_mode(&self->vcpu, VT_PROT16);
	vt_get_sregs(&self->vcpu, &sregs[1]);
	sregs[1].cs.base = 0;
	sregs[1].ds.base = MMIO;
	vt_enter_mode(&self->vcpu, VT_LONG);
	vt_get_sregs(&self->vcpu, &sregs[0]);
	patch(&self->vm, LOW_CODE, "\x89\x07\xe6\x80");
	for (int i = 0; i < 9; i++) {
		vt_set_sregs(&self->vcpu, &sregs[i % 3 == 2]);
		vt_set_regs(&self->vcpu, &regs);
		if (i % 3 == 2)
			WRITES(MMIO, 2, 0x1111);
		else
			WRITES(MMIO, 4, 0x11111111);
		vt_run_to_out(&self->vcpu, DONE);
	}
}

VT_GUEST(reading, 64, "1: mov (%rdi), %eax; jmp 1b");

/* What KVM_RUN does with an answer before all else, and with one given up. */
TEST_F(again, answers)
{
	struct kvm_run *run = self->vcpu.run;
	struct kvm_regs regs;

	VT_NEED_CAP(KVM_CAP_IMMEDIATE_EXIT);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(reading));
	start_store(&self->vcpu, VT_CODE);
	for (uint32_t i = 0; i < 3; i++) {
		READS(MMIO, 4, 0x5a5a5a50 + i);
		run->immediate_exit = 1;
		EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
		run->immediate_exit = 0;
		vt_get_regs(&self->vcpu, &regs);
		EXPECT_EQ(0x5a5a5a50 + i, regs.rax);
		EXPECT_EQ(VT_CODE + 2, regs.rip);
	}
	READS(MMIO, 4, 0x33);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_CODE, regs.rip);
	if (vt_on_kvm())
		return;		/* it completes what was given up */
	regs.rax = 7;
	regs.rip = VT_CODE + 2;
	vt_set_regs(&self->vcpu, &regs);
	run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vt_ioctl(self->vcpu.fd, KVM_RUN, 0));
	run->immediate_exit = 0;
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(7, regs.rax);
	EXPECT_EQ(VT_CODE + 2, regs.rip);
}

/*
 * Where the next step ends. Bochs 2.7 takes one that an EPT violation cut short for
 * done, and stops where it is: once more then.
 */
static uint64_t step(struct vt_vcpu *vcpu, uint64_t from)
{
	const struct kvm_debug_exit_arch *arch = &vcpu->run->debug.arch;

	vt_run_to(vcpu, KVM_EXIT_DEBUG);
	if (arch->pc == from)
		vt_run_to(vcpu, KVM_EXIT_DEBUG);
	return arch->pc;
}

/* An emulated instruction is a step like any other. */
TEST_F(again, single_steps)
{
	struct kvm_guest_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
	};

	VT_NEED_CAP(KVM_CAP_SET_GUEST_DEBUG);
	if (vt_on_kvm())
		SKIP(return, "KVM stops only after the next one");
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(reading));
	start_store(&self->vcpu, VT_CODE);
	READS(MMIO, 4, 1);
	READS(MMIO, 4, 1);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_GUEST_DEBUG, &debug));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(VT_CODE + 2, step(&self->vcpu, VT_CODE));
		EXPECT_EQ(VT_CODE, step(&self->vcpu, VT_CODE + 2));
		READS(MMIO, 4, 1);
	}
}

VT_GUEST(ring3, 64, "mov $0xd0000000, %edi; 1: mov %eax, (%rdi); invlpg (%rdi)");

/* In ring 3, and then not there any more: INVLPG is refused outside ring 0. */
TEST_F(again, ring_3)
{
	struct kvm_sregs ring0, ring3;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(ring3));
	vt_catch(&self->vcpu, VT_LONG);
	vt_get_sregs(&self->vcpu, &ring0);
	ring3 = ring0;
	ring3.cs.selector = VT_SEL_UCODE;
	ring3.cs.dpl = 3;
	ring3.ss.selector = VT_SEL_UDATA;
	ring3.ss.dpl = 3;
	for (unsigned int i = 1; i < 4; i++) {
		vt_set_sregs(&self->vcpu, &ring3);
		start_store(&self->vcpu, VT_CODE);
		WRITES(MMIO, 4, 0x11111111);
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
		EXPECT_EQ(i, vt_caught(&self->vcpu)->count);
		EXPECT_EQ(13, vt_caught(&self->vcpu)->vector);
		EXPECT_EQ(VT_SEL_UCODE, vt_caught(&self->vcpu)->cs);
		vt_set_sregs(&self->vcpu, &ring0);
	}
}

/* Two instructions that differ in a byte, one of which is there at any time. */
VT_GUEST(raced, 64,
	 "mov $0x1111, %eax; mov $0x2222, %ecx; mov $0xd0000000, %edi; lea 4(%rdi), %esi\n"
	 "sti; jmp 1f; .org guest_raced_start + 0x40; 1: mov %eax, (%rdi); pause; jmp 1b");
VT_GUEST(racing, 64,
	 "sti; mov $0x10041, %edi\n"
	 "1: movb $0x0e, (%rdi); pause; movb $0x07, (%rdi); pause; jmp 1b");

TEST_F(again, rewritten_by_another_vcpu)
{
	struct kvm_run *run = self->vcpu.run;
	struct vt_thread thread;
	struct kvm_regs regs = { .rflags = 0x202, .rip = CODE_A, .rsp = VT_STACK_TOP - 0x1000 };
	unsigned int seen[2] = { 0 };
	struct vt_vcpu other;
	struct vt_payload code = VT_PAYLOAD(racing);

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "takes two CPUs");
	vt_vcpu_create(&self->vm, &other, 1);
	vt_pass_cpuid(&other);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(raced));
	vt_enter_mode(&other, VT_LONG);
	memcpy(self->vm.mem + CODE_A, code.start, code.end - code.start);
	vt_set_regs(&other, &regs);
	vt_thread_start(&thread, &other);
	for (int i = 0; i < 2000; i++) {
		uint64_t data = 0;

		vt_run_to(&self->vcpu, KVM_EXIT_MMIO);
		ASSERT_EQ(4, run->mmio.len);
		memcpy(&data, run->mmio.data, 4);
		ASSERT_TRUE((run->mmio.phys_addr == MMIO && data == 0x1111) ||
			    (run->mmio.phys_addr == MMIO + 4 && data == 0x2222));
		seen[run->mmio.phys_addr != MMIO]++;
	}
	EXPECT_EQ(VT_STOPPED, vt_thread_end(&thread, 1));
	EXPECT_NE(0, seen[0]);
	EXPECT_NE(0, seen[1]);
	vt_vcpu_destroy(&other);
}

TEST_HARNESS_MAIN
