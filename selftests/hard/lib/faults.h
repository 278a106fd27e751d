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

/* One without a name is the last. */
extern const struct step faults_vm[], faults_vcpu[], faults_run[];

/* The guest that KVM_RUN runs. */
struct vt_payload faults_guest(void);

/* What a call got is closed again; the descriptor, or -errno. */
long faults_closed(long fd);

/* Got and set again; the large ones are copied by way of allocated memory. */
long faults_get_set(struct world *w, int fd, unsigned long get, unsigned long set);
#define FAULTS_GET_SET(name, object, get, set)				\
static long name(struct world *w)					\
{									\
	return faults_get_set(w, w->object.fd, get, set);		\
}

#endif
