// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of a virtio device (VIRTIO 1.1, "MMIO Device Register Layout").
 */
#include "mmio.h"

#include <string.h>
#include <sys/eventfd.h>

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#define MAGIC		0x74726976	/* "virt" */
#define VERSION		2
#define VENDOR		0x4d4c4c56	/* "VLLM" */

static uint64_t features(const struct virtio_dev *dev)
{
	return dev->ops->features | 1ull << VIRTIO_F_VERSION_1 |
	       1ull << VIRTIO_RING_F_INDIRECT_DESC;
}

static struct virtq *selected(struct virtio_dev *dev)
{
	return dev->queue_sel < dev->ops->queues ? &dev->queues[dev->queue_sel] : NULL;
}

static uint32_t read_register(struct virtio_dev *dev, uint64_t offset)
{
	const struct virtq *q = selected(dev);

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return dev->ops->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return dev->feature_sel < 2 ? features(dev) >> (32 * dev->feature_sel) : 0;
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return q ? VRING_MAX : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return q && q->ready;
	case VIRTIO_MMIO_STATUS:
		return dev->status;
	}
	return 0;
}

static void reset(struct virtio_dev *dev)
{
	unsigned int i;

	vhost_stop(dev);
	for (i = 0; i < VIRTIO_QUEUES; i++)
		dev->queues[i] = (struct virtq){ .kick_fd = dev->queues[i].kick_fd };
	dev->status = 0;
	dev->driver_features = 0;
	dev->want_input = false;
	dev->broken = false;
	dev->isr = 0;
}

static void set_status(struct virtio_dev *dev, uint32_t value)
{
	if (!value) {
		reset(dev);
		return;
	}
	/* A driver that asks for more than is offered does not get its way. */
	if (value & VIRTIO_CONFIG_S_FEATURES_OK && dev->driver_features & ~features(dev))
		value &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	dev->status = value | (dev->status & VIRTIO_CONFIG_S_NEEDS_RESET);
	if (value & VIRTIO_CONFIG_S_DRIVER_OK) {
		dev->want_input = true;
		vhost_start(dev);
	}
}

static void set_low(uint64_t *addr, uint32_t value)
{
	*addr = (*addr & ~0xffffffffull) | value;
}

static void set_high(uint64_t *addr, uint32_t value)
{
	*addr = (*addr & 0xffffffff) | (uint64_t)value << 32;
}

static void write_queue(struct virtio_dev *dev, uint64_t offset, uint32_t value)
{
	struct virtq *q = selected(dev);
	const char *why;

	/* A ready queue stands still: what was checked stays so. */
	if (!q || (q->ready && offset != VIRTIO_MMIO_QUEUE_READY))
		return;
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		q->num = value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
		set_low(&q->desc_addr, value);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_high(&q->desc_addr, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
		set_low(&q->avail_addr, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_high(&q->avail_addr, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
		set_low(&q->used_addr, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_high(&q->used_addr, value);
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		vhost_stop(dev);
		q->ready = false;
		why = value & 1 ? virtq_enable(q, &dev->machine->ram) : NULL;
		if (why)
			virtio_break(dev, "a queue that cannot be: %s", why);
		break;
	}
}

static void write_register(struct virtio_dev *dev, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		dev->feature_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		dev->driver_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		if (dev->driver_sel == 0)
			set_low(&dev->driver_features, value);
		else if (dev->driver_sel == 1)
			set_high(&dev->driver_features, value);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		dev->queue_sel = value;
		break;
	case VIRTIO_MMIO_STATUS:
		set_status(dev, value);
		break;
	default:
		write_queue(dev, offset, value);
	}
}

static void read_config(struct virtio_dev *dev, uint64_t offset, void *data, unsigned int size)
{
	unsigned int len = 0;
	const uint8_t *config = dev->ops->config ? dev->ops->config(dev, &len) : NULL;
	unsigned int i;

	for (i = 0; i < size; i++)
		((uint8_t *)data)[i] = offset + i < len ? config[offset + i] : 0;
}

static void notify(struct virtio_dev *dev, unsigned int q)
{
	if (!(dev->ops->prompt & 1u << q)) {
		eventfd_write(dev->queues[q].kick_fd, 1);
		return;
	}
	pthread_mutex_lock(&dev->lock);
	if (!dev->broken && dev->queues[q].ready)
		dev->ops->kick(dev, q);
	pthread_mutex_unlock(&dev->lock);
}

/*
 * What an interrupt handler and a notification touch goes without the lock: a
 * device at work holds it for as long as its I/O takes.
 */
static bool fast_access(struct virtio_dev *dev, uint64_t offset, uint32_t *value, bool write)
{
	switch (offset) {
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		/* Interrupts of the kernel's queues come past this process. */
		if (!write)
			*value = dev->isr | (dev->vhost.queues ? VIRTIO_MMIO_INT_VRING : 0);
		return true;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		if (write)
			dev->isr &= ~*value;
		return true;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		if (write && *value < dev->ops->queues)
			notify(dev, *value);
		return true;
	}
	return false;
}

void virtio_mmio_access(void *device, uint64_t offset, void *data, unsigned int size, bool write)
{
	struct virtio_dev *dev = device;
	uint32_t value = 0;

	if (offset >= VIRTIO_MMIO_CONFIG) {
		offset -= VIRTIO_MMIO_CONFIG;
		if (!write)
			read_config(dev, offset, data, size);
		else if (dev->ops->store)
			dev->ops->store(dev, offset, data, size);
		return;
	}
	/* Registers are of 32 bits, and accessed as such. */
	if (size != 4) {
		if (!write)
			memset(data, 0, size);
		return;
	}
	if (write)
		memcpy(&value, data, 4);
	if (!fast_access(dev, offset, &value, write)) {
		pthread_mutex_lock(&dev->lock);
		if (write)
			write_register(dev, offset, value);
		else
			value = read_register(dev, offset);
		pthread_mutex_unlock(&dev->lock);
	}
	if (!write)
		memcpy(data, &value, 4);
}
