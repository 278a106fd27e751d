// SPDX-License-Identifier: GPL-2.0-only
/*
 * Valid states, and what is common to all tests of the doctor.
 */
#include <string.h>

#include "cases.h"
#include "doctor/bits.h"

const char *base_name(enum base base)
{
	static const char *const names[NR_BASES] = {
		[BASE_64] = "64-bit",
		[BASE_PLAIN] = "64-bit, not unrestricted",
		[BASE_NO_EPT] = "64-bit, no EPT",
		[BASE_32] = "PAE",
		[BASE_PLAIN_32] = "PAE, not unrestricted",
		[BASE_REAL] = "real mode",
		[BASE_VM86] = "virtual-8086",
		[BASE_APIC] = "64-bit, virtual APIC",
	};

	return names[base];
}

static void leave_64(u64 *v)
{
	v[DF_ENTRY] &= ~(u64)ENTRY_IA32E;
	v[DF_GUEST_EFER] &= ~(u64)(EFER_LME_BIT | EFER_LMA_BIT);
	v[DF_GUEST_CS_AR] = 0xc09b;
}

static void make_real(u64 *v)
{
	int i;

	leave_64(v);
	v[DF_GUEST_CR0] &= ~(u64)(CR0_PE | CR0_PG);
	v[DF_GUEST_CR4] &= ~(u64)CR4_PAE;
	for (i = 0; i < 6; i++) {
		v[DF_GUEST_ES_LIMIT + i] = 0xffff;
		v[DF_GUEST_ES_AR + i] = 0x93;
		v[DF_GUEST_ES_BASE + i] = v[DF_GUEST_ES_SEL + i] << 4;
	}
	v[DF_GUEST_CS_AR] = 0x9b;
}

static void make_vm86(u64 *v)
{
	int i;

	make_real(v);
	v[DF_GUEST_CR0] |= CR0_PE | CR0_PG;
	v[DF_GUEST_CR4] |= CR4_PAE;
	v[DF_GUEST_RFLAGS] |= RFLAGS_VM;
	for (i = 0; i < 6; i++)
		v[DF_GUEST_ES_AR + i] = 0xf3;
}

/* A control that the CPU allows is turned on. */
static void turn_on(u64 *control, u64 cap, u32 bits)
{
	*control |= bits & (cap >> 32);
}

bool base_apply(enum base base, const struct doctor_caps *caps, u64 *v)
{
	bool unrestricted = v[DF_PROC2] & PROC2_UNRESTRICTED;

	switch (base) {
	case BASE_64:
		return unrestricted;
	case BASE_NO_EPT:
		v[DF_PROC2] &= ~(u64)(PROC2_EPT | PROC2_UNRESTRICTED);
		return true;
	case BASE_PLAIN_32:
		leave_64(v);
		/* fall through */
	case BASE_PLAIN:
		v[DF_PROC2] &= ~(u64)PROC2_UNRESTRICTED;
		return true;
	case BASE_32:
		leave_64(v);
		return unrestricted;
	case BASE_REAL:
		make_real(v);
		return unrestricted;
	case BASE_VM86:
		make_vm86(v);
		return true;
	case BASE_APIC:
		turn_on(&v[DF_PROC], caps->proc, PROC_TPR_SHADOW);
		turn_on(&v[DF_PROC2], caps->proc2, PROC2_X2APIC | PROC2_APIC_REGISTERS |
			PROC2_INTERRUPT_DELIVERY);
		turn_on(&v[DF_EXIT], caps->exit, EXIT_ACK_INTERRUPT);
		if (v[DF_PROC2] & PROC2_INTERRUPT_DELIVERY)
			turn_on(&v[DF_PIN], caps->pin, PIN_POSTED);
		return v[DF_PROC] & PROC_TPR_SHADOW;
	default:
		return false;
	}
}

/* The highest bit of these controls that may not be 1; 0: all may. */
static u64 forbidden(const struct doctor_caps *caps, enum doctor_field controls)
{
	u64 cap = controls == DF_PIN ? caps->pin : controls == DF_PROC ? caps->proc :
		  controls == DF_PROC2 ? caps->proc2 : controls == DF_EXIT ? caps->exit :
		  caps->entry;
	u64 bit;

	for (bit = 1u << 31; bit && (cap >> 32 & bit); bit >>= 1)
		;
	return bit;
}

static void apply(const struct change *c, const struct entrytry_base *from, u64 *v)
{
	u64 end = 1ull << (from->caps.basic & BASIC_32_BIT ? 32 : from->caps.physical_bits);

	switch (c->op) {
	case CHANGE_SET:
		v[c->field] = c->value;
		break;
	case CHANGE_OR:
		v[c->field] |= c->value;
		break;
	case CHANGE_CLEAR:
		v[c->field] &= ~c->value;
		break;
	case CHANGE_WIDE:
		v[c->field] |= 1ull << from->caps.physical_bits;
		break;
	case CHANGE_TOP:
		v[c->field] = end - 16;
		break;
	case CHANGE_COPY:
		v[c->field] = v[c->value];
		break;
	case CHANGE_LINK:
		v[c->field] = from->at.link;
		break;
	case CHANGE_FORBIDDEN:
		v[c->field] |= forbidden(&from->caps, c->field);
		break;
	}
}

bool make_case(const struct doctor_case *c, const struct entrytry_base *from,
	       struct entrytry *t)
{
	int i;

	memset(t, 0, sizeof(*t));
	memcpy(t->value, from->value, sizeof(t->value));
	if (!base_apply(c->base, &from->caps, t->value))
		return false;
	if (c->cpu && !c->cpu(&from->caps))
		return false;
	for (i = 0; i < CASE_CHANGES && c->change[i].op; i++) {
		if (!from->have[c->change[i].field])
			return false;
		apply(&c->change[i], from, t->value);
	}
	if (c->has_msr) {
		t->msrs[0] = c->msr;
		t->nr_msrs = 1;
		t->value[DF_ENTRY_LOAD_COUNT] = 1;
	}
	return true;
}

int rule_number(const char *name)
{
	unsigned int i;

	for (i = 0; i < doctor_nr_rules; i++) {
		if (!strcmp(doctor_rules[i].name, name))
			return i;
	}
	return -1;
}

void take_state(struct doctor_state *s, const struct entrytry_base *from,
		const struct entrytry *t)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->caps = from->caps;
	for (i = DF_NONE + 1; i < NR_DOCTOR_FIELDS; i++) {
		if (from->have[i])
			doctor_set(s, i, t->value[i]);
	}
	s->msrs = t->msrs;
	s->nr_msrs = t->nr_msrs;
}

bool is_for_another_cpu(const u16 *broken, unsigned int count, int rule)
{
	static const char *const allowed[] = {
		"pin_allowed", "proc_allowed", "proc2_allowed", "proc3_allowed", "exit_allowed",
		"exit2_allowed", "entry_allowed", "pin_required", "proc_required", "exit_required",
		"entry_required", "vm_functions", "guest_cr4_fixed1", "host_cr4_fixed1", "activity",
	};
	unsigned int i, j;

	for (i = 0; i < count; i++) {
		for (j = 0; j < sizeof(allowed) / sizeof(*allowed); j++) {
			if (broken[i] != rule && broken[i] == rule_number(allowed[j]))
				return true;
		}
	}
	return false;
}
