// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VM-entry doctor and a vCPU: what it found is logged in a line, and kept for
 * VELLUM_GET_DOCTOR.
 */
#include "../vellum.h"

#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <vellum.h>

#include "../core/vcpu.h"
#include "../exits/exit.h"
#include "../vmx/snapshot.h"
#include "doctor.h"
#include "glue.h"

/* More than can be told in a few lines means that the whole state is rubbish. */
#define MAX_BROKEN	32

DEFINE_STATIC_KEY_FALSE(vlm_doctor_wanted);

/**
 * struct vlm_doctor - a state that was refused, under the vCPU mutex
 * @flags: VELLUM_DOCTOR_*, 0: nothing is in it
 * @exit_reason: with bit 31 set, or 0 after VMfail
 * @instruction_error: after VMfail
 * @qualification: exit qualification
 * @nr_broken: valid in @broken
 * @broken: rules, by number
 * @state: the VMCS
 */
struct vlm_doctor {
	u32 flags;
	u32 exit_reason;
	u32 instruction_error;
	u32 nr_broken;
	u64 qualification;
	u16 broken[MAX_BROKEN];
	struct doctor_state state;
};

/* Interrupts are off.  Without memory there is no explanation, that is all. */
static struct vlm_doctor *doctor_of(struct vlm_vcpu *vcpu)
{
	if (!vcpu->doctor)
		vcpu->doctor = kzalloc(sizeof(*vcpu->doctor),
				       GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	return vcpu->doctor;
}

static void examine(struct vlm_vcpu *vcpu, struct vlm_doctor *d)
{
	vmx_snapshot(vcpu, &d->state);
	d->nr_broken = min_t(u32, MAX_BROKEN,
			     doctor_examine(&d->state, d->broken, MAX_BROKEN));
}

#define REFUSED	"VM entry refused (exit reason %#x, VM-instruction error %u)"

static void keep(struct vlm_doctor *d, u32 flags, const struct vlm_exit *exit)
{
	char text[sizeof_field(struct vellum_rule, text)];

	d->flags = flags;
	d->instruction_error = exit->instruction_error;
	d->exit_reason = exit->instruction_error ? 0 :
			 exit->reason | VMX_EXIT_REASONS_FAILED_VMENTRY;
	d->qualification = exit->qualification;
	if (!d->nr_broken) {
		vlm_limited(REFUSED ": it breaks no rule that is known\n",
			    d->exit_reason, d->instruction_error);
		return;
	}
	doctor_tell(&d->state, d->broken[0], text, sizeof(text));
	vlm_limited(REFUSED ": %s: %s (and %u more)\n",
		    d->exit_reason, d->instruction_error, doctor_rules[d->broken[0]].name, text,
		    d->nr_broken - 1);
}

void vlm_doctor_refused(struct vlm_vcpu *vcpu, const struct vlm_exit *exit)
{
	struct vlm_doctor *d = doctor_of(vcpu);

	if (!d)
		return;
	examine(vcpu, d);
	keep(d, VELLUM_DOCTOR_REFUSED, exit);
}

/* What a CPU would say: SDM 3C, "VM-Instruction Error Numbers", "VM Entries". */
static void as_refused(const struct vlm_doctor *d, struct vlm_exit *exit)
{
	*exit = (struct vlm_exit) { .reason = 0xffff };
	switch (doctor_rule_group(d->broken[0])) {
	case DOCTOR_CONTROLS:
		exit->instruction_error = VMXERR_ENTRY_INVALID_CONTROL_FIELD;
		break;
	case DOCTOR_HOST:
		exit->instruction_error = VMXERR_ENTRY_INVALID_HOST_STATE_FIELD;
		break;
	case DOCTOR_GUEST:
		exit->reason = EXIT_REASON_INVALID_STATE;
		break;
	default:
		exit->reason = EXIT_REASON_MSR_LOAD_FAIL;
	}
}

bool vlm_doctor_check(struct vlm_vcpu *vcpu, struct vlm_exit *exit)
{
	struct vlm_doctor *d;

	if (!READ_ONCE(vcpu->vm->doctor))
		return true;
	d = doctor_of(vcpu);
	if (!d)
		return true;
	d->flags = 0;
	examine(vcpu, d);
	if (!d->nr_broken)
		return true;
	as_refused(d, exit);
	keep(d, VELLUM_DOCTOR_CHECKED, exit);
	return false;
}

static long put_fields(struct vlm_doctor *d, struct vellum_doctor *out)
{
	struct vellum_number __user *to = u64_to_user_ptr(out->fields);
	enum doctor_field field;
	u32 count = 0;

	for (field = DF_NONE + 1; field < NR_DOCTOR_FIELDS; field++) {
		struct vellum_number n = {
			.id = doctor_field_encoding(field),
			.value = d->state.value[field],
		};

		if (!d->state.have[field])
			continue;
		if (count < out->nr_fields && copy_to_user(&to[count], &n, sizeof(n)))
			return -EFAULT;
		count++;
	}
	out->nr_fields = count;
	return 0;
}

static long put_caps(struct vlm_doctor *d, struct vellum_doctor *out)
{
	struct vellum_number __user *to = u64_to_user_ptr(out->caps);
	u32 i;

	for (i = 0; i < doctor_nr_caps && i < out->nr_caps; i++) {
		struct vellum_number n = { .id = doctor_cap_number(i) };

		n.value = *doctor_cap(&d->state.caps, n.id);
		if (copy_to_user(&to[i], &n, sizeof(n)))
			return -EFAULT;
	}
	out->nr_caps = doctor_nr_caps;
	return 0;
}

static long put_rules(struct vlm_doctor *d, struct vellum_doctor *out)
{
	struct vellum_rule __user *to = u64_to_user_ptr(out->rules);
	struct vellum_rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);
	long err = 0;
	u32 i;

	if (!rule)
		return -ENOMEM;
	for (i = 0; i < d->nr_broken && i < out->nr_rules; i++) {
		const struct doctor_rule *r = &doctor_rules[d->broken[i]];

		memset(rule, 0, sizeof(*rule));
		strscpy(rule->name, r->name, sizeof(rule->name));
		strscpy(rule->section, doctor_sections[r->section].title, sizeof(rule->section));
		doctor_tell(&d->state, d->broken[i], rule->text, sizeof(rule->text));
		if (copy_to_user(&to[i], rule, sizeof(*rule))) {
			err = -EFAULT;
			break;
		}
	}
	kfree(rule);
	out->nr_rules = d->nr_broken;
	return err;
}

long vlm_doctor_get(struct vlm_vcpu *vcpu, struct vellum_doctor *out)
{
	struct vlm_doctor *d = vcpu->doctor;
	long err;

	if (out->reserved)
		return -EINVAL;
	if (!d || !d->flags)
		return -ENOENT;
	out->flags = d->flags;
	out->exit_reason = d->exit_reason;
	out->instruction_error = d->instruction_error;
	out->qualification = d->qualification;
	err = put_fields(d, out);
	if (!err)
		err = put_caps(d, out);
	if (!err)
		err = put_rules(d, out);
	return err;
}

long vlm_doctor_enable(struct vlm_vm *vm, u64 on)
{
	bool was;

	if (on > 1)
		return -EINVAL;
	mutex_lock(&vm->lock);
	was = vm->doctor;
	WRITE_ONCE(vm->doctor, on);
	if (on && !was)
		static_branch_inc(&vlm_doctor_wanted);
	if (!on && was)
		static_branch_dec(&vlm_doctor_wanted);
	mutex_unlock(&vm->lock);
	return 0;
}

void vlm_doctor_vcpu_destroy(struct vlm_vcpu *vcpu)
{
	kfree(vcpu->doctor);
}

void vlm_doctor_vm_destroy(struct vlm_vm *vm)
{
	if (vm->doctor)
		static_branch_dec(&vlm_doctor_wanted);
}
