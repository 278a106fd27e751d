// SPDX-License-Identifier: GPL-2.0-only
/* `vellum profile`: a program of its own, because its libraries are shared ones. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run/run.h"
#include "run/say.h"

#define HELPER		"vellum-profile"

int profile_main(int argc, char **argv)
{
	char self[4000], path[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)argc;
	if (n > 0) {
		self[n] = 0;
		slash = strrchr(self, '/');
		*slash = 0;
		snprintf(path, sizeof(path), "%s/" HELPER, self);
		execv(path, argv);
	}
	execv("/usr/libexec/vellum/" HELPER, argv);
	execvp(HELPER, argv);
	say("there is no " HELPER " beside vellum: %s", strerror(errno));
	return END_USAGE;
}
