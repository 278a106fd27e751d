// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine that the emulator is tested on.
 */
#include <string.h>

#include "machine.h"

#define PF_PRESENT	1
#define PF_WRITE	2
#define PF_USER		4

static struct machine *of(struct em *em)
{
	return (struct machine *)em;
}

u8 *machine_at(struct machine *m, u64 linear, unsigned int len)
{
	if (linear - m->base > MACHINE_BYTES - len)
		return NULL;
	return m->mem + (linear - m->base);
}

/* The first byte of an access that cannot be made, or EM_OK. */
static int check(struct machine *m, u64 linear, unsigned int len, u32 access)
{
	struct em *em = &m->em;
	u64 at = linear;

	if (m->nr_touched < MAX_TOUCHED)
		m->touched[m->nr_touched++] = (struct access) { linear, len };
	while (at - linear < len) {
		u8 kind = PAGE_NONE;

		if (machine_at(m, at, 1))
			kind = m->kind[(at - m->base) / PAGE_BYTES];
		else
			m->outside = true;
		if (kind == PAGE_NONE || (kind == PAGE_READ && (access & EM_WRITE))) {
			em->fault = (struct em_fault) {
				.vector = EM_VECTOR_PF, .has_error = true, .cr2 = at,
				.error = (kind == PAGE_NONE ? 0 : PF_PRESENT) |
					 (access & EM_WRITE ? PF_WRITE : 0) |
					 (em->cpl == 3 ? PF_USER : 0),
			};
			return EM_FAULT;
		}
		at = (at | (PAGE_BYTES - 1)) + 1;
	}
	return EM_OK;
}

static bool is_device(struct machine *m, u64 linear)
{
	return m->devices || m->kind[(linear - m->base) / PAGE_BYTES] == PAGE_DEVICE;
}

static int device_read(struct machine *m, u64 linear, void *buf, unsigned int len)
{
	if (len > EM_MAX_OPERAND) {
		m->broken = "a device was read in a block";
		return EM_ERROR;
	}
	if (m->used < m->nr_log) {
		if (m->log[m->used].linear != linear || m->log[m->used].len != len) {
			m->broken = "executed again, it read something else";
			return EM_ERROR;
		}
		memcpy(buf, m->log[m->used++].data, len);
		return EM_OK;
	}
	m->wanted.linear = linear;
	m->wanted.len = len;
	memcpy(m->wanted.data, machine_at(m, linear, len), len);
	return EM_WAIT;
}

static int op_read(struct em *em, u64 linear, void *buf, unsigned int len, u32 access)
{
	struct machine *m = of(em);
	int ret = check(m, linear, len, access);

	if (ret)
		return ret;
	if (is_device(m, linear))
		return device_read(m, linear, buf, len);
	memcpy(buf, machine_at(m, linear, len), len);
	return EM_OK;
}

static int op_write(struct em *em, u64 linear, const void *buf, unsigned int len)
{
	struct machine *m = of(em);
	int ret = check(m, linear, len, EM_WRITE);

	if (ret)
		return ret;
	if (!is_device(m, linear)) {
		memcpy(machine_at(m, linear, len), buf, len);
		return EM_OK;
	}
	if (m->nr_writes == 4 || len > EM_MAX_OPERAND) {
		m->broken = "too much was written to a device";
		return EM_ERROR;
	}
	m->writes[m->nr_writes].linear = linear;
	m->writes[m->nr_writes].len = len;
	memcpy(m->writes[m->nr_writes++].data, buf, len);
	return EM_OK;
}

static int op_cmpxchg(struct em *em, u64 linear, const void *old, const void *new,
		      unsigned int len)
{
	struct machine *m = of(em);

	if (!is_device(m, linear)) {
		if (m->lose) {
			m->lose--;
			return EM_AGAIN;
		}
		if (memcmp(machine_at(m, linear, len), old, len)) {
			m->broken = "a locked access expects what was not there";
			return EM_ERROR;
		}
	}
	return op_write(em, linear, new, len);
}

static int op_probe(struct em *em, u64 linear, unsigned int len, u32 access)
{
	struct machine *m = of(em);
	int ret = check(m, linear, len, access);

	return !ret && is_device(m, linear) ? EM_DEVICE : ret;
}

static int op_port_in(struct em *em, u16 port, unsigned int size, unsigned int count)
{
	struct machine *m = of(em);

	(void)port;
	memcpy(em->io, m->port + m->nr_port, size * count);
	m->nr_port += size * count;
	return EM_OK;
}

static int op_port_out(struct em *em, u16 port, unsigned int size, unsigned int count)
{
	struct machine *m = of(em);

	(void)port;
	memcpy(m->port + m->nr_port, em->io, size * count);
	m->nr_port += size * count;
	return EM_OK;
}

static int op_vector_check(struct em *em, bool vex)
{
	(void)em;
	(void)vex;
	return EM_OK;
}

static int op_vector_read(struct em *em, unsigned int reg, void *buf, unsigned int len)
{
	memcpy(buf, of(em)->vector[reg], len);
	return EM_OK;
}

static int op_vector_write(struct em *em, unsigned int reg, const void *buf,
			   unsigned int len, bool zero)
{
	struct machine *m = of(em);

	if (zero)
		memset(m->vector[reg], 0, EM_MAX_OPERAND);
	memcpy(m->vector[reg], buf, len);
	return EM_OK;
}

static const struct em_ops machine_ops = {
	.read = op_read,
	.write = op_write,
	.cmpxchg = op_cmpxchg,
	.probe = op_probe,
	.port_in = op_port_in,
	.port_out = op_port_out,
	.vector_check = op_vector_check,
	.vector_read = op_vector_read,
	.vector_write = op_vector_write,
};

void machine_set_mode(struct machine *m, unsigned int mode)
{
	unsigned int bits = mode == 86 ? 16 : mode;
	unsigned int i;

	m->em.code_bits = bits;
	m->em.protected = mode != 86;
	for (i = 0; i < EM_NR_SEGS; i++) {
		m->em.seg[i] = (struct em_segment) {
			.limit = mode == 86 ? 0xffff : 0xffffffff,
			.ar = EM_AR_WRITABLE | (bits == 16 ? 0 : EM_AR_BIG) |
			      (i == EM_CS ? EM_AR_CODE : 0),
		};
	}
}

void machine_init(struct machine *m, u64 base)
{
	memset(m, 0, offsetof(struct machine, mem));
	m->em.ops = &machine_ops;
	m->em.la_bits = 48;
	m->em.io = m->io;
	m->em.io_size = sizeof(m->io);
	m->base = base;
	memset(m->kind, PAGE_WRITE, sizeof(m->kind));
	machine_set_mode(m, 64);
	m->nr_touched = 0;
	m->outside = false;
	m->devices = false;
	m->nr_log = 0;
	m->nr_writes = 0;
	m->nr_port = 0;
	m->lose = 0;
	m->broken = NULL;
}

static void apply_writes(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_writes; i++)
		memcpy(machine_at(m, m->writes[i].linear, m->writes[i].len),
		       m->writes[i].data, m->writes[i].len);
	m->nr_writes = 0;
}

static bool state_moved(const struct em *a, const struct em *b)
{
	return memcmp(a->gpr, b->gpr, sizeof(a->gpr)) || a->rflags != b->rflags ||
	       a->rip != b->rip;
}

/* One call, and again as often as it is told to. */
static int run_round(struct machine *m)
{
	struct em *em = &m->em;
	struct em before = *em;
	int ret;

	m->nr_log = 0;
	for (;;) {
		m->used = 0;
		m->nr_writes = 0;
		ret = em_decode(em);
		if (!ret)
			ret = em_execute(em);
		if (ret == EM_OK)
			break;
		if (state_moved(em, &before))
			m->broken = "it did not succeed, and registers have changed";
		if (em->retired)
			m->broken = "it did not succeed, and counts as retired";
		if (ret == EM_AGAIN)
			continue;
		if (ret != EM_WAIT)
			return ret;
		if (m->nr_log == 8) {
			m->broken = "too many reads of a device";
			return EM_ERROR;
		}
		memcpy(&m->log[m->nr_log++], &m->wanted, sizeof(m->wanted));
	}
	if (m->used != m->nr_log)
		m->broken = "it left out a read";
	apply_writes(m);
	return EM_OK;
}

int machine_run(struct machine *m, unsigned int rounds)
{
	int ret;

	m->nr_touched = 0;
	m->outside = false;
	m->broken = NULL;
	do {
		ret = run_round(m);
	} while (!ret && !m->em.retired && --rounds);
	return ret;
}
