/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer's world: files, memory and mappings of one process, which its threads
 * use and take from each other without asking.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdatomic.h>

#include "hard.h"
#include "vt.h"

#define FUZZ_VMS	2
#define FUZZ_VCPUS	3	/* of each VM */
#define FUZZ_EVENTS	3
#define FUZZ_MEMORY	(4 * VT_MIB)
#define FUZZ_HLT	0xf4	/* what all memory is full of */
#define FUZZ_ARG	(4 * VT_PAGE)

struct fuzz_world {
	int dev;
	atomic_int vm[FUZZ_VMS];
	atomic_int vcpu[FUZZ_VMS][FUZZ_VCPUS];
	struct kvm_run *_Atomic run[FUZZ_VMS][FUZZ_VCPUS];
	int event[FUZZ_EVENTS];
	atomic_int other;	/* a file of statistics or of the ledger */
	int memory_fd;
	uint8_t *memory;	/* FUZZ_MEMORY bytes of it */
};

/* What a thread works with. */
struct fuzz {
	struct fuzz_world *world;
	struct rng rng;
	unsigned int which_vm, which_vcpu;
	uint8_t *arg;		/* FUZZ_ARG bytes and a page that is not there */
	atomic_ulong *calls;
	unsigned int *wrong;	/* answers that no call may give */
};

enum fuzz_on { ON_DEVICE, ON_VM, ON_VCPU };

struct fuzz_call {
	enum fuzz_on on;
	unsigned long cmd;
	const char *name;
	unsigned long get;	/* the command whose answer is changed a little */
	void (*make)(struct fuzz *f);	/* or makes it */
};

extern const struct fuzz_call fuzz_calls[];
extern const unsigned int fuzz_nr_calls;

int fuzz_fd(struct fuzz *f, enum fuzz_on on);

/* Structures with numbers or pointers that must nearly be right; into f->arg. */
void make_region(struct fuzz *f);
void make_dirty_log(struct fuzz *f);
void make_clear_log(struct fuzz *f);
void make_msrs(struct fuzz *f);
void make_msr_list(struct fuzz *f);
void make_cpuid(struct fuzz *f);
void make_routing(struct fuzz *f);
void make_irqfd(struct fuzz *f);
void make_ioeventfd(struct fuzz *f);
void make_zone(struct fuzz *f);
void make_msr_filter(struct fuzz *f);
void make_signal_mask(struct fuzz *f);
void make_cap(struct fuzz *f);
void make_doctor(struct fuzz *f);
void make_debug(struct fuzz *f);
void make_mp_state(struct fuzz *f);
void make_line(struct fuzz *f);
void make_events(struct fuzz *f);

/* One step of the thread: a call, or something done to the world. */
void fuzz_step(struct fuzz *f);
void fuzz_world_make(struct fuzz_world *w);
void fuzz_populate(struct fuzz *f);

#endif
