/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SERIAL_H
#define SERIAL_H

#include "../run/machine.h"

/* The first serial port, at 3F8H, IRQ 4. 0, or -1 after a message. */
int serial_add(struct machine *m);

/* Input for the guest; see console_sink_t. */
size_t serial_input(void *device, const uint8_t *data, size_t len);
struct serial *serial_port(void);

#endif /* SERIAL_H */
