// SPDX-License-Identifier: GPL-2.0-only
/* Guests of random code, in random states, with tables that they spoil. */
#include <errno.h>
#include <string.h>

#include "guests.h"

/* What leads into the hypervisor: first bytes, to be followed by random ones. */
static const struct {
	uint8_t size, byte[3];
} heads[] = {
	{ 2, { 0x0f, 0xa2 } },		/* CPUID */
	{ 2, { 0x0f, 0x32 } },		/* RDMSR */
	{ 2, { 0x0f, 0x30 } },		/* WRMSR */
	{ 2, { 0x0f, 0x20 } },		/* MOV from CR */
	{ 2, { 0x0f, 0x22 } },		/* MOV to CR */
	{ 2, { 0x0f, 0x21 } },		/* MOV from DR */
	{ 2, { 0x0f, 0x23 } },		/* MOV to DR */
	{ 2, { 0x0f, 0x01 } },		/* LGDT, INVLPG, LMSW, VMCALL, XSETBV, ... */
	{ 2, { 0x0f, 0x00 } },		/* LTR, LLDT, ... */
	{ 2, { 0x0f, 0xc7 } },		/* CMPXCHG8B, VMPTRLD, RDRAND, XSAVES, ... */
	{ 2, { 0x0f, 0xae } },		/* FXSAVE, XSAVE, ... */
	{ 2, { 0x0f, 0x78 } },		/* VMREAD */
	{ 3, { 0x0f, 0x38, 0x80 } },	/* INVEPT */
	{ 2, { 0x0f, 0x0b } },		/* UD2 */
	{ 2, { 0x0f, 0x35 } },		/* SYSEXIT */
	{ 2, { 0x0f, 0x05 } },		/* SYSCALL */
	{ 2, { 0x0f, 0x31 } },		/* RDTSC */
	{ 2, { 0x0f, 0x33 } },		/* RDPMC */
	{ 2, { 0x0f, 0x06 } },		/* CLTS */
	{ 2, { 0x0f, 0x09 } },		/* WBINVD */
	{ 2, { 0xf3, 0x90 } },		/* PAUSE */
	{ 1, { 0xcd } },		/* INT n */
	{ 1, { 0xcc } }, { 1, { 0xf1 } }, { 1, { 0xcf } },	/* INT3, INT1, IRET */
	{ 1, { 0x9d } }, { 1, { 0xfb } }, { 1, { 0xfa } },	/* POPF, STI, CLI */
	{ 1, { 0xe4 } }, { 1, { 0xe6 } }, { 1, { 0xec } }, { 1, { 0xef } },	/* IN, OUT */
	{ 1, { 0x6c } }, { 1, { 0x6f } },	/* INS, OUTS */
	{ 2, { 0xf3, 0x6d } }, { 2, { 0xf3, 0xa4 } }, { 2, { 0xf3, 0xab } },
	{ 1, { 0x8e } },		/* MOV to a segment register */
	{ 1, { 0x17 } },		/* POP SS */
	{ 1, { 0xea } }, { 1, { 0x9a } }, { 1, { 0xcb } },	/* far JMP, CALL, RET */
	{ 1, { 0x8b } }, { 1, { 0x89 } }, { 1, { 0xff } }, { 1, { 0xc8 } },
	{ 1, { 0x66 } }, { 1, { 0x67 } }, { 1, { 0xf0 } }, { 1, { 0x48 } }, { 1, { 0x36 } },
};

static void write_code(struct guest *g, uint8_t *to, size_t size)
{
	size_t i = 0;

	rng_fill(&g->rng, to, size);
	if (rng_one_in(&g->rng, 4))
		return;
	while (i + 8 < size) {
		uint32_t n = rng_below(&g->rng, sizeof(heads) / sizeof(heads[0]));

		memcpy(to + i, heads[n].byte, heads[n].size);
		i += heads[n].size + rng_below(&g->rng, 4);
	}
}

static void random_regs(struct guest *g)
{
	struct kvm_regs regs;
	uint64_t *gpr = (uint64_t *)&regs;

	vt_get_regs(&g->vcpu, &regs);
	for (unsigned int i = 0; i < 16; i++)
		if (i != 6 || rng_one_in(&g->rng, 3))	/* RSP */
			gpr[i] = rng_one_in(&g->rng, 2) ? rng_hostile(&g->rng) :
				 rng_below(&g->rng, VT_LOW_SIZE);
	regs.rflags = 0x202 | (rng_hostile(&g->rng) & 0x253cd5);
	VT_IOCTL(g->vcpu.fd, KVM_SET_REGS, &regs);
}

static enum vt_mode any_mode(struct guest *g)
{
	return rng_below(&g->rng, VT_MODES);
}

static void prepare_code(struct guest *g)
{
	enum vt_mode mode;

	guest_make(g);
	mode = any_mode(g);
	vt_enter_mode(&g->vcpu, mode);
	if (mode >= VT_FLAT32 && rng_one_in(&g->rng, 2))
		vt_catch(&g->vcpu, mode);
	write_code(g, g->vm.mem + VT_CODE, 0x2000);
	random_regs(g);
}

void guest_random_code(struct guest *g)
{
	prepare_code(g);
	guest_run(g, 3);
}

void guest_stepped_code(struct guest *g)
{
	struct kvm_guest_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
	};

	prepare_code(g);
	VT_IOCTL(g->vcpu.fd, KVM_SET_GUEST_DEBUG, &debug);
	guest_run(g, 10);
}

/* Bits and whole numbers in the state, one after the other, as far as it is taken. */
void guest_random_state(struct guest *g)
{
	struct kvm_vcpu_events events;
	struct kvm_sregs sregs, try;
	uint8_t *at = (uint8_t *)&try;

	/* What KVM_SET_SREGS takes of segments is for VM entry to refuse. */
	g->may_fail_entry = true;
	guest_make(g);
	memset(g->vm.mem, 0xf4, g->vm.mem_size);	/* HLT wherever it goes */
	vt_enter_mode(&g->vcpu, any_mode(g));
	vt_get_sregs(&g->vcpu, &sregs);
	for (unsigned int n = rng_below(&g->rng, 60); n; n--) {
		try = sregs;
		if (rng_one_in(&g->rng, 2))
			at[rng_below(&g->rng, sizeof(try))] ^= 1u << rng_below(&g->rng, 8);
		else
			((uint64_t *)at)[rng_below(&g->rng, sizeof(try) / 8)] =
				rng_hostile(&g->rng);
		if (!VT_IOCTL(g->vcpu.fd, KVM_SET_SREGS, &try))
			sregs = try;
	}
	random_regs(g);
	VT_IOCTL(g->vcpu.fd, KVM_GET_VCPU_EVENTS, &events);
	for (unsigned int n = rng_below(&g->rng, 4); n; n--)
		((uint8_t *)&events)[rng_below(&g->rng, sizeof(events))] = rng_hostile(&g->rng);
	VT_IOCTL(g->vcpu.fd, KVM_SET_VCPU_EVENTS, &events);
	guest_run(g, 2);
}

/* Reads and writes at the addresses that RSI points to, up to one that is 0. */
VT_GUEST(hard_touch, 64, "1: lodsq; test %rax, %rax; jz 2f; mov (%rax), %rbx; jmp 1b;"
			 "2: hlt; jmp 2b");
VT_GUEST(hard_touch32, 32, "1: lodsl; test %eax, %eax; jz 2f; mov (%eax), %ebx;"
			   "lodsl; jmp 1b; 2: hlt; jmp 2b");

void guest_page_tables(struct guest *g)
{
	static const enum vt_mode modes[] = { VT_PAGED32, VT_PAE, VT_LONG };
	enum vt_mode mode = modes[rng_below(&g->rng, 3)];
	uint64_t *tables, *list;
	struct kvm_regs regs;

	guest_make(g);
	vt_start(&g->vcpu, mode, mode == VT_LONG ? VT_PAYLOAD(hard_touch) :
		 VT_PAYLOAD(hard_touch32));
	vt_catch(&g->vcpu, mode);
	tables = (uint64_t *)(g->vm.mem + VT_TABLES);
	list = (uint64_t *)(g->vm.mem + VT_DATA);
	for (unsigned int i = 0; i < 64; i++)
		list[i] = rng_one_in(&g->rng, 3) ? rng_next(&g->rng) & 0xffffffff :
			  rng_below(&g->rng, 4 * VT_LOW_SIZE);
	for (unsigned int n = 0; n < 12; n++) {
		vt_get_regs(&g->vcpu, &regs);
		regs.rip = VT_CODE;
		regs.rsi = VT_DATA;
		regs.rsp = VT_STACK_TOP;
		regs.rflags = 0x202;
		VT_IOCTL(g->vcpu.fd, KVM_SET_REGS, &regs);
		if (guest_run(g, 1) == KVM_EXIT_SHUTDOWN)
			break;
		/* Below VT_CODE all is tables: any of them, or what they point to. */
		for (unsigned int i = 0; i < 3; i++)
			tables[rng_below(&g->rng, (VT_CODE - VT_TABLES) / 8)] ^=
				1ull << rng_below(&g->rng, 64);
	}
}

VT_GUEST(hard_faults, 32,
	 "1: int $0x20; int $3; xor %eax, %eax; div %eax; ud2; int $8; lcall $0x40, $0;"
	 "mov %eax, 0xfffffff0; mov %ax, %ss; iret; jmp 1b");

/* An IDT and a GDT of gates and descriptors that are wrong in a few bits. */
void guest_gates(struct guest *g)
{
	static const uint8_t types[] = { 0x85, 0x8e, 0x8f, 0x86, 0x87, 0x89, 0x8b, 0x8c, 0xe5, 0 };
	uint8_t *idt, *gdt;

	guest_make(g);
	vt_start(&g->vcpu, rng_one_in(&g->rng, 2) ? VT_FLAT32 : VT_PAGED32,
		 VT_PAYLOAD(hard_faults));
	idt = g->vm.mem + VT_IDT;
	gdt = g->vm.mem + VT_GDT;
	for (unsigned int v = 0; v < 256; v++) {
		uint32_t to = VT_CODE + rng_below(&g->rng, 40);
		uint16_t selector = rng_one_in(&g->rng, 2) ? VT_SEL_CODE :
				    rng_below(&g->rng, 24) * 8 + rng_below(&g->rng, 8);

		idt[8 * v] = to;
		idt[8 * v + 1] = to >> 8;
		memcpy(&idt[8 * v + 2], &selector, 2);
		idt[8 * v + 4] = rng_one_in(&g->rng, 8) ? rng_next(&g->rng) : 0;
		idt[8 * v + 5] = types[rng_below(&g->rng, sizeof(types))];
		idt[8 * v + 6] = to >> 16;
	}
	rng_fill(&g->rng, gdt + 0x40, 0x80);
	for (unsigned int i = 8; i < 24; i++) {
		gdt[8 * i + 5] = types[rng_below(&g->rng, sizeof(types))];
		if (rng_one_in(&g->rng, 3))
			gdt[8 * i + 7] = gdt[8 * i + 6] = gdt[8 * i + 4] = 0;
	}
	rng_fill(&g->rng, g->vm.mem + VT_TSS, rng_one_in(&g->rng, 2) ? 0x68 : 8);
	guest_run(g, 3);
}
