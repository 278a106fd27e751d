// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line of `vellum run`.
 */
#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "say.h"

static const char help[] =
"usage: vellum run [OPTION]... (--kernel FILE | --flat FILE | --long FILE)\n"
"Run a virtual machine; its first serial port is this terminal.\n"
"\n"
"What runs\n"
"  -k, --kernel FILE     Linux bzImage, ELF kernel with a PVH entry, multiboot ELF\n"
"  -i, --initrd FILE     its initial RAM disk, or multiboot module\n"
"  -a, --append STRING   its command line\n"
"      --flat FILE       16-bit code, entered in real mode at 0:0x7c00\n"
"      --long FILE       64-bit code, entered in long mode at 0x100000\n"
"      --load ADDRESS    put flat code there instead\n"
"\n"
"The machine\n"
"  -d, --device NODE     the hypervisor: /dev/vellum (default) or /dev/kvm\n"
"  -m, --memory SIZE     in MiB, or with K, M or G (default 256)\n"
"      --memory-file F   guest memory is this file\n"
"      --memfd           guest memory is a memfd, which others may map\n"
"      --hugetlb         guest memory is of huge pages\n"
"  -c, --cpus N          virtual CPUs (default 1)\n"
"      --disk FILE[,ro]  a disk, raw; up to 4\n"
"      --rng             a source of randomness\n"
"      --balloon         memory that the guest gives back when asked (--control)\n"
"      --console         a virtio console (hvc0) takes the terminal's place of ttyS0\n"
"      --serial FILE     a second serial port (ttyS1), to a file, FIFO or terminal\n"
"      --net             a network card behind address translation\n"
"      --tap NAME[,no-vhost]  a network card on a TAP device that is there; by vhost-net\n"
"                        if the host has it\n"
"      --forward SPEC    tcp:HOSTPORT:GUESTPORT or udp:..., to the guest\n"
"      --vsock CID       sockets of AF_VSOCK; the guest's number, from 3 on\n"
"      --no-irqchip      no interrupt controllers; HLT is the end\n"
"      --plain           hide what the hypervisor offers beyond a CPU (KVM's leaves)\n"
"\n"
"How it goes\n"
"      --name NAME       what vellum stat, top and profile call the machine\n"
"      --reboot          start again when the guest resets itself\n"
"      --escape CHAR     Ctrl-CHAR opens the menu (default a; none: no menu)\n"
"      --control SOCKET  answer vellum control, walk and debug there\n"
"      --wait            do not begin before vellum control says continue\n"
"      --stats           at the end, count the exits to the kernel and to this program\n"
"  -h, --help            this text\n"
"\n"
"Exit status: 0 guest powered off, 1 failure of this program, 2 usage,\n"
"3 no hypervisor or a capability missing, 4 reset, 5 triple fault, 6 VM entry\n"
"failed, 7 internal error of the hypervisor, 8 halted for good, 9 quit by menu,\n"
"128+N signal N. See vellum-run(1).\n";

enum {
	OPT_FLAT = 256, OPT_LONG, OPT_LOAD, OPT_MEMORY_FILE, OPT_HUGETLB, OPT_DISK,
	OPT_RNG, OPT_CONSOLE, OPT_NET, OPT_TAP, OPT_FORWARD, OPT_NO_IRQCHIP, OPT_REBOOT,
	OPT_ESCAPE, OPT_STATS, OPT_CONTROL, OPT_WAIT, OPT_BALLOON, OPT_PLAIN,
	OPT_NAME, OPT_VSOCK, OPT_MEMFD, OPT_SERIAL,
};

static const struct option longs[] = {
	{ "kernel", required_argument, NULL, 'k' },
	{ "initrd", required_argument, NULL, 'i' },
	{ "append", required_argument, NULL, 'a' },
	{ "flat", required_argument, NULL, OPT_FLAT },
	{ "long", required_argument, NULL, OPT_LONG },
	{ "load", required_argument, NULL, OPT_LOAD },
	{ "device", required_argument, NULL, 'd' },
	{ "memory", required_argument, NULL, 'm' },
	{ "memory-file", required_argument, NULL, OPT_MEMORY_FILE },
	{ "memfd", no_argument, NULL, OPT_MEMFD },
	{ "hugetlb", no_argument, NULL, OPT_HUGETLB },
	{ "cpus", required_argument, NULL, 'c' },
	{ "disk", required_argument, NULL, OPT_DISK },
	{ "rng", no_argument, NULL, OPT_RNG },
	{ "console", no_argument, NULL, OPT_CONSOLE },
	{ "serial", required_argument, NULL, OPT_SERIAL },
	{ "net", no_argument, NULL, OPT_NET },
	{ "tap", required_argument, NULL, OPT_TAP },
	{ "vsock", required_argument, NULL, OPT_VSOCK },
	{ "forward", required_argument, NULL, OPT_FORWARD },
	{ "no-irqchip", no_argument, NULL, OPT_NO_IRQCHIP },
	{ "reboot", no_argument, NULL, OPT_REBOOT },
	{ "escape", required_argument, NULL, OPT_ESCAPE },
	{ "stats", no_argument, NULL, OPT_STATS },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "balloon", no_argument, NULL, OPT_BALLOON },
	{ "plain", no_argument, NULL, OPT_PLAIN },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static int set_image(struct options *opt, enum image_kind kind, const char *file)
{
	if (opt->kind != IMAGE_NONE)
		return fail("%s and %s: one of --kernel, --flat and --long, and once",
			    opt->image, file);
	opt->kind = kind;
	opt->image = file;
	return 0;
}

int parse_size(const char *text, uint64_t unit, uint64_t *out)
{
	unsigned long long value;
	uint64_t scale = unit;
	char *end;

	value = strtoull(text, &end, 0);
	if (end == text || *text == '-')
		return -1;
	if (*end) {
		switch (*end++) {
		case 'k': case 'K':
			scale = 1ull << 10;
			break;
		case 'm': case 'M':
			scale = 1ull << 20;
			break;
		case 'g': case 'G':
			scale = 1ull << 30;
			break;
		default:
			return -1;
		}
	}
	if (*end || value > UINT64_MAX / scale)
		return -1;
	*out = value * scale;
	return 0;
}

static int set_memory(struct options *opt, const char *text)
{
	if (parse_size(text, 1 << 20, &opt->memory))
		return fail("--memory %s: not a size; say 256M or 2G", text);
	if (opt->memory < MEMORY_MIN || opt->memory > MEMORY_MAX)
		return fail("--memory %s: from 2M to 1024G", text);
	if (opt->memory & 4095)
		return fail("--memory %s: not a whole number of pages (4K)", text);
	return 0;
}

static int set_cpus(struct options *opt, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n < 1 || n > MAX_CPUS)
		return fail("--cpus %s: a number from 1 to %d", text, MAX_CPUS);
	opt->cpus = n;
	return 0;
}

static int add_disk(struct options *opt, char *text)
{
	struct disk_option *disk = &opt->disks[opt->nr_disks];
	char *comma = strrchr(text, ',');

	if (opt->nr_disks == MAX_DISKS)
		return fail("--disk %s: there is room for %d disks", text, MAX_DISKS);
	if (comma && !strcmp(comma, ",ro")) {
		disk->readonly = true;
		*comma = 0;
	}
	disk->path = text;
	opt->nr_disks++;
	return 0;
}

static int set_tap(struct options *opt, char *text)
{
	char *comma = strrchr(text, ',');

	if (comma && !strcmp(comma, ",no-vhost")) {
		opt->no_vhost = true;
		*comma = 0;
	}
	opt->tap = text;
	return 0;
}

/* 0 to 2 and the last mean hosts and anybody (vsock(7)). */
static int set_vsock(struct options *opt, const char *text)
{
	char *end;
	unsigned long cid = strtoul(text, &end, 10);

	if (end == text || *end || cid < 3 || cid >= UINT32_MAX)
		return fail("--vsock %s: a number from 3 to %u", text, UINT32_MAX - 1);
	opt->vsock = cid;
	return 0;
}

static int set_escape(struct options *opt, const char *text)
{
	if (!strcmp(text, "none")) {
		opt->escape = -1;
		return 0;
	}
	if (text[0] < 'a' || text[0] > 'z' || text[1])
		return fail("--escape %s: a letter from a to z, or none", text);
	opt->escape = text[0] & 31;
	return 0;
}

static int add_forward(struct options *opt, char *text)
{
	unsigned int host, guest;
	char rest;

	if (sscanf(text, "%*3[tcpud]:%u:%u%c", &host, &guest, &rest) != 2 ||
	    (strncmp(text, "tcp:", 4) && strncmp(text, "udp:", 4)) ||
	    host > 65535 || guest > 65535)
		return fail("--forward %s: say tcp:HOSTPORT:GUESTPORT", text);
	if (opt->nr_forwards == MAX_FORWARDS)
		return fail("--forward %s: there is room for %d", text, MAX_FORWARDS);
	opt->forwards[opt->nr_forwards++] = text;
	opt->net = true;
	return 0;
}

/* Options that only set a member of struct options. */
static const struct {
	int c;
	bool flag;	/* else a string */
	size_t member;
} plain[] = {
	{ 'i', false, offsetof(struct options, initrd) },
	{ 'a', false, offsetof(struct options, append) },
	{ 'd', false, offsetof(struct options, device) },
	{ OPT_MEMORY_FILE, false, offsetof(struct options, memory_file) },
	{ OPT_MEMFD, true, offsetof(struct options, memfd) },
	{ OPT_HUGETLB, true, offsetof(struct options, hugetlb) },
	{ OPT_RNG, true, offsetof(struct options, rng) },
	{ OPT_CONSOLE, true, offsetof(struct options, virtio_console) },
	{ OPT_SERIAL, false, offsetof(struct options, serial) },
	{ OPT_NET, true, offsetof(struct options, net) },
	{ OPT_NO_IRQCHIP, true, offsetof(struct options, no_irqchip) },
	{ OPT_REBOOT, true, offsetof(struct options, reboot) },
	{ OPT_STATS, true, offsetof(struct options, stats) },
	{ OPT_CONTROL, false, offsetof(struct options, control) },
	{ OPT_WAIT, true, offsetof(struct options, wait) },
	{ OPT_BALLOON, true, offsetof(struct options, balloon) },
	{ OPT_NAME, false, offsetof(struct options, name) },
	{ OPT_PLAIN, true, offsetof(struct options, plain) },
};

static int plain_option(struct options *opt, int c, const char *arg)
{
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		void *member = (char *)opt + plain[i].member;

		if (plain[i].c != c)
			continue;
		if (plain[i].flag)
			*(bool *)member = true;
		else
			*(const char **)member = arg;
		return 0;
	}
	/* getopt has complained. */
	return -1;
}

static int one_option(struct options *opt, int c, char *arg)
{
	switch (c) {
	case 'k':
		return set_image(opt, IMAGE_KERNEL, arg);
	case OPT_FLAT:
		return set_image(opt, IMAGE_FLAT, arg);
	case OPT_LONG:
		return set_image(opt, IMAGE_LONG, arg);
	case OPT_LOAD:
		return parse_size(arg, 1, &opt->load) ?
			fail("--load %s: not an address", arg) : 0;
	case 'm':
		return set_memory(opt, arg);
	case 'c':
		return set_cpus(opt, arg);
	case OPT_DISK:
		return add_disk(opt, arg);
	case OPT_FORWARD:
		return add_forward(opt, arg);
	case OPT_TAP:
		return set_tap(opt, arg);
	case OPT_VSOCK:
		return set_vsock(opt, arg);
	case OPT_ESCAPE:
		return set_escape(opt, arg);
	}
	return plain_option(opt, c, arg);
}

static int check(const struct options *opt)
{
	if (opt->kind == IMAGE_NONE)
		return fail("nothing to run: give --kernel, --flat or --long (vellum run --help)");
	if (opt->kind != IMAGE_KERNEL && (opt->initrd || opt->append))
		return fail("--initrd and --append go with --kernel");
	if (opt->kind == IMAGE_KERNEL && opt->load)
		return fail("--load goes with --flat and --long");
	if (!!opt->memory_file + opt->memfd + opt->hugetlb > 1)
		return fail("--memory-file, --memfd and --hugetlb: one of them");
	if (opt->net && opt->tap)
		return fail("--tap and --net or --forward: one card, on one network");
	if (opt->wait && !opt->control)
		return fail("--wait goes with --control, which ends it");
	if (opt->no_irqchip && (opt->nr_disks || opt->rng || opt->net || opt->tap ||
				opt->balloon || opt->vsock ||
				opt->virtio_console || opt->cpus > 1))
		return fail("--no-irqchip: devices and further CPUs need interrupts");
	return 0;
}

int options_parse(struct options *opt, int argc, char **argv)
{
	const char *env = getenv("VELLUM_DEV");
	int c;

	*opt = (struct options){
		.device = env && *env ? env : "/dev/vellum",
		.memory = 256ull << 20,
		.cpus = 1,
		.escape = 'a' & 31,
	};
	while ((c = getopt_long(argc, argv, "k:i:a:d:m:c:h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 1;
		}
		if (one_option(opt, c, optarg))
			return -1;
	}
	if (optind < argc)
		return fail("%s: what is this? See vellum run --help", argv[optind]);
	return check(opt);
}
