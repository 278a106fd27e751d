// SPDX-License-Identifier: GPL-2.0-only
/* Exits that the kernel answers by itself, the local APIC's apart. */
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench.h"

#define EVENT_PORT	0x510
#define EVENT_GPA	0xd0000000ul

BENCH_LOOP(cpuid, "", "xor %eax, %eax; cpuid");
BENCH_LOOP(vmcall, "", "mov $99, %eax; vmcall");
BENCH_LOOP(rdmsr_pat, "mov $0x277, %ecx", "rdmsr");
BENCH_LOOP(wrmsr_pat, "mov $0x277, %ecx; rdmsr; mov %edx, %r13d; mov %eax, %r14d",
	   "mov %r13d, %edx; mov %r14d, %eax; wrmsr");
BENCH_LOOP(rdmsr_misc, "mov $0x1a0, %ecx", "rdmsr");
BENCH_LOOP(wrmsr_bios, "mov $0x8b, %ecx; xor %eax, %eax; xor %edx, %edx", "wrmsr");
BENCH_LOOP(cr0, "mov %cr0, %r13", "btc $16, %r13; mov %r13, %cr0");
BENCH_LOOP(cr3, "mov %cr3, %r13", "mov %r13, %cr3");
BENCH_LOOP(cr4, "mov %cr4, %r13", "btc $0, %r13; mov %r13, %cr4");
BENCH_LOOP(xsetbv, "mov %cr4, %rax; bts $18, %rax; mov %rax, %cr4; xor %ecx, %ecx; xgetbv",
	   "xsetbv");
/* The gap between two is short, so they count as one loop that spins. */
BENCH_LOOP(pause, "", ".rept 64; pause; .endr");
BENCH_LOOP(invlpg, "mov $0x20000, %edi", "invlpg (%rdi)");
BENCH_LOOP(pic_in, "", "in $0x21, %al");
BENCH_LOOP(pic_out, "mov $0xff, %al", "out %al, $0x21");
BENCH_LOOP(speaker, "", "in $0x61, %al");
BENCH_LOOP(ioapic, "mov $0xfec00000, %edi", "mov (%rdi), %eax");
BENCH_LOOP(event_out, "mov $0x510, %edx; xor %eax, %eax", "out %eax, %dx");
BENCH_LOOP(event_mmio, "mov $0xd0000000, %edi; xor %eax, %eax", "mov %eax, (%rdi)");

/* An ioeventfd that nobody waits for. */
static bool assign(struct vt_vcpu *vcpu, uint64_t addr, uint32_t flags)
{
	struct kvm_ioeventfd event = {
		.addr = addr,
		.len = 4,
		.fd = eventfd(0, EFD_NONBLOCK),
		.flags = flags,
	};
	long ret = VT_IOCTL(vcpu->vm->fd, KVM_IOEVENTFD, &event);

	close(event.fd);
	return !ret;
}

static bool event_port(struct vt_vcpu *vcpu)
{
	return assign(vcpu, EVENT_PORT, KVM_IOEVENTFD_FLAG_PIO);
}

static bool event_page(struct vt_vcpu *vcpu)
{
	return assign(vcpu, EVENT_GPA, 0);
}

static bool has_xsave(struct vt_vcpu *vcpu)
{
	return vt_cap(vcpu->vm->dev, KVM_CAP_XCRS);
}

static const struct bench_row rows[] = {
	{ "CPUID", 20, BENCH_CODE(cpuid) },
	{ "VMCALL, unknown", 35, BENCH_CODE(vmcall) },
	{ "RDMSR IA32_PAT", 20, BENCH_CODE(rdmsr_pat) },
	{ "WRMSR IA32_PAT", 20, BENCH_CODE(wrmsr_pat) },
	{ "RDMSR IA32_MISC_ENABLE", 35, BENCH_CODE(rdmsr_misc) },
	{ "WRMSR IA32_BIOS_SIGN_ID", 35, BENCH_CODE(wrmsr_bios) },
	{ "CR0.WP flipped", 100, BENCH_CODE(cr0) },
	{ "CR3 written", 100, BENCH_CODE(cr3) },
	{ "CR4.VME flipped", 100, BENCH_CODE(cr4) },
	{ "XSETBV", 35, BENCH_CODE(xsetbv), .prepare = has_xsave },
	{ "INVLPG", 100, BENCH_CODE(invlpg) },
	{ "PAUSE", 100, BENCH_CODE(pause), .per = 64 },
	{ "port in, PIC", 35, BENCH_CODE(pic_in) },
	{ "port out, PIC", 35, BENCH_CODE(pic_out) },
	{ "port in, speaker", 35, BENCH_CODE(speaker) },
	{ "MMIO read, I/O APIC", 35, BENCH_CODE(ioapic) },
	{ "port out, ioeventfd", 35, BENCH_CODE(event_out), .prepare = event_port },
	{ "MMIO write, ioeventfd", 35, BENCH_CODE(event_mmio), .prepare = event_page },
};

void bench_exits(void)
{
	const struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	struct vt_vcpu vcpu;
	struct vt_vm vm;

	vt_irq_create(&vm, &vcpu);
	if (VT_IOCTL(vm.fd, KVM_CREATE_PIT2, &pit))
		vt_die("KVM_CREATE_PIT2 is refused");
	bench_rows("exit", &vcpu, rows, ARRAY_SIZE(rows));
	vt_vcpu_destroy(&vcpu);
	vt_vm_destroy(&vm);
}
