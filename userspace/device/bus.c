// SPDX-License-Identifier: GPL-2.0-only
#include "bus.h"

#include <string.h>

#include "../run/say.h"

int bus_add(struct bus *bus, uint64_t start, uint64_t size, bus_access_t access, void *device)
{
	if (bus->nr == BUS_RANGES)
		return fail("too many devices for the bus");
	bus->ranges[bus->nr++] = (struct bus_range){ start, size, access, device };
	return 0;
}

void bus_access(const struct bus *bus, uint64_t addr, void *data, unsigned int size, bool write)
{
	unsigned int i;

	for (i = 0; i < bus->nr; i++) {
		const struct bus_range *r = &bus->ranges[i];

		if (addr >= r->start && addr - r->start < r->size) {
			r->access(r->device, addr - r->start, data, size, write);
			return;
		}
	}
	if (!write)
		memset(data, 0xff, size);
}
