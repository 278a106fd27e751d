/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports and memory-mapped registers: who answers at which address.
 */
#ifndef BUS_H
#define BUS_H

#include <stdbool.h>
#include <stdint.h>

#define BUS_RANGES	32

/*
 * Called on a vCPU's thread, on several at once: a device locks for itself.
 * @offset counts from the start of the range. A read fills all @size bytes.
 */
typedef void (*bus_access_t)(void *device, uint64_t offset, void *data,
			     unsigned int size, bool write);

struct bus_range {
	uint64_t start;
	uint64_t size;
	bus_access_t access;
	void *device;
};

/* Filled before the vCPUs start, constant from then on. */
struct bus {
	struct bus_range ranges[BUS_RANGES];
	unsigned int nr;
};

int bus_add(struct bus *bus, uint64_t start, uint64_t size, bus_access_t access, void *device);

/* One access. Where nobody answers a read gives ones and a write is lost. */
void bus_access(const struct bus *bus, uint64_t addr, void *data, unsigned int size, bool write);

#endif /* BUS_H */
