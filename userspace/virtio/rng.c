// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entropy (VIRTIO 1.1, "Entropy Device"): buffers filled by the host's kernel.
 */
#include <linux/virtio_ids.h>
#include <sys/random.h>

#include "virtio.h"

/* At most this much for a request: a driver can ask for more than there is time. */
#define FILL_MAX	65536

static uint32_t fill(const struct chain *c)
{
	const struct iovec *iov = &c->iov[c->out];
	size_t len;
	ssize_t n;

	if (!c->in)
		return 0;
	len = iov->iov_len < FILL_MAX ? iov->iov_len : FILL_MAX;
	n = getrandom(iov->iov_base, len, 0);
	return n > 0 ? n : 0;
}

static void rng_kick(struct virtio_dev *dev, unsigned int q)
{
	struct chain c;

	while (virtio_pop(dev, q, &c))
		virtio_push(dev, q, &c, fill(&c));
}

static const struct virtio_ops rng_ops = {
	.name = "rng",
	.id = VIRTIO_ID_RNG,
	.queues = 1,
	.kick = rng_kick,
};

int virtio_rng_add(struct machine *m)
{
	return virtio_add(m, &rng_ops, NULL) ? 0 : -1;
}
