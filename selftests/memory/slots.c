// SPDX-License-Identifier: GPL-2.0-only
/* KVM_SET_USER_MEMORY_REGION: create, delete, move, change flags; refusals. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "vt_fixture.h"

VT_FIXTURE(slots)

#define BASE	0x40000000ul		/* 1 GiB, far from slot 0 */
#define SIZE	(64 * VT_PAGE)

/* Read the word at RSI. */
VT_GUEST(peek, 64, "1: mov (%rsi), %rax; hlt; jmp 1b");

static uint64_t peek(struct vt_vcpu *vcpu, uint64_t gpa)
{
	struct kvm_regs regs;

	vt_get_regs(vcpu, &regs);
	regs.rsi = gpa;
	vt_set_regs(vcpu, &regs);
	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

static uint64_t *numbered(size_t size, uint64_t tag)
{
	uint64_t *mem = vt_anon(size);

	for (size_t i = 0; i < size / 8; i += VT_PAGE / 8)
		mem[i] = tag + i * 8;
	return mem;
}

TEST_F(slots, create_and_delete)
{
	uint64_t *mem = numbered(SIZE, 0xa000000);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(peek));
	vt_set_slot(&self->vm, 1, BASE, SIZE, mem, 0);
	EXPECT_EQ(0xa000000, peek(&self->vcpu, BASE));
	EXPECT_EQ(0xa000000 + SIZE - VT_PAGE, peek(&self->vcpu, BASE + SIZE - VT_PAGE));
	vt_set_slot(&self->vm, 1, BASE, 0, mem, 0);
	/* Nothing there to delete any more. */
	EXPECT_EQ(-EINVAL, vt_try_slot(self->vm.fd, 1, BASE, 0, mem, 0));

	/* In its place another, with other contents. */
	vt_set_slot(&self->vm, 2, BASE, SIZE, numbered(SIZE, 0xb000000), 0);
	EXPECT_EQ(0xb000000, peek(&self->vcpu, BASE));
}

TEST_F(slots, move)
{
	uint64_t *mem = numbered(SIZE, 0xc000000);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(peek));
	vt_set_slot(&self->vm, 1, BASE, SIZE, mem, 0);
	EXPECT_EQ(0xc000000 + VT_PAGE, peek(&self->vcpu, BASE + VT_PAGE));
	vt_set_slot(&self->vm, 1, BASE + 16 * SIZE, SIZE, mem, 0);
	EXPECT_EQ(0xc000000 + VT_PAGE, peek(&self->vcpu, BASE + 16 * SIZE + VT_PAGE));
	/* The old place is free. */
	vt_set_slot(&self->vm, 2, BASE, SIZE, numbered(SIZE, 0xd000000), 0);
	EXPECT_EQ(0xd000000 + VT_PAGE, peek(&self->vcpu, BASE + VT_PAGE));
	/* Half over itself is no overlap. */
	vt_set_slot(&self->vm, 1, BASE + 16 * SIZE + SIZE / 2, SIZE, mem, 0);
	EXPECT_EQ(0xc000000, peek(&self->vcpu, BASE + 16 * SIZE + SIZE / 2));
}

TEST_F(slots, flags)
{
	uint64_t *mem = numbered(SIZE, 0xe000000);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(peek));
	vt_set_slot(&self->vm, 1, BASE, SIZE, mem, 0);
	EXPECT_EQ(0xe000000, peek(&self->vcpu, BASE));
	vt_set_slot(&self->vm, 1, BASE, SIZE, mem, KVM_MEM_LOG_DIRTY_PAGES);
	EXPECT_EQ(0xe000000, peek(&self->vcpu, BASE));
	vt_set_slot(&self->vm, 1, BASE, SIZE, mem, 0);
	EXPECT_EQ(0xe000000, peek(&self->vcpu, BASE));
	/* The same once more is fine. */
	vt_set_slot(&self->vm, 1, BASE, SIZE, mem, 0);
}

TEST_F(slots, refused)
{
	uint8_t *mem = vt_anon(2 * SIZE);
	const unsigned int limit = vt_cap(self->vm.dev, KVM_CAP_NR_MEMSLOTS);
	const struct {
		const char *name;
		long want;
		unsigned int slot;
		uint64_t gpa;
		size_t size;
		const void *hva;
		unsigned int flags;
	} bad[] = {
		{ "address not aligned", -EINVAL, 1, BASE + 8, SIZE, mem, 0 },
		{ "size not aligned", -EINVAL, 1, BASE, SIZE + 8, mem, 0 },
		{ "host address not aligned", -EINVAL, 1, BASE, SIZE, mem + 8, 0 },
		{ "host address of the kernel", -EINVAL, 1, BASE, SIZE,
		  (void *)0xffff888000000000, 0 },
		{ "host address not canonical", -EINVAL, 1, BASE, SIZE,
		  (void *)0x4000000000000000, 0 },
		{ "unknown flag", -EINVAL, 1, BASE, SIZE, mem, 1u << 31 },
		{ "slot number too high", -EINVAL, limit, BASE, SIZE, mem, 0 },
		{ "address space that there is not", -EINVAL, 0x70001, BASE, SIZE, mem, 0 },
		{ "end of the address space", -EINVAL, 1, -SIZE / 2, SIZE, mem, 0 },
		{ "delete what there is not", -EINVAL, 1, BASE, 0, mem, 0 },
		{ "over slot 0", -EEXIST, 1, 0, SIZE, mem, 0 },
		{ "over the end of slot 0", -EEXIST, 1, VT_LOW_SIZE - VT_PAGE, SIZE, mem, 0 },
		{ "over the end of slot 9", -EEXIST, 1, BASE * 2 + SIZE - VT_PAGE, SIZE, mem, 0 },
		{ "over the start of slot 9", -EEXIST, 1, BASE * 2 - SIZE + VT_PAGE, SIZE, mem, 0 },
		{ "around slot 9", -EEXIST, 1, BASE * 2 - VT_PAGE, SIZE + 2 * VT_PAGE, mem, 0 },
		{ "slot 9 larger", -EINVAL, 9, BASE * 2, SIZE + VT_PAGE, mem, 0 },
		{ "slot 9 on other memory", -EINVAL, 9, BASE * 2, SIZE, mem + VT_PAGE, 0 },
		{ "slot 9 read-only afterwards", -EINVAL, 9, BASE * 2, SIZE, mem,
		  KVM_MEM_READONLY },
		{ "slot 9 moved over slot 0", -EEXIST, 9, VT_LOW_SIZE - VT_PAGE, SIZE, mem, 0 },
	};

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(peek));
	vt_set_slot(&self->vm, 9, BASE * 2, SIZE, mem, 0);
	*(uint64_t *)mem = 99;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		long ret = vt_try_slot(self->vm.fd, bad[i].slot, bad[i].gpa, bad[i].size,
				       bad[i].hva, bad[i].flags);

		EXPECT_EQ(bad[i].want, ret)
			TH_LOG("%s: answered %ld", bad[i].name, ret);
	}
	/* And slot 9 is where it was. */
	EXPECT_EQ(99, peek(&self->vcpu, BASE * 2));
}

/* Neighbours touch and do not overlap. */
TEST_F(slots, neighbours)
{
	uint64_t *mem = numbered(3 * SIZE, 0x1000);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(peek));
	vt_set_slot(&self->vm, 1, BASE, SIZE, mem, 0);
	vt_set_slot(&self->vm, 3, BASE + 2 * SIZE, SIZE, mem + 2 * SIZE / 8, 0);
	vt_set_slot(&self->vm, 2, BASE + SIZE, SIZE, mem + SIZE / 8, 0);
	for (uint64_t at = 0; at < 3 * SIZE; at += VT_PAGE)
		EXPECT_EQ(0x1000 + at, peek(&self->vcpu, BASE + at));
}

/* One host page at two guest addresses. */
TEST_F(slots, alias)
{
	uint64_t *mem = numbered(SIZE, 5);

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(peek));
	vt_set_slot(&self->vm, 1, BASE, SIZE, mem, 0);
	vt_set_slot(&self->vm, 2, BASE * 2, SIZE, mem, 0);
	EXPECT_EQ(5, peek(&self->vcpu, BASE));
	EXPECT_EQ(5, peek(&self->vcpu, BASE * 2));
	mem[0] = 6;
	EXPECT_EQ(6, peek(&self->vcpu, BASE));
	EXPECT_EQ(6, peek(&self->vcpu, BASE * 2));
}

/* In: RSI first word, RCX how many, RDX distance. Out: RAX = their sum. */
VT_GUEST(add_up, 64,
	 "xor %eax, %eax\n"
	 "1: add (%rsi), %rax; add %rdx, %rsi; dec %rcx; jnz 1b; hlt");

/*
 * As many slots as there may be, up to what takes seconds here, each one page,
 * made in an order that is neither up nor down.
 */
TEST_F_TIMEOUT(slots, many, 120)
{
	const unsigned int limit = vt_cap(self->vm.dev, KVM_CAP_NR_MEMSLOTS);
	const unsigned int count = limit < 1024 ? limit - 1 : 1023;
	uint64_t *mem = vt_anon(count * VT_PAGE), want = 0;
	struct kvm_regs regs;

	for (unsigned int i = 0; i < count; i++) {
		unsigned int n = i * 389ul % count;

		mem[n * 512] = n + 1;
		want += n + 1;
		vt_set_slot(&self->vm, n + 1, BASE + n * 2 * VT_PAGE, VT_PAGE,
			    mem + n * 512, 0);
	}
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(add_up));
	vt_get_regs(&self->vcpu, &regs);
	regs.rsi = BASE;
	regs.rcx = count;
	regs.rdx = 2 * VT_PAGE;
	vt_set_regs(&self->vcpu, &regs);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	vt_get_regs(&self->vcpu, &regs);
	EXPECT_EQ(want, regs.rax);
	for (unsigned int i = 0; i < count; i += 3)
		vt_set_slot(&self->vm, i + 1, 0, 0, NULL, 0);
	/* The holes can be filled again. */
	vt_set_slot(&self->vm, 1, BASE, VT_PAGE, mem, 0);
}

TEST_HARNESS_MAIN
