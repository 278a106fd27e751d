// SPDX-License-Identifier: GPL-2.0-only
/* `vellum profile`, a program of its own: its libraries are shared ones. */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stat/find.h"
#include "profile.h"

static const char help[] =
"usage: vellum profile [OPTION]... [-- COMMAND [ARG]...]\n"
"       vellum profile [OPTION]... --input TRACE.DAT\n"
"       vellum profile [OPTION]... --compare A.DAT B.DAT\n"
"Where the exits of guests come from, and what they cost the host. As root.\n"
"\n"
"  -p, --pid PID          the VMs of this process; else COMMAND's, else all of the host\n"
"  -v, --vm NAME          the VM of this name (vellum run --name) or number\n"
"  -t, --time SECONDS     for so long; else until COMMAND ends, or ^C\n"
"  -H, --hist             let the kernel count, by histograms: for high rates\n"
"  -l, --live SECONDS     show what was counted so far every so often; implies --hist\n"
"  -o, --output FILE      write it there\n"
"  -f, --format FORMAT    text, json, csv, folded or html\n"
"  -r, --record FILE      keep the trace, as trace.dat of trace-cmd\n"
"  -i, --input FILE       look at such a trace\n"
"  -C, --compare A B      two of them side by side\n"
"  -s, --symbols FILE     the guest's System.map, kallsyms or vmlinux\n"
"  -n, --top N            places to show (20)\n"
"  -b, --buffer KB        of trace buffer for each CPU (8192)\n"
"      --ticks            times in ticks of the TSC, not in microseconds\n"
"      --khz N            the TSC's frequency, where /dev/vellum does not tell\n"
"      --help             this text\n";

static const struct option options[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "vm", required_argument, NULL, 'v' },
	{ "time", required_argument, NULL, 't' },
	{ "hist", no_argument, NULL, 'H' },
	{ "live", required_argument, NULL, 'l' },
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, 'f' },
	{ "record", required_argument, NULL, 'r' },
	{ "input", required_argument, NULL, 'i' },
	{ "compare", required_argument, NULL, 'C' },
	{ "symbols", required_argument, NULL, 's' },
	{ "top", required_argument, NULL, 'n' },
	{ "buffer", required_argument, NULL, 'b' },
	{ "ticks", no_argument, NULL, 'T' },
	{ "khz", required_argument, NULL, 'k' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	const char *name;
	void (*show)(const struct profile *p, FILE *f);
} formats[] = {
	{ "text", show_text }, { "json", show_json }, { "csv", show_csv },
	{ "folded", show_folded }, { "html", show_html },
};

static struct {
	struct target target;
	const char *vm, *output, *dat, *input, *compare;
	double live;
	bool hist, ticks;
	unsigned int khz, top, format;
} opt = { .target.buffer_kb = 8192, .top = 20 };

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "vellum: ");
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static double positive(const char *text, const char *what)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || !(value > 0) || value > 1e9) {
		fprintf(stderr, "vellum: --%s %s is no number above 0\n", what, text);
		exit(2);
	}
	return value;
}

static unsigned int format_of(const char *name)
{
	for (unsigned int i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(formats[i].name, name))
			return i;
	}
	fprintf(stderr, "vellum: there is no format %s; see vellum profile --help\n", name);
	exit(2);
}

static void take_option(int c)
{
	switch (c) {
	case 'p':
		opt.target.pid = positive(optarg, "pid");
		break;
	case 'v':
		opt.vm = optarg;
		break;
	case 't':
		opt.target.seconds = positive(optarg, "time");
		break;
	case 'H':
		opt.hist = true;
		break;
	case 'l':
		opt.live = positive(optarg, "live");
		opt.hist = true;
		break;
	case 'o':
		opt.output = optarg;
		break;
	case 'f':
		opt.format = format_of(optarg);
		break;
	case 'r':
		opt.dat = optarg;
		break;
	case 'i':
		opt.input = optarg;
		break;
	case 'C':
		opt.compare = optarg;
		break;
	case 's':
		symbols_read(optarg);
		break;
	case 'n':
		opt.top = positive(optarg, "top");
		break;
	case 'b':
		opt.target.buffer_kb = positive(optarg, "buffer");
		break;
	case 'T':
		opt.ticks = true;
		break;
	case 'k':
		opt.khz = positive(optarg, "khz");
		break;
	case 'h':
		fputs(help, stdout);
		exit(0);
	default:
		fprintf(stderr, "see vellum profile --help\n");
		exit(2);
	}
}

static struct profile *fresh(const char *what)
{
	struct profile *p = profile_new();

	p->khz = opt.khz;
	p->ticks = opt.ticks;
	p->top = opt.top;
	p->what = what;
	return p;
}

static struct profile *from_file(const char *path)
{
	struct profile *p = fresh(path);

	dat_read(path, p);
	return p;
}

static struct profile *from_kernel(const char *what)
{
	struct profile *p = fresh(what);
	char name[] = "/tmp/vellum-profile.XXXXXX";
	const char *dat = opt.dat;
	uint64_t lost;

	if (!p->khz)
		p->khz = tsc_khz();
	if (opt.hist) {
		histogram(&opt.target, p, opt.live, formats[opt.format].show);
		return p;
	}
	if (!dat) {
		close(mkstemp(name));
		dat = name;
	}
	record(&opt.target, dat, &lost);
	dat_read(dat, p);
	p->what = what;
	/* The trace knows of gaps, the kernel of their size. */
	if (lost)
		p->lost = lost;
	if (!opt.dat)
		unlink(name);
	return p;
}

/* The machines asked for, by their numbers: also what other threads do for them. */
static void find_target(struct target *target)
{
	struct found found;
	size_t len = 0;

	if (!opt.vm && !(target->pid && opt.hist))
		return;
	if (find_vms(&found, opt.vm ? 0 : target->pid))
		die("/proc cannot be read");
	if (opt.vm && !found_keep(&found, opt.vm))
		die("no VM is called %s; vellum stat lists them", opt.vm);
	for (size_t i = 0; i < found.nr; i++) {
		if (found.vm[i].kvm)
			die("%s is KVM's; perf kvm stat looks at those", found.vm[i].name);
		len += snprintf(target->filter + len, sizeof(target->filter) - len,
				"%svm == %u", i ? " || " : "(", found.vm[i].number);
		if (len >= sizeof(target->filter) - 1)
			die("these are too many VMs; name one");
		target->pid = found.vm[i].pid;
	}
	if (!found.nr)
		die("process %d has no VM", target->pid);
	strcpy(target->filter + len, ")");
	found_free(&found);
}

int main(int argc, char **argv)
{
	struct profile *p;
	FILE *f = stdout;
	int c;

	while ((c = getopt_long(argc, argv, "+p:v:t:Hl:o:f:r:i:C:s:n:b:h", options, NULL)) != -1)
		take_option(c);
	if (opt.compare && argc - optind != 1) {
		fprintf(stderr, "vellum: --compare takes two traces\n");
		return 2;
	}
	if (!opt.compare && !opt.input && optind < argc)
		opt.target.command = argv + optind;
	if (!opt.compare && !opt.input && !opt.target.command)
		find_target(&opt.target);
	p = opt.compare ? from_file(opt.compare) : opt.input ? from_file(opt.input) :
	    from_kernel(opt.target.command ? argv[optind] : opt.vm ? opt.vm :
			opt.target.pid ? "process" : "host");
	if (opt.output) {
		f = fopen(opt.output, "w");
		if (!f)
			die("%s cannot be written", opt.output);
	}
	if (opt.compare)
		compare(p, from_file(argv[optind]), f);
	else
		formats[opt.format].show(p, f);
	if (fflush(f))
		die("%s cannot be written", opt.output ? opt.output : "the report");
	return opt.target.status;
}
