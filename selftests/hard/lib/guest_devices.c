// SPDX-License-Identifier: GPL-2.0-only
/* Guests that do what they can to APICs, MSRs, interrupts and the dirty log. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "guests.h"

struct access {
	uint64_t where;
	uint64_t value;
	uint64_t what;		/* 0 to 3: write 1, 2, 4, 8 bytes; 4 to 7: read; 8: end */
};

/* Works off a list of accesses at RSI. */
VT_GUEST(hard_accesses, 64,
	 "1: mov (%rsi), %rdi; mov 8(%rsi), %rax; mov 16(%rsi), %rcx; add $24, %rsi\n"
	 "sti\n"
	 "cmp $0, %ecx; jne 2f; mov %al, (%rdi); jmp 1b\n"
	 "2: cmp $1, %ecx; jne 2f; mov %ax, (%rdi); jmp 1b\n"
	 "2: cmp $2, %ecx; jne 2f; mov %eax, (%rdi); jmp 1b\n"
	 "2: cmp $3, %ecx; jne 2f; mov %rax, (%rdi); jmp 1b\n"
	 "2: cmp $4, %ecx; jne 2f; mov (%rdi), %al; jmp 1b\n"
	 "2: cmp $5, %ecx; jne 2f; mov (%rdi), %ax; jmp 1b\n"
	 "2: cmp $6, %ecx; jne 2f; mov (%rdi), %eax; jmp 1b\n"
	 "2: cmp $7, %ecx; jne 2f; mov (%rdi), %rax; jmp 1b\n"
	 "2: out %al, $0xf4; jmp 2b\n");

/* iretq; for a vector with an error code, over that, and to the next instruction. */
static void write_idt(struct guest *g)
{
	static const uint8_t plain[] = { 0x48, 0xcf };
	static const uint8_t skip[] = {
		0x48, 0x83, 0x44, 0x24, 0x08, 0x02,	/* addq $2, 8(%rsp) */
		0x48, 0x83, 0xc4, 0x08,			/* add $8, %rsp */
		0x48, 0xcf,
	};
	uint64_t *idt = (uint64_t *)(g->vm.mem + VT_IDT);

	memcpy(g->vm.mem + VT_HANDLERS, plain, sizeof(plain));
	memcpy(g->vm.mem + VT_HANDLERS + 16, skip, sizeof(skip));
	for (unsigned int v = 0; v < 256; v++) {
		uint64_t to = VT_HANDLERS + (v == 13 ? 16 : 0);

		idt[2 * v] = (to & 0xffff) | VT_SEL_CODE << 16 | 0x8e00ull << 32 |
			     (to >> 16) << 48;
		idt[2 * v + 1] = 0;
	}
}

static void start(struct guest *g, struct vt_payload code)
{
	struct kvm_regs regs;

	guest_make(g);
	vt_start(&g->vcpu, VT_LONG, code);
	write_idt(g);
	vt_get_regs(&g->vcpu, &regs);
	regs.rsi = VT_DATA;
	regs.rflags = 0x202;
	vt_set_regs(&g->vcpu, &regs);
}

/* Each offset and width of both APICs' space comes up in the long run. */
void guest_apic(struct guest *g)
{
	struct access *list;

	start(g, VT_PAYLOAD(hard_accesses));
	list = (struct access *)(g->vm.mem + VT_DATA);
	for (unsigned int i = 0; i < 400; i++) {
		bool io = rng_one_in(&g->rng, 3);

		list[i].where = io ? VT_IOAPIC + rng_below(&g->rng, 0x28) :
				VT_LAPIC + rng_below(&g->rng, 0x1000);
		if (!rng_one_in(&g->rng, 4))
			list[i].where &= -16ull;
		list[i].value = rng_one_in(&g->rng, 2) ? rng_hostile(&g->rng) :
				rng_below(&g->rng, 0x40);
		list[i].what = rng_one_in(&g->rng, 3) ? rng_below(&g->rng, 8) :
			       rng_one_in(&g->rng, 4) ? 6 : 2;
	}
	list[400].what = 8;
	guest_run(g, 5);
}

/* RDMSR and WRMSR from ECX on, EDI of them; with what was read, changed by RBX. */
VT_GUEST(hard_msr_range, 64,
	 "1: xor %eax, %eax; xor %edx, %edx; rdmsr; xor %ebx, %eax; xor %ebp, %edx; wrmsr;"
	 "inc %ecx; dec %edi; jnz 1b; 2: out %al, $0xf4; jmp 2b");

void guest_msrs(struct guest *g)
{
	static const struct {
		uint32_t first, count;
	} ranges[] = {
		{ 0, 0x2000 }, { 0xc0000000, 0x2000 }, { 0x40000000, 0x200 },
		{ 0x4b564d00, 0x20 }, { 0xc0010000, 0x200 }, { 0x800, 0x100 }, { 0x100, 0x400 },
	};
	uint32_t n = rng_below(&g->rng, sizeof(ranges) / sizeof(ranges[0]) + 1);
	struct kvm_regs regs;

	start(g, VT_PAYLOAD(hard_msr_range));
	vt_get_regs(&g->vcpu, &regs);
	if (n < sizeof(ranges) / sizeof(ranges[0])) {
		regs.rcx = ranges[n].first + rng_below(&g->rng, ranges[n].count);
		regs.rdi = ranges[n].first + ranges[n].count - regs.rcx;
	} else {
		regs.rcx = rng_next(&g->rng) & 0xffffffff;
		regs.rdi = 100;
	}
	if (regs.rdi > 1000)
		regs.rdi = 1000;
	regs.rbx = rng_one_in(&g->rng, 2) ? 0 : rng_hostile(&g->rng);
	regs.rbp = rng_one_in(&g->rng, 2) ? 0 : rng_hostile(&g->rng);
	vt_set_regs(&g->vcpu, &regs);
	guest_run(g, 10);
}

/* Ends interrupts as fast as they come, and sends itself more. */
VT_GUEST(hard_storm, 64,
	 "mov $0xfee00000, %esi\n"
	 "1: sti; movl $0, 0xb0(%rsi); movl $0x44055, 0x300(%rsi); incq 0x20000; hlt; jmp 1b\n");

struct storm {
	struct guest *g;
	struct rng rng;
	volatile bool stop;
};

static void *drive(void *data)
{
	struct storm *s = data;

	while (!s->stop) {
		struct kvm_irq_level line = {
			.irq = rng_below(&s->rng, 24), .level = rng_below(&s->rng, 2),
		};
		struct kvm_msi msi = {
			.address_lo = 0xfee00000, .data = rng_next(&s->rng) & 0x47ff,
		};

		VT_IOCTL(s->g->vm.fd, KVM_IRQ_LINE, &line);
		if (rng_one_in(&s->rng, 2))
			VT_IOCTL(s->g->vm.fd, KVM_SIGNAL_MSI, &msi);
	}
	return NULL;
}

void guest_storm(struct guest *g)
{
	struct storm s = { .g = g, .rng = { rng_next(&g->rng) } };
	pthread_t thread;
	struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_IOAPIC };

	start(g, VT_PAYLOAD(hard_storm));
	VT_IOCTL(g->vm.fd, KVM_GET_IRQCHIP, &chip);
	for (unsigned int i = 0; i < 24; i++)
		chip.chip.ioapic.redirtbl[i].bits = (0x20 + rng_below(&g->rng, 0xd0)) |
			(rng_one_in(&g->rng, 2) ? 0x8000 : 0) |
			(rng_one_in(&g->rng, 4) ? (uint64_t)rng_below(&g->rng, 8) << 8 : 0);
	VT_IOCTL(g->vm.fd, KVM_SET_IRQCHIP, &chip);
	if (pthread_create(&thread, NULL, drive, &s))
		vt_die("no thread");
	guest_run(g, 8);
	s.stop = true;
	pthread_join(thread, NULL);
}

/* Writes the number into the instruction behind it, which must then say it. */
VT_GUEST(hard_smc, 64,
	 "xor %ebx, %ebx\n"
	 "1: inc %ebx; lea 3f(%rip), %rdi; mov %ebx, 1(%rdi);"
	 "jmp 2f; .balign 64; 2: nop; 3: mov $0, %eax; cmp %eax, %ebx; jne 4f;"
	 "cmp $20000, %ebx; jb 1b; out %al, $0xf4; hlt; 4: ud2");

void guest_smc(struct guest *g)
{
	uint64_t bitmap[VT_LOW_SIZE / VT_PAGE / 64];
	struct kvm_dirty_log log = { .slot = 0, .dirty_bitmap = bitmap };
	struct kvm_regs regs;
	uint64_t before = 0;
	long ret = 0;

	start(g, VT_PAYLOAD(hard_smc));
	vt_set_slot(&g->vm, 0, 0, g->vm.mem_size, g->vm.mem, KVM_MEM_LOG_DIRTY_PAGES);
	for (unsigned int i = 0; i < 6; i++) {
		/* A slow kernel takes longer to get into the guest. */
		ret = guest_run(g, 1 << i);
		if (ret != -EINTR)
			break;
		VT_IOCTL(g->vm.fd, KVM_GET_DIRTY_LOG, &log);
		vt_get_regs(&g->vcpu, &regs);
		/* Two numbers on, it has written at least once. */
		if (regs.rbx >= before + 2 &&
		    !(bitmap[VT_CODE / VT_PAGE / 64] & 1ull << VT_CODE / VT_PAGE % 64)) {
			hard_note("the page of the code is not in the log, %llu to %llu",
				  (unsigned long long)before, regs.rbx);
			g->wrong++;
		}
		before = regs.rbx;
	}
	vt_get_regs(&g->vcpu, &regs);
	if (ret == KVM_EXIT_SHUTDOWN || regs.rbx == 0) {
		hard_note("modified code: exit %ld at %#llx, count %llu", ret, regs.rip, regs.rbx);
		g->wrong++;
	}
}
