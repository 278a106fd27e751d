// SPDX-License-Identifier: GPL-2.0-only
/* The device node, and what a test asks of the kernel around it. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "vt.h"

const char *vt_device(void)
{
	const char *name = getenv("VELLUM_DEV");

	return name && *name ? name : "/dev/vellum";
}

/* True when the yardstick answers and not Vellum. */
bool vt_on_kvm(void)
{
	return strcmp(vt_device(), "/dev/kvm") == 0;
}

void vt_die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("# ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

int vt_open(void)
{
	int fd = open(vt_device(), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		vt_die("cannot open %s: %s; is the module loaded?", vt_device(),
		       strerror(errno));
	return fd;
}

long vt_ioctl(int fd, unsigned long cmd, unsigned long arg)
{
	long ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

int vt_cap(int fd, int cap)
{
	long ret = vt_ioctl(fd, KVM_CHECK_EXTENSION, cap);

	if (ret < 0)
		vt_die("KVM_CHECK_EXTENSION %d: %s", cap, strerror(-ret));
	return ret;
}

/* First line of a small file; false when it cannot be read. */
bool vt_read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "r");
	bool got;

	if (!file)
		return false;
	got = fgets(line, size, file);
	fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

/* A field of /proc/meminfo, such as "MemFree". */
long vt_meminfo_kib(const char *field)
{
	FILE *file = fopen("/proc/meminfo", "r");
	size_t len = strlen(field);
	char line[128];
	long value = -1;

	if (!file)
		vt_die("cannot open /proc/meminfo: %s", strerror(errno));
	while (value < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, field, len) && line[len] == ':')
			value = strtol(line + len + 1, NULL, 10);
	fclose(file);
	if (value < 0)
		vt_die("/proc/meminfo has no field %s", field);
	return value;
}

bool vt_loaded(const char *module)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	return access(path, R_OK) == 0;
}

bool vt_debug_kernel(void)
{
	struct utsname name;

	return !uname(&name) &&
	       (strstr(name.release, "-debug") || strstr(name.release, "-kcsan"));
}

/* As in selftests/run. */
unsigned int vt_slow(void)
{
	return vt_debug_kernel() ? 5 : 1;
}

/* The harness gives each test 30 seconds by this call, and the linker brings it here. */
unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(vt_slow() * seconds);
}
