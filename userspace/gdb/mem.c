// SPDX-License-Identifier: GPL-2.0-only
/*
 * The debugger's view of memory, and its breakpoints there.
 */
#include "priv.h"

#include <string.h>

#define INT3		0xcc
#define DR7_ALWAYS	0x400
#define DR7_EXACT	0x300

static uint8_t *at_linear(const struct cpu *cpu, uint64_t linear, size_t *len, uint64_t *gpa)
{
	size_t rest = 4096 - (linear & 4095);
	struct kvm_translation tr;

	if (vellum_vcpu_translate(&cpu->vcpu, linear, &tr) || !tr.valid)
		return NULL;
	if (*len > rest)
		*len = rest;
	if (gpa)
		*gpa = tr.physical_address;
	return ram_at(&cpu->machine->ram, tr.physical_address, *len);
}

size_t linear_read(const struct cpu *cpu, uint64_t linear, void *to, size_t len)
{
	size_t done, part;

	for (done = 0; done < len; done += part) {
		const uint8_t *from;

		part = len - done;
		from = at_linear(cpu, linear + done, &part, NULL);
		if (!from)
			break;
		memcpy((char *)to + done, from, part);
	}
	return done;
}

size_t linear_write(const struct cpu *cpu, uint64_t linear, const void *from, size_t len)
{
	size_t done, part;

	for (done = 0; done < len; done += part) {
		uint8_t *to;

		part = len - done;
		to = at_linear(cpu, linear + done, &part, NULL);
		if (!to)
			break;
		memcpy(to, (const char *)from + done, part);
	}
	return done;
}

bool break_soft_at(const struct gdb_breaks *b, uint64_t linear)
{
	unsigned int i;

	for (i = 0; i < GDB_SOFT; i++)
		if (b->soft[i].used && b->soft[i].linear == linear)
			return true;
	return false;
}

int break_soft_add(struct gdb_breaks *b, const struct cpu *cpu, uint64_t linear)
{
	size_t len = 1;
	uint8_t *code;
	unsigned int i;

	if (break_soft_at(b, linear))
		return 0;
	for (i = 0; i < GDB_SOFT && b->soft[i].used; i++)
		;
	if (i == GDB_SOFT)
		return -1;
	code = at_linear(cpu, linear, &len, &b->soft[i].gpa);
	if (!code)
		return -1;
	b->soft[i].linear = linear;
	b->soft[i].was = *code;
	b->soft[i].used = true;
	*code = INT3;
	return 0;
}

/* Where it was put, for the guest may have changed its page tables. */
static void take_out(struct gdb_breaks *b, const struct machine *m, unsigned int i)
{
	uint8_t *code = ram_at(&m->ram, b->soft[i].gpa, 1);

	if (code && *code == INT3)
		*code = b->soft[i].was;
	b->soft[i].used = false;
}

int break_soft_remove(struct gdb_breaks *b, const struct machine *m, uint64_t linear)
{
	unsigned int i;

	for (i = 0; i < GDB_SOFT; i++)
		if (b->soft[i].used && b->soft[i].linear == linear)
			take_out(b, m, i);
	return 0;
}

static int hard_find(const struct gdb_breaks *b, uint64_t linear, unsigned int len,
		     unsigned int type)
{
	unsigned int i;

	for (i = 0; i < GDB_HARD; i++)
		if (b->hard[i].len == len &&
		    (!len || (b->hard[i].linear == linear && b->hard[i].type == type)))
			return i;
	return -1;
}

int break_hard_add(struct gdb_breaks *b, uint64_t linear, unsigned int len, unsigned int type)
{
	int i;

	if (type == HARD_EXEC)
		len = 1;
	if ((len != 1 && len != 2 && len != 4 && len != 8) || linear & (len - 1))
		return -1;
	if (hard_find(b, linear, len, type) >= 0)
		return 0;
	i = hard_find(b, 0, 0, 0);
	if (i < 0)
		return -1;
	b->hard[i].linear = linear;
	b->hard[i].len = len;
	b->hard[i].type = type;
	return 0;
}

int break_hard_remove(struct gdb_breaks *b, uint64_t linear, unsigned int len, unsigned int type)
{
	int i = hard_find(b, linear, type == HARD_EXEC ? 1 : len, type);

	if (i >= 0)
		b->hard[i].len = 0;
	return 0;
}

void break_remove_all(struct gdb_breaks *b, const struct machine *m)
{
	unsigned int i;

	for (i = 0; i < GDB_SOFT; i++)
		if (b->soft[i].used)
			take_out(b, m, i);
	memset(b, 0, sizeof(*b));
}

int break_apply(const struct gdb_breaks *b, const struct cpu *cpu, bool step)
{
	/* LEN of DR7 by bytes (SDM 3B, "Debug Control Register (DR7)"). */
	static const unsigned int lens[] = { [1] = 0, [2] = 1, [4] = 3, [8] = 2 };
	struct kvm_guest_debug d = { .control = 0 };
	unsigned int i;

	for (i = 0; i < GDB_SOFT; i++)
		if (b->soft[i].used)
			d.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	d.arch.debugreg[7] = DR7_ALWAYS | DR7_EXACT;
	for (i = 0; i < GDB_HARD; i++) {
		if (!b->hard[i].len)
			continue;
		d.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
		d.arch.debugreg[i] = b->hard[i].linear;
		d.arch.debugreg[7] |= 2ull << (2 * i) |
			(uint64_t)(b->hard[i].type | lens[b->hard[i].len] << 2) << (16 + 4 * i);
	}
	if (step)
		d.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
	return vellum_vcpu_set_guest_debug(&cpu->vcpu, &d);
}
