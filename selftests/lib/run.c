// SPDX-License-Identifier: GPL-2.0-only
/* Running a vCPU, and reading what it stopped for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vt.h"

static const char *const exit_names[] = {
	[KVM_EXIT_UNKNOWN] = "UNKNOWN",
	[KVM_EXIT_EXCEPTION] = "EXCEPTION",
	[KVM_EXIT_IO] = "IO",
	[KVM_EXIT_HYPERCALL] = "HYPERCALL",
	[KVM_EXIT_DEBUG] = "DEBUG",
	[KVM_EXIT_HLT] = "HLT",
	[KVM_EXIT_MMIO] = "MMIO",
	[KVM_EXIT_IRQ_WINDOW_OPEN] = "IRQ_WINDOW_OPEN",
	[KVM_EXIT_SHUTDOWN] = "SHUTDOWN",
	[KVM_EXIT_FAIL_ENTRY] = "FAIL_ENTRY",
	[KVM_EXIT_INTR] = "INTR",
	[KVM_EXIT_SET_TPR] = "SET_TPR",
	[KVM_EXIT_TPR_ACCESS] = "TPR_ACCESS",
	[KVM_EXIT_INTERNAL_ERROR] = "INTERNAL_ERROR",
	[KVM_EXIT_SYSTEM_EVENT] = "SYSTEM_EVENT",
	[KVM_EXIT_IOAPIC_EOI] = "IOAPIC_EOI",
	[KVM_EXIT_X86_RDMSR] = "X86_RDMSR",
	[KVM_EXIT_X86_WRMSR] = "X86_WRMSR",
};

const char *vt_exit_name(unsigned int reason)
{
	if (reason < sizeof(exit_names) / sizeof(exit_names[0]) && exit_names[reason])
		return exit_names[reason];
	return "?";
}

long vt_run(struct vt_vcpu *vcpu)
{
	long ret;

	do {
		ret = vt_ioctl(vcpu->fd, KVM_RUN, 0);
	} while (ret == -EINTR && !vcpu->run->immediate_exit);

	return ret < 0 ? ret : vcpu->run->exit_reason;
}

/* What a person wants to see when a guest stops where it should not. */
static void report(struct vt_vcpu *vcpu, long got)
{
	const struct kvm_run *run = vcpu->run;
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	if (got < 0)
		fprintf(stderr, "# KVM_RUN: %s\n", strerror(-got));
	else
		fprintf(stderr, "# exit %ld (%s)\n", got, vt_exit_name(got));
	if (got == KVM_EXIT_FAIL_ENTRY)
		fprintf(stderr, "# hardware entry failure reason %#llx\n",
			run->fail_entry.hardware_entry_failure_reason);
	if (got == KVM_EXIT_INTERNAL_ERROR) {
		fprintf(stderr, "# suberror %u, data", run->internal.suberror);
		for (unsigned int i = 0; i < run->internal.ndata && i < 16; i++)
			fprintf(stderr, " %#llx", run->internal.data[i]);
		fputc('\n', stderr);
	}
	if (got == KVM_EXIT_IO)
		fprintf(stderr, "# port %#x size %u direction %u value %#x\n",
			run->io.port, run->io.size, run->io.direction,
			vt_out_value(vcpu));
	if (got == KVM_EXIT_MMIO)
		fprintf(stderr, "# address %#llx length %u write %u\n",
			run->mmio.phys_addr, run->mmio.len, run->mmio.is_write);
	vt_get_regs(vcpu, &regs);
	vt_get_sregs(vcpu, &sregs);
	fprintf(stderr, "# rip %#llx cs %#x base %#llx rflags %#llx rsp %#llx\n",
		regs.rip, sregs.cs.selector, sregs.cs.base, regs.rflags, regs.rsp);
	fprintf(stderr, "# cr0 %#llx cr2 %#llx cr3 %#llx cr4 %#llx efer %#llx\n",
		sregs.cr0, sregs.cr2, sregs.cr3, sregs.cr4, sregs.efer);
}

void vt_run_to(struct vt_vcpu *vcpu, unsigned int reason)
{
	long got = vt_run(vcpu);

	if (got == (long)reason)
		return;
	report(vcpu, got);
	vt_die("the guest should have stopped with %s", vt_exit_name(reason));
}

uint32_t vt_out_value(const struct vt_vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;
	uint32_t value = 0;

	memcpy(&value, (const uint8_t *)run + run->io.data_offset,
	       run->io.size <= sizeof(value) ? run->io.size : sizeof(value));
	return value;
}

uint32_t vt_run_to_out(struct vt_vcpu *vcpu, uint16_t port)
{
	vt_run_to(vcpu, KVM_EXIT_IO);
	if (vcpu->run->io.port != port ||
	    vcpu->run->io.direction != KVM_EXIT_IO_OUT) {
		report(vcpu, KVM_EXIT_IO);
		vt_die("the guest should have written port %#x", port);
	}
	return vt_out_value(vcpu);
}
