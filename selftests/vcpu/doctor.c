// SPDX-License-Identifier: GPL-2.0-only
/* A refused VM entry is explained: VELLUM_GET_DOCTOR, VELLUM_CAP_DOCTOR. */
#include <errno.h>
#include <string.h>

#include "../../uapi/vellum.h"
#include "vt_fixture.h"

VT_GUEST(halt, 64, "hlt");

#define FIELD_SS_AR	0x4818
#define FIELD_RIP	0x681e

VT_FIXTURE(doctor);

static struct vellum_number fields[256], caps[64];
static struct vellum_rule rules[8];

static struct vellum_doctor ask(void)
{
	return (struct vellum_doctor) {
		.nr_fields = 256, .fields = (uintptr_t)fields,
		.nr_caps = 64, .caps = (uintptr_t)caps,
		.nr_rules = 8, .rules = (uintptr_t)rules,
	};
}

/* A stack that cannot be written, which no check at the edge refuses. */
static void break_ss(struct vt_vcpu *vcpu, unsigned int type)
{
	struct kvm_sregs sregs;

	vt_get_sregs(vcpu, &sregs);
	sregs.ss.type = type;
	vt_set_sregs(vcpu, &sregs);
}

static const struct vellum_number *field(const struct vellum_doctor *d, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < d->nr_fields; i++) {
		if (fields[i].id == id)
			return &fields[i];
	}
	return NULL;
}

/* Whatever made it: the one rule about the type of SS. */
static void expect_ss(struct __test_metadata *_metadata, const struct vellum_doctor *d)
{
	static const char ss[] = "guest SS type must be 3 or 7; "
				 "guest SS access rights is 0xc091 (type 1, DPL 0)";

	EXPECT_EQ(1, d->nr_rules);
	EXPECT_STREQ("guest_ss_type", rules[0].name);
	EXPECT_STREQ("Checks on Guest Segment Registers", rules[0].section);
	EXPECT_STREQ(ss, rules[0].text);
	ASSERT_NE(NULL, field(d, FIELD_SS_AR));
	EXPECT_EQ(0xc091, field(d, FIELD_SS_AR)->value);
	ASSERT_NE(NULL, field(d, FIELD_RIP));
	EXPECT_EQ(VT_CODE, field(d, FIELD_RIP)->value);
}

TEST_F(doctor, capability)
{
	struct vellum_doctor d = ask();

	if (vt_on_kvm()) {
		EXPECT_EQ(0, vt_cap(self->vm.dev, VELLUM_CAP_DOCTOR));
		SKIP(return, "KVM has no doctor");
	}
	EXPECT_EQ(1, vt_cap(self->vm.dev, VELLUM_CAP_DOCTOR));
	EXPECT_EQ(-ENOENT, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
	d.reserved = 1;
	EXPECT_EQ(-EINVAL, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
}

TEST_F(doctor, refused)
{
	struct vellum_doctor d = ask();
	unsigned int i;

	VT_NEED_CAP(VELLUM_CAP_DOCTOR);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(halt));
	break_ss(&self->vcpu, 1);
	vt_run_to(&self->vcpu, KVM_EXIT_FAIL_ENTRY);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
	EXPECT_EQ(VELLUM_DOCTOR_REFUSED, d.flags);
	EXPECT_EQ(0x80000021, d.exit_reason);
	EXPECT_EQ(0, d.instruction_error);
	expect_ss(_metadata, &d);
	EXPECT_LT(100, d.nr_fields);
	EXPECT_LT(20, d.nr_caps);
	for (i = 0; i < d.nr_caps; i++) {
		if (caps[i].id == 0x480)
			EXPECT_NE(0, caps[i].value);
	}
	/* It stays until the next one. */
	break_ss(&self->vcpu, 3);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	d = ask();
	EXPECT_EQ(0, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
}

/* No more than there is room for, and nothing to addresses that are none. */
TEST_F(doctor, room)
{
	struct vellum_doctor d = { 0 };

	VT_NEED_CAP(VELLUM_CAP_DOCTOR);
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(halt));
	break_ss(&self->vcpu, 1);
	vt_run_to(&self->vcpu, KVM_EXIT_FAIL_ENTRY);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
	EXPECT_LT(100, d.nr_fields);
	EXPECT_EQ(1, d.nr_rules);
	d = ask();
	d.nr_fields = 1;
	memset(fields, 0xff, sizeof(fields));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
	EXPECT_NE(~0u, fields[0].id);
	EXPECT_EQ(~0u, fields[1].id);
	d = ask();
	d.fields = 0x1000;
	EXPECT_EQ(-EFAULT, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
	d = ask();
	d.rules = ~0ull;
	EXPECT_EQ(-EFAULT, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
}

/*
 * Mistakes that a VMM can make by ioctl, that no check at the edge finds, and that the
 * CPU refuses. KVM hands them to the CPU as well.
 */
static void short_limit(struct kvm_sregs *sregs)
{
	sregs->ds.g = 0;
}

static void both_sizes(struct kvm_sregs *sregs)
{
	sregs->cs.db = 1;
}

static void idle_task(struct kvm_sregs *sregs)
{
	sregs->tr.type = 9;
}

static void read_only_stack(struct kvm_sregs *sregs)
{
	sregs->ss.type = 1;
}

static const struct {
	void (*make)(struct kvm_sregs *sregs);
	const char *rule;
} mistakes[] = {
	{ read_only_stack, "guest_ss_type" },
	{ short_limit, "guest_ds_coarse" },
	{ both_sizes, "guest_cs_db" },
	{ idle_task, "guest_tr_type" },
};

static void expect_refused(struct __test_metadata *_metadata, struct vt_vcpu *vcpu,
			   const char *rule)
{
	struct vellum_doctor d = ask();

	vt_run_to(vcpu, KVM_EXIT_FAIL_ENTRY);
	EXPECT_EQ(0x80000021, vcpu->run->fail_entry.hardware_entry_failure_reason) {
		TH_LOG("%s", rule);
	}
	if (vt_on_kvm())
		return;
	ASSERT_EQ(0, VT_IOCTL(vcpu->fd, VELLUM_GET_DOCTOR, &d));
	EXPECT_EQ(VELLUM_DOCTOR_REFUSED, d.flags);
	EXPECT_EQ(1, d.nr_rules);
	EXPECT_STREQ(rule, rules[0].name);
	TH_LOG("%s: %s", rules[0].name, rules[0].text);
}

TEST_F(doctor, segments)
{
	struct kvm_sregs good, bad;
	unsigned int i;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(halt));
	vt_get_sregs(&self->vcpu, &good);
	for (i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		bad = good;
		mistakes[i].make(&bad);
		vt_set_sregs(&self->vcpu, &bad);
		expect_refused(_metadata, &self->vcpu, mistakes[i].rule);
	}
	/* Mended, it runs. */
	vt_set_sregs(&self->vcpu, &good);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

/* Interrupts are off in a guest that was just started: there is nothing for STI to block. */
TEST_F(doctor, shadow)
{
	struct kvm_vcpu_events events;

	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(halt));
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_GET_VCPU_EVENTS, &events));
	events.flags = KVM_VCPUEVENT_VALID_SHADOW;
	events.interrupt.shadow = KVM_X86_SHADOW_INT_STI;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VCPU_EVENTS, &events));
	expect_refused(_metadata, &self->vcpu, "blocking_sti_if");
	events.interrupt.shadow = 0;
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, KVM_SET_VCPU_EVENTS, &events));
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
}

static long check_entries(struct vt_vm *vm, uint64_t on)
{
	struct kvm_enable_cap cap = { .cap = VELLUM_CAP_DOCTOR, .args = { on } };

	return VT_IOCTL(vm->fd, KVM_ENABLE_CAP, &cap);
}

TEST_F(doctor, checked)
{
	struct vellum_doctor d = ask();
	struct kvm_run *run = self->vcpu.run;

	VT_NEED_CAP(VELLUM_CAP_DOCTOR);
	EXPECT_EQ(-EINVAL, check_entries(&self->vm, 2));
	ASSERT_EQ(0, check_entries(&self->vm, 1));
	vt_start(&self->vcpu, VT_LONG, VT_PAYLOAD(halt));
	break_ss(&self->vcpu, 1);
	vt_run_to(&self->vcpu, KVM_EXIT_FAIL_ENTRY);
	EXPECT_EQ(0x80000021, run->fail_entry.hardware_entry_failure_reason);
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
	EXPECT_EQ(VELLUM_DOCTOR_CHECKED, d.flags);
	expect_ss(_metadata, &d);
	/* A guest that breaks nothing runs, in each mode. */
	break_ss(&self->vcpu, 3);
	vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	EXPECT_EQ(-ENOENT, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
	ASSERT_EQ(0, check_entries(&self->vm, 0));
	break_ss(&self->vcpu, 1);
	vt_run_to(&self->vcpu, KVM_EXIT_FAIL_ENTRY);
	d = ask();
	ASSERT_EQ(0, VT_IOCTL(self->vcpu.fd, VELLUM_GET_DOCTOR, &d));
	EXPECT_EQ(VELLUM_DOCTOR_REFUSED, d.flags);
}

VT_GUEST(halt16, 16, "hlt");
VT_GUEST(halt32, 32, "hlt");

/* What Vellum makes of each mode breaks no rule. */
TEST_F(doctor, modes)
{
	enum vt_mode mode;

	VT_NEED_CAP(VELLUM_CAP_DOCTOR);
	ASSERT_EQ(0, check_entries(&self->vm, 1));
	for (mode = 0; mode < VT_MODES; mode++) {
		vt_start(&self->vcpu, mode, mode <= VT_PROT16 ? VT_PAYLOAD(halt16) :
			 mode == VT_LONG ? VT_PAYLOAD(halt) : VT_PAYLOAD(halt32));
		vt_run_to(&self->vcpu, KVM_EXIT_HLT);
	}
}

TEST_HARNESS_MAIN
