// SPDX-License-Identifier: GPL-2.0-only
/* The guest behind vt_irq.h, and shorthands for interrupt controllers. */
#include <stdlib.h>
#include <string.h>

#include "vt_irq.h"

#define DONE_PORT	0xf4
#define IF		0x200

/* Entry points, one each 16 bytes; RDX or RDI say where, RAX what. */
enum command {
	CMD_IN, CMD_OUT8, CMD_OUT16, CMD_OUT32,
	CMD_READ32, CMD_WRITE8, CMD_WRITE16, CMD_WRITE32, CMD_WRITE64,
	CMD_NOTHING, CMD_LOOP, CMD_RDMSR, CMD_WRMSR, CMD_GET_CR8, CMD_SET_CR8, CMD_HLT, CMD_TOUCH,
};

VT_GUEST(irq_server, 64,
	 ".balign 16; in %dx, %al; jmp 9f\n"
	 ".balign 16; out %al, %dx; jmp 9f\n"
	 ".balign 16; out %ax, %dx; jmp 9f\n"
	 ".balign 16; out %eax, %dx; jmp 9f\n"
	 ".balign 16; mov (%rdi), %eax; jmp 9f\n"
	 ".balign 16; mov %al, (%rdi); jmp 9f\n"
	 ".balign 16; mov %ax, (%rdi); jmp 9f\n"
	 ".balign 16; mov %eax, (%rdi); jmp 9f\n"
	 ".balign 16; mov %rax, (%rdi); jmp 9f\n"
	 ".balign 16; nop; nop; jmp 9f\n"
	 ".balign 16; 1: pause; dec %ecx; jnz 1b; jmp 9f\n"
	 ".balign 16; mov %edi, %ecx; rdmsr; shl $32, %rdx; or %rdx, %rax; jmp 9f\n"
	 ".balign 16; mov %edi, %ecx; mov %rax, %rdx; shr $32, %rdx; wrmsr; jmp 9f\n"
	 ".balign 16; mov %cr8, %rax; jmp 9f\n"
	 ".balign 16; mov %rax, %cr8; jmp 9f\n"
	 ".balign 16; hlt; jmp 9f\n"
	 ".balign 16; 1: orb $0, (%rdi); sub $0x1000, %rdi; jnz 1b; jmp 9f\n"
	 ".balign 16; 9: out %al, $0xf4; jmp 9b\n");

/* push rax; mov $vector, al; out al, $0xf5; pop rax; iretq */
static void write_handlers(struct vt_vcpu *vcpu)
{
	const uint8_t stub[8] = { 0x50, 0xb0, 0, 0xe6, VT_VECTOR_PORT, 0x58, 0x48, 0xcf };
	uint8_t *code = vcpu->vm->mem + VT_HANDLERS;

	for (unsigned int v = 0; v < 256; v++) {
		uint64_t to = VT_HANDLERS + v * sizeof(stub);

		memcpy(code + v * sizeof(stub), stub, sizeof(stub));
		code[v * sizeof(stub) + 2] = v;
		vt_set_gate(vcpu->vm, v, to);
	}
}

#define CPUID1_ECX_TSC_DEADLINE	(1u << 24)

/* The deadline timer is a capability, and not in the list of CPUID leaves. */
static void pass_cpuid(struct vt_vcpu *vcpu)
{
	struct kvm_cpuid2 *cpuid = vt_supported_cpuid(vcpu->vm->dev);
	long ret;

	for (unsigned int i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 1 &&
		    vt_cap(vcpu->vm->dev, KVM_CAP_TSC_DEADLINE_TIMER))
			cpuid->entries[i].ecx |= CPUID1_ECX_TSC_DEADLINE;
	ret = VT_IOCTL(vcpu->fd, KVM_SET_CPUID2, cpuid);
	if (ret)
		vt_die("KVM_SET_CPUID2: %s", strerror(-ret));
	free(cpuid);
}

static void must(struct vt_vcpu *vcpu, enum command command, uint64_t where, uint64_t what);

void vt_irq_load(struct vt_vcpu *vcpu)
{
	pass_cpuid(vcpu);
	vt_start(vcpu, VT_LONG, VT_PAYLOAD(irq_server));
	write_handlers(vcpu);
}

/*
 * Tables and stacks come before the first interrupt does. What it finds missing ends
 * its delivery, and with virtual-interrupt delivery Bochs then tells of another event:
 * see docs/lab.md.
 */
static void touch(struct vt_vcpu *vcpu)
{
	must(vcpu, CMD_TOUCH, VT_STACK_TOP & ~0xfffull, 0);
}

void vt_irq_vcpu(struct vt_vm *vm, struct vt_vcpu *vcpu, unsigned int id)
{
	const struct kvm_mp_state runnable = { KVM_MP_STATE_RUNNABLE };
	long ret;

	vt_vcpu_create(vm, vcpu, id);
	/* All but the first wait for INIT otherwise. */
	ret = VT_IOCTL(vcpu->fd, KVM_SET_MP_STATE, &runnable);
	if (ret)
		vt_die("KVM_SET_MP_STATE: %s", strerror(-ret));
	vt_irq_load(vcpu);
	touch(vcpu);
	/* SDM 3A, "Spurious Interrupt": software enable. */
	vt_write32(vcpu, VT_LAPIC + 0xf0, 0x1ff);
	/* As firmware does: the first CPU's LINT0 is the PIC's, unmasked. */
	if (!id)
		vt_write32(vcpu, VT_LAPIC + 0x350, 0x700);
}

void vt_irq_create(struct vt_vm *vm, struct vt_vcpu *vcpu)
{
	long ret;

	vt_vm_create(vm);
	ret = vt_ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0);
	if (ret)
		vt_die("KVM_CREATE_IRQCHIP: %s", strerror(-ret));
	vt_irq_vcpu(vm, vcpu, 0);
}

/* True when the command came to its end, false when it stopped before. */
static bool run(struct vt_vcpu *vcpu, enum command command, uint64_t where, uint64_t what,
		bool interrupts)
{
	struct kvm_regs regs = {
		.rip = VT_CODE + 16 * command,
		.rsp = VT_STACK_TOP,
		.rflags = 2 | (interrupts ? IF : 0),
		.rdx = where,
		.rdi = where,
		.rax = what,
		.rcx = what,
	};
	long reason;

	vt_set_regs(vcpu, &regs);
	reason = vt_run(vcpu);
	if (reason == KVM_EXIT_IO && vcpu->run->io.direction == KVM_EXIT_IO_OUT &&
	    vcpu->run->io.port == DONE_PORT)
		return true;
	if (reason != KVM_EXIT_IO && reason != KVM_EXIT_MMIO)
		vt_run_to(vcpu, KVM_EXIT_IO);
	return false;
}

static void must(struct vt_vcpu *vcpu, enum command command, uint64_t where, uint64_t what)
{
	if (!run(vcpu, command, where, what, false))
		vt_die("the access at %#llx came out to user space",
		       (unsigned long long)where);
}

void vt_outb(struct vt_vcpu *vcpu, uint16_t port, uint8_t value)
{
	must(vcpu, CMD_OUT8, port, value);
}

uint8_t vt_inb(struct vt_vcpu *vcpu, uint16_t port)
{
	must(vcpu, CMD_IN, port, 0);
	return vt_out_value(vcpu);
}

void vt_write32(struct vt_vcpu *vcpu, uint64_t gpa, uint32_t value)
{
	must(vcpu, CMD_WRITE32, gpa, value);
}

uint32_t vt_read32(struct vt_vcpu *vcpu, uint64_t gpa)
{
	struct kvm_regs regs;

	must(vcpu, CMD_READ32, gpa, 0);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

bool vt_try_out(struct vt_vcpu *vcpu, uint16_t port, unsigned int size, uint32_t value)
{
	return !run(vcpu, size == 1 ? CMD_OUT8 : size == 2 ? CMD_OUT16 : CMD_OUT32, port,
		    value, false);
}

bool vt_try_write(struct vt_vcpu *vcpu, uint64_t gpa, unsigned int size, uint64_t value)
{
	enum command command = size == 1 ? CMD_WRITE8 : size == 2 ? CMD_WRITE16 :
			       size == 4 ? CMD_WRITE32 : CMD_WRITE64;

	return !run(vcpu, command, gpa, value, false);
}

static bool faulted(struct vt_vcpu *vcpu)
{
	if (vt_out_value(vcpu) != 13)
		vt_die("vector %u where #GP could have been", vt_out_value(vcpu));
	return false;
}

bool vt_try_rdmsr(struct vt_vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	struct kvm_regs regs;

	if (!run(vcpu, CMD_RDMSR, msr, 0, false))
		return faulted(vcpu);
	vt_get_regs(vcpu, &regs);
	*value = regs.rax;
	return true;
}

bool vt_try_wrmsr(struct vt_vcpu *vcpu, uint32_t msr, uint64_t value)
{
	return run(vcpu, CMD_WRMSR, msr, value, false) || faulted(vcpu);
}

uint64_t vt_guest_cr8(struct vt_vcpu *vcpu)
{
	struct kvm_regs regs;

	must(vcpu, CMD_GET_CR8, 0, 0);
	vt_get_regs(vcpu, &regs);
	return regs.rax;
}

bool vt_try_cr8(struct vt_vcpu *vcpu, uint64_t value)
{
	return run(vcpu, CMD_SET_CR8, 0, value, false) || faulted(vcpu);
}

int vt_irq_halt(struct vt_vcpu *vcpu)
{
	if (run(vcpu, CMD_HLT, 0, 0, true))
		vt_die("HLT ended without an interrupt");
	return vt_out_value(vcpu);
}

int vt_irq_next(struct vt_vcpu *vcpu)
{
	if (run(vcpu, CMD_NOTHING, 0, 0, true))
		return -1;
	return vt_out_value(vcpu);
}

int vt_irq_wait(struct vt_vcpu *vcpu, unsigned int rounds)
{
	if (run(vcpu, CMD_LOOP, 0, rounds, true))
		return -1;
	return vt_out_value(vcpu);
}

uint32_t vt_ioapic_read(struct vt_vcpu *vcpu, uint8_t reg)
{
	vt_write32(vcpu, VT_IOAPIC, reg);
	return vt_read32(vcpu, VT_IOAPIC + 0x10);
}

void vt_ioapic_write(struct vt_vcpu *vcpu, uint8_t reg, uint32_t value)
{
	vt_write32(vcpu, VT_IOAPIC, reg);
	vt_write32(vcpu, VT_IOAPIC + 0x10, value);
}

uint64_t vt_ioapic_entry(struct vt_vcpu *vcpu, unsigned int pin)
{
	uint64_t low = vt_ioapic_read(vcpu, 0x10 + 2 * pin);

	return low | (uint64_t)vt_ioapic_read(vcpu, 0x11 + 2 * pin) << 32;
}

void vt_ioapic_set(struct vt_vcpu *vcpu, unsigned int pin, uint64_t entry)
{
	vt_ioapic_write(vcpu, 0x11 + 2 * pin, entry >> 32);
	vt_ioapic_write(vcpu, 0x10 + 2 * pin, entry);
}

void vt_eoi(struct vt_vcpu *vcpu)
{
	vt_write32(vcpu, VT_LAPIC + 0xb0, 0);
}

void vt_line(struct vt_vm *vm, unsigned int gsi, int level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = level };
	long ret = VT_IOCTL(vm->fd, KVM_IRQ_LINE, &line);

	if (ret)
		vt_die("KVM_IRQ_LINE %u: %s", gsi, strerror(-ret));
}

int vt_line_status(struct vt_vm *vm, unsigned int gsi, int level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = level };
	long ret = VT_IOCTL(vm->fd, KVM_IRQ_LINE_STATUS, &line);

	if (ret)
		vt_die("KVM_IRQ_LINE_STATUS %u: %s", gsi, strerror(-ret));
	return line.status;
}

void vt_get_chip(struct vt_vm *vm, unsigned int id, struct kvm_irqchip *chip)
{
	long ret;

	memset(chip, 0, sizeof(*chip));
	chip->chip_id = id;
	ret = VT_IOCTL(vm->fd, KVM_GET_IRQCHIP, chip);
	if (ret)
		vt_die("KVM_GET_IRQCHIP %u: %s", id, strerror(-ret));
}

void vt_set_chip(struct vt_vm *vm, const struct kvm_irqchip *chip)
{
	long ret = VT_IOCTL(vm->fd, KVM_SET_IRQCHIP, chip);

	if (ret)
		vt_die("KVM_SET_IRQCHIP %u: %s", chip->chip_id, strerror(-ret));
}

void vt_pic_init(struct vt_vcpu *vcpu)
{
	static const struct { uint16_t port; uint8_t value; } words[] = {
		{ 0x20, 0x11 }, { 0x21, VT_PIC_BASE }, { 0x21, 0x04 }, { 0x21, 0x01 },
		{ 0xa0, 0x11 }, { 0xa1, VT_PIC_BASE + 8 }, { 0xa1, 0x02 }, { 0xa1, 0x01 },
		{ 0x21, 0 }, { 0xa1, 0 },
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		vt_outb(vcpu, words[i].port, words[i].value);
}
