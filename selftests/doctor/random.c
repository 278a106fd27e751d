// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random mutations of valid states.
 */
#include "random.h"

#include <string.h>

#include "doctor/bits.h"

static u64 seed = 88172645463325252ull;

void random_seed(u64 value)
{
	seed = value ? value : 1;
}

u64 random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static unsigned int below(unsigned int n)
{
	return (random64() >> 33) % n;
}

/* Of the TPR, the first byte is what counts. */
static unsigned int width(enum doctor_field field)
{
	return field == DF_VTPR ? 8 : doctor_field_bits(field);
}

static u64 fit(enum doctor_field field, u64 value)
{
	unsigned int bits = width(field);

	return bits == 64 ? value : value & ((1ull << bits) - 1);
}

/* What is worth more than a random number. */
static u64 special(enum doctor_field field, const struct entrytry_base *from)
{
	switch (field) {
	case DF_EVENT:
		return EVENT_VALID | below(8) << 8 | (below(2) ? below(32) : below(256)) |
		       (below(3) ? 0 : EVENT_HAS_ERROR);
	case DF_ACTIVITY:
		return below(5);
	case DF_INTERRUPTIBILITY:
		return below(32);
	case DF_EVENT_LENGTH:
	case DF_TPR_THRESHOLD:
		return below(17);
	case DF_PENDING_DEBUG:
		return 1ull << below(17) | (below(2) ? PENDING_BS : 0);
	case DF_LINK_POINTER:
		return below(2) ? from->at.link : from->value[DF_VMCS_POINTER];
	case DF_GUEST_ES_AR ... DF_GUEST_TR_AR:
		return below(16) | below(8) << 4 | RIGHTS_P | below(16) << 12 |
		       (below(4) ? 0 : RIGHTS_UNUSABLE);
	case DF_GUEST_ES_LIMIT ... DF_GUEST_TR_LIMIT:
		return below(2) ? 0xffff : 0xffffffff;
	case DF_GUEST_PDPTE0 ... DF_GUEST_PDPTE3:
		return from->at.empty | 1 | 1ull << below(64);
	case DF_GUEST_PAT:
	case DF_HOST_PAT:
		return (u64)below(10) << below(8) * 8;
	default:
		return below(2) ? 0 : ~0ull;
	}
}

static void mutate_field(enum doctor_field field, const struct entrytry_base *from, u64 *v)
{
	u64 value = v[field];

	switch (below(4)) {
	case 0:
		value = special(field, from);
		break;
	case 1:
		value = random64() >> below(64);
		break;
	default:
		value ^= 1ull << below(width(field));
	}
	v[field] = fit(field, value);
}

static void mutate_msrs(struct entrytry *t)
{
	static const u32 indices[] = {
		0x174, 0x175, 0x176, 0xc0000102, 0xc0000100, 0xc0000101, 0x79, 0x9b,
	};
	unsigned int i;

	t->nr_msrs = 1 + below(ENTRYTRY_MSRS);
	t->value[DF_ENTRY_LOAD_COUNT] = t->nr_msrs;
	for (i = 0; i < t->nr_msrs; i++) {
		t->msrs[i].index = indices[below(below(3) ? 4 : 8)];
		t->msrs[i].reserved = below(8) ? 0 : 1u << below(32);
		t->msrs[i].value = below(4) ? 0xffff800000000000ull + below(4096) : random64();
	}
}

bool random_state(const struct entrytry_base *from, struct entrytry *t, enum base *base)
{
	unsigned int n = 1 + below(3);

	memset(t, 0, sizeof(*t));
	memcpy(t->value, from->value, sizeof(t->value));
	*base = below(NR_BASES);
	if (!base_apply(*base, &from->caps, t->value))
		return false;
	if (!below(16))
		mutate_msrs(t);
	while (n) {
		enum doctor_field field = 1 + below(NR_DOCTOR_FIELDS - 1);

		/* Where the VMCS is, and the stack, are not for us to say. */
		if (!from->have[field] || field == DF_VMCS_POINTER || field == DF_HOST_RSP)
			continue;
		mutate_field(field, from, t->value);
		n--;
	}
	return true;
}
