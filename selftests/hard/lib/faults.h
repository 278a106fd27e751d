/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls that hard/faults lets fail, and what they work on. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stddef.h>
#include <stdint.h>

#include "vt.h"

/* A VM of its own, and descriptors that calls want. */
struct world {
	struct vt_vm vm;
	struct vt_vcpu vcpu;
	int event, second;
	uint8_t buf[4 * 4096];
};

enum kind {
	FULL,	/* a vCPU with the kernel's chips, which has run */
	BARE,	/* a VM alone; for each try another one */
	NEW,	/* a vCPU that has not run; for each try another one */
};

struct step {
	const char *name;
	enum kind kind;
	long (*call)(struct world *w);
	void (*before)(struct world *w);	/* nothing fails in these */
	void (*after)(struct world *w);
};

extern const struct step faults_vm[], faults_vcpu[], faults_run[];
extern const size_t faults_nr_vm, faults_nr_vcpu, faults_nr_run;

/* The guest that KVM_RUN runs. */
struct vt_payload faults_guest(void);

/* What a call got is closed again; the descriptor, or -errno. */
long faults_closed(long fd);

#endif
