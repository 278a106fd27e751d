// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 17 instructions that read or change the state of the machine at every
 * privilege level, and on old CPUs made a monitor without hardware help wrong:
 * SGDT SIDT SLDT SMSW STR PUSHF POPF LAR LSL VERR VERW POP PUSH CALL JMP INT n
 * RET (IRET) MOV, those from PUSH on with segment registers or gates.
 *
 * Each runs in ring 0 and ring 3, in 64-bit, 32-bit and compatibility mode, and
 * what must come of it stands beside it in guest/silent.inc. That of ring 3 is
 * also compared, register by register, with the same bytes run by this process:
 * the guest has the descriptor tables of a 64-bit Linux for that.
 */
#include <asm/ldt.h>
#include <asm/processor-flags.h>
#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vt_fixture.h"
#include "vt_native.h"

#define SLOT	64u	/* bytes of a case */
#define LDT	(VT_GDT + 0x800)
#define SEL_LDT	0x50
#define LDT_SLOTS	4u
#define CR0	(X86_CR0_PG | X86_CR0_AM | X86_CR0_WP | X86_CR0_NE | X86_CR0_ET | \
		 X86_CR0_MP | X86_CR0_PE)

struct record {
	const char *name;
	uint64_t host;
	struct wanted {
		uint64_t vector, error, rax, rbx;
	} ring[2];	/* 0 and 3 */
};

extern const struct record silent64_records[], silent64_records_end[];
extern const struct record silent32_records[], silent32_records_end[];
extern const uint8_t silent64_code[], silent32_code[];

/* SDM 3A, "Segment Descriptors"; selectors in guest/silent.inc. */
static const uint64_t gdt[16] = {
	[1] = 0x00cf9b000000ffff, [2] = 0x00af9b000000ffff, [3] = 0x00cf93000000ffff,
	[4] = 0x00cffb000000ffff, [5] = 0x00cff3000000ffff, [6] = 0x00affb000000ffff,
	[8] = 0x00008b0000000067 | VT_TSS << 16,
	[10] = 0x0000820000000000 | LDT << 16 | (8 * LDT_SLOTS - 1),
};

/* A call gate to VT_CODE + 64, where Linux has nothing. SDM 3A, "Call Gates". */
#define GATE		12
#define GATE_TO(cs)	(0x0001ec0000000040 | (uint64_t)(cs) << 16)

static const uint64_t ldt[LDT_SLOTS] = {
	0x00cff3000000ffff, 0x00cf73000000ffff, 0x0040f10000000123, 0x00cff9000000ffff,
};

FIXTURE(silent)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
};

FIXTURE_VARIANT(silent)
{
	enum vt_mode mode;
	int bits;
	bool user;
};

FIXTURE_VARIANT_ADD(silent, long64_ring0) { .mode = VT_LONG, .bits = 64, };
FIXTURE_VARIANT_ADD(silent, long64_ring3) { .mode = VT_LONG, .bits = 64, .user = true, };
FIXTURE_VARIANT_ADD(silent, compat_ring0) { .mode = VT_LONG, .bits = 32, };
FIXTURE_VARIANT_ADD(silent, compat_ring3) { .mode = VT_LONG, .bits = 32, .user = true, };
FIXTURE_VARIANT_ADD(silent, paged32_ring0) { .mode = VT_PAGED32, .bits = 32, };
FIXTURE_VARIANT_ADD(silent, paged32_ring3) { .mode = VT_PAGED32, .bits = 32, .user = true, };

static struct kvm_segment segment(uint16_t selector)
{
	uint64_t desc = gdt[selector / 8];

	return (struct kvm_segment){
		.selector = selector,
		.limit = 0xffffffff,
		.type = desc >> 40 & 15,
		.s = 1,
		.dpl = desc >> 45 & 3,
		.present = 1,
		.l = desc >> 53 & 1,
		.db = desc >> 54 & 1,
		.g = 1,
	};
}

/* The tables and system registers of Linux, as far as a process can see them. */
static void be_like_linux(struct vt_vcpu *vcpu, enum vt_mode mode, int bits, bool user)
{
	uint64_t *idt = (uint64_t *)(vcpu->vm->mem + VT_IDT);
	const uint16_t kernel_cs = mode == VT_LONG ? 0x10 : 0x08;
	struct kvm_sregs sregs;

	memcpy(vcpu->vm->mem + VT_GDT, gdt, sizeof(gdt));
	memcpy(vcpu->vm->mem + LDT, ldt, sizeof(ldt));
	((uint64_t *)(vcpu->vm->mem + VT_GDT))[GATE] = GATE_TO(kernel_cs);
	if (mode != VT_LONG)
		*(uint32_t *)(vcpu->vm->mem + VT_TSS + 8) = 0x18;
	for (unsigned int v = 0; v < 256; v++) {
		uint64_t *gate = &idt[mode == VT_LONG ? 2 * v : v];

		*gate = (*gate & ~0xffff0000ull) | kernel_cs << 16;
		if (v >= 32)
			*gate &= ~(3ull << 45);
	}
	vt_get_sregs(vcpu, &sregs);
	sregs.cr0 = CR0;
	sregs.gdt.limit = 0x7f;
	sregs.tr.selector = 0x40;
	sregs.ldt = (struct kvm_segment){
		.selector = SEL_LDT, .base = LDT, .limit = 8 * LDT_SLOTS - 1,
		.type = 2, .present = 1,
	};
	sregs.cs = segment(bits == 64 ? (user ? 0x33 : 0x10) : (user ? 0x23 : 0x08));
	sregs.ss = segment(user ? 0x2b : 0x18);
	sregs.ds = segment(0x2b);
	sregs.es = segment(0x2b);
	sregs.fs = (struct kvm_segment){ .unusable = 1 };
	sregs.gs = (struct kvm_segment){ .unusable = 1 };
	vt_set_sregs(vcpu, &sregs);
}

static void run_guest(struct vt_vcpu *vcpu, enum vt_mode mode, int bits, bool user,
		      struct vt_outcome *out)
{
	const struct vt_caught *caught = vt_caught(vcpu);
	struct kvm_regs regs = { .rip = VT_CODE, .rsp = VT_NATIVE_STACK, .rflags = 0x202 };
	struct kvm_sregs sregs;

	vt_enter_mode(vcpu, mode);
	vt_catch(vcpu, mode);
	be_like_linux(vcpu, mode, bits, user);
	vt_set_regs(vcpu, &regs);
	vt_run_to(vcpu, KVM_EXIT_HLT);
	vt_get_regs(vcpu, &regs);
	vt_get_sregs(vcpu, &sregs);
	*out = (struct vt_outcome){
		.vector = caught->vector, .error = caught->error, .rip = caught->rip,
		.cs = caught->cs & 0xffff, .rflags = caught->rflags,
		.rsp = caught->rsp, .ss = caught->ss & 0xffff,
		.gpr = { regs.rax, regs.rbx, regs.rcx, regs.rdx, regs.rsi, regs.rdi,
			 regs.rbp, regs.r8, regs.r9, regs.r10, regs.r11, regs.r12,
			 regs.r13, regs.r14, regs.r15 },
		.ds = sregs.ds.selector, .es = sregs.es.selector,
		.fs = sregs.fs.selector, .gs = sregs.gs.selector,
	};
}

FIXTURE_SETUP(silent)
{
	struct vt_outcome ignored;

	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
	/*
	 * Once without looking, so that every page is there when it counts: an
	 * INT3 that comes again after an EPT violation has RF set in Bochs.
	 */
	memcpy(self->vm.mem + VT_CODE, silent64_code, SLOT);
	run_guest(&self->vcpu, variant->mode, variant->bits, variant->user, &ignored);
}

FIXTURE_TEARDOWN(silent)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
}

/* The local descriptor table above, for this process. */
static bool install_ldt(void)
{
	const struct user_desc entries[LDT_SLOTS] = {
		{ .entry_number = 0, .limit = 0xfffff, .seg_32bit = 1,
		  .limit_in_pages = 1 },
		{ .entry_number = 1, .limit = 0xfffff, .seg_32bit = 1,
		  .limit_in_pages = 1, .seg_not_present = 1 },
		{ .entry_number = 2, .limit = 0x123, .seg_32bit = 1,
		  .read_exec_only = 1 },
		{ .entry_number = 3, .limit = 0xfffff, .seg_32bit = 1, .contents = 2,
		  .limit_in_pages = 1, .read_exec_only = 1 },
	};
	uint64_t got[LDT_SLOTS] = { 0 };

	for (unsigned int i = 0; i < LDT_SLOTS; i++)
		if (syscall(SYS_modify_ldt, 0x11, &entries[i], sizeof(entries[i])))
			return false;
	syscall(SYS_modify_ldt, 0, got, sizeof(got));
	for (unsigned int i = 0; i < LDT_SLOTS; i++)
		if (got[i] != ldt[i])
			vt_die("LDT entry %u is %#llx", i, (unsigned long long)got[i]);
	return true;
}

/* With UMIP the kernel answers SGDT and its like, and invents the answers. */
static bool umip(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && ecx & 1 << 2;
}

static void prepare(uint8_t *code, uint8_t *data, uint8_t *stack, const uint8_t *slot)
{
	memcpy(code, slot, SLOT);
	memset(data, 0xcc, VT_PAGE);
	memset(stack, 0xcc, VT_PAGE);
}

static void print(const char *where, const struct vt_outcome *o)
{
	printf("#   %-5s vector %llu error %#llx at %#llx:%#llx flags %#llx rsp %#llx\n",
	       where, (unsigned long long)o->vector, (unsigned long long)o->error,
	       (unsigned long long)o->cs, (unsigned long long)o->rip,
	       (unsigned long long)o->rflags, (unsigned long long)o->rsp);
	printf("#         ss %#llx ds %#x es %#x fs %#x gs %#x rax %#llx rbx %#llx\n",
	       (unsigned long long)o->ss, o->ds, o->es, o->fs, o->gs,
	       (unsigned long long)o->gpr[VT_RAX], (unsigned long long)o->gpr[VT_RBX]);
}

TEST_F(silent, instructions)
{
	const bool wide = variant->bits == 64;
	const struct record *record = wide ? silent64_records : silent32_records;
	const struct record *end = wide ? silent64_records_end : silent32_records_end;
	const uint8_t *slot = (wide ? silent64_code : silent32_code) + SLOT;
	uint8_t *const stack = (uint8_t *)(uintptr_t)(VT_NATIVE_STACK - VT_PAGE);
	uint8_t *const mem = self->vm.mem;
	struct vt_outcome guest, host;
	unsigned int compared = 0, all = end - record;
	bool native = variant->user && !umip() && vt_native_init() && install_ldt();

	for (; record < end; record++, slot += SLOT) {
		const struct wanted *want = &record->ring[variant->user];

		prepare(mem + VT_CODE, mem + VT_DATA, mem + (uintptr_t)stack, slot);
		run_guest(&self->vcpu, variant->mode, variant->bits, variant->user, &guest);
		EXPECT_EQ(want->vector, guest.vector);
		EXPECT_EQ(want->error, guest.error);
		EXPECT_EQ(want->rax, guest.gpr[VT_RAX]);
		EXPECT_EQ(want->rbx, guest.gpr[VT_RBX]) {
			printf("# %s\n", record->name);
			print("guest", &guest);
		}
		if (!native || !record->host)
			continue;
		prepare((uint8_t *)(uintptr_t)VT_CODE, (uint8_t *)(uintptr_t)VT_DATA,
			stack, slot);
		vt_native_run(wide ? 0x33 : 0x23, &host);
		compared++;
		EXPECT_EQ(0, memcmp(&guest, &host, sizeof(host))) {
			printf("# %s\n", record->name);
			print("guest", &guest);
			print("host", &host);
		}
		EXPECT_EQ(0, memcmp(mem + VT_DATA, (void *)(uintptr_t)VT_DATA, VT_PAGE));
		EXPECT_EQ(0, memcmp(mem + (uintptr_t)stack, stack, VT_PAGE));
	}
	printf("# show: %s, %d bits, ring %d: %u cases, %u of them as on this CPU without VT-x\n",
	       vt_mode_name(variant->mode), variant->bits, variant->user ? 3 : 0, all, compared);
	if (variant->user && !umip())
		EXPECT_LT(all - 4, compared);
}

/*
 * LAR, LSL, VERR, VERW of each selector at DATA + 0x800, up to one that is -1.
 * The bits of LAR's result that are part of the limit are not defined.
 */
#define PROBE								\
	"1: movzwl 0x20800(,%edi,2), %edx\n"				\
	"cmp $0xffff, %edx; jne 2f; int3\n"				\
	"2: xor %eax, %eax; lar %edx, %eax; sete 0x20008(%esi)\n"	\
	"and $0xf0ff00, %eax; mov %eax, 0x20000(%esi)\n"		\
	"xor %eax, %eax; lsl %edx, %eax; sete 0x20009(%esi)\n"		\
	"mov %eax, 0x20004(%esi)\n"					\
	"verr %dx; sete 0x2000a(%esi); verw %dx; sete 0x2000b(%esi)\n"	\
	"inc %edi; add $12, %esi; jmp 1b"
VT_GUEST(probe64, 64, PROBE);
VT_GUEST(probe32, 32, PROBE);

struct __attribute__((packed)) probe {
	uint32_t lar, lsl;
	uint8_t lar_zf, lsl_zf, verr, verw;
};

static const struct {
	uint16_t selector;
	uint8_t from;		/* 3: ring 0 only */
	struct probe is;
} descriptors[] = {
	{ 0x00, 4, { 0 } },
	{ 0x08, 3, { 0xc09b00, 0xffffffff, 1, 1, 1, 0 } },
	{ 0x10, 3, { 0xa09b00, 0xffffffff, 1, 1, 1, 0 } },
	{ 0x18, 3, { 0xc09300, 0xffffffff, 1, 1, 1, 1 } },
	{ 0x0b, 4, { 0 } },	/* RPL 3 has no right to DPL 0 */
	{ 0x1b, 4, { 0 } },
	{ 0x20, 0, { 0xc0fb00, 0xffffffff, 1, 1, 1, 0 } },
	{ 0x23, 0, { 0xc0fb00, 0xffffffff, 1, 1, 1, 0 } },
	{ 0x2b, 0, { 0xc0f300, 0xffffffff, 1, 1, 1, 1 } },
	{ 0x33, 0, { 0xa0fb00, 0xffffffff, 1, 1, 1, 0 } },
	{ 0x38, 4, { 0 } },	/* empty */
	{ 0x40, 3, { 0x008b00, 0x67, 1, 1, 0, 0 } },
	{ 0x50, 3, { 0x008200, 8 * LDT_SLOTS - 1, 1, 1, 0, 0 } },
	{ 0x07, 0, { 0xc0f300, 0xffffffff, 1, 1, 1, 1 } },
	{ 0x17, 0, { 0x40f100, 0x123, 1, 1, 1, 0 } },
	{ 0x1f, 0, { 0xc0f900, 0xffffffff, 1, 1, 0, 0 } },
	{ 0x27, 4, { 0 } },	/* behind the limits */
	{ 0x1003, 4, { 0 } },
};

static void prepare_probe(uint8_t *code, uint8_t *data, struct vt_payload payload)
{
	uint16_t *list = (uint16_t *)(data + 0x800);

	memcpy(code, payload.start, payload.end - payload.start);
	memset(data, 0xcc, VT_PAGE);
	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++)
		list[i] = descriptors[i].selector;
	list[ARRAY_SIZE(descriptors)] = 0xffff;
}

TEST_F(silent, descriptors)
{
	struct vt_payload code = variant->bits == 64 ? VT_PAYLOAD(probe64) :
						       VT_PAYLOAD(probe32);
	uint8_t *const data = (uint8_t *)(uintptr_t)VT_DATA;
	const struct probe *got = (struct probe *)(self->vm.mem + VT_DATA);
	struct vt_outcome guest, host;

	prepare_probe(self->vm.mem + VT_CODE, self->vm.mem + VT_DATA, code);
	run_guest(&self->vcpu, variant->mode, variant->bits, variant->user, &guest);
	EXPECT_EQ(3, guest.vector);
	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++) {
		struct probe want = descriptors[i].is;

		if (descriptors[i].from > (variant->user ? 0 : 3))
			want = (struct probe){ 0 };
		EXPECT_EQ(0, memcmp(&want, &got[i], sizeof(want)))
			TH_LOG("%#x: LAR %#x %u LSL %#x %u VERR %u VERW %u",
			       descriptors[i].selector, got[i].lar, got[i].lar_zf,
			       got[i].lsl, got[i].lsl_zf, got[i].verr, got[i].verw);
	}
	if (!variant->user || !vt_native_init() || !install_ldt())
		return;
	prepare_probe((uint8_t *)(uintptr_t)VT_CODE, data, code);
	vt_native_run(variant->bits == 64 ? 0x33 : 0x23, &host);
	EXPECT_EQ(0, memcmp(&guest, &host, sizeof(host)));
	EXPECT_EQ(0, memcmp(got, data, VT_PAGE));
}

/* CALL through a gate to ring 0, and RET back. */
#define GATED								\
	"9: movl $0, 0x20000; movl $0x63, 0x20004; lcall *0x20000\n"	\
	"mov %cs, %ecx; mov %ss, %edx; int3\n"				\
	".skip 64 - (. - 9b)\n"						\
	"mov %cs, %eax; mov %ss, %ebx\n"
VT_GUEST(gated64, 64, GATED "mov 8(%rsp), %esi; lretq");
VT_GUEST(gated32, 32, GATED "mov 4(%esp), %esi; lretl");

TEST_F(silent, call_gate)
{
	const bool wide = variant->bits == 64;
	const uint16_t cs = wide ? 0x33 : 0x23;
	struct vt_outcome guest;

	/* A gate to 64-bit code takes 64-bit code to come back. */
	if (variant->mode == VT_LONG && !wide)
		return;
	vt_load(&self->vcpu, wide ? VT_PAYLOAD(gated64) : VT_PAYLOAD(gated32));
	run_guest(&self->vcpu, variant->mode, variant->bits, variant->user, &guest);
	EXPECT_EQ(3, guest.vector);
	EXPECT_EQ(wide ? 0x10 : 0x08, guest.gpr[VT_RAX]);
	if (variant->user) {
		/* SDM 3A, "Stack Switching in 64-Bit Mode": SS becomes null. */
		EXPECT_EQ(wide ? 0 : 0x18, guest.gpr[VT_RBX]);
		EXPECT_EQ(cs, guest.gpr[VT_RCX]);
		EXPECT_EQ(0x2b, guest.gpr[VT_RDX]);
		EXPECT_EQ(VT_NATIVE_STACK, guest.rsp);
		EXPECT_EQ(cs, guest.gpr[VT_RSI]);
	} else {
		EXPECT_EQ(0x18, guest.gpr[VT_RBX]);
		EXPECT_EQ(guest.gpr[VT_RAX], guest.gpr[VT_RCX]);
		EXPECT_EQ(guest.gpr[VT_RAX], guest.gpr[VT_RSI]);
	}
}

TEST_HARNESS_MAIN
