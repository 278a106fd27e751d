// SPDX-License-Identifier: GPL-2.0-only
/*
 * IA32_SPEC_CTRL is the guest's own in the guest, and the host's again outside of it: on a
 * CPU with enhanced IBRS the host's stays on for ever.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "vt_fixture.h"

#define SPEC_CTRL	0x48
#define SSBD		4ull

/* Writes what is at 0x20000, tells user space, and reads again. */
VT_GUEST(spec_ctrl, 64, "mov $0x48, %ecx; xor %edx, %edx; 1: mov 0x20000, %eax; wrmsr;"
			"out %al, $0xf4; rdmsr; mov %eax, 0x20008; mov %edx, 0x2000c;"
			"cpuid; mov $0x48, %ecx; rdmsr; mov %eax, 0x20010; mov %edx, 0x20014;"
			"xor %edx, %edx; out %al, $0xf4; jmp 1b");

FIXTURE(spec_ctrl)
{
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	int host;
};

/* SDM 4, "Architectural MSRs": IBRS, STIBP or SSBD. An emulator may let any MSR be read. */
static bool cpu_has_it(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) &&
	       edx & (1u << 26 | 1u << 27 | 1u << 31);
}

static uint64_t host_value(int fd)
{
	uint64_t value = ~0ull;

	if (pread(fd, &value, 8, SPEC_CTRL) != 8)
		return ~0ull;
	return value;
}

FIXTURE_SETUP(spec_ctrl)
{
	if (access("/dev/cpu/0/msr", R_OK))
		system("modprobe msr");
	self->host = open("/dev/cpu/0/msr", O_RDONLY);
	vt_stay_on(0);
	vt_vm_create(&self->vm);
	vt_vcpu_create(&self->vm, &self->vcpu, 0);
	vt_pass_cpuid(&self->vcpu);
}

FIXTURE_TEARDOWN(spec_ctrl)
{
	vt_vcpu_destroy(&self->vcpu);
	vt_vm_destroy(&self->vm);
	if (self->host >= 0)
		close(self->host);
}

TEST_F(spec_ctrl, of_guest_and_host)
{
	static const uint64_t values[] = { 0, 1, SSBD, SSBD | 1, 0 };
	uint64_t host;
	volatile uint64_t *words = (volatile uint64_t *)(self->vm.mem + 0x20000);

	if (!cpu_has_it())
		SKIP(return, "this CPU has no IA32_SPEC_CTRL");
	if (self->host < 0)
		SKIP(return, "the host's MSRs are not to be read");
	host = host_value(self->host);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(spec_ctrl));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		words[0] = values[i];
		vt_run_to(&self->vcpu, KVM_EXIT_IO);
		EXPECT_EQ(host, host_value(self->host));
		EXPECT_EQ(values[i], vt_get_msr(&self->vcpu, SPEC_CTRL));
		vt_run_to(&self->vcpu, KVM_EXIT_IO);
		EXPECT_EQ(values[i], words[1]);
		EXPECT_EQ(values[i], words[2]);
		EXPECT_EQ(host, host_value(self->host));
	}
}

TEST_HARNESS_MAIN
