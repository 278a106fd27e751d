// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace.dat, version 6, as trace-cmd.dat.v6(5) describes it: what the kernel says of
 * its formats, then the pages of its ring buffers as they are.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile.h"

#define PAGE	4096ull

static void put(FILE *f, const void *data, size_t size)
{
	if (size && fwrite(data, size, 1, f) != 1)
		die("the trace cannot be written: %s", strerror(errno));
}

static void put32(FILE *f, uint32_t value)
{
	put(f, &value, sizeof(value));
}

static void put64(FILE *f, uint64_t value)
{
	put(f, &value, sizeof(value));
}

/* A file of tracefs does not tell its size before it is read. */
static char *slurp(const char *dir, const char *name, size_t *size)
{
	size_t room = 65536, n = 0;
	char path[512], *text;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	text = malloc(room);
	while (fd >= 0 && text && (got = read(fd, text + n, room - n)) > 0) {
		n += got;
		if (n == room)
			text = realloc(text, room *= 2);
	}
	if (!text)
		die("out of memory");
	if (fd >= 0)
		close(fd);
	*size = n;
	return text;
}

static void put_file(FILE *f, const char *dir, const char *name, bool wide)
{
	size_t size;
	char *text = slurp(dir, name, &size);

	if (wide)
		put64(f, size);
	else
		put32(f, size);
	put(f, text, size);
	free(text);
}

static void put_system(FILE *f, const char *tracing, const char *system)
{
	char path[512], format[300];
	struct dirent **list;
	int n, i, events = 0;

	snprintf(path, sizeof(path), "%s/events/%s", tracing, system);
	n = scandir(path, &list, NULL, alphasort);
	for (i = 0; i < n; i++)
		events += list[i]->d_type == DT_DIR && list[i]->d_name[0] != '.';
	put(f, system, strlen(system) + 1);
	put32(f, events);
	for (i = 0; i < n; i++) {
		if (list[i]->d_type == DT_DIR && list[i]->d_name[0] != '.') {
			snprintf(format, sizeof(format), "%s/format", list[i]->d_name);
			put_file(f, path, format, true);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void put_data(FILE *f, unsigned int cpus, const int *data)
{
	uint64_t at = (ftell(f) + cpus * 16 + PAGE - 1) / PAGE * PAGE;
	struct stat st;
	char page[PAGE];

	for (unsigned int i = 0; i < cpus; i++) {
		if (fstat(data[i], &st))
			die("the trace's data are gone");
		put64(f, at);
		put64(f, st.st_size);
		at += (st.st_size + PAGE - 1) / PAGE * PAGE;
	}
	for (unsigned int i = 0; i < cpus; i++) {
		memset(page, 0, sizeof(page));
		put(f, page, -ftell(f) & (PAGE - 1));
		lseek(data[i], 0, SEEK_SET);
		while (read(data[i], page, PAGE) == (ssize_t)PAGE)
			put(f, page, PAGE);
	}
}

void dat_write(const char *path, const char *tracing, unsigned int cpus, const int *data)
{
	static const char head[] = "\x17\x08\x44tracing6\0\0\x08";
	char events[512];
	FILE *f = fopen(path, "w");

	if (!f)
		die("%s cannot be written: %s", path, strerror(errno));
	snprintf(events, sizeof(events), "%s/events", tracing);
	put(f, head, sizeof(head) - 1);
	put32(f, PAGE);
	put(f, "header_page", 12);
	put_file(f, events, "header_page", true);
	put(f, "header_event", 13);
	put_file(f, events, "header_event", true);
	put32(f, 0);	/* events of tracers */
	put32(f, 1);
	put_system(f, tracing, "vellum");
	put32(f, 0);	/* the host's symbols: no event has any */
	put_file(f, tracing, "printk_formats", false);
	put_file(f, tracing, "saved_cmdlines", true);
	put32(f, cpus);
	put(f, "options  ", 10);
	put(f, "\0\0", 2);
	put(f, "flyrecord", 10);
	put_data(f, cpus, data);
	if (fclose(f))
		die("%s cannot be written: %s", path, strerror(errno));
}
