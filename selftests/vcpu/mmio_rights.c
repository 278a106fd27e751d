// SPDX-License-Identifier: GPL-2.0-only
/*
 * An instruction that has accessed a device before may not do it again once its page,
 * or the device's, is closed to it: by the page tables, by the ring, by SMEP, SMAP,
 * CR0.WP, NX, a protection key, or for its alignment. What is remembered of the first
 * time must not let it through; and the same right given back must work again.
 */
#include <stdio.h>
#include <string.h>

#include "vt_fixture.h"

#define MMIO		0xd0000000ull
#define CODE		0x4000000000ull		/* virtual, of the instruction */
#define DEVICE		(CODE + VT_PAGE)	/* virtual */
#define CODE_GPA	0x110000u
#define DONE		0x80

#define P		1ull
#define W		2ull
#define U		4ull
#define KEY1		(1ull << 59)
#define RESERVED	(1ull << 51)
#define NX		(1ull << 63)

#define CR0_WP		(1ull << 16)
#define CR0_AM		(1ull << 18)
#define CR4_SMEP	(1ull << 20)
#define CR4_SMAP	(1ull << 21)
#define CR4_PKE		(1ull << 22)
#define EFER_NXE	(1ull << 11)
#define RFLAGS		0x3002u			/* ports are open to ring 3 */
#define AC		(1u << 18)

/* SDM 3A, "Page-Fault Exceptions" (vector 14), and "Alignment Check Exception". */
#define PF		14
#define ALIGNMENT	17
#define E_P		1u
#define E_W		2u
#define E_U		4u
#define E_RSVD		8u
#define E_I		16u
#define E_PK		32u

/* Ring 0 throws away what the CPU has cached, and sets PKRU, if there is one. */
VT_GUEST(rights_flush, 64,
	 "mov %cr3, %rax; mov %rax, %cr3; mov %cr4, %rax; bt $22, %rax; jnc 1f\n"
	 "mov %ebx, %eax; xor %ecx, %ecx; xor %edx, %edx; wrpkru; 1: out %al, $0x81");
VT_GUEST(rights_store, 64, "mov %eax, (%rdi); out %al, $0x80");
VT_GUEST(rights_load, 64, "mov (%rdi), %eax; out %al, $0x80");

/* What the instruction is allowed by. */
struct rights {
	unsigned int ring;
	uint64_t code;		/* flags of its page */
	uint64_t device;	/* and of the device's */
	uint64_t cr0;		/* bits besides the usual ones */
	uint64_t cr4;
	uint32_t flags;		/* RFLAGS besides the usual ones */
	uint32_t pkru;
	unsigned int offset;	/* into the device */
};

struct refusal {
	const char *name;
	struct rights before, then;
	unsigned int vector;
	uint64_t error;
	uint64_t at;		/* CR2 */
	bool load;
};

#define R0(c, d, ...)	{ .ring = 0, .code = (c), .device = (d), ##__VA_ARGS__ }
#define R3(c, d, ...)	{ .ring = 3, .code = (c), .device = (d), ##__VA_ARGS__ }
#define FAULT(e, a)	.vector = PF, .error = (e), .at = (a)

VT_FIXTURE(rights)

static void set_ring(struct kvm_sregs *sregs, unsigned int ring)
{
	sregs->cs.selector = ring ? VT_SEL_UCODE : VT_SEL_CODE;
	sregs->ss.selector = ring ? VT_SEL_UDATA : VT_SEL_DATA;
	sregs->cs.dpl = ring;
	sregs->ss.dpl = ring;
}

static void set_state(struct vt_vcpu *vcpu, const struct kvm_sregs *usual,
		      const struct rights *r, unsigned int ring, uint64_t rip)
{
	struct kvm_sregs sregs = *usual;
	struct kvm_regs regs = {
		.rip = rip, .rflags = RFLAGS | r->flags, .rsp = VT_STACK_TOP,
		.rdi = DEVICE + r->offset, .rax = 0x11111111, .rbx = r->pkru,
	};

	sregs.cr0 = (sregs.cr0 & ~CR0_WP) | r->cr0;
	sregs.cr4 |= r->cr4;
	sregs.efer |= EFER_NXE;
	set_ring(&sregs, ring);
	vt_set_sregs(vcpu, &sregs);
	vt_set_regs(vcpu, &regs);
}

/* Up to where the instruction is next. */
static void prepare(struct vt_vcpu *vcpu, const struct kvm_sregs *usual, const struct rights *r)
{
	vt_map_long(vcpu->vm, CODE, CODE_GPA, VT_PAGE, r->code);
	vt_map_long(vcpu->vm, DEVICE, MMIO, VT_PAGE, r->device);
	set_state(vcpu, usual, r, 0, VT_CODE);
	vt_run_to_out(vcpu, 0x81);
	set_state(vcpu, usual, r, r->ring, CODE);
}

static void start(struct vt_vcpu *vcpu, struct kvm_sregs *usual, bool load)
{
	struct vt_payload code = load ? VT_PAYLOAD(rights_load) : VT_PAYLOAD(rights_store);
	uint64_t *directory = (uint64_t *)(vcpu->vm->mem + VT_TABLES + 2 * VT_PAGE);

	vt_start(vcpu, VT_LONG, VT_PAYLOAD(rights_flush));
	vt_catch(vcpu, VT_LONG);
	memcpy(vcpu->vm->mem + CODE_GPA, code.start, code.end - code.start);
	/* Handlers, stack and tables are ring 0's, as SMEP and SMAP want them. */
	directory[0] &= ~U;
	vt_get_sregs(vcpu, usual);
}

/* It is at the device: the access of a KVM_EXIT_MMIO, and on from there. */
static bool reaches(struct vt_vcpu *vcpu, const struct rights *r, bool load)
{
	const struct kvm_run *run = vcpu->run;

	vt_run(vcpu);
	if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.is_write == load ||
	    run->mmio.phys_addr != MMIO + r->offset)
		return false;
	vt_run_to_out(vcpu, DONE);
	return true;
}

static bool refused(struct vt_vcpu *vcpu, const struct refusal *c)
{
	const struct vt_caught *caught = vt_caught(vcpu);
	long reason = vt_run(vcpu);

	if (reason == KVM_EXIT_HLT && caught->vector == c->vector &&
	    caught->error == c->error && caught->rip == CODE &&
	    (c->vector != PF || caught->cr2 == c->at))
		return true;
	printf("# %s: exit %s, vector %llu, error %#llx, rip %#llx, cr2 %#llx\n", c->name,
	       vt_exit_name(reason), (unsigned long long)caught->vector,
	       (unsigned long long)caught->error, (unsigned long long)caught->rip,
	       (unsigned long long)caught->cr2);
	return false;
}

#define CHECK_REFUSALS(cases) do {						\
	for (size_t i_ = 0; i_ < sizeof(cases) / sizeof((cases)[0]); i_++) {	\
		const struct refusal *c_ = &(cases)[i_];			\
		struct kvm_sregs usual_;					\
										\
		start(&self->vcpu, &usual_, c_->load);				\
		for (int n_ = 0; n_ < 6; n_++) {				\
			if (n_ == 3) {						\
				prepare(&self->vcpu, &usual_, &c_->then);	\
				EXPECT_TRUE(refused(&self->vcpu, c_));		\
			}							\
			prepare(&self->vcpu, &usual_, &c_->before);		\
			EXPECT_TRUE(reaches(&self->vcpu, &c_->before, c_->load)) \
				TH_LOG("%s, time %d", c_->name, n_);		\
		}								\
	}									\
} while (0)

TEST_F(rights, page_tables)
{
	static const struct refusal cases[] = {
		{ "not present", R0(P, P | W), R0(P, W), FAULT(E_W, DEVICE) },
		{ "not present, read", R0(P, P), R0(P, 0), FAULT(0, DEVICE), .load = true },
		{ "a reserved bit", R0(P, P | W), R0(P, P | W | RESERVED),
		  FAULT(E_P | E_W | E_RSVD, DEVICE) },
		{ "read-only", R0(P, P | W, .cr0 = CR0_WP), R0(P, P, .cr0 = CR0_WP),
		  FAULT(E_P | E_W, DEVICE) },
		{ "CR0.WP", R0(P, P), R0(P, P, .cr0 = CR0_WP), FAULT(E_P | E_W, DEVICE) },
		{ "code not present", R0(P, P | W), R0(0, P | W), FAULT(E_I, CODE) },
		{ "code is NX", R0(P, P | W), R0(P | NX, P | W), FAULT(E_P | E_I, CODE) },
	};

	CHECK_REFUSALS(cases);
}

TEST_F(rights, ring_3)
{
	static const struct refusal cases[] = {
		{ "the device is ring 0's", R3(P | U, P | W | U), R3(P | U, P | W),
		  FAULT(E_P | E_W | E_U, DEVICE) },
		{ "so it is for a read", R3(P | U, P | U), R3(P | U, P),
		  FAULT(E_P | E_U, DEVICE), .load = true },
		{ "read-only", R3(P | U, P | W | U), R3(P | U, P | U),
		  FAULT(E_P | E_W | E_U, DEVICE) },
		{ "the code is ring 0's", R3(P | U, P | W | U), R3(P, P | W | U),
		  FAULT(E_P | E_U | E_I, CODE) },
		{ "another ring", R0(P | U, P | W), R3(P | U, P | W),
		  FAULT(E_P | E_W | E_U, DEVICE) },
		{ "alignment", R3(P | U, P | W | U, .cr0 = CR0_AM, .offset = 2),
		  R3(P | U, P | W | U, .cr0 = CR0_AM, .flags = AC, .offset = 2),
		  .vector = ALIGNMENT },
	};

	CHECK_REFUSALS(cases);
}

static bool has(const struct vt_vm *vm, bool in_ecx, unsigned int bit)
{
	const struct kvm_cpuid_entry2 *leaf = vt_cpuid_leaf(vt_supported_cpuid(vm->dev), 7, 0);

	return leaf && (in_ecx ? leaf->ecx : leaf->ebx) >> bit & 1;
}

TEST_F(rights, smep_and_smap)
{
	static const struct refusal cases[] = {
		{ "SMEP", R0(P | U, P | W), R0(P | U, P | W, .cr4 = CR4_SMEP),
		  FAULT(E_P | E_I, CODE) },
		{ "SMEP, and the page", R0(P, P | W, .cr4 = CR4_SMEP),
		  R0(P | U, P | W, .cr4 = CR4_SMEP), FAULT(E_P | E_I, CODE) },
		{ "SMAP", R0(P, P | W | U), R0(P, P | W | U, .cr4 = CR4_SMAP),
		  FAULT(E_P | E_W, DEVICE) },
		{ "SMAP, a read", R0(P, P | U), R0(P, P | U, .cr4 = CR4_SMAP),
		  FAULT(E_P, DEVICE), .load = true },
		{ "SMAP without AC", R0(P, P | W | U, .cr4 = CR4_SMAP, .flags = AC),
		  R0(P, P | W | U, .cr4 = CR4_SMAP), FAULT(E_P | E_W, DEVICE) },
		{ "SMAP, and the page", R0(P, P | W, .cr4 = CR4_SMAP),
		  R0(P, P | W | U, .cr4 = CR4_SMAP), FAULT(E_P | E_W, DEVICE) },
	};

	if (!has(&self->vm, false, 7) || !has(&self->vm, false, 20))
		SKIP(return, "this CPU has no SMEP or no SMAP");
	CHECK_REFUSALS(cases);
}

#define WRITE_OFF	.cr4 = CR4_PKE, .pkru = 2 << 2
#define ACCESS_OFF	.cr4 = CR4_PKE, .pkru = 1 << 2

TEST_F(rights, protection_keys)
{
	static const struct refusal cases[] = {
		{ "write disabled", R3(P | U, P | W | U | KEY1, .cr4 = CR4_PKE),
		  R3(P | U, P | W | U | KEY1, WRITE_OFF),
		  FAULT(E_P | E_W | E_U | E_PK, DEVICE) },
		{ "access disabled", R3(P | U, P | U | KEY1, WRITE_OFF),
		  R3(P | U, P | U | KEY1, ACCESS_OFF), FAULT(E_P | E_U | E_PK, DEVICE),
		  .load = true },
		{ "another key", R3(P | U, P | W | U, ACCESS_OFF),
		  R3(P | U, P | W | U | KEY1, ACCESS_OFF),
		  FAULT(E_P | E_W | E_U | E_PK, DEVICE) },
		{ "ring 0 and CR0.WP", R0(P, P | W | U | KEY1, WRITE_OFF),
		  R0(P, P | W | U | KEY1, WRITE_OFF, .cr0 = CR0_WP),
		  FAULT(E_P | E_W | E_PK, DEVICE) },
		{ "CR4.PKE", R3(P | U, P | W | U | KEY1),
		  R3(P | U, P | W | U | KEY1, ACCESS_OFF),
		  FAULT(E_P | E_W | E_U | E_PK, DEVICE) },
	};

	if (!has(&self->vm, true, 3))
		SKIP(return, "this CPU has no protection keys");
	CHECK_REFUSALS(cases);
}

/* Nothing but RIP is set: what the CPU has cached stays. */
static void go_back(struct vt_vcpu *vcpu)
{
	struct kvm_regs regs;

	vt_get_regs(vcpu, &regs);
	regs.rip = CODE;
	vt_set_regs(vcpu, &regs);
}

/* The entry forbids it, and the CPU may still have the one of before. */
TEST_F(rights, stale_translation)
{
	static const struct refusal nx = {
		"NX, not flushed", R0(P, P | W), R0(P | NX, P | W), FAULT(E_P | E_I, CODE)
	};
	struct kvm_sregs usual;

	start(&self->vcpu, &usual, false);
	for (int n = 0; n < 3; n++) {
		prepare(&self->vcpu, &usual, &nx.before);
		EXPECT_TRUE(reaches(&self->vcpu, &nx.before, false));
		go_back(&self->vcpu);
		EXPECT_TRUE(reaches(&self->vcpu, &nx.before, false));
		vt_map_long(&self->vm, CODE, CODE_GPA, VT_PAGE, nx.then.code);
		go_back(&self->vcpu);
		EXPECT_TRUE(refused(&self->vcpu, &nx));
	}
}

TEST_HARNESS_MAIN
