// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 16550A: what leaves it is on standard output before the guest goes on, so
 * the transmitter is always empty.
 */
#include "serial.h"

#include <string.h>

#include "console.h"

#define PORT_COM1	0x3f8
#define FIFO		64

#define IER_RX		0x01
#define IER_TX		0x02
#define IER_LINE	0x04
#define IIR_NONE	0x01
#define IIR_TX		0x02
#define IIR_RX		0x04
#define IIR_LINE	0x06
#define IIR_FIFO	0xc0
#define LCR_DLAB	0x80
#define LSR_DATA	0x01
#define LSR_OVERRUN	0x02
#define LSR_IDLE	0x60	/* holding register and shifter empty */
#define MCR_OUT2	0x08	/* gates the interrupt */
#define MCR_LOOP	0x10
#define MSR_READY	0xb0	/* carrier, data set ready, clear to send */

struct serial {
	struct machine *machine;
	pthread_mutex_t lock;	/* of all that follows */
	uint8_t fifo[FIFO];
	unsigned int head, count;
	uint8_t ier, lcr, mcr, lsr, fcr, scratch, dll, dlm;
	bool tx_pending;	/* "transmitter empty" not yet told */
	bool line;
};

static struct serial com1;

static uint8_t identify(const struct serial *s)
{
	uint8_t fifo = s->fcr & 1 ? IIR_FIFO : 0;

	if (s->ier & IER_LINE && s->lsr & LSR_OVERRUN)
		return fifo | IIR_LINE;
	if (s->ier & IER_RX && s->count)
		return fifo | IIR_RX;
	if (s->ier & IER_TX && s->tx_pending)
		return fifo | IIR_TX;
	return fifo | IIR_NONE;
}

static void update_line(struct serial *s)
{
	bool line = s->mcr & MCR_OUT2 && !(identify(s) & IIR_NONE);

	if (line == s->line)
		return;
	s->line = line;
	machine_irq(s->machine, GSI_SERIAL, line);
}

static void push(struct serial *s, uint8_t byte)
{
	if (s->count == FIFO) {
		s->lsr |= LSR_OVERRUN;
		return;
	}
	s->fifo[(s->head + s->count++) % FIFO] = byte;
}

static uint8_t pop(struct serial *s)
{
	uint8_t byte;

	if (!s->count)
		return 0;
	byte = s->fifo[s->head];
	s->head = (s->head + 1) % FIFO;
	s->count--;
	return byte;
}

static uint8_t modem_status(const struct serial *s)
{
	if (!(s->mcr & MCR_LOOP))
		return MSR_READY;
	/* Looped back: RTS to CTS, DTR to DSR, OUT1 to RI, OUT2 to DCD. */
	return (s->mcr & 2) << 3 | (s->mcr & 1) << 5 | (s->mcr & 4) << 4 | (s->mcr & 8) << 4;
}

static uint8_t read_register(struct serial *s, unsigned int reg)
{
	uint8_t value;

	switch (reg) {
	case 0:
		return s->lcr & LCR_DLAB ? s->dll : pop(s);
	case 1:
		return s->lcr & LCR_DLAB ? s->dlm : s->ier;
	case 2:
		value = identify(s);
		if ((value & 0xf) == IIR_TX)
			s->tx_pending = false;
		return value;
	case 3:
		return s->lcr;
	case 4:
		return s->mcr;
	case 5:
		value = s->lsr | LSR_IDLE | (s->count ? LSR_DATA : 0);
		s->lsr &= ~LSR_OVERRUN;
		return value;
	case 6:
		return modem_status(s);
	}
	return s->scratch;
}

static void transmit(struct serial *s, uint8_t byte)
{
	s->tx_pending = true;
	if (s->mcr & MCR_LOOP)
		push(s, byte);
	else
		console_write(&byte, 1);
}

static void write_register(struct serial *s, unsigned int reg, uint8_t value)
{
	switch (reg) {
	case 0:
		if (s->lcr & LCR_DLAB)
			s->dll = value;
		else
			transmit(s, value);
		break;
	case 1:
		if (s->lcr & LCR_DLAB) {
			s->dlm = value;
			break;
		}
		if (value & ~s->ier & IER_TX)
			s->tx_pending = true;
		s->ier = value & 0xf;
		break;
	case 2:
		s->fcr = value;
		if (value & 2)
			s->count = 0;
		break;
	case 3:
		s->lcr = value;
		break;
	case 4:
		s->mcr = value & 0x1f;
		break;
	case 7:
		s->scratch = value;
		break;
	}
}

static void serial_access(void *device, uint64_t offset, void *data, unsigned int size, bool write)
{
	struct serial *s = device;
	uint8_t *byte = data;

	pthread_mutex_lock(&s->lock);
	if (write) {
		write_register(s, offset, *byte);
	} else {
		memset(data, 0xff, size);
		*byte = read_register(s, offset);
	}
	update_line(s);
	pthread_mutex_unlock(&s->lock);
}

size_t serial_input(void *device, const uint8_t *data, size_t len)
{
	struct serial *s = device;
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < len && s->count < FIFO && !(s->mcr & MCR_LOOP); i++)
		push(s, data[i]);
	update_line(s);
	pthread_mutex_unlock(&s->lock);
	return i;
}

struct serial *serial_port(void)
{
	return &com1;
}

int serial_add(struct machine *m)
{
	com1 = (struct serial){ .machine = m, .lock = PTHREAD_MUTEX_INITIALIZER };
	return bus_add(&m->pio, PORT_COM1, 8, serial_access, &com1);
}
