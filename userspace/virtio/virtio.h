/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtio devices behind memory-mapped registers (Virtual I/O Device (VIRTIO)
 * Version 1.1, "Virtio Over MMIO"). Each has a thread; a vCPU only touches the
 * registers and rings a queue's eventfd.
 */
#ifndef VIRTIO_H
#define VIRTIO_H

#include <sys/uio.h>

#include "../run/machine.h"
#include "vhost.h"
#include "vring.h"

#define VIRTIO_QUEUES	3

struct virtio_dev;

/**
 * struct virtio_ops - what tells one kind of device from another
 * @name: for messages
 * @id: device type
 * @queues: how many
 * @features: beside those that every device here has
 * @prompt: queues, a bit for each, that a vCPU serves itself when it rings: for a driver
 *	that does nothing until it is served
 * @kick: the driver has put something into queue @q
 * @input: the backend's descriptor is readable; NULL: there is none
 * @config: bytes of the configuration space, and how many; may be NULL
 * @store: the driver writes there, on a vCPU's thread; NULL: nothing comes of it
 * @destroy: free what @priv holds
 *
 * @kick and @input run on the device's thread, or the vCPU's, with its lock held.
 */
struct virtio_ops {
	const char *name;
	uint32_t id;
	unsigned int queues;
	uint64_t features;
	unsigned int prompt;
	void (*kick)(struct virtio_dev *dev, unsigned int q);
	void (*input)(struct virtio_dev *dev);
	const void *(*config)(struct virtio_dev *dev, unsigned int *len);
	void (*store)(struct virtio_dev *dev, uint64_t offset, const void *data,
		      unsigned int size);
	void (*destroy)(struct virtio_dev *dev);
};

struct virtio_dev {
	const struct virtio_ops *ops;
	struct machine *machine;
	unsigned int slot;		/* which page of registers, which interrupt */
	void *priv;
	int backend_fd;			/* polled for @input while @want_input; or -1 */

	pthread_t thread;
	bool started;
	int stop_fd;
	int irq_fd;			/* with irqfd, else -1 */
	atomic_uint isr;
	struct vhost vhost;		/* set before the driver comes */

	pthread_mutex_t lock;		/* of all that follows */
	bool want_input;
	bool broken;			/* until the driver resets it */
	uint32_t status;
	uint32_t feature_sel, driver_sel, queue_sel;
	uint64_t driver_features;
	struct virtq queues[VIRTIO_QUEUES];
};

/* Make a device and put it on the bus; it owns @priv from then on. NULL after a message. */
struct virtio_dev *virtio_add(struct machine *m, const struct virtio_ops *ops, void *priv);

int virtio_start(struct virtio_dev *dev);
void virtio_stop(struct virtio_dev *dev);
void virtio_destroy(struct virtio_dev *dev);

/* Have the driver look into its used rings. */
void virtio_interrupt(struct virtio_dev *dev);

/* Have it look into its configuration. */
void virtio_config_changed(struct virtio_dev *dev);

/*
 * The driver has done what no driver may: say so, and have nothing to do with
 * it until it resets the device.
 */
void __attribute__((format(printf, 2, 3))) virtio_break(struct virtio_dev *dev,
							const char *fmt, ...);

/* The next chain of queue @q: true, or false when there is none or the device broke. */
bool virtio_pop(struct virtio_dev *dev, unsigned int q, struct chain *chain);
/* Give it back, @len bytes of it written. */
void virtio_push(struct virtio_dev *dev, unsigned int q, const struct chain *chain, uint32_t len);

/* The devices. 0, or -1 after a message. */
int virtio_blk_add(struct machine *m, const struct disk_option *disk);
int virtio_rng_add(struct machine *m);
int virtio_net_add(struct machine *m);
int virtio_balloon_add(struct machine *m);
int virtio_vsock_add(struct machine *m);
int virtio_console_add(struct machine *m, struct virtio_dev **out);
size_t virtio_console_input(void *device, const uint8_t *data, size_t len);

/* Ask the guest to do without @bytes; how things stand, in words. */
void balloon_set(struct virtio_dev *dev, uint64_t bytes);
void balloon_show(struct virtio_dev *dev, FILE *out);

#endif /* VIRTIO_H */
