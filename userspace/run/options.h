/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the command line of `vellum run` asks for.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_DISKS	4
#define MAX_FORWARDS	8

enum image_kind {
	IMAGE_NONE,
	IMAGE_KERNEL,	/* bzImage, vmlinux or multiboot, by what the file is */
	IMAGE_FLAT,	/* 16-bit code, real mode */
	IMAGE_LONG,	/* 64-bit code, long mode */
};

struct disk_option {
	char *path;
	bool readonly;
};

struct options {
	const char *device;
	enum image_kind kind;
	const char *image;
	const char *initrd;
	const char *append;
	uint64_t memory;		/* bytes */
	const char *memory_file;	/* NULL: anonymous */
	bool memfd;
	bool hugetlb;
	unsigned int cpus;
	uint64_t load;			/* of a flat image; 0: where its kind belongs */
	struct disk_option disks[MAX_DISKS];
	unsigned int nr_disks;
	bool rng;
	bool balloon;
	bool virtio_console;
	bool net;
	const char *tap;		/* a TAP device in place of translation */
	bool no_vhost;
	uint32_t vsock;			/* the guest's number, or 0 */
	char *forwards[MAX_FORWARDS];
	unsigned int nr_forwards;
	bool no_irqchip;
	bool plain;			/* nothing paravirtual */
	bool reboot;			/* start again when the guest resets */
	bool stats;
	const char *name;		/* in the arguments, where other programs look for it */
	const char *serial;		/* what the second serial port goes to, or NULL */
	const char *control;		/* path of the control socket */
	bool wait;			/* until the control socket says so */
	int escape;			/* of the console menu, -1: none */
};

/* 0, -1 after a message, or 1 when help was asked for and printed. */
int options_parse(struct options *opt, int argc, char **argv);

/* A number, in any base that C knows, with K, M or G; bare, times @unit. 0 or -1. */
int parse_size(const char *text, uint64_t unit, uint64_t *out);

#endif /* OPTIONS_H */
