// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_GET_SREGS and KVM_SET_SREGS: round trip in every mode; what the SDM
 * forbids is refused and changes nothing.
 */
#include <asm/processor-flags.h>
#include <errno.h>
#include <string.h>

#include "vt_fixture.h"

VT_FIXTURE(sregs)

TEST_F(sregs, after_reset)
{
	struct kvm_sregs sregs;

	/* SDM 3A, "Processor State After Reset". */
	vt_get_sregs(&self->vcpu, &sregs);
	EXPECT_EQ(0xf000, sregs.cs.selector);
	EXPECT_EQ(0xffff0000, sregs.cs.base);
	EXPECT_EQ(0xffff, sregs.cs.limit);
	EXPECT_EQ(0x60000010, sregs.cr0);
	EXPECT_EQ(0, sregs.cr4);
	EXPECT_EQ(0, sregs.efer);
	EXPECT_EQ(0xffff, sregs.idt.limit);
	EXPECT_EQ(0, sregs.ds.base);
}

static void same_segment(struct __test_metadata *_metadata, const char *name,
			 const struct kvm_segment *a, const struct kvm_segment *b)
{
	if (a->unusable && b->unusable)
		return;
	EXPECT_EQ(0, memcmp(a, b, offsetof(struct kvm_segment, padding)))
		TH_LOG("%s: selector %#x %#x base %#llx %#llx limit %#x %#x type %u %u",
		       name, a->selector, b->selector, a->base, b->base, a->limit,
		       b->limit, a->type, b->type);
}

#define SAME(seg)	same_segment(_metadata, #seg, &a->seg, &b->seg)

static void same(struct __test_metadata *_metadata, const struct kvm_sregs *a,
		 const struct kvm_sregs *b)
{
	SAME(cs);
	SAME(ds);
	SAME(es);
	SAME(fs);
	SAME(gs);
	SAME(ss);
	SAME(tr);
	SAME(ldt);
	EXPECT_EQ(a->gdt.base, b->gdt.base);
	EXPECT_EQ(a->gdt.limit, b->gdt.limit);
	EXPECT_EQ(a->idt.base, b->idt.base);
	EXPECT_EQ(a->idt.limit, b->idt.limit);
	EXPECT_EQ(a->cr0, b->cr0);
	EXPECT_EQ(a->cr2, b->cr2);
	EXPECT_EQ(a->cr3, b->cr3);
	EXPECT_EQ(a->cr4, b->cr4);
	EXPECT_EQ(a->cr8, b->cr8);
	EXPECT_EQ(a->efer, b->efer);
	EXPECT_EQ(a->apic_base, b->apic_base);
	EXPECT_EQ(0, memcmp(a->interrupt_bitmap, b->interrupt_bitmap,
			    sizeof(a->interrupt_bitmap)));
}

TEST_F(sregs, set_get_in_every_mode)
{
	struct kvm_sregs set, got;

	for (int mode = 0; mode < VT_MODES; mode++) {
		vt_enter_mode(&self->vcpu, mode);
		vt_get_sregs(&self->vcpu, &set);
		set.fs.base = mode == VT_REAL ? 0x12340 : 0x12345678;
		set.fs.selector = mode == VT_REAL ? 0x1234 : VT_SEL_DATA;
		set.gs.base = mode == VT_LONG ? 0xffff800012345000 : set.gs.base;
		set.cr2 = 0xdeadbeef;
		set.cr8 = mode & 0xf;
		set.gdt.limit = 0x7f;
		vt_set_sregs(&self->vcpu, &set);
		memset(&got, 0x55, sizeof(got));
		vt_get_sregs(&self->vcpu, &got);
		same(_metadata, &set, &got);
	}
}

/* An interrupt that was on its way when the state was saved. */
TEST_F(sregs, interrupt_bitmap)
{
	struct kvm_sregs set, got;

	vt_get_sregs(&self->vcpu, &set);
	set.interrupt_bitmap[0x51 / 64] = 1ull << (0x51 % 64);
	vt_set_sregs(&self->vcpu, &set);
	vt_get_sregs(&self->vcpu, &got);
	same(_metadata, &set, &got);
}

enum field { CR0, CR3, CR4, EFER, APIC_BASE, CS_L };

static const struct {
	const char *name;
	enum vt_mode mode;
	enum field field;
	uint64_t set;
	uint64_t clear;
	bool only_vellum;	/* KVM of 6.1 does not look at this one */
} forbidden[] = {
	{ "64-bit paging without PAE", VT_LONG, CR4, 0, X86_CR4_PAE, false },
	{ "LMA without paging", VT_FLAT32, EFER, 1 << 10, 0, false },
	{ "64-bit code segment outside long mode", VT_FLAT32, CS_L, 1, 0, false },
	{ "paging with LME and without LMA", VT_LONG, EFER, 0, 1 << 10, false },
	{ "CR3 beyond the physical address width", VT_LONG, CR3, 1ull << 60, 0, false },
	{ "reserved bit of CR4", VT_FLAT32, CR4, 1ull << 15, 0, false },
	{ "upper half of CR4", VT_LONG, CR4, 1ull << 40, 0, false },
	{ "x2APIC without APIC", VT_FLAT32, APIC_BASE, 1 << 10, 1 << 11, false },
	{ "reserved bit of the APIC base", VT_FLAT32, APIC_BASE, 1 << 1, 0, false },
	{ "paging without protection", VT_PAGED32, CR0, 0, X86_CR0_PE, true },
	{ "NW without CD", VT_FLAT32, CR0, X86_CR0_NW, X86_CR0_CD, true },
	{ "upper half of CR0", VT_LONG, CR0, 1ull << 32, 0, true },
};

TEST_F(sregs, forbidden)
{
	struct kvm_sregs bad, before, after;

	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++) {
		uint64_t *const words[] = {
			[CR0] = (uint64_t *)&bad.cr0, [CR3] = (uint64_t *)&bad.cr3,
			[CR4] = (uint64_t *)&bad.cr4, [EFER] = (uint64_t *)&bad.efer,
			[APIC_BASE] = (uint64_t *)&bad.apic_base,
		};
		long ret;

		if (forbidden[i].only_vellum && vt_on_kvm())
			continue;
		vt_enter_mode(&self->vcpu, forbidden[i].mode);
		vt_get_sregs(&self->vcpu, &before);
		bad = before;
		if (forbidden[i].field == CS_L) {
			bad.cs.l = 1;
			bad.cs.db = 0;
		} else {
			*words[forbidden[i].field] &= ~forbidden[i].clear;
			*words[forbidden[i].field] |= forbidden[i].set;
		}
		/* Something that would be seen if it were taken over. */
		bad.gdt.base += 0x1000;
		ret = VT_IOCTL(self->vcpu.fd, KVM_SET_SREGS, &bad);
		EXPECT_EQ(-EINVAL, ret)
			TH_LOG("%s: answered %ld", forbidden[i].name, ret);
		vt_get_sregs(&self->vcpu, &after);
		same(_metadata, &before, &after);
	}
}

TEST_HARNESS_MAIN
