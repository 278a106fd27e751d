// SPDX-License-Identifier: GPL-2.0-only
/* INS and OUTS: many elements at a time, both ways, across pages, with faults. */
#include <asm/processor-flags.h>
#include <string.h>

#include "vt_fixture.h"

#define PORT		0x1234
#define MAX_BYTES	16384

VT_FIXTURE(string_io)

/* What went over the port, in order, and the largest count of one exit. */
static uint8_t bytes[MAX_BYTES];
static unsigned int nr_bytes, max_count;

/* Run to HLT; IN is answered with a running number, a byte each. */
static void run_to_hlt(struct vt_vcpu *vcpu, unsigned int size)
{
	struct kvm_run *run = vcpu->run;
	long reason;

	nr_bytes = 0;
	max_count = 0;
	while ((reason = vt_run(vcpu)) == KVM_EXIT_IO) {
		uint8_t *data = (uint8_t *)run + run->io.data_offset;
		unsigned int n = run->io.size * run->io.count;

		if (run->io.size != size || run->io.port != PORT || nr_bytes + n > MAX_BYTES)
			vt_die("port %#x, size %u, count %u after %u bytes", run->io.port,
			       run->io.size, run->io.count, nr_bytes);
		if (run->io.count > max_count)
			max_count = run->io.count;
		for (unsigned int i = 0; i < n; i++, nr_bytes++) {
			if (run->io.direction == KVM_EXIT_IO_IN)
				data[i] = nr_bytes * 7;
			bytes[nr_bytes] = data[i];
		}
	}
	if (reason != KVM_EXIT_HLT)
		vt_die("stopped with %ld (%s)", reason, vt_exit_name(reason));
}

static void fill(uint8_t *to, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		to[i] = i * 5 + (i >> 8);
}

VT_GUEST(outs, 64,
	 "mov $0x1234, %edx; mov $0x20ff0, %esi; mov $0x40, %ecx; rep outsb\n"
	 "hlt\n"
	 "mov $0x20ffe, %esi; mov $0x20, %ecx; rep outsw; hlt\n"
	 "mov $0x20ffd, %esi; outsl; hlt");

TEST_F(string_io, outs)
{
	uint8_t *data = self->vm.mem + VT_DATA;
	struct kvm_regs regs;

	fill(data, 0x3000);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(outs));
	run_to_hlt(&self->vcpu, 1);
	ASSERT_EQ(0x40, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data + 0xff0, 0x40));
	if (!vt_on_kvm())
		EXPECT_EQ(0x30, max_count);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rcx);
	EXPECT_EQ(0x21030, regs.rsi);

	run_to_hlt(&self->vcpu, 2);
	ASSERT_EQ(0x40, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data + 0xffe, 0x40));
	run_to_hlt(&self->vcpu, 4);
	ASSERT_EQ(4, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data + 0xffd, 4));
}

VT_GUEST(ins, 64,
	 "mov $0x1234, %edx; mov $0x20ff0, %edi; mov $0x3000, %ecx; rep insb; hlt\n"
	 "mov $0x20ffd, %edi; insl; hlt");

TEST_F(string_io, ins)
{
	uint8_t *data = self->vm.mem + VT_DATA;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(ins));
	run_to_hlt(&self->vcpu, 1);
	ASSERT_EQ(0x3000, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data + 0xff0, 0x3000));
	EXPECT_EQ(0, data[0xfef] | data[0x3ff0]);
	EXPECT_LT(1, max_count);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rcx);
	EXPECT_EQ(0x23ff0, regs.rdi);

	run_to_hlt(&self->vcpu, 4);
	ASSERT_EQ(4, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data + 0xffd, 4));
}

VT_GUEST(down, 64,
	 "mov $0x1234, %edx; std\n"
	 "mov $0x21002, %edi; mov $4, %ecx; rep insw; hlt\n"
	 "mov $0x21002, %esi; mov $4, %ecx; rep outsw; hlt");

TEST_F(string_io, down)
{
	uint16_t *data = (uint16_t *)(self->vm.mem + VT_DATA);
	uint16_t *port = (uint16_t *)bytes;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(down));
	for (int round = 0; round < 2; round++) {
		run_to_hlt(&self->vcpu, 2);
		ASSERT_EQ(8, nr_bytes);
		for (int i = 0; i < 4; i++)
			EXPECT_EQ(port[i], data[0x801 - i]);
	}
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x20ffa, regs.rsi);
	EXPECT_EQ(0x20ffa, regs.rdi);
}

VT_GUEST(into_fault, 64,
	 "mov $0x1234, %edx; mov $0x8000000ff8, %rdi; mov $16, %ecx; rep insb; hlt");

/* Half of it goes to a page, half to where there is none yet. */
TEST_F(string_io, fault_half_way)
{
	const struct vt_caught *caught;
	struct kvm_regs before, regs;
	uint8_t *data = self->vm.mem + VT_DATA;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(into_fault));
	vt_map_long(&self->vm, 0x8000000000, VT_DATA, VT_PAGE, 3);
	vt_catch(&self->vcpu, VT_LONG);
	vt_get_regs(&self->vcpu, &before);
	if (vt_on_kvm())
		SKIP(return, "KVM reads all 16 first");
	run_to_hlt(&self->vcpu, 1);
	EXPECT_EQ(8, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data + 0xff8, 8));
	caught = vt_caught(&self->vcpu);
	ASSERT_EQ(1, caught->count);
	EXPECT_EQ(14, caught->vector);
	EXPECT_EQ(2, caught->error);
	EXPECT_EQ(0x8000001000, caught->cr2);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(8, regs.rcx);
	EXPECT_EQ(0x8000001000, regs.rdi);

	/* Then there is one, and the instruction goes on. */
	vt_map_long(&self->vm, 0x8000001000, VT_DATA + VT_PAGE, VT_PAGE, 3);
	regs.rip = caught->rip;
	regs.rsp = before.rsp;
	vt_set_regs(&self->vcpu, &regs);
	run_to_hlt(&self->vcpu, 1);
	EXPECT_EQ(8, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data + 0x1000, 8));
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rcx);
}

#define GONE	0x8000000000	/* not mapped at first */

VT_GUEST(outs_gone, 64,
	 "mov $0x1234, %edx; mov $0x8000000ffe, %rsi; mov $6, %ecx; rep outsb; hlt");
VT_GUEST(ins_gone, 64,
	 "mov $0x1234, %edx; mov $0x8000000010, %rdi; mov $2, %ecx; rep insl; hlt");

/* The handler is run again when the page is there: the guest goes on by itself. */
TEST_F(string_io, outs_from_an_absent_page)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	uint8_t *data = self->vm.mem + VT_DATA;
	uint8_t sent[6];
	struct kvm_regs regs;

	fill(data, 0x2000);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(outs_gone));
	vt_catch(&self->vcpu, VT_LONG);
	run_to_hlt(&self->vcpu, 1);
	EXPECT_EQ(0, nr_bytes);
	ASSERT_EQ(1, caught->count);
	EXPECT_EQ(14, caught->vector);
	EXPECT_EQ(0, caught->error);
	EXPECT_EQ(GONE + 0xffe, caught->cr2);
	EXPECT_EQ(VT_CODE + 20, caught->rip);

	/* One page, and then the other. */
	vt_map_long(&self->vm, GONE, VT_DATA, VT_PAGE, 3);
	run_to_hlt(&self->vcpu, 1);
	ASSERT_EQ(2, nr_bytes);
	memcpy(sent, bytes, 2);
	ASSERT_EQ(2, caught->count);
	EXPECT_EQ(GONE + 0x1000, caught->cr2);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(4, regs.rcx);
	EXPECT_EQ(GONE + 0x1000, regs.rsi);
	vt_map_long(&self->vm, GONE + VT_PAGE, VT_DATA + VT_PAGE, VT_PAGE, 3);
	run_to_hlt(&self->vcpu, 1);
	ASSERT_EQ(4, nr_bytes);
	memcpy(sent + 2, bytes, 4);
	EXPECT_EQ(0, memcmp(sent, data + 0xffe, 6));
	EXPECT_EQ(2, caught->count);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rcx);
	EXPECT_EQ(GONE + 0x1004, regs.rsi);
	EXPECT_EQ(VT_CODE + 23, regs.rip);
}

/* Not there at first, then not to be written: the port is not read for that. */
TEST_F(string_io, ins_to_an_absent_page)
{
	const struct vt_caught *caught = vt_caught(&self->vcpu);
	uint8_t *data = self->vm.mem + VT_DATA;
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	if (vt_on_kvm())
		SKIP(return, "KVM reads the port first");
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(ins_gone));
	vt_catch(&self->vcpu, VT_LONG);
	vt_get_sregs(&self->vcpu, &sregs);
	sregs.cr0 |= X86_CR0_WP;
	vt_set_sregs(&self->vcpu, &sregs);
	for (int round = 0; round < 2; round++) {
		run_to_hlt(&self->vcpu, 4);
		EXPECT_EQ(0, nr_bytes);
		ASSERT_EQ(1 + round, caught->count);
		EXPECT_EQ(14, caught->vector);
		EXPECT_EQ(round ? 3 : 2, caught->error);
		EXPECT_EQ(GONE + 0x10, caught->cr2);
		vt_map_long(&self->vm, GONE, VT_DATA, VT_PAGE, round ? 3 : 1);
	}
	run_to_hlt(&self->vcpu, 4);
	ASSERT_EQ(8, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data + 0x10, 8));
	EXPECT_EQ(2, caught->count);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0, regs.rcx);
	EXPECT_EQ(GONE + 0x18, regs.rdi);
}

VT_GUEST(overrides64, 64,
	 "mov $0x1234, %edx; mov $0x100, %esi; mov $3, %ecx; rep outsb %fs:(%rsi), %dx; hlt\n"
	 "mov $0x100, %esi; outsw %gs:(%rsi), %dx; hlt\n"
	 /* In 64-bit mode ES, CS, SS and DS have no base, and INS has only ES. */
	 "mov $0x20100, %esi; .byte 0x26; outsb; hlt\n"
	 "mov $0x20200, %edi; .byte 0x64; insb; hlt\n"
	 /* With 32-bit addresses. */
	 "mov $0xffffffff00020100, %rsi; .byte 0x67; outsb; hlt");
VT_GUEST(overrides32, 32,
	 "mov $0x1234, %edx; mov $0x100, %esi; mov $3, %ecx; rep outsb %es:(%esi), %dx; hlt\n"
	 "mov $0x100, %esi; outsw %ss:(%esi), %dx; hlt\n"
	 "mov $0x200, %edi; .byte 0x36; insb; hlt\n"
	 "mov $0xffff0100, %esi; .byte 0x67; outsb; hlt");

/* Offset 100H in the segment at page n of the data, and what goes out of it. */
#define AT(n)	(self->vm.mem + VT_DATA + (n) * VT_PAGE + 0x100)
#define EXPECT_SENT(n, size, count) do {				\
	run_to_hlt(&self->vcpu, size);					\
	ASSERT_EQ((size) * (count), nr_bytes);				\
	EXPECT_EQ(0, memcmp(bytes, AT(n), (size) * (count)));		\
} while (0)
/* A byte that comes in, a 0, to offset 200H. */
#define EXPECT_TAKEN(n) do {						\
	AT(n)[0x100] = 0xee;						\
	run_to_hlt(&self->vcpu, 1);					\
	ASSERT_EQ(1, nr_bytes);						\
	EXPECT_EQ(0, AT(n)[0x100]);					\
} while (0)

static void set_bases(struct vt_vcpu *vcpu, enum vt_mode mode)
{
	struct kvm_sregs sregs;

	vt_get_sregs(vcpu, &sregs);
	sregs.fs.base = VT_DATA + VT_PAGE;
	sregs.gs.base = VT_DATA + 2 * VT_PAGE;
	sregs.es.base = VT_DATA + 3 * VT_PAGE;
	if (mode == VT_FLAT32) {
		sregs.ss.base = VT_DATA + 4 * VT_PAGE;
		sregs.ds.base = VT_DATA;
	}
	vt_set_sregs(vcpu, &sregs);
}

TEST_F(string_io, segment_overrides)
{
	struct kvm_regs regs;

	for (int i = 0; i < 5; i++)
		memset(AT(i), 0x11 * (i + 1), 16);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(overrides64));
	set_bases(&self->vcpu, VT_LONG);
	EXPECT_SENT(1, 1, 3);
	EXPECT_SENT(2, 2, 1);
	EXPECT_SENT(0, 1, 1);
	EXPECT_TAKEN(0);
	EXPECT_SENT(0, 1, 1);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0x20101, regs.rsi);

	vt_start(&self->vcpu, VT_FLAT32, VT_PAYLOAD(overrides32));
	set_bases(&self->vcpu, VT_FLAT32);
	EXPECT_SENT(3, 1, 3);
	EXPECT_SENT(4, 2, 1);
	EXPECT_TAKEN(3);
	/* With 16-bit addresses the upper half of ESI is left alone. */
	EXPECT_SENT(0, 1, 1);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(0xffff0101, regs.rsi);
}

VT_GUEST(real, 16,
	 "mov $0x2000, %ax; mov %ax, %es; mov %ax, %ds; mov $0x1234, %dx\n"
	 "xor %di, %di; mov $600, %cx; rep insw; hlt\n"
	 "xor %si, %si; mov $600, %cx; rep outsw; hlt");

TEST_F(string_io, real_mode)
{
	uint8_t *data = self->vm.mem + VT_DATA;
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_REAL, VT_PAYLOAD(real));
	run_to_hlt(&self->vcpu, 2);
	ASSERT_EQ(1200, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data, 1200));
	run_to_hlt(&self->vcpu, 2);
	ASSERT_EQ(1200, nr_bytes);
	EXPECT_EQ(0, memcmp(bytes, data, 1200));
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(1200, regs.rsi);
	EXPECT_EQ(1200, regs.rdi);
	EXPECT_EQ(0, regs.rcx);
}

VT_GUEST(none, 64,
	 "mov $0x1234, %edx; xor %ecx, %ecx; mov $0x20000, %esi; mov $0x20000, %edi\n"
	 "rep outsb; rep insb; hlt");

TEST_F(string_io, count_of_zero)
{
	struct kvm_regs regs;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(none));
	run_to_hlt(&self->vcpu, 1);
	EXPECT_EQ(0, nr_bytes);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(VT_DATA, regs.rsi);
	EXPECT_EQ(VT_DATA, regs.rdi);
}

TEST_HARNESS_MAIN
