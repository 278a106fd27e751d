/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Split virtqueues, seen from the device. The rings lie in guest memory, so
 * all that is in them may be wrong, and may change while it is looked at:
 * everything is read once, then checked, then used.
 */
#ifndef VRING_H
#define VRING_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "../run/ram.h"

#define VRING_MAX	256	/* entries of a queue */
#define CHAIN_MAX	256	/* buffers of a chain */

/**
 * struct virtq - a queue
 * @num: entries, a power of two
 * @ready: the driver has set it up, and the addresses are checked
 * @desc_addr: where the driver has put the descriptors
 * @avail_addr: and what it offers
 * @used_addr: and what it gets back
 * @desc: the same in this process, once @ready
 * @avail: likewise
 * @used: likewise
 * @seen: how far the device has come in @avail
 * @kick_fd: eventfd that the driver rings
 */
struct virtq {
	uint32_t num;
	bool ready;
	uint64_t desc_addr, avail_addr, used_addr;
	const struct vring_desc *desc;
	volatile struct vring_avail *avail;
	volatile struct vring_used *used;
	uint16_t seen;
	int kick_fd;
};

/**
 * struct chain - buffers that belong together
 * @head: the first descriptor's number, which names the chain
 * @iov: the buffers: @out that the device reads, then @in that it writes
 * @out: how many
 * @in: how many
 * @out_len: bytes of them together
 * @in_len: bytes of them together
 */
struct chain {
	uint16_t head;
	struct iovec iov[CHAIN_MAX];
	unsigned int out, in;
	size_t out_len, in_len;
};

/* Check what the driver has set up. NULL, or what is wrong with it. */
const char *virtq_enable(struct virtq *q, const struct ram *ram);

/* 1: @chain is the next; 0: there is none; -1: malformed, and @why says how. */
int virtq_pop(struct virtq *q, const struct ram *ram, struct chain *chain, const char **why);
void virtq_push(struct virtq *q, uint16_t head, uint32_t len);

/* Does the driver want an interrupt for what was pushed? */
bool virtq_wants_interrupt(const struct virtq *q);

/*
 * Copy from or to buffers, from byte @skip of them on; how many bytes there
 * were. Buffers are guest memory: nothing is assumed of what they hold.
 */
size_t iov_read(const struct iovec *iov, unsigned int n, size_t skip, void *to, size_t len);
size_t iov_write(const struct iovec *iov, unsigned int n, size_t skip, const void *from,
		 size_t len);
/* The buffers from byte @skip on and of @len bytes, as a list of its own; its length. */
unsigned int iov_slice(const struct iovec *iov, unsigned int n, size_t skip, size_t len,
		       struct iovec *out);

#endif /* VRING_H */
