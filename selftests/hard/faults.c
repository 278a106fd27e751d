// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault injection: each call is made again and again, and /proc/self/fail-nth lets the
 * first, the second, the third... allocation or copy in it fail, until it passes with
 * none failing. A failure gives -ENOMEM or -EFAULT, nothing is lost, and the VM goes on.
 * The calls are in lib/faults_*.c.
 *
 *	faults [NAME]		those with this in their name
 *
 * Documentation/fault-injection/fault-injection.rst. Skipped where the kernel has none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "faults.h"
#include "hard.h"
#include "vt_irq.h"

#define MOST	400		/* allocations in one call, and more than there are */

static int nth_fd;
static unsigned long injected;

/* What is left of a number may let this very copy fail. */
static void fail_nth(unsigned int n)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(nth_fd, text, size, 0) != size && pwrite(nth_fd, text, size, 0) != size)
		vt_die("fail-nth: %s", strerror(errno));
}

/* Whether the number that was set is used up. */
static bool failed_one(void)
{
	char text[16] = "";

	return pread(nth_fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
}

static void setting(const char *which, const char *name, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", which, name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		vt_die("%s: %s", path, strerror(errno));
	close(fd);
}

/* fail-nth is for all three; what may not sleep fails as well. */
static bool prepare(void)
{
	static const char *const which[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (nth_fd < 0)
		return false;
	for (unsigned int i = 0; i < 3; i++) {
		setting(which[i], "verbose", "0");
		if (i < 2)
			setting(which[i], "ignore-gfp-wait", "N");
	}
	setting("fail_page_alloc", "min-order", "0");
	/* Pages of guests as well. */
	setting("fail_page_alloc", "ignore-gfp-highmem", "N");
	return true;
}

static void make(struct world *w, enum kind kind)
{
	w->event = eventfd(0, 0);
	w->second = eventfd(0, 0);
	if (kind == FULL) {
		vt_irq_create(&w->vm, &w->vcpu);
		vt_start(&w->vcpu, VT_LONG, faults_guest());
		return;
	}
	vt_vm_create(&w->vm);
	if (kind == BARE)
		return;
	vt_vcpu_create(&w->vm, &w->vcpu, 0);
	vt_start(&w->vcpu, VT_LONG, faults_guest());
}

static void unmake(struct world *w)
{
	if (w->vcpu.run)
		vt_vcpu_destroy(&w->vcpu);
	vt_vm_destroy(&w->vm);
	close(w->event);
	close(w->second);
	memset(w, 0, sizeof(*w));
}

long faults_get_set(struct world *w, int fd, unsigned long get, unsigned long set)
{
	long ret = VT_IOCTL(fd, get, w->buf);

	return ret ? ret : VT_IOCTL(fd, set, w->buf);
}

static bool allowed(long ret)
{
	return ret >= 0 || ret == -ENOMEM || ret == -EFAULT;
}

/* Fail each in turn; how many there were, or 0 when something went wrong. */
static unsigned int walk(const struct step *step)
{
	static struct world w;
	unsigned int n;
	bool hit;
	long ret;

	make(&w, step->kind);
	for (n = 1; n < MOST; n++) {
		if (step->before)
			step->before(&w);
		fail_nth(n);
		ret = step->call(&w);
		hit = failed_one();
		fail_nth(0);
		if (step->after)
			step->after(&w);
		if (!hit)
			break;
		injected++;
		if (!allowed(ret)) {
			hard_note("%s, failure %u: %s", step->name, n, strerror(-ret));
			break;
		}
		/* What was made once cannot be made again: begin with a new VM. */
		if (ret >= 0 || step->kind != FULL) {
			unmake(&w);
			make(&w, step->kind);
		}
	}
	if (!hit && ret < 0)
		hard_note("%s without a failure: %s", step->name, strerror(-ret));
	unmake(&w);
	return !hit && ret >= 0 ? n : 0;
}

static void walk_all(const struct step *steps, const char *only)
{
	for (const struct step *step = steps; step->name; step++) {
		unsigned int n;

		if (!strstr(step->name, only))
			continue;
		n = walk(step);
		cov_take();
		hard_check(n > 0, "%s: passes after %u failures", step->name, n ? n - 1 : 0);
		hard_check(hard_next_vm(), "the next VM runs");
	}
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";

	hard_begin("faults");
	if (!prepare()) {
		printf("1..0 # SKIP the kernel cannot inject faults\n");
		return 4;
	}
	cov_init();
	cov_on();
	walk_all(faults_vm, only);
	walk_all(faults_vcpu, only);
	walk_all(faults_run, only);
	cov_off();
	hard_note("%lu faults injected, %u places in the code reached", injected, cov_total());
	printf("# figure faults %lu\n", injected);
	cov_print();
	return hard_end();
}
