// SPDX-License-Identifier: GPL-2.0-only
#include "vring.h"

#include <stdatomic.h>
#include <string.h>

const char *virtq_enable(struct virtq *q, const struct ram *ram)
{
	q->ready = false;
	if (!q->num || q->num > VRING_MAX || (q->num & (q->num - 1)))
		return "its size is no power of two up to 256";
	if (q->desc_addr & 15 || q->avail_addr & 1 || q->used_addr & 3)
		return "its rings are not aligned";
	q->desc = ram_at(ram, q->desc_addr, q->num * sizeof(struct vring_desc));
	q->avail = ram_at(ram, q->avail_addr, sizeof(*q->avail) + (q->num + 1) * 2);
	q->used = ram_at(ram, q->used_addr, sizeof(*q->used) +
			 q->num * sizeof(struct vring_used_elem) + 2);
	if (!q->desc || !q->avail || !q->used)
		return "its rings do not lie in RAM";
	q->seen = 0;
	q->ready = true;
	return NULL;
}

/* Once and for all: an indirect table may lie anywhere, and change at any time. */
static struct vring_desc read_desc(const void *table, uint32_t i)
{
	struct vring_desc d;

	memcpy(&d, (const char *)table + i * sizeof(d), sizeof(d));
	atomic_signal_fence(memory_order_seq_cst);
	return d;
}

static const char *add_buffer(struct chain *c, const struct ram *ram, const struct vring_desc *d)
{
	struct iovec *iov = &c->iov[c->out + c->in];
	bool in = d->flags & VRING_DESC_F_WRITE;

	if (c->out + c->in == CHAIN_MAX)
		return "a chain of more than 256 buffers";
	if (!in && c->in)
		return "a buffer to be read behind one to be written";
	iov->iov_base = ram_at(ram, d->addr, d->len);
	iov->iov_len = d->len;
	if (!iov->iov_base)
		return "a buffer that is not all in RAM";
	if (in) {
		c->in++;
		c->in_len += d->len;
	} else {
		c->out++;
		c->out_len += d->len;
	}
	return NULL;
}

/* The chain that begins at entry @i of a table of @num. */
static const char *walk(struct chain *c, const struct ram *ram,
			const void *table, uint32_t num, uint32_t i, bool indirect)
{
	const void *inner;
	struct vring_desc d;
	const char *why;
	uint32_t steps;

	for (steps = 0; steps < num; steps++) {
		if (i >= num)
			return "a descriptor's number beyond the table";
		d = read_desc(table, i);
		if (d.flags & VRING_DESC_F_INDIRECT) {
			if (indirect)
				return "an indirect table within an indirect table";
			if (d.flags & VRING_DESC_F_NEXT)
				return "an indirect table with a successor";
			inner = ram_at(ram, d.addr, d.len);
			if (!d.len || d.len % sizeof(d) || !inner)
				return "an indirect table that is not all in RAM";
			return walk(c, ram, inner, d.len / sizeof(d), 0, true);
		}
		why = add_buffer(c, ram, &d);
		if (why)
			return why;
		if (!(d.flags & VRING_DESC_F_NEXT))
			return NULL;
		i = d.next;
	}
	return "a chain that bites its own tail";
}

int virtq_pop(struct virtq *q, const struct ram *ram, struct chain *chain, const char **why)
{
	uint16_t idx, pending;

	if (!q->ready)
		return 0;
	idx = q->avail->idx;
	pending = idx - q->seen;
	if (!pending)
		return 0;
	if (pending > q->num) {
		*why = "more offered than the ring has entries";
		return -1;
	}
	/* What the index counts was written before it. */
	atomic_thread_fence(memory_order_acquire);
	chain->head = q->avail->ring[q->seen % q->num];
	chain->out = 0;
	chain->in = 0;
	chain->out_len = 0;
	chain->in_len = 0;
	*why = walk(chain, ram, q->desc, q->num, chain->head, false);
	if (*why)
		return -1;
	q->seen++;
	return 1;
}

void virtq_push(struct virtq *q, uint16_t head, uint32_t len)
{
	uint16_t idx = q->used->idx;
	volatile struct vring_used_elem *e = &q->used->ring[idx % q->num];

	e->id = head;
	e->len = len;
	atomic_thread_fence(memory_order_release);
	q->used->idx = idx + 1;
}

bool virtq_wants_interrupt(const struct virtq *q)
{
	/* The used index is to be seen before the flag is read. */
	atomic_thread_fence(memory_order_seq_cst);
	return !(q->avail->flags & VRING_AVAIL_F_NO_INTERRUPT);
}

unsigned int iov_slice(const struct iovec *iov, unsigned int n, size_t skip, size_t len,
		       struct iovec *out)
{
	unsigned int i, made = 0;

	for (i = 0; i < n && len; i++) {
		size_t part = iov[i].iov_len;

		if (skip >= part) {
			skip -= part;
			continue;
		}
		part -= skip;
		if (part > len)
			part = len;
		out[made].iov_base = (char *)iov[i].iov_base + skip;
		out[made].iov_len = part;
		made++;
		len -= part;
		skip = 0;
	}
	return made;
}

size_t iov_read(const struct iovec *iov, unsigned int n, size_t skip, void *to, size_t len)
{
	struct iovec part[CHAIN_MAX];
	unsigned int i, parts = iov_slice(iov, n, skip, len, part);
	size_t done = 0;

	for (i = 0; i < parts; i++) {
		memcpy((char *)to + done, part[i].iov_base, part[i].iov_len);
		done += part[i].iov_len;
	}
	return done;
}

size_t iov_write(const struct iovec *iov, unsigned int n, size_t skip, const void *from,
		 size_t len)
{
	struct iovec part[CHAIN_MAX];
	unsigned int i, parts = iov_slice(iov, n, skip, len, part);
	size_t done = 0;

	for (i = 0; i < parts; i++) {
		memcpy(part[i].iov_base, (const char *)from + done, part[i].iov_len);
		done += part[i].iov_len;
	}
	return done;
}
