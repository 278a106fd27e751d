// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two 16550A: what leaves one is where it goes to before the guest goes on, so the
 * transmitter is always empty.
 */
#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "console.h"

#define FIFO		64
#define RETRY_MS	10	/* while the guest does not take its input */

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
	const struct serial_place *place;
	int fd;			/* of --serial; -1: the terminal's port */
	pthread_t thread;	/* that reads it */
	bool reads;		/* it is a terminal */
	bool started;
	int stop_fd;
	pthread_mutex_t lock;	/* of all that follows */
	uint8_t fifo[FIFO];
	unsigned int head, count;
	uint8_t ier, lcr, mcr, lsr, fcr, scratch, dll, dlm;
	bool tx_pending;	/* "transmitter empty" not yet told */
	bool line;
};

const struct serial_place serial_places[SERIAL_PORTS] = { { 0x3f8, 4 }, { 0x2f8, 3 } };

static struct serial com[SERIAL_PORTS];

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
	machine_irq(s->machine, s->place->gsi, line);
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
	else if (s->fd < 0)
		console_write(&byte, 1);
	else
		console_put(s->fd, &byte, 1);
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
	return &com[0];
}

unsigned int serial_ports(const struct machine *m)
{
	return m->opt->serial ? 2 : 1;
}

/* Until there is nothing more to read, or the machine stops. */
static void *read_file(void *arg)
{
	struct serial *s = arg;
	uint8_t input[FIFO];
	size_t start = 0, end = 0;

	for (;;) {
		bool held = start < end;
		struct pollfd fds[] = {
			{ .fd = s->stop_fd, .events = POLLIN },
			{ .fd = held ? -1 : s->fd, .events = POLLIN },
		};
		ssize_t n;

		if ((poll(fds, 2, held ? RETRY_MS : -1) < 0 && errno != EINTR) || fds[0].revents)
			return NULL;
		if (fds[1].revents) {
			n = read(s->fd, input, sizeof(input));
			if (!n || (n < 0 && errno != EINTR && errno != EAGAIN))
				return NULL;
			start = 0;
			end = n > 0 ? n : 0;
		}
		start += serial_input(s, input + start, end - start);
	}
}

/* Opened for both, a FIFO does not wait for its reader. */
static int open_file(struct serial *s, const char *path)
{
	s->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0666);
	if (s->fd < 0)
		return fail("--serial %s: %s", path, strerror(errno));
	s->reads = isatty(s->fd);
	return 0;
}

int serial_add(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < serial_ports(m); i++) {
		com[i] = (struct serial){ .machine = m, .place = &serial_places[i], .fd = -1,
					  .stop_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };
		if (i && open_file(&com[i], m->opt->serial))
			return -1;
		if (bus_add(&m->pio, com[i].place->port, 8, serial_access, &com[i]))
			return -1;
	}
	return 0;
}

int serial_start(struct machine *m)
{
	struct serial *s = &com[1];
	int err;

	if (serial_ports(m) < 2 || !s->reads)
		return 0;
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (s->stop_fd < 0)
		return fail("eventfd: %s", strerror(errno));
	err = thread_start(&s->thread, read_file, s);
	if (err)
		return fail("cannot start a thread for --serial: %s", strerror(-err));
	s->started = true;
	return 0;
}

void serial_stop(void)
{
	struct serial *s = &com[1];

	if (!s->started)
		return;
	eventfd_write(s->stop_fd, 1);
	thread_join(s->thread);
	s->started = false;
}

void serial_destroy(struct machine *m)
{
	struct serial *s = &com[1];

	if (serial_ports(m) < 2 || s->machine != m)
		return;
	if (s->fd >= 0)
		close(s->fd);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	s->machine = NULL;
}
