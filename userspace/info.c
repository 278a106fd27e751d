// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vellum info`: what this CPU offers of VT-x, what the hypervisor answers,
 * and a verdict.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/vellum.h"
#include "run/run.h"
#include "run/say.h"

static const char help[] =
"usage: vellum info [--device NODE]\n"
"What this CPU offers of VT-x, what the hypervisor at NODE (/dev/vellum, or what\n"
"VELLUM_DEV names) answers, and whether virtual machines can run.\n"
"As root, the CPU's own registers are read; else the kernel's list of its flags.\n"
"Exit status: 0 machines can run, 3 they cannot.\n";

#define MSR_FEATURE_CONTROL	0x3a
#define FEATURE_LOCKED		(1u << 0)
#define FEATURE_VMX		(1u << 2)
#define MSR_VMX_BASIC		0x480
#define MSR_VMX_EPT_VPID_CAP	0x48c

/**
 * struct control - a VM-execution, -entry or -exit control
 * @msr: capability MSR whose upper half says what may be 1
 * @bit: its bit there
 * @flag: its name in the "vmx flags" line of /proc/cpuinfo, or NULL
 * @required: Vellum does not run without it
 * @what: its name in the SDM
 */
struct control {
	uint32_t msr;
	unsigned int bit;
	const char *flag;
	bool required;
	const char *what;
};

/* SDM 3D, "Capability Reporting"; the TRUE registers where there are such. */
static const struct control controls[] = {
	{ 0x48b, 1, "ept", true, "enable EPT" },
	{ 0x48b, 7, "unrestricted_guest", true, "unrestricted guest" },
	{ 0x482, 28, NULL, true, "use MSR bitmaps" },
	{ 0x482, 31, NULL, true, "activate secondary controls" },
	{ 0x481, 5, "vnmi", true, "virtual NMIs" },
	{ 0x48b, 5, "vpid", false, "enable VPID" },
	{ 0x48b, 3, NULL, false, "enable RDTSCP" },
	{ 0x48b, 12, NULL, false, "enable INVPCID" },
	{ 0x48b, 6, NULL, false, "WBINVD exiting" },
	{ 0x48b, 10, "ple", false, "PAUSE-loop exiting" },
	{ 0x48b, 17, "pml", false, "enable PML" },
	{ 0x48b, 25, "tsc_scaling", false, "use TSC scaling" },
	{ 0x48b, 8, "apicv", false, "APIC-register virtualization" },
	{ 0x48b, 9, NULL, false, "virtual-interrupt delivery" },
	{ 0x48b, 0, "vapic", false, "virtualize APIC accesses" },
	{ 0x48b, 14, "shadow_vmcs", false, "VMCS shadowing" },
	{ 0x481, 6, "preemption_timer", false, "VMX-preemption timer" },
	{ 0x481, 7, "posted_intr", false, "process posted interrupts" },
	{ 0x482, 21, "flexpriority", false, "use TPR shadow" },
	{ 0x482, 27, "mtf", false, "monitor trap flag" },
};

/* The same for the EPT and VPID capability register, whose bits stand for themselves. */
static const struct control ept_bits[] = {
	{ MSR_VMX_EPT_VPID_CAP, 6, NULL, true, "EPT: page walk of four levels" },
	{ MSR_VMX_EPT_VPID_CAP, 14, NULL, true, "EPT: write-back paging structures" },
	{ MSR_VMX_EPT_VPID_CAP, 16, NULL, false, "EPT: 2 MiB pages" },
	{ MSR_VMX_EPT_VPID_CAP, 17, "ept_1gb", false, "EPT: 1 GiB pages" },
	{ MSR_VMX_EPT_VPID_CAP, 21, "ept_ad", false, "EPT: accessed and dirty flags" },
	{ MSR_VMX_EPT_VPID_CAP, 20, NULL, true, "INVEPT" },
};

#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

/* What was found, from whichever source. */
struct cpu_info {
	char model[128];
	char flags[4096];	/* with a blank at both ends */
	char vmx_flags[1024];
	int msr_fd;		/* -1: not to be read */
	int missing;		/* required controls that are not there */
};

static void copy_value(char *to, size_t room, const char *line)
{
	const char *colon = strchr(line, ':');

	if (!colon || *to)
		return;
	snprintf(to, room, "%s ", colon + 1);
	to[strcspn(to, "\n")] = ' ';
}

static void read_cpuinfo(struct cpu_info *info)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char *line = NULL;
	size_t room = 0;

	if (!f)
		return;
	while (getline(&line, &room, f) > 0) {
		if (!strncmp(line, "model name", 10))
			copy_value(info->model, sizeof(info->model), line);
		else if (!strncmp(line, "flags", 5))
			copy_value(info->flags, sizeof(info->flags), line);
		else if (!strncmp(line, "vmx flags", 9))
			copy_value(info->vmx_flags, sizeof(info->vmx_flags), line);
	}
	free(line);
	fclose(f);
}

static bool has_flag(const char *flags, const char *flag)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", flag);
	return strstr(flags, word);
}

static bool read_msr(const struct cpu_info *info, uint32_t index, uint64_t *value)
{
	return info->msr_fd >= 0 && pread(info->msr_fd, value, 8, index) == 8;
}

/* What a control may be: 1 yes, 0 no, -1 not known. */
static int offers(const struct cpu_info *info, const struct control *c)
{
	uint64_t value, basic = 0;
	uint32_t msr = c->msr;

	if (msr == MSR_VMX_EPT_VPID_CAP) {
		if (read_msr(info, msr, &value))
			return value >> c->bit & 1;
	} else {
		/* Bit 55: the TRUE registers exist, at 48DH and 48EH for these two. */
		if (read_msr(info, MSR_VMX_BASIC, &basic) && basic >> 55 & 1 && msr < 0x483)
			msr += 0xc;
		if (read_msr(info, msr, &value))
			return value >> (32 + c->bit) & 1;
	}
	return c->flag && *info->vmx_flags ? has_flag(info->vmx_flags, c->flag) : -1;
}

static void print_controls(struct cpu_info *info, const struct control *list, size_t n)
{
	static const char * const words[] = { "?", "no", "yes" };
	size_t i;

	for (i = 0; i < n; i++) {
		int has = offers(info, &list[i]);

		printf("  %-36s %-4s%s\n", list[i].what, words[has + 1],
		       list[i].required ? "required" : "");
		if (list[i].required && !has)
			info->missing++;
	}
}

/* Why VMX is not to be had, or NULL. */
static const char *why_not(const struct cpu_info *info)
{
	uint64_t value;

	if (!has_flag(info->flags, "vmx")) {
		if (has_flag(info->flags, "svm"))
			return "this is an AMD CPU, with SVM in place of VT-x";
		if (has_flag(info->flags, "hypervisor"))
			return "this is a guest, and its host does not nest (kvm_intel nested=1)";
		return "it has no VMX, or firmware hides it";
	}
	if (read_msr(info, MSR_FEATURE_CONTROL, &value) && value & FEATURE_LOCKED &&
	    !(value & FEATURE_VMX))
		return "firmware has locked VMX off: look for \"virtualization\" in its settings";
	return NULL;
}

static const char *print_cpu(struct cpu_info *info)
{
	const char *why;
	uint64_t basic;

	read_cpuinfo(info);
	info->msr_fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	printf("CPU:%s\n", *info->model ? info->model : " unknown");
	why = why_not(info);
	if (why) {
		printf("  VT-x: no. %s\n", why);
		return why;
	}
	if (read_msr(info, MSR_VMX_BASIC, &basic))
		printf("  VMCS revision 0x%" PRIx64 ", %" PRIu64 " bytes\n", basic & 0x7fffffff,
		       basic >> 32 & 0x1fff);
	else
		printf("  from the kernel's list; as root, with the msr module, all is known\n");
	print_controls(info, controls, COUNT(controls));
	print_controls(info, ept_bits, COUNT(ept_bits));
	return info->missing ? "the CPU lacks VT-x controls marked as required" : NULL;
}

static const char *print_device(const char *path)
{
	static char why[160];
	struct vellum dev;
	size_t i;
	int err;

	err = vellum_open(&dev, path);
	if (err) {
		snprintf(why, sizeof(why), "%s: %s%s", path, strerror(-err),
			 err == -ENOENT ? " (the module is not loaded)" : "");
		printf("\n%s\n", why);
		return why;
	}
	printf("\n%s: version %d, %zu bytes shared with each vCPU\n", path,
	       vellum_api_version(&dev), dev.run_size);
	for (i = 0; i < vellum_nr_caps; i++) {
		int answer = vellum_check(&dev, vellum_caps[i].number);

		if (answer > 0)
			printf("  %-28s %6d  %s\n", vellum_caps[i].name, answer,
			       vellum_caps[i].what);
	}
	printf("  not offered:");
	for (i = 0; i < vellum_nr_caps; i++)
		if (vellum_check(&dev, vellum_caps[i].number) <= 0)
			printf(" %s", vellum_caps[i].name);
	printf("\n");
	vellum_close(&dev);
	return NULL;
}

int info_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	static struct cpu_info info;
	const char *env = getenv("VELLUM_DEV"), *path = env && *env ? env : VELLUM_DEFAULT_DEVICE;
	const char *cpu, *device;
	int c;

	while ((c = getopt_long(argc, argv, "d:h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (c != 'd')
			return END_USAGE;
		path = optarg;
	}
	cpu = print_cpu(&info);
	device = print_device(path);
	if (!device)
		printf("\nVirtual machines can run on %s.\n", path);
	else
		printf("\nVirtual machines cannot run: %s.\n", cpu ? cpu : device);
	return device ? END_MISSING : 0;
}
