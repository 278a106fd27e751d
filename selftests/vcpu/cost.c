// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an exit costs, guest to guest, in ticks of the guest's time-stamp
 * counter. In the Bochs lab a tick is an instruction, and an exit or entry of
 * the processor counts as one: the figure is the length of the software path.
 */
#include "../../uapi/vellum.h"
#include "msr.h"
#include "vt_fixture.h"

VT_FIXTURE(cost)

/* So few that some runs have no interrupt of the host, and so many runs. */
#define LOOPS	(vt_debug_kernel() ? 20u : 200u)
#define RUNS	16

/* In: RSI = rounds. Out: RAX = ticks for all of them. */
#define TIMED(what)							\
	"call 2f; mov %rax, %r9\n"					\
	"1: " what "\n"							\
	"dec %rsi; jnz 1b\n"						\
	"call 2f; sub %r9, %rax; hlt\n"					\
	"2: rdtsc; shl $32, %rdx; or %rdx, %rax; ret\n"

VT_GUEST(cost_cpuid, 64, TIMED("xor %eax, %eax; cpuid"));
VT_GUEST(cost_empty, 64, TIMED("xor %eax, %eax; nop"));
VT_GUEST(cost_rdmsr, 64, TIMED("mov $0x277, %ecx; rdmsr"));

static uint64_t ticks(struct vt_vcpu *vcpu, struct vt_payload code)
{
	struct kvm_regs regs;
	uint64_t best = ~0ull;

	for (int i = 0; i < RUNS; i++) {
		vt_start(vcpu, VT_LONG, code);
		vt_get_regs(vcpu, &regs);
		regs.rsi = LOOPS;
		vt_set_regs(vcpu, &regs);
		vt_run_to(vcpu, KVM_EXIT_HLT);
		vt_get_regs(vcpu, &regs);
		if (regs.rax < best)
			best = regs.rax;
	}
	return best / LOOPS;
}

TEST_F(cost, exits)
{
	uint64_t empty = ticks(&self->vcpu, VT_PAYLOAD(cost_empty));
	uint64_t cpuid = ticks(&self->vcpu, VT_PAYLOAD(cost_cpuid));
	uint64_t rdmsr = ticks(&self->vcpu, VT_PAYLOAD(cost_rdmsr));

	printf("# show: CPUID exit %u ticks, RDMSR (PAT) %u ticks, loop %u\n",
	       (unsigned int)cpuid, (unsigned int)rdmsr, (unsigned int)empty);
	fflush(stdout);	/* the harness ends its children by _exit() */
	EXPECT_LT(empty, cpuid);
	EXPECT_LT(cpuid, 100000);
}

/* The same while its exits are recorded. */
TEST_F(cost, recorded)
{
	uint64_t plain, ring, both;

	if (vt_on_kvm())
		SKIP(return, "KVM has no recorder");
	plain = ticks(&self->vcpu, VT_PAYLOAD(cost_cpuid));
	ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD, VELLUM_RECORD_RING));
	ring = ticks(&self->vcpu, VT_PAYLOAD(cost_cpuid));
	ASSERT_EQ(0, vt_ioctl(self->vm.fd, VELLUM_RECORD,
			      VELLUM_RECORD_RING | VELLUM_RECORD_LEDGER));
	both = ticks(&self->vcpu, VT_PAYLOAD(cost_cpuid));
	printf("# show: CPUID exit %u ticks, recorded %u, and in the ledger %u\n",
	       (unsigned int)plain, (unsigned int)ring, (unsigned int)both);
	EXPECT_LT(plain, ring);
	EXPECT_LT(ring, both);
	if (!vt_debug_kernel())
		EXPECT_LT(both, plain + 1000);
}

static void check_entries(struct __test_metadata *_metadata, struct vt_vm *vm, uint64_t on)
{
	struct kvm_enable_cap cap = { .cap = VELLUM_CAP_DOCTOR, .args = { on } };

	ASSERT_EQ(0, VT_IOCTL(vm->fd, KVM_ENABLE_CAP, &cap));
}

/*
 * The check of each entry that a VM may ask for: when none does, it is not there, and
 * an exit takes less than while another VM has it.
 */
TEST_F(cost, checked)
{
	uint64_t never, elsewhere, here, off = ~0ull;
	struct vt_vm other;

	VT_NEED_CAP(VELLUM_CAP_DOCTOR);
	if (vt_debug_kernel())
		SKIP(return, "a check takes as long there as it is to the host's next tick");
	vt_vm_create(&other);
	never = ticks(&self->vcpu, VT_PAYLOAD(cost_cpuid));
	check_entries(_metadata, &other, 1);
	elsewhere = ticks(&self->vcpu, VT_PAYLOAD(cost_cpuid));
	check_entries(_metadata, &self->vm, 1);
	here = ticks(&self->vcpu, VT_PAYLOAD(cost_cpuid));
	check_entries(_metadata, &other, 0);
	check_entries(_metadata, &self->vm, 0);
	/* Another CPU's instructions count too, if there are any: not each time. */
	for (unsigned int i = 0; i < 8 && off > never + never / 50; i++) {
		uint64_t again = ticks(&self->vcpu, VT_PAYLOAD(cost_cpuid));

		off = again < off ? again : off;
	}
	printf("# show: CPUID exit %lu ticks; entries checked for another VM %lu, ", never,
	       elsewhere);
	printf("for this one %lu, for none again %lu\n", here, off);
	fflush(stdout);
	EXPECT_LE(off, never + never / 50);
	EXPECT_LT(off, elsewhere);
	EXPECT_LT(elsewhere, here);
	vt_vm_destroy(&other);
}

TEST_HARNESS_MAIN
