// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real-time clock: the time of day in UTC, and the memory beside it. No
 * alarm, no periodic interrupt.
 */
#include <string.h>
#include <time.h>

#include "../run/machine.h"

#define PORT_RTC	0x70

struct rtc {
	pthread_mutex_t lock;
	uint8_t index;		/* [lock] */
	uint8_t cells[128];	/* [lock] */
};

static struct rtc rtc;

static uint8_t bcd(int n)
{
	return n / 10 % 10 << 4 | n % 10;
}

static uint8_t read_cell(struct rtc *r)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	switch (r->index) {
	case 0x00: return bcd(tm.tm_sec);
	case 0x02: return bcd(tm.tm_min);
	case 0x04: return bcd(tm.tm_hour);
	case 0x06: return tm.tm_wday + 1;
	case 0x07: return bcd(tm.tm_mday);
	case 0x08: return bcd(tm.tm_mon + 1);
	case 0x09: return bcd(tm.tm_year % 100);
	case 0x32: return bcd((tm.tm_year + 1900) / 100);
	case 0x0a: return 0x26;		/* no update in progress, 32 kHz */
	case 0x0b: return 0x02;		/* 24 hours, BCD */
	case 0x0c: return 0;		/* no interrupt pending */
	case 0x0d: return 0x80;		/* the battery is good */
	}
	return r->cells[r->index];
}

static void rtc_access(void *device, uint64_t offset, void *data, unsigned int size, bool write)
{
	struct rtc *r = device;
	uint8_t *byte = data;

	pthread_mutex_lock(&r->lock);
	if (!write) {
		memset(data, 0xff, size);
		if (offset)
			*byte = read_cell(r);
	} else if (!offset) {
		r->index = *byte & 0x7f;	/* bit 7 masks NMIs */
	} else {
		r->cells[r->index] = *byte;
	}
	pthread_mutex_unlock(&r->lock);
}

int rtc_add(struct machine *m)
{
	uint64_t high = m->ram.low > 16 << 20 ? (m->ram.low - (16 << 20)) >> 16 : 0;

	rtc = (struct rtc){ .lock = PTHREAD_MUTEX_INITIALIZER };
	/* Memory above 16 MiB in 64 KiB, where firmware leaves it. */
	rtc.cells[0x34] = high;
	rtc.cells[0x35] = high >> 8;
	return bus_add(&m->pio, PORT_RTC, 2, rtc_access, &rtc);
}
