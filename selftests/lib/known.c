// SPDX-License-Identifier: GPL-2.0-only
/* A guest that makes a known number of each exit. */
#include <string.h>
#include <sys/mman.h>

#include "vt_known.h"

#define PAGES		200
#define EXTRA		(2 * VT_MIB)

VT_GUEST(known, 64,
	 "mov $0x40000000, %edi\n"
	 /* Not counted: brings in the page tables that the others need. */
	 "movb $1, 200 * 4096(%rdi)\n"
	 "mov $1000, %ebp\n"
	 "1: xor %eax, %eax; xor %ecx, %ecx\n"
	 "known_cpuid: cpuid\n"
	 "dec %ebp; jnz 1b\n"
	 "mov $500, %ebp; mov $0x80, %edx\n"
	 "known_out: out %al, %dx\n"
	 "dec %ebp; jnz known_out\n"
	 "mov $200, %ebp\n"
	 "known_touch: movb $1, (%rdi)\n"
	 "add $4096, %rdi; dec %ebp; jnz known_touch\n"
	 "mov $300, %ebp; mov $0x1b, %ecx\n"
	 "known_rdmsr: rdmsr\n"
	 "dec %ebp; jnz known_rdmsr\n"
	 "mov $400, %ebp\n"
	 "2: mov $99, %eax\n"
	 "known_vmcall: vmcall\n"
	 "dec %ebp; jnz 2b\n"
	 "known_hlt: hlt\n"
	 "jmp known_hlt\n");

extern const uint8_t known_cpuid[], known_out[], known_touch[], known_rdmsr[], known_vmcall[],
		     known_hlt[];

static const struct {
	const char *symbol;
	unsigned int reason;
	uint64_t cause;
	unsigned int count;
	const uint8_t *place;
} table[VT_KNOWNS] = {
	{ "known_cpuid", 10, 0, 1000, known_cpuid },
	{ "known_out", 30, VT_KNOWN_PORT, 500, known_out },
	{ "known_touch", 48, VT_KNOWN_MEMORY, PAGES, known_touch },
	{ "known_rdmsr", 31, VT_KNOWN_MSR, 300, known_rdmsr },
	{ "known_vmcall", 18, VT_KNOWN_CALL, 400, known_vmcall },
	{ "known_hlt", 12, 0, 1, known_hlt },
};

void vt_known_load(struct vt_vcpu *vcpu, struct vt_known known[VT_KNOWNS])
{
	struct vt_payload code = VT_PAYLOAD(known);
	uint8_t *mem = vt_anon(EXTRA);
	unsigned int i;

	madvise(mem, EXTRA, MADV_NOHUGEPAGE);
	memset(mem, 0, EXTRA);
	vt_set_slot(vcpu->vm, 7, VT_KNOWN_MEMORY, EXTRA, mem, 0);
	vt_start(vcpu, VT_LONG, code);
	for (i = 0; i < VT_KNOWNS; i++) {
		known[i] = (struct vt_known) {
			table[i].symbol, table[i].reason, table[i].cause, table[i].count,
			VT_CODE + (table[i].place - code.start),
		};
	}
}

unsigned int vt_known_run(struct vt_vcpu *vcpu)
{
	unsigned int written = 0;

	while (vt_run(vcpu) == KVM_EXIT_IO)
		written++;
	if (vcpu->run->exit_reason != KVM_EXIT_HLT)
		vt_die("the guest stopped with exit %u", vcpu->run->exit_reason);
	return written;
}
