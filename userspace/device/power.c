// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI's fixed hardware, as far as turning the machine off takes it: the PM1
 * registers and the timer; and the two old ways to reset, the keyboard
 * controller and port CF9H.
 */
#include "power.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../run/machine.h"

#define PM1_BUTTON	(1u << 8)
#define PM1_SLEEP	(1u << 13)
#define PM1_TYPE(cnt)	((cnt) >> 10 & 7)
#define PM1_SCI_EN	(1u << 0)

#define PM_TIMER_HZ	3579545ull

#define KBD_COMMAND	0x64
#define KBD_RESET	0xfe

struct power {
	struct machine *machine;
	pthread_mutex_t lock;
	uint16_t status;	/* [lock] */
	uint16_t enable;	/* [lock] */
	uint16_t control;	/* [lock] */
};

static struct power power;

static uint32_t pm_timer(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec * PM_TIMER_HZ + now.tv_nsec * PM_TIMER_HZ / 1000000000) & 0xffffff;
}

static void update_sci(struct power *p)
{
	machine_irq(p->machine, GSI_SCI, p->status & p->enable & PM1_BUTTON);
}

static void write_control(struct power *p, uint16_t value)
{
	p->control = value & ~PM1_SLEEP;
	if (!(value & PM1_SLEEP))
		return;
	if (PM1_TYPE(value) == SLEEP_S5)
		machine_end(p->machine, END_OFF);
	else
		say("the guest asks for sleep type %u, which is not there", PM1_TYPE(value));
}

/* Registers are of 16 bits, but a guest may take them by the byte or two at once. */
static void pm1_access(void *device, uint64_t offset, void *data, unsigned int size, bool write)
{
	struct power *p = device;
	uint8_t regs[8] = { 0 };
	uint16_t control;

	pthread_mutex_lock(&p->lock);
	control = p->control | PM1_SCI_EN;
	memcpy(regs, &p->status, 2);
	memcpy(regs + 2, &p->enable, 2);
	memcpy(regs + 4, &control, 2);
	if (size > sizeof(regs) - offset)
		size = sizeof(regs) - offset;
	if (!write) {
		memcpy(data, regs + offset, size);
	} else {
		uint8_t clear[8] = { 0 };
		uint16_t ones;

		memcpy(clear + offset, data, size);
		memcpy(&ones, clear, 2);
		p->status &= ~ones;
		memcpy(regs + offset, data, size);
		memcpy(&p->enable, regs + 2, 2);
		memcpy(&control, regs + 4, 2);
		update_sci(p);
		if (offset + size > 4 && offset < 6)
			write_control(p, control);
	}
	pthread_mutex_unlock(&p->lock);
}

static void timer_access(void *device, uint64_t offset, void *data, unsigned int size, bool write)
{
	uint32_t now = pm_timer() >> (8 * offset);

	(void)device;
	if (!write) {
		memset(data, 0, size);
		memcpy(data, &now, size < 4 ? size : 4);
	}
}

static void reset_access(void *device, uint64_t offset, void *data, unsigned int size, bool write)
{
	struct power *p = device;

	(void)offset;
	if (!write)
		memset(data, 0, size);
	else if ((*(uint8_t *)data & RESET_VALUE) == RESET_VALUE)
		machine_end(p->machine, END_RESET);
}

/* Its buffers are always empty, and it knows one command. */
static void kbd_access(void *device, uint64_t offset, void *data, unsigned int size, bool write)
{
	struct power *p = device;

	(void)offset;
	if (!write)
		memset(data, 0, size);
	else if (*(uint8_t *)data == KBD_RESET)
		machine_end(p->machine, END_RESET);
}

void power_button(struct machine *m)
{
	struct power *p = &power;

	(void)m;
	pthread_mutex_lock(&p->lock);
	p->status |= PM1_BUTTON;
	update_sci(p);
	pthread_mutex_unlock(&p->lock);
}

int power_add(struct machine *m)
{
	power = (struct power){ .machine = m, .lock = PTHREAD_MUTEX_INITIALIZER };
	if (bus_add(&m->pio, PORT_PM1_EVENT, 6, pm1_access, &power) ||
	    bus_add(&m->pio, PORT_PM_TIMER, 4, timer_access, &power) ||
	    bus_add(&m->pio, PORT_RESET, 1, reset_access, &power) ||
	    bus_add(&m->pio, KBD_COMMAND, 1, kbd_access, &power))
		return -1;
	return 0;
}
