// SPDX-License-Identifier: GPL-2.0-only
/* Coverage: Documentation/dev-tools/kcov.rst. */
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hard.h"
#include "vt.h"

#define PLACES	(128ul << 10)	/* of one trace, in words */
#define CODE	(2 * VT_MIB)	/* more than the module's code is */

static uint64_t text;		/* where it begins */
static uint8_t *seen;		/* a byte for each byte of it; all processes share it */
static _Atomic unsigned int *total;

static __thread int trace_fd = -1;
static __thread uint64_t *trace;

void cov_init(void)
{
	char line[64];

	if (access("/sys/kernel/debug/kcov", R_OK) ||
	    !vt_read_line("/sys/module/vellum/sections/.text", line, sizeof(line)))
		return;
	text = strtoull(line, NULL, 16);
	seen = mmap(NULL, CODE + VT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	if (seen == MAP_FAILED)
		vt_die("no memory for the coverage");
	total = (void *)(seen + CODE);
}

static void open_trace(void)
{
	trace_fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (trace_fd < 0 || ioctl(trace_fd, KCOV_INIT_TRACE, PLACES))
		vt_die("kcov does not open");
	trace = mmap(NULL, PLACES * 8, PROT_READ | PROT_WRITE, MAP_SHARED, trace_fd, 0);
	if (trace == MAP_FAILED)
		vt_die("kcov does not map");
}

void cov_on(void)
{
	if (!seen)
		return;
	open_trace();
	if (ioctl(trace_fd, KCOV_ENABLE, KCOV_TRACE_PC))
		vt_die("kcov does not begin");
}

unsigned int cov_take(void)
{
	unsigned int new = 0;
	uint64_t n;

	if (trace_fd < 0)
		return 0;
	n = __atomic_load_n(&trace[0], __ATOMIC_RELAXED);
	for (uint64_t i = 1; i <= n && i < PLACES; i++) {
		uint64_t at = trace[i] - text;

		if (at < CODE && !seen[at] &&
		    !__atomic_exchange_n(&seen[at], 1, __ATOMIC_RELAXED))
			new++;
	}
	__atomic_store_n(&trace[0], 0, __ATOMIC_RELAXED);
	if (new)
		*total += new;
	return new;
}

void cov_off(void)
{
	if (trace_fd < 0)
		return;
	cov_take();
	ioctl(trace_fd, KCOV_DISABLE, 0);
	munmap(trace, PLACES * 8);
	close(trace_fd);
	trace_fd = -1;
}

unsigned int cov_total(void)
{
	return seen ? *total : 0;
}

/* Marked lines of hexadecimal numbers: a place, then distances to the one before. */
void cov_print(void)
{
	unsigned int on_line = 0, last = 0;

	if (!seen)
		return;
	for (unsigned int at = 0; at < CODE; at++) {
		if (!seen[at])
			continue;
		printf("%s%x", on_line ? " " : "# cov ", on_line ? at - last : at);
		last = at;
		if (++on_line == 24) {
			putchar('\n');
			on_line = 0;
		}
	}
	if (on_line)
		putchar('\n');
}
