// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory is one mapping; the hole below 4 GiB exists only in the
 * guest's addresses.
 */
#define _GNU_SOURCE
#include "ram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "say.h"

/* A longer file keeps its length, and what is behind guest memory. */
static int backing_file(const char *path, uint64_t size)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail("%s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail("%s: not a file that could be memory", path);
	}
	if ((uint64_t)st.st_size < size && ftruncate(fd, size)) {
		close(fd);
		return fail("%s: cannot make it %llu bytes long: %s", path,
			    (unsigned long long)size, strerror(errno));
	}
	return fd;
}

/* It stays open, for others to find it in /proc and to map it. */
static int backing_memfd(struct ram *ram, uint64_t size)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size)) {
		fail("--memfd: %llu MiB: %s", (unsigned long long)size >> 20, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	ram->memfd = fd;
	return fd;
}

int ram_create(struct ram *ram, uint64_t size, const struct ram_kind *kind)
{
	int flags = MAP_NORESERVE, fd = -1;
	void *base;

	if (kind->file || kind->memfd) {
		fd = kind->file ? backing_file(kind->file, size) : backing_memfd(ram, size);
		if (fd < 0)
			return -1;
		flags |= MAP_SHARED;
	} else {
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
		/* Huge pages are counted out beforehand: better to fail now than by SIGBUS. */
		if (kind->hugetlb)
			flags = (flags & ~MAP_NORESERVE) | MAP_HUGETLB;
	}
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (kind->file)
		close(fd);
	if (base == MAP_FAILED)
		return fail("%llu MiB of guest memory: %s%s", (unsigned long long)size >> 20,
			    strerror(errno), kind->hugetlb ?
			    "; are there enough in /proc/sys/vm/nr_hugepages?" : "");
	if (!kind->file && !kind->hugetlb)
		madvise(base, size, MADV_HUGEPAGE);
	madvise(base, size, MADV_DONTDUMP);
	ram->base = base;
	ram->size = size;
	ram->low = size < RAM_HOLE_START ? size : RAM_HOLE_START;
	return 0;
}

void ram_destroy(struct ram *ram)
{
	if (ram->base)
		munmap(ram->base, ram->size);
	if (ram->memfd)
		close(ram->memfd);
	ram->base = NULL;
	ram->memfd = 0;
}

void *ram_at(const struct ram *ram, uint64_t gpa, uint64_t len)
{
	if (gpa < ram->low)
		return len <= ram->low - gpa ? ram->base + gpa : NULL;
	if (gpa < RAM_HOLE_END)
		return NULL;
	gpa = gpa - RAM_HOLE_END + ram->low;
	if (gpa >= ram->size || len > ram->size - gpa)
		return NULL;
	return ram->base + gpa;
}

uint64_t ram_top(const struct ram *ram)
{
	return ram->size > ram->low ? RAM_HOLE_END + ram->size - ram->low : ram->low;
}

unsigned int ram_map(const struct ram *ram, struct e820_area map[E820_AREAS])
{
	unsigned int n = 0;

	map[n++] = (struct e820_area){ 0, LOW_END, 1 };
	map[n++] = (struct e820_area){ LOW_ACPI, HIGH_START - LOW_ACPI, 2 };
	map[n++] = (struct e820_area){ HIGH_START, ram->low - HIGH_START, 1 };
	if (ram->size > ram->low)
		map[n++] = (struct e820_area){ RAM_HOLE_END, ram->size - ram->low, 1 };
	return n;
}
