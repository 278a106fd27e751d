// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vellum run`: from the command line to the exit status.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "../device/console.h"
#include "../control/control.h"
#include "entry.h"
#include "../device/serial.h"
#include "../virtio/virtio.h"

#define DEFAULT_CMDLINE	"console=ttyS0"

static int load(struct machine *m)
{
	const struct options *opt = m->opt;
	struct load l = {
		.ram = &m->ram,
		.initrd = opt->initrd,
		.cmdline = opt->append ? opt->append : DEFAULT_CMDLINE,
		.rsdp = LOW_ACPI,
		.address = opt->load,
	};
	struct entry entry;
	struct image img;
	int err;

	if (image_read(&img, opt->image))
		return -1;
	switch (opt->kind) {
	case IMAGE_FLAT:
		err = load_flat(&img, &l, &entry);
		break;
	case IMAGE_LONG:
		err = load_long(&img, &l, &entry);
		break;
	default:
		err = load_kernel(&img, &l, &entry);
	}
	image_free(&img);
	return err ? err : entry_apply(m, &entry);
}

/* The device that gets the keys goes to @console. */
static int add_devices(struct machine *m, struct virtio_dev **console)
{
	const struct options *opt = m->opt;
	unsigned int i;

	*console = NULL;
	if (serial_add(m) || rtc_add(m) || power_add(m))
		return -1;
	for (i = 0; i < opt->nr_disks; i++)
		if (virtio_blk_add(m, &opt->disks[i]))
			return -1;
	if ((opt->net || opt->tap) && virtio_net_add(m))
		return -1;
	if ((opt->rng && virtio_rng_add(m)) || (opt->balloon && virtio_balloon_add(m)))
		return -1;
	if (opt->vsock && virtio_vsock_add(m))
		return -1;
	return opt->virtio_console ? virtio_console_add(m, console) : 0;
}

static const char *ending_words(int ending)
{
	switch (ending) {
	case END_RESET: return "the guest reset itself";
	case END_TRIPLE: return "the guest ended in a triple fault";
	case END_ENTRY: return "the CPU could not enter the guest";
	case END_INTERNAL: return "the hypervisor could not go on";
	case END_HALT: return "the guest halted, and nothing can wake it";
	case END_QUIT: return "quit";
	}
	return NULL;
}

static int run_once(struct machine *m, const struct options *opt)
{
	int ending = machine_create(m, opt);
	struct virtio_dev *console;

	if (ending)
		goto out;
	ending = END_TOOL;
	if (add_devices(m, &console) || load(m))
		goto out;
	acpi_build(m);
	terminal_raw();
	if (!machine_start(m) && !control_start(m))
		ending = console ? console_loop(m, virtio_console_input, console) :
			console_loop(m, serial_input, serial_port());
	control_stop(m, ending);
	machine_stop(m);
	terminal_restore();
	if (opt->stats)
		cpu_stats(m, stderr);
out:
	machine_destroy(m);
	return ending;
}

int run_main(int argc, char **argv)
{
	/* Too large for a stack, and there is only ever one. */
	static struct machine machine;
	struct options opt;
	int ending;

	switch (options_parse(&opt, argc, argv)) {
	case 1:
		return 0;
	case -1:
		return END_USAGE;
	}
	/* So that ps and traces of the scheduler know the threads by it, too. */
	if (opt.name)
		prctl(PR_SET_NAME, opt.name);
	console_block_signals();
	do {
		ending = run_once(&machine, &opt);
	} while (ending == END_RESET && opt.reboot);
	if (ending_words(ending))
		say("%s", ending_words(ending));
	return ending;
}
