// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vellum stat`: what the kernel has counted of machines that run, in numbers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../run/run.h"
#include "ask.h"

static const char help[] =
"usage: vellum stat [OPTION]...\n"
"What the kernel has counted of the machines that run, whatever program runs them:\n"
"exits by reason, halts, pages. Yours; root sees all.\n"
"\n"
"  -p, --pid PID           the machines of this process\n"
"  -v, --vm NAME           only this machine: vellum run --name, QEMU's -name, or its\n"
"                          number in the trace events\n"
"  -i, --interval SECONDS  again and again, with what is new a second\n"
"  -c, --count N           so often\n"
"  -j, --json              an object a look, on a line\n"
"  -a, --all               what is 0 as well\n"
"  -h, --help              this text\n";

static void put_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

static void json_counts(const struct ask *ask, const struct counts *c)
{
	const char *comma = "";

	printf("\"stats\": {");
	for (size_t i = 0; i < c->nr; i++) {
		if (!ask->all && !c->row[i].value)
			continue;
		printf("%s\"%s\": %" PRIu64, comma, c->row[i].name, c->row[i].value);
		comma = ", ";
	}
	putchar('}');
}

static void json_vm(const struct ask *ask, const struct found_vm *vm)
{
	printf("{\"pid\": %d, \"vm\": %u, \"device\": \"%s\", \"name\": ", vm->pid, vm->number,
	       vm->kvm ? "/dev/kvm" : "/dev/vellum");
	put_string(vm->name);
	printf(", ");
	json_counts(ask, &vm->own);
	printf(", \"vcpus\": [");
	for (unsigned int i = 0; vm->vcpus && i < vm->nr_vcpus; i++) {
		printf("%s{\"id\": %d, ", i ? ", " : "", vm->vcpus[i].vcpu);
		json_counts(ask, &vm->vcpus[i]);
		putchar('}');
	}
	printf("]}");
}

void stat_show_json(const struct ask *ask, const struct found *now,
		    const struct found *before, double seconds)
{
	struct timespec ts;

	(void)before;
	(void)seconds;
	clock_gettime(CLOCK_REALTIME, &ts);
	printf("{\"time\": %lld.%03ld, \"vms\": [", (long long)ts.tv_sec, ts.tv_nsec / 1000000);
	for (size_t i = 0; i < now->nr; i++) {
		fputs(i ? ", " : "", stdout);
		json_vm(ask, &now->vm[i]);
	}
	puts("]}");
}

/* A row: the sum, what is new a second, and each vCPU where there are several. */
static void show_row(const struct ask *ask, const struct found_vm *vm, const char *name,
		     const struct found_vm *old, double seconds)
{
	uint64_t sum = counted_all(vm, name);

	if (!sum && !ask->all)
		return;
	printf("  %-28s %14" PRIu64, name, sum);
	if (ask->interval) {
		/* What is there, and not counted up, may become less. */
		if (old && seconds > 0)
			printf(" %12.0f",
			       (double)(int64_t)(sum - counted_all(old, name)) / seconds);
		else
			printf(" %12s", "");
	}
	for (unsigned int i = 0; vm->vcpus && vm->nr_vcpus > 1 && i < vm->nr_vcpus; i++)
		printf(" %12" PRIu64, counted(&vm->vcpus[i], name));
	putchar('\n');
}

static void show_vm(const struct ask *ask, const struct found_vm *vm,
		    const struct found_vm *old, double seconds)
{
	const struct counts *of = vm->vcpus ? &vm->vcpus[0] : NULL;

	printf("%s, vm %u of process %d on %s, vCPUs: %u\n", vm->name, vm->number, vm->pid,
	       vm->kvm ? "/dev/kvm" : "/dev/vellum", vm->nr_vcpus);
	if (vm->kvm && !vm->own.nr)
		printf("  KVM's statistics are root's to see, in debugfs\n");
	printf("  %-28s %14s", "", "all");
	if (ask->interval)
		printf(" %12s", "a second");
	for (unsigned int i = 0; vm->vcpus && vm->nr_vcpus > 1 && i < vm->nr_vcpus; i++)
		printf("    vCPU %4d", vm->vcpus[i].vcpu);
	putchar('\n');
	for (size_t i = 0; i < vm->own.nr; i++)
		show_row(ask, vm, vm->own.row[i].name, old, seconds);
	for (size_t i = 0; of && i < of->nr; i++)
		show_row(ask, vm, of->row[i].name, old, seconds);
}

static void show(const struct ask *ask, const struct found *now, const struct found *before,
		 double seconds)
{
	for (size_t i = 0; i < now->nr; i++)
		show_vm(ask, &now->vm[i], found_before(before, &now->vm[i]), seconds);
	if (now->denied)
		printf("machines of %u other processes are root's to see\n", now->denied);
	if (ask->interval)
		putchar('\n');
}

int stat_main(int argc, char **argv)
{
	struct ask ask = { 0 };
	int ending = ask_parse(&ask, argc, argv, help);

	if (ending >= 0)
		return ending;
	if (ask.count && !ask.interval)
		ask.interval = 1;
	return ask_loop(&ask, ask.json ? stat_show_json : show);
}
