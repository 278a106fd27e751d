// SPDX-License-Identifier: GPL-2.0-only
#include "helper.h"

#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int helper_find(const char *name, char *path, size_t room)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n > 0) {
		self[n] = 0;
		slash = strrchr(self, '/');
		if (slash)
			*slash = 0;
		if (snprintf(path, room, "%s/%s", self, name) < (int)room && !access(path, X_OK))
			return 0;
	}
	snprintf(path, room, "/usr/libexec/vellum/%s", name);
	return access(path, X_OK);
}
