/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include "virtio.h"

/* The registers of a device; see bus_access_t. */
void virtio_mmio_access(void *device, uint64_t offset, void *data, unsigned int size, bool write);

#endif /* VIRTIO_MMIO_H */
