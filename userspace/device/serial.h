/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SERIAL_H
#define SERIAL_H

#include "../run/machine.h"

#define SERIAL_PORTS	2

/* Where a port is, for the tables that tell of it. */
struct serial_place {
	uint16_t port;
	uint8_t gsi;
};

extern const struct serial_place serial_places[SERIAL_PORTS];

/*
 * The serial ports: the first is the terminal's, the second that of --serial and there
 * only with it. 0, or -1 after a message.
 */
int serial_add(struct machine *m);
unsigned int serial_ports(const struct machine *m);

/* The second port's input, by a thread of its own. 0, or -1 after a message. */
int serial_start(struct machine *m);
void serial_stop(void);
void serial_destroy(struct machine *m);

/* Input for the guest; see console_sink_t. */
size_t serial_input(void *device, const uint8_t *data, size_t len);
struct serial *serial_port(void);

#endif /* SERIAL_H */
