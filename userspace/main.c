// SPDX-License-Identifier: GPL-2.0-only
/*
 * vellum: the tool.
 */
#include <stdio.h>
#include <string.h>

#include "doctor/doctor.h"
#include "run/run.h"
#include "run/say.h"

static const char help[] =
"usage: vellum COMMAND [OPTION]...\n"
"\n"
"  run     run a virtual machine\n"
"  control tell a machine that runs what to do, or ask it\n"
"  walk    a guest address through all page tables to a host frame\n"
"  debug   gdb on a guest\n"
"  info    what this CPU and the hypervisor offer, and whether they will do\n"
"  stat    what the kernel has counted of the machines that run\n"
"  top     the same as it goes on, those with most exits first\n"
"  profile where the guests' exits come from, and what they cost\n"
"  doctor  what is wrong with a VMCS that the CPU refused\n"
"  exec    a command that finds this hypervisor at /dev/kvm\n"
"  help    this text\n"
"\n"
"vellum COMMAND --help tells more, and the manual page vellum-COMMAND(1).\n";

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} commands[] = {
	{ "run", run_main },
	{ "control", control_main },
	{ "walk", walk_main },
	{ "debug", debug_main },
	{ "info", info_main },
	{ "stat", stat_main },
	{ "top", top_main },
	{ "profile", profile_main },
	{ "doctor", doctor_main },
	{ "exec", exec_main },
};

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	size_t i;

	if (!name) {
		fputs(help, stderr);
		return END_USAGE;
	}
	if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h")) {
		fputs(help, stdout);
		return 0;
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].main(argc - 1, argv + 1);
	say("there is no command %s; see vellum --help", name);
	return END_USAGE;
}
